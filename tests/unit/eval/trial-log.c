/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/trial-log.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "data.h"

#define SETTINGS "{\"seed\": 7, \"piece\": 0.5, \"command\": \"this # way\"}"
#define OTHER_WAY "{\"seed\": 7, \"piece\": 0.5, \"command\": \"that way\"}"
#define OTHER_SEED "{\"seed\": 8, \"piece\": 0.5, \"command\": \"this way\"}"
#define FEWER "{\"seed\": 7, \"command\": \"this way\"}"

static const EvalConcatenationForm forms[]
    = { EVAL_CONCATENATION_A, EVAL_CONCATENATION_B_A_B };

static JsonNode *
json (const char *text)
{
  return json_from_string (text, NULL);
}

static EvalTrialLog *
open_ledger (const char *path, const char *settings, GError **error)
{
  g_autoptr (JsonNode) node = json (settings);
  return eval_trial_log_open (path, node, 3, error);
}

/* Adds a trial; form and number decide its outcomes. */
static gboolean
add (EvalTrialLog *ledger, EvalConcatenationForm form, guint number,
    GError **error)
{
  float values[] = { 1.0f / (3 + number), NAN, -1e-30f * (1 + form) };
  const EvalTrialLogEntry trial = { (char *) "closed", form, number,
    (char *) "ann\tbob\t\tcarl\ta b.wav,c.wav", values };
  return eval_trial_log_add (ledger, &trial, error);
}

static void
fill (EvalTrialLog *ledger, guint first, guint step, guint n)
{
  g_autoptr (GError) error = NULL;
  for (guint i = first; i < n; i += step)
    for (guint f = 0; f < G_N_ELEMENTS (forms); f++)
      add (ledger, forms[f], i, &error);
  g_assert_no_error (error);
}

static void
assert_equal (EvalTrialLog *a, EvalTrialLog *b)
{
  const GPtrArray *x = eval_trial_log_get_trials (a);
  const GPtrArray *y = eval_trial_log_get_trials (b);
  g_assert_cmpuint (x->len, ==, y->len);
  for (guint i = 0; i < x->len; i++) {
    const EvalTrialLogEntry *s = x->pdata[i], *t = y->pdata[i];
    g_assert_cmpstr (s->set, ==, t->set);
    g_assert_cmpint (s->form, ==, t->form);
    g_assert_cmpuint (s->number, ==, t->number);
    g_assert_cmpstr (s->who, ==, t->who);
    for (guint k = 0; k < 3; k++)
      g_assert_true (s->values[k] == t->values[k]
          || (isnan (s->values[k]) && isnan (t->values[k])));
  }
}

static void
test_is_the_same_when_read_back (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_temp_path ("same.part");
  g_autoptr (EvalTrialLog) ledger = open_ledger (path, SETTINGS, &error);
  g_assert_no_error (error);
  fill (ledger, 0, 1, 5);
  g_autoptr (EvalTrialLog) again = eval_trial_log_load (path, &error);
  g_assert_no_error (error);
  assert_equal (ledger, again);
  g_assert_cmpuint (eval_trial_log_get_n_values (again), ==, 3);
  g_assert_cmpint (
      json_object_get_int_member (eval_trial_log_get_settings (again), "seed"),
      ==, 7);
  g_assert_true (eval_trial_log_check (again, "closed", forms, 2, 5, &error));
  g_assert_false (eval_trial_log_check (again, "closed", forms, 2, 6, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, "trial 5 of A in the closed set"));
}

/* An incomplete last line is dropped; the run resumes after it. */
static void
test_goes_on_after_half_a_line (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_temp_path ("cut.part");
  g_autofree char *text = NULL;
  gsize length;
  EvalTrialLog *first = open_ledger (path, SETTINGS, &error);
  fill (first, 0, 1, 3);
  eval_trial_log_free (first);
  g_file_get_contents (path, &text, &length, &error);
  g_file_set_contents (path, text, (gssize) length - 4, &error);
  g_assert_no_error (error);
  g_autoptr (EvalTrialLog) ledger = open_ledger (path, OTHER_WAY, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (eval_trial_log_get_trials (ledger)->len, ==, 5);
  g_assert_true (
      eval_trial_log_has (ledger, "closed", EVAL_CONCATENATION_A, 2));
  g_assert_false (
      eval_trial_log_has (ledger, "closed", EVAL_CONCATENATION_B_A_B, 2));
  g_assert_false (eval_trial_log_has (ledger, "open", EVAL_CONCATENATION_A, 2));
  add (ledger, EVAL_CONCATENATION_B_A_B, 2, &error);
  g_assert_no_error (error);
  g_autofree char *whole = NULL;
  g_file_get_contents (path, &whole, NULL, &error);
  g_assert_cmpstr (whole, ==, text);
}

static void
refuse (const char *path, const char *settings, const char *piece)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL, *after = NULL;
  g_file_get_contents (path, &before, NULL, NULL);
  g_assert_null (open_ledger (path, settings, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, piece));
  g_file_get_contents (path, &after, NULL, NULL);
  g_assert_cmpstr (before, ==, after);
}

