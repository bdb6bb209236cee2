/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tsv.h"

#include <string.h>

#include "data.h"
#include "base/error.h"

static const char *const columns[] = { "b", "a" };

/* Lines as "b,a;". */
static gboolean
take (const char *const *fields, gpointer data, GError **error)
{
  g_string_append_printf (data, "%s,%s;", fields[0], fields[1]);
  return g_str_equal (fields[0], "bad")
      ? sal_error_set (error, SAL_ERROR_FORMAT, "this is bad")
      : TRUE;
}

static gboolean
read_text (const char *text, char **note, GString *found, GError **error)
{
  g_autofree char *path = data_write_temp ("t.tsv", text, strlen (text));
  return sal_tsv_read (path, columns, 2, 0, note, take, found, error);
}

static gboolean
take_third (const char *const *fields, gpointer data, GError **error)
{
  const char **third = data;
  *third = fields[2] == NULL         ? NULL
      : g_str_equal (fields[2], "3") ? "three"
                                     : "?";
  return TRUE;
}

static void
test_finds_columns (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) found = g_string_new (NULL);
  read_text ("a\tother\tb\r\n1\t2\t3\n\n4\t\t\n", NULL, found, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found->str, ==, "3,1;,4;");
}

static void
test_optional_columns_may_lack (void)
{
  static const char *const three[] = { "b", "a", "c" };
  const char *with = "a\tb\tc\n1\t2\t3\n", *without = "a\tb\n1\t2\n";
  g_autofree char *full = data_write_temp ("c.tsv", with, strlen (with));
  g_autofree char *part = data_write_temp ("d.tsv", without, strlen (without));
  g_autoptr (GError) error = NULL;
  const char *third = "";
  g_assert_true (
      sal_tsv_read (full, three, 3, 1, NULL, take_third, &third, &error));
  g_assert_cmpstr (third, ==, "three");
  g_assert_true (
      sal_tsv_read (part, three, 3, 1, NULL, take_third, &third, &error));
  g_assert_null (third);
  g_assert_false (
      sal_tsv_read (part, three, 3, 0, NULL, take_third, &third, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_FORMAT);
}

static void
test_a_note_comes_first (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) found = g_string_new (NULL);
  g_autofree char *note = NULL, *none = NULL;
  read_text ("# {\"x\": 1}\na\tb\n1\t2\n", &note, found, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (note, ==, "{\"x\": 1}");
  g_assert_cmpstr (found->str, ==, "2,1;");
  read_text ("a\tb\n", &none, found, &error);
  g_assert_no_error (error);
  g_assert_null (none);
  g_assert_false (read_text ("# note\na\tb\n", NULL, found, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_FORMAT);
}

static void
test_errors_name_the_line (void)
{
  const struct {
    const char *text, *piece;
  } cases[] = {
    { "", "line 1: the first line names no column \"b\"" },
    { "# n\na\tc\n", "line 2: the first line names no column \"b\"" },
    { "a\tb\n1\t2\n1\n", "line 3: 1 fields, not 2" },
    { "# n\na\tb\n1\tbad\n", "line 3: this is bad" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GString) found = g_string_new (NULL);
    char *note = NULL;
    g_assert_false (read_text (cases[i].text, &note, found, &error));
    g_assert_error (error, SAL_ERROR, SAL_ERROR_FORMAT);
    g_assert_nonnull (strstr (error->message, "t.tsv: "));
    g_assert_nonnull (strstr (error->message, cases[i].piece));
    g_assert_null (note);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tsv/finds-columns", test_finds_columns);
  g_test_add_func ("/tsv/optional-columns-may-lack",
      test_optional_columns_may_lack);
  g_test_add_func ("/tsv/a-note-comes-first", test_a_note_comes_first);
  g_test_add_func ("/tsv/errors-name-the-line", test_errors_name_the_line);
  int result = g_test_run ();
  data_clean ();
  return result;
}
