/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/deletion.h"

#include <math.h>
#include <string.h>

#include "data.h"
#include "eval/deletion-picture.h"
#include "voices.h"

#define N EVAL_DELETION_STEPS

static SalModel *tiny;

typedef struct {
  GArray *rows;
  GPtrArray *trials;
  GArray *results;
} Run;

static void
run_clear (Run *self)
{
  g_array_unref (self->rows);
  g_ptr_array_unref (self->trials);
  g_array_unref (self->results);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static gboolean
keep (const EvalDeletionTrial *trial, gpointer data, GError **error)
{
  Run *self = data;
  EvalDeletionTrial *copy = g_new (EvalDeletionTrial, 1);
  copy->join = g_memdup2 (trial->join, sizeof *trial->join);
  copy->outcomes
      = g_memdup2 (trial->outcomes, self->rows->len * sizeof *trial->outcomes);
  g_ptr_array_add (self->trials, copy);
  return TRUE;
}

/* Four voices that the model knows by name; all rows of the first trial. */
static void
run (Run *self, guint n_trials, guint n_threads)
{
  EvalDeletionConfig config;
  g_autoptr (GError) error = NULL;
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 0, 3, 2);
  g_autoptr (EvalSpeakerSets) cast
      = eval_speaker_sets_new (tiny, corpus, TRUE, 1, 5, &error);
  g_assert_no_error (error);
  eval_deletion_config_init (&config, n_trials);
  config.n_thorough = config.n_score = 1;
  config.seconds = 0.5;
  config.n_threads = n_threads;
  config.take = keep;
  config.data = self;
  self->rows = eval_deletion_rows (&config);
  self->trials = g_ptr_array_new_with_free_func (eval_deletion_trial_free);
  self->results = g_array_new (FALSE, FALSE, sizeof (EvalDeletionResult));
  eval_deletion_run (cast, &config, self->rows, &error);
  g_assert_no_error (error);
  eval_deletion_measure (self->rows, self->trials, self->results);
}

static Run one; /* trial, of each form */

static const EvalDeletionTrial *
trial_at (const Run *self, guint i)
{
  return g_ptr_array_index (self->trials, i);
}

static const EvalDeletionRow *
row_at (const Run *self, guint i)
{
  return &g_array_index (self->rows, EvalDeletionRow, i);
}

static void
test_threads_and_number_of_trials_change_nothing (void)
{
  g_auto (Run) two = { 0 };
  run (&two, 2, 3);
  g_assert_cmpuint (one.trials->len, ==, 2);
  g_assert_cmpuint (two.trials->len, ==, 4);
  for (guint i = 0; i < one.trials->len; i++) {
    gsize size = one.rows->len * sizeof (EvalDeletionOutcome);
    g_assert_cmpmem (trial_at (&one, i)->outcomes, size,
        trial_at (&two, i)->outcomes, size);
  }
}

/* All curves of a trial begin and end with the same two sounds. */
static void
assert_ends (const Run *r, const EvalDeletionTrial *trial)
{
  const EvalDeletionOutcome *first = NULL, *of_fill[EVAL_FILLS] = { NULL };
  for (guint k = 0; k < r->rows->len; k++) {
    const EvalDeletionOutcome *o = &trial->outcomes[k];
    guint fill = row_at (r, k)->fill;
    if (!o->tried)
      continue;
    first = first != NULL ? first : o;
    of_fill[fill] = of_fill[fill] != NULL ? of_fill[fill] : o;
    const EvalDeletionCurve *deletion = &o->curves[EVAL_DELETION_DELETE];
    const EvalDeletionCurve *insertion = &o->curves[EVAL_DELETION_INSERT];
    g_assert_cmpfloat (deletion->log_odds[0], ==, first->curves[0].log_odds[0]);
    g_assert_cmpfloat (insertion->log_odds[N], ==,
        first->curves[0].log_odds[0]);
    g_assert_cmpfloat (deletion->log_odds[N], ==, insertion->log_odds[0]);
    g_assert_cmpfloat (insertion->log_odds[0], ==,
        of_fill[fill]->curves[EVAL_DELETION_INSERT].log_odds[0]);
    for (guint i = 0; i <= N; i++)
      g_assert_cmpfloat_with_epsilon (deletion->part[i], i / (double) N, 1e-3);
  }
  for (guint a = 0; a < EVAL_FILLS; a++)
    for (guint b = 0; b < a; b++)
      g_assert_cmpfloat (of_fill[a]->curves[1].log_odds[0], !=,
          of_fill[b]->curves[1].log_odds[0]);
}

