/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/sanity.h"

#include <math.h>

#include "eval/faithfulness-check.h"
#include "data.h"
#include "voices.h"

static SalModel *tiny;

static EvalSpeakerSets *
cast_new (EvalCorpus *corpus)
{
  g_autoptr (GError) error = NULL;
  EvalSpeakerSets *cast
      = eval_speaker_sets_new (tiny, corpus, TRUE, 1, 5, &error);
  g_assert_no_error (error);
  return cast;
}

static GArray *
run (guint n_trials, guint n_threads, GArray **rows)
{
  EvalSanityConfig config;
  g_autoptr (GError) error = NULL;
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 0, 3, 2);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus);
  GArray *results = g_array_new (FALSE, TRUE, sizeof (EvalSanityResult));
  eval_sanity_config_init (&config, n_trials);
  config.seconds = 0.5;
  config.n_score = 1;
  config.n_draws = 2;
  config.n_threads = n_threads;
  *rows = eval_sanity_rows (&config);
  eval_sanity_run (cast, &config, *rows, results, &error);
  g_assert_no_error (error);
  return results;
}

static GArray *rows, *three; /* results of three trials */

static const EvalSanityResult *
result_at (const GArray *results, guint i)
{
  return &g_array_index (results, EvalSanityResult, i);
}

static void
assert_result (const EvalSanityResult *result)
{
  const EvalSanityRow *row = &g_array_index (rows, EvalSanityRow, result->row);
  const EvalInterval *rate = &result->correlation;
  g_assert_cmpuint (rate->n, ==, row->n_trials);
  g_assert_cmpuint (result->n_empty, <=, row->n_trials);
  g_assert_true (isfinite (rate->mean) && fabs (rate->mean) <= 1 + 1e-6);
  g_assert_cmpfloat (rate->low, <=, rate->mean + 1e-6);
  g_assert_cmpfloat (rate->mean, <=, rate->high + 1e-6);
  if (row->energy) { /* independent of the model */
    g_assert_cmpfloat_with_epsilon (rate->mean, 1, 1e-6);
    g_assert_cmpfloat_with_epsilon (result->energy.mean, 1, 1e-6);
  } else
    g_assert_cmpfloat (rate->mean, <, 0.9999); /* another map */
}

static void
test_every_stage_and_row (void)
{
  guint n_score = 0;
  g_assert_cmpuint (three->len, ==, EVAL_SANITY_STAGES * rows->len);
  for (guint i = 0; i < three->len; i++) {
    const EvalSanityResult *result = result_at (three, i);
    g_assert_cmpuint (result->stage, ==, i / rows->len);
    g_assert_cmpuint (result->row, ==, i % rows->len);
    assert_result (result);
    n_score += result->correlation.n == 1;
  }
  g_assert_cmpuint (n_score, ==, 2 * EVAL_SANITY_STAGES);
}

static void
test_threads_change_nothing (void)
{
  g_autoptr (GArray) same = NULL;
  g_autoptr (GArray) again = run (3, 3, &same);
  g_assert_cmpuint (again->len, ==, three->len);
  for (guint i = 0; i < again->len; i++) {
    const EvalSanityResult *a = result_at (again, i);
    const EvalSanityResult *b = result_at (three, i);
    g_assert_cmpfloat (a->correlation.mean, ==, b->correlation.mean);
    g_assert_cmpfloat (a->correlation.low, ==, b->correlation.low);
    g_assert_cmpfloat (a->energy.mean, ==, b->energy.mean);
    g_assert_cmpuint (a->n_empty, ==, b->n_empty);
  }
}

/* --- trust --------------------------------------------------------------- */

static GArray *
believe (guint n_threads)
{
  EvalDeletionConfig config;
  g_autoptr (GError) error = NULL;
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 0, 3, 2);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus);
  g_autoptr (GArray) maps = eval_faithfulness_check_rows (6);
  GArray *results = g_array_new (FALSE, TRUE, sizeof (EvalFaithfulnessResult));
  eval_deletion_config_init (&config, 6);
  config.seconds = 0.5;
  config.n_threads = n_threads;
  eval_faithfulness_check_run (cast, &config, maps, results, &error);
  g_assert_no_error (error);
  return results;
}

static void
test_trust_goes_with_curves (void)
{
  g_autoptr (GArray) results = believe (2), again = believe (1);
  double sum = 0;
  g_assert_cmpuint (results->len, ==, 2 * EVAL_DELETION_FORMS);
  for (guint i = 0; i < results->len; i++) {
    const EvalFaithfulnessResult *a
        = &g_array_index (results, EvalFaithfulnessResult, i);
    const EvalFaithfulnessResult *b
        = &g_array_index (again, EvalFaithfulnessResult, i);
    g_assert_cmpuint (a->n_trials, ==, 6);
    g_assert_cmpfloat (a->log_odds, ==, b->log_odds);
    g_assert_cmpfloat (a->mean, ==, b->mean);
    g_assert_true (fabs (a->log_odds) < 1
            ? a->low < a->log_odds && a->log_odds < a->high
            : isnan (a->low) && isnan (a->high));
    g_assert_cmpfloat (fabs (a->mean), <, 1);
    sum += a->log_odds;
  }
  g_assert_cmpfloat (sum / results->len, >, 0.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  three = run (3, 1, &rows);
  g_test_add_func ("/sanity/every-stage-and-row", test_every_stage_and_row);
  g_test_add_func ("/sanity/threads-change-nothing",
      test_threads_change_nothing);
  g_test_add_func ("/sanity/trust-goes-with-curves",
      test_trust_goes_with_curves);
  int result = g_test_run ();
  g_array_unref (three);
  g_array_unref (rows);
  sal_model_unref (tiny);
  data_clean ();
  return result;
}
