/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture/turns.h"

#include <string.h>

#include "data.h"

/* --- reading ------------------------------------------------------------- */

static GPtrArray *
load (const char *text, GError **error)
{
  g_autofree char *path = data_write_temp ("turns.tsv", text, strlen (text));
  return sal_turns_load (path, error);
}

static void
test_load_keeps_the_order_of_the_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) turns = load ("2.5\t4\tbob\n0\t1e1\talice b\n", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (turns->len, ==, 2);
  const SalTurn *bob = g_ptr_array_index (turns, 0);
  const SalTurn *alice = g_ptr_array_index (turns, 1);
  g_assert_cmpfloat (bob->start, ==, 2.5);
  g_assert_cmpfloat (bob->end, ==, 4);
  g_assert_cmpstr (bob->name, ==, "bob");
  g_assert_cmpfloat (alice->end, ==, 10);
  g_assert_cmpstr (alice->name, ==, "alice b");
}

static void
test_load_leaves_comments_and_empty_lines_out (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) turns
      = load ("# start\tend\tname\r\n\n0\t1\ta\r\n  \n1\t2\tb", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (turns->len, ==, 2);
  const SalTurn *turn = g_ptr_array_index (turns, 0);
  g_assert_cmpstr (turn->name, ==, "a"); /* no carriage return */
}

static void
test_load_of_nothing_is_no_turn (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) turns = load ("", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (turns->len, ==, 0);
}

static void
test_load_reads_rttm (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) turns = load (";; made by hand\n"
                                      "SPKR-INFO m 1 <NA> <NA> <NA> male bob\n"
                                      "SPEAKER m 1 2.5 1.5 <NA> <NA> bob\n"
                                      "SPEAKER  m\t1 0 .25 <NA> <NA> al <NA> "
                                      "<NA>\r\n",
      &error);
  g_assert_no_error (error);
  g_assert_cmpuint (turns->len, ==, 2);
  const SalTurn *bob = g_ptr_array_index (turns, 0);
  const SalTurn *al = g_ptr_array_index (turns, 1);
  g_assert_cmpfloat (bob->start, ==, 2.5);
  g_assert_cmpfloat (bob->end, ==, 4);
  g_assert_cmpstr (bob->name, ==, "bob");
  g_assert_cmpfloat (al->end, ==, 0.25);
  g_assert_cmpstr (al->name, ==, "al");
}

static void
test_load_refuses_rttm_of_two_recordings (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (load ("SPEAKER m 1 0 1 <NA> <NA> a\n"
                       "SPEAKER n 1 0 1 <NA> <NA> a\n",
      &error));
  data_assert_error (error, SAL_ERROR_FORMAT, "line 2", "\"m\" and \"n\"",
      NULL);
}

static void
test_names_are_listed_once (void)
{
  g_autoptr (GPtrArray) turns = load ("0\t1\tbob\n1\t2\tal\n2\t3\tbob\n", NULL);
  g_autofree char *names = sal_turns_list_names (turns);
  g_assert_cmpstr (names, ==, "bob, al");
  g_assert_true (sal_turns_have (turns, "al"));
  g_assert_false (sal_turns_have (turns, "bo"));
}

static const struct {
  const char *path, *line, *word;
} bad[] = {
  { "rttm-without-name", "SPEAKER m 1 0 1 <NA> <NA>", "7 fields" },
  { "rttm-of-no-length", "SPEAKER m 1 3 0 <NA> <NA> a", "\"3\" and \"0\"" },
  { "two-fields", "1\t2", "2 fields" },
  { "four-fields", "1\t2\ta\tb", "4 fields" },
  { "spaces-for-tabs", "1 2 a", "1 fields" },
  { "no-name", "1\t2\t", "2 fields" },
  { "text-for-start", "one\t2\ta", "one" },
  { "text-after-a-number", "1\t2s\ta", "2s" },
  { "empty-start", "\t2\ta", "stretch" },
  { "end-before-start", "3\t2\ta", "stretch" },
  { "no-length", "2\t2\ta", "stretch" },
  { "negative-start", "-1\t2\ta", "-1" },
  { "endless-turn", "1\tinf\ta", "inf" },
  { "nan", "nan\t2\ta", "nan" },
};