static void
test_curves_share_their_ends (void)
{
  for (guint i = 0; i < one.trials->len; i++)
    assert_ends (&one, trial_at (&one, i));
}

static void
test_oracle_needs_others (void)
{
  guint n_oracles = 0;
  for (guint i = 0; i < one.results->len; i++) {
    const EvalDeletionResult *result
        = &g_array_index (one.results, EvalDeletionResult, i);
    gboolean oracle = row_at (&one, result->row)->kind == EVAL_RANK_ORACLE;
    g_assert_true (!oracle || result->form == EVAL_CONCATENATION_B_A_B);
    n_oracles += oracle;
  }
  g_assert_cmpuint (n_oracles, ==, 1);
}

static void
test_results_are_those_of_the_trials (void)
{
  g_auto (Run) r = { 0 };
  run (&r, 2, 0);
  for (guint i = 0; i < r.results->len; i++) {
    const EvalDeletionResult *result
        = &g_array_index (r.results, EvalDeletionResult, i);
    double area = 0, middle = 0;
    guint n = 0;
    for (guint k = 0; k < r.trials->len; k++) {
      const EvalDeletionOutcome *o = &trial_at (&r, k)->outcomes[result->row];
      const EvalDeletionCurve *curve = &o->curves[EVAL_DELETION_INSERT];
      if (trial_at (&r, k)->join->form != result->form || !o->tried)
        continue;
      area += eval_deletion_area (curve->part, curve->log_odds);
      middle += curve->log_odds[N / 2];
      n++;
    }
    const EvalDeletionMean *mean = &result->ways[EVAL_DELETION_INSERT];
    g_assert_cmpuint (n, ==, row_at (&r, result->row)->n_trials);
    g_assert_cmpfloat_with_epsilon (mean->log_odds_area.mean, area / n, 1e-4);
    g_assert_cmpfloat_with_epsilon (mean->log_odds[N / 2].mean, middle / n,
        1e-4);
  }
}

static void
test_picture_has_curves (void)
{
  g_autoptr (GArray) none
      = g_array_new (FALSE, FALSE, sizeof (EvalDeletionResult));
  cairo_surface_t *with = eval_deletion_draw ("t", one.results, one.rows, TRUE);
  cairo_surface_t *without = eval_deletion_draw ("t", none, one.rows, TRUE);
  const guint8 *a = cairo_image_surface_get_data (with);
  const guint8 *b = cairo_image_surface_get_data (without);
  guint n = 0;
  for (gsize i = 0; i < 1000u * (gsize) cairo_image_surface_get_stride (with);
       i++)
    n += a[i] != b[i];
  g_assert_cmpuint (n, >, 20000);
  cairo_surface_destroy (with);
  cairo_surface_destroy (without);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  run (&one, 1, 1);
  g_test_add_func ("/deletion/threads-and-number-of-trials-change-nothing",
      test_threads_and_number_of_trials_change_nothing);
  g_test_add_func ("/deletion/curves-share-their-ends",
      test_curves_share_their_ends);
  g_test_add_func ("/deletion/oracle-needs-others", test_oracle_needs_others);
  g_test_add_func ("/deletion/results-are-those-of-the-trials",
      test_results_are_those_of_the_trials);
  g_test_add_func ("/deletion/picture-has-curves", test_picture_has_curves);
  int result = g_test_run ();
  run_clear (&one);
  sal_model_unref (tiny);
  return result;
}
