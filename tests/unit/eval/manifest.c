/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/manifest.h"

#include <string.h>

#include "data.h"

#define HEAD "path\tspeaker\tsex\tsource\tsplit\tseconds\n"

static GPtrArray *
load (const char *text, gsize size, GError **error)
{
  g_autofree char *path = data_write_temp ("m.tsv", text, size);
  return eval_manifest_load (path, error);
}

static const EvalManifestRow *
row_at (const GPtrArray *rows, guint i)
{
  return g_ptr_array_index (rows, i);
}

static void
test_reads_rows_in_order (void)
{
  const char text[] = HEAD "a/1.opus\tann\tf\tbook\topen\t12.5\r\n"
                           "/far/2.wav\tbob\tm\tbook\ttrain\t1\n\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = load (text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rows->len, ==, 2);
  const EvalManifestRow *ann = row_at (rows, 0);
  g_autofree char *beside = data_temp_path ("a/1.opus");
  g_assert_cmpstr (ann->path, ==, beside);
  g_assert_cmpstr (ann->speaker, ==, "ann");
  g_assert_cmpint (ann->sex, ==, 'f');
  g_assert_cmpstr (ann->source, ==, "book");
  g_assert_cmpstr (ann->split, ==, "open");
  g_assert_cmpfloat (ann->seconds, ==, 12.5);
  g_assert_cmpstr (row_at (rows, 1)->path, ==, "/far/2.wav");
}

static void
test_columns_may_come_in_any_order (void)
{
  const char text[] = "seconds\tnote\tsplit\tpath\tsource\tsex\tspeaker\n"
                      "3\t\tx\tp\ts\tm\tcarl\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = load (text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rows->len, ==, 1);
  g_assert_cmpstr (row_at (rows, 0)->speaker, ==, "carl");
  g_assert_cmpstr (row_at (rows, 0)->split, ==, "x");
  g_assert_cmpfloat (row_at (rows, 0)->seconds, ==, 3);
}