static void
test_load_refuses (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autofree char *text
      = g_strdup_printf ("# head\n0\t1\ta\n%s\n", bad[i].line);
  g_assert_null (load (text, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, "turns.tsv", "line 3",
      bad[i].word, NULL);
}

static void
test_load_refuses_bytes_that_are_no_text (void)
{
  const char *bytes[] = { "0\t1\t\xff\n", "0\t1\ta\0b\n" };
  for (guint i = 0; i < G_N_ELEMENTS (bytes); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *path = data_write_temp ("bytes.tsv", bytes[i], 6);
    g_assert_null (sal_turns_load (path, &error));
    data_assert_error (error, SAL_ERROR_FORMAT, "bytes.tsv", "UTF-8", NULL);
  }
}

static void
test_load_names_a_missing_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_temp_path ("missing.tsv");
  g_assert_null (sal_turns_load (path, &error));
  data_assert_error (error, SAL_ERROR_FILE, "missing.tsv", NULL);
}

/* --- lanes --------------------------------------------------------------- */

static GPtrArray *
turns_of (const double (*times)[2], guint n)
{
  GPtrArray *turns = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n; i++) {
    SalTurn turn = { times[i][0], times[i][1], NULL };
    g_ptr_array_add (turns, g_memdup2 (&turn, sizeof turn));
  }
  return turns;
}

static void
test_lanes_of_turns_in_a_row_are_one (void)
{
  const double times[][2] = { { 0, 1 }, { 1, 2 }, { 5, 6 } };
  g_autoptr (GPtrArray) turns = turns_of (times, 3);
  guint lanes[3] = { 9, 9, 9 };
  g_assert_cmpuint (sal_turns_lanes (turns, lanes), ==, 1);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (lanes[i], ==, 0);
}

static void
test_lanes_are_used_again (void)
{
  const double times[][2]
      = { { 0, 4 }, { 1, 2 }, { 3, 6 }, { 4, 5 }, { 4.5, 7 } };
  const guint want[] = { 0, 1, 1, 0, 2 };
  g_autoptr (GPtrArray) turns = turns_of (times, 5);
  guint lanes[5];
  g_assert_cmpuint (sal_turns_lanes (turns, lanes), ==, 3);
  g_assert_cmpmem (lanes, sizeof lanes, want, sizeof want);
}

/* In whatever order the file has them. */
static void
test_lanes_keep_overlaps_apart (void)
{
  const guint n = 200;
  double times[200][2];
  guint lanes[200];
  g_autofree float *noise = data_noise (1, 2 * n);
  for (guint i = 0; i < n; i++) {
    times[i][0] = 50 * (1 + noise[2 * i]);
    times[i][1] = times[i][0] + 3 * (1.01 + noise[2 * i + 1]);
  }
  g_autoptr (GPtrArray) turns = turns_of (times, n);
  guint n_lanes = sal_turns_lanes (turns, lanes);
  for (guint i = 0; i < n; i++) {
    g_assert_cmpuint (lanes[i], <, n_lanes);
    for (guint j = 0; j < i; j++)
      if (lanes[i] == lanes[j])
        g_assert_true (
            times[i][0] >= times[j][1] || times[j][0] >= times[i][1]);
  }
}

static void
test_lanes_of_no_turns_are_none (void)
{
  g_autoptr (GPtrArray) turns = g_ptr_array_new ();
  g_assert_cmpuint (sal_turns_lanes (turns, NULL), ==, 0);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/turns/load/keeps-the-order-of-the-file",
        test_load_keeps_the_order_of_the_file },
    { "/turns/load/leaves-comments-and-empty-lines-out",
        test_load_leaves_comments_and_empty_lines_out },
    { "/turns/load/of-nothing-is-no-turn", test_load_of_nothing_is_no_turn },
    { "/turns/load/refuses-bytes-that-are-no-text",
        test_load_refuses_bytes_that_are_no_text },
    { "/turns/load/names-a-missing-file", test_load_names_a_missing_file },
    { "/turns/load/reads-rttm", test_load_reads_rttm },
    { "/turns/load/refuses-rttm-of-two-recordings",
        test_load_refuses_rttm_of_two_recordings },
    { "/turns/names-are-listed-once", test_names_are_listed_once },
    { "/turns/lanes/of-turns-in-a-row-are-one",
        test_lanes_of_turns_in_a_row_are_one },
    { "/turns/lanes/are-used-again", test_lanes_are_used_again },
    { "/turns/lanes/keep-overlaps-apart", test_lanes_keep_overlaps_apart },
    { "/turns/lanes/of-no-turns-are-none", test_lanes_of_no_turns_are_none },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *path
        = g_strconcat ("/turns/load/refuses-", bad[i].path, NULL);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_load_refuses);
  }
  int result = g_test_run ();
  data_clean ();
  return result;
}