static void
test_refuses_other_settings (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_temp_path ("other.part");
  EvalTrialLog *first = open_ledger (path, SETTINGS, &error);
  fill (first, 0, 1, 1);
  eval_trial_log_free (first);
  refuse (path, OTHER_SEED, "seed is 7, not 8");
  refuse (path, FEWER, "piece is 0.5, not nothing");
}

static void
test_only_one_writes (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_temp_path ("one.part");
  g_autoptr (EvalTrialLog) first = open_ledger (path, SETTINGS, &error);
  g_assert_null (open_ledger (path, SETTINGS, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_FILE);
}

static void
test_shards_make_the_whole (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EvalTrialLog) whole = open_ledger (NULL, SETTINGS, &error);
  g_autoptr (EvalTrialLog) merged = open_ledger (NULL, SETTINGS, &error);
  fill (whole, 0, 1, 7);
  for (guint i = 3; i-- > 0;) {
    g_autofree char *path = data_temp_path ("shard.part");
    g_autoptr (EvalTrialLog) part = open_ledger (path, OTHER_WAY, &error);
    fill (part, i, 3, 7);
    g_autoptr (EvalTrialLog) loaded = eval_trial_log_load (path, &error);
    g_assert_no_error (error);
    g_assert_true (eval_trial_log_merge (merged, loaded, &error));
    g_unlink (path);
  }
  assert_equal (whole, merged);
  g_assert_false (eval_trial_log_merge (merged, whole, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, "comes twice"));
}

static void
test_merges_nothing_of_other_settings (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EvalTrialLog) a = open_ledger (NULL, SETTINGS, &error);
  g_autoptr (EvalTrialLog) b = open_ledger (NULL, OTHER_SEED, &error);
  fill (b, 0, 1, 1);
  g_assert_false (eval_trial_log_merge (a, b, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_MISMATCH);
  g_assert_cmpuint (eval_trial_log_get_trials (a)->len, ==, 0);
}

static void
test_refuses_what_is_none (void)
{
  const char *const texts[] = { "", "set\tform\n", "# {\n",
    "# {}\nset\tform\ttrial\tA\tB\tC\tX\trecordings\toutcomes\n"
    "closed\tA-A\t0\ta\tb\t\tx\tr\t1\n",
    "# {}\nset\tform\ttrial\tA\tB\tC\tX\trecordings\toutcomes\n"
    "closed\tA\t-1\ta\tb\t\tx\tr\t1\n",
    "# {}\nset\tform\ttrial\tA\tB\tC\tX\trecordings\toutcomes\n"
    "closed\tA\t1\ta\tb\t\tx\tr\t1 z\n",
    "# {}\nset\tform\ttrial\tA\tB\tC\tX\trecordings\toutcomes\n"
    "closed\tA\t1\ta\tb\t\tx\tr\t\n",
    "# {}\nset\tform\ttrial\tA\tB\tC\tX\trecordings\toutcomes\n"
    "closed\tA\t1\ta\tb\t\tx\tr\t1 2\nclosed\tA\t2\ta\tb\t\tx\tr\t1\n" };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *path
        = data_write_temp ("bad.part", texts[i], strlen (texts[i]));
    g_assert_null (eval_trial_log_load (path, &error));
    g_assert_error (error, SAL_ERROR, SAL_ERROR_FORMAT);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trial-log/is-the-same-when-read-back",
      test_is_the_same_when_read_back);
  g_test_add_func ("/trial-log/goes-on-after-half-a-line",
      test_goes_on_after_half_a_line);
  g_test_add_func ("/trial-log/refuses-other-settings",
      test_refuses_other_settings);
  g_test_add_func ("/trial-log/only-one-writes", test_only_one_writes);
  g_test_add_func ("/trial-log/shards-make-the-whole",
      test_shards_make_the_whole);
  g_test_add_func ("/trial-log/merges-nothing-of-other-settings",
      test_merges_nothing_of_other_settings);
  g_test_add_func ("/trial-log/refuses-what-is-none",
      test_refuses_what_is_none);
  int result = g_test_run ();
  data_clean ();
  return result;
}