static void
test_rooms_and_sessions_are_read_or_guessed (void)
{
  const char without[] = HEAD "a/103-1240-0000.opus\tann\tu\ts\tx\t1\n";
  const char with[] = "path\tspeaker\tsex\tsource\tsplit\tseconds\troom"
                      "\tsession\na\tann\tf\ts\tx\t1\tstudio\tmonday\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) guessed = load (without, strlen (without), &error);
  g_assert_no_error (error);
  g_assert_cmpint (row_at (guessed, 0)->sex, ==, 'u');
  g_assert_cmpstr (row_at (guessed, 0)->room, ==, "ann");
  g_assert_cmpstr (row_at (guessed, 0)->session, ==, "a/103-1240-");
  g_autoptr (GPtrArray) read = load (with, strlen (with), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (row_at (read, 0)->room, ==, "studio");
  g_assert_cmpstr (row_at (read, 0)->session, ==, "monday");
}

static void
test_manifests_are_read_one_after_the_other (void)
{
  const char one[] = HEAD "a\tann\tf\ts\tx\t1\n";
  const char two[] = HEAD "b\tbob\tm\ts\tx\t1\na\tann\tf\ts\tx\t1\n";
  g_autofree char *first = data_write_temp ("one.tsv", one, strlen (one));
  g_autofree char *second = data_write_temp ("two.tsv", two, strlen (two));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows
      = eval_manifest_load_all ((const char *const[]){ first, second, NULL },
          &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rows->len, ==, 2); /* one path of both is one */
  g_assert_cmpstr (row_at (rows, 1)->speaker, ==, "bob");
}

static void
test_a_repeated_line_counts_once (void)
{
  const char text[] = HEAD "a\tann\tf\ts\tx\t1\na\tann\tf\ts\tx\t1\n"
                           "b\tann\tf\ts\tx\t1\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = load (text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rows->len, ==, 2);
}

static const struct {
  const char *path, *line, *word;
} bad[] = {
  { "too-few-fields", "a\tann\tf\ts\tx", "5 fields" },
  { "too-many-fields", "a\tann\tf\ts\tx\t1\t2", "7 fields" },
  { "spaces-for-tabs", "a ann f s x 1", "1 fields" },
  { "no-path", "\tann\tf\ts\tx\t1", "path is empty" },
  { "no-speaker", "a\t\tf\ts\tx\t1", "speaker is empty" },
  { "no-split", "a\tann\tf\ts\t\t1", "split is empty" },
  { "no-sex", "a\tann\t\ts\tx\t1", "sex is empty" },
  { "unknown-sex", "a\tann\tfemale\ts\tx\t1", "female" },
  { "text-for-seconds", "a\tann\tf\ts\tx\tlong", "long" },
  { "text-after-seconds", "a\tann\tf\ts\tx\t1s", "1s" },
  { "no-length", "a\tann\tf\ts\tx\t0", "seconds" },
  { "negative-length", "a\tann\tf\ts\tx\t-1", "-1" },
  { "endless", "a\tann\tf\ts\tx\tinf", "inf" },
  { "nan", "a\tann\tf\ts\tx\tnan", "nan" },
  { "path-of-another-speaker", "z\tann\tf\ts\tx\t1", "comes twice" },
  { "path-of-another-split", "z\tzoe\tf\ts\ty\t1", "comes twice" },
  { "another-sex", "a\tzoe\tm\ts\tx\t1", "zoe" },
};

static void
test_refuses (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autofree char *text
      = g_strdup_printf (HEAD "z\tzoe\tf\ts\tx\t1\n%s\n", bad[i].line);
  g_assert_null (load (text, strlen (text), &error));
  data_assert_error (error, SAL_ERROR_FORMAT, "m.tsv", "line 3", bad[i].word,
      NULL);
}

static void
test_refuses_a_missing_column (void)
{
  const char *heads[] = { "", "path\tspeaker\tsex\tsource\tsplit\n",
    "path speaker sex source split seconds\n" };
  const char *missing[] = { "path", "seconds", "path" };
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (load (heads[i], strlen (heads[i]), &error));
    data_assert_error (error, SAL_ERROR_FORMAT, "line 1", missing[i], NULL);
  }
}

static void
test_refuses_what_is_no_text (void)
{
  const char zero[] = HEAD "a\tann\tf\ts\tx\0\t1\n";
  const char bytes[] = HEAD "a\xff\tann\tf\ts\tx\t1\n";
  g_autoptr (GError) error = NULL, other = NULL;
  g_assert_null (load (zero, sizeof zero - 1, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, "UTF-8", NULL);
  g_assert_null (load (bytes, sizeof bytes - 1, &other));
  data_assert_error (other, SAL_ERROR_FORMAT, "UTF-8", NULL);
}

static void
test_refuses_what_is_no_file (void)
{
  const char *paths[] = { "/no/where.tsv", "/", "/dev/zero" };
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (eval_manifest_load (paths[i], &error));
    data_assert_error (error, SAL_ERROR_FILE, paths[i], NULL);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/manifest/reads-rows-in-order", test_reads_rows_in_order);
  g_test_add_func ("/manifest/columns-may-come-in-any-order",
      test_columns_may_come_in_any_order);
  g_test_add_func ("/manifest/rooms-and-sessions-are-read-or-guessed",
      test_rooms_and_sessions_are_read_or_guessed);
  g_test_add_func ("/manifest/are-read-one-after-the-other",
      test_manifests_are_read_one_after_the_other);
  g_test_add_func ("/manifest/a-repeated-line-counts-once",
      test_a_repeated_line_counts_once);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *path
        = g_strconcat ("/manifest/refuses/", bad[i].path, NULL);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_refuses);
  }
  g_test_add_func ("/manifest/refuses/a-missing-column",
      test_refuses_a_missing_column);
  g_test_add_func ("/manifest/refuses/what-is-no-text",
      test_refuses_what_is_no_text);
  g_test_add_func ("/manifest/refuses/what-is-no-file",
      test_refuses_what_is_no_file);
  int result = g_test_run ();
  data_clean ();
  return result;
}
