/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/localisation.h"

#include <math.h>
#include <string.h>

#include "data.h"
#include "voices.h"

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

static EvalLocalisationConfig
config_of (guint n_trials, guint n_threads)
{
  EvalLocalisationConfig config;
  eval_localisation_config_init (&config, n_trials);
  config.n_thorough = config.n_score = 1;
  config.seconds = 0.5;
  config.n_threads = n_threads;
  return config;
}

static gboolean
keep (const EvalLocalisationTrial *trial, gpointer data, GError **error)
{
  Run *self = data;
  EvalLocalisationTrial *copy = g_new (EvalLocalisationTrial, 1);
  copy->join = g_memdup2 (trial->join, sizeof *trial->join);
  copy->outcomes
      = g_memdup2 (trial->outcomes, self->rows->len * sizeof *trial->outcomes);
  g_ptr_array_add (self->trials, copy);
  return TRUE;
}

/* Four voices that the model knows by name. */
static void
run (Run *self, const EvalLocalisationConfig *wanted)
{
  EvalLocalisationConfig config = *wanted;
  g_autoptr (GError) error = NULL;
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 0, 3, 2);
  g_autoptr (EvalSpeakerSets) cast
      = eval_speaker_sets_new (tiny, corpus, TRUE, 1, 5, &error);
  g_assert_no_error (error);
  config.take = keep;
  config.data = self;
  self->rows = eval_localisation_rows (&config);
  self->trials = g_ptr_array_new_with_free_func (eval_localisation_trial_free);
  self->results = g_array_new (FALSE, FALSE, sizeof (EvalLocalisationResult));
  eval_localisation_run (cast, &config, self->rows, &error);
  g_assert_no_error (error);
  eval_localisation_measure (self->rows, self->trials, self->results);
}

static const EvalLocalisationRow *
row_at (const Run *self, guint i)
{
  return &g_array_index (self->rows, EvalLocalisationRow, i);
}

static const EvalLocalisationTrial *
trial_at (const Run *self, guint i)
{
  return g_ptr_array_index (self->trials, i);
}

/* Trials not run change nothing either: 3 trials begin like 2. */
static void
test_threads_and_number_of_trials_change_nothing (void)
{
  EvalLocalisationConfig few = config_of (2, 1), many = config_of (3, 3);
  g_auto (Run) a = { 0 }, b = { 0 };
  run (&a, &few);
  run (&b, &many);
  g_assert_cmpuint (a.trials->len, ==, 2 * 4);
  g_assert_cmpuint (b.trials->len, ==, 3 * 4);
  for (guint i = 0; i < a.trials->len; i++) {
    gsize size = a.rows->len * sizeof (EvalLocalisationOutcome);
    g_assert_cmpmem (trial_at (&a, i)->outcomes, size,
        trial_at (&b, i)->outcomes, size);
  }
}

static void
assert_oracle (const EvalConcatenation *join, char given,
    const EvalLocalisationOutcome *o)
{
  double part = join->form == EVAL_CONCATENATION_A_B ? 0.5 : 1.0 / 3;
  if (join->form
      == (given == 'A' ? EVAL_CONCATENATION_A_B_A : EVAL_CONCATENATION_B_A_B))
    part = 2.0 / 3;
  g_assert_cmpfloat (o->auc, ==, 1);
  g_assert_cmpfloat_with_epsilon (o->mass, part, 0.02);
}

static guint
trials_of (const GArray *rows, const char *name, const char *layers, char given)
{
  for (guint i = 0; i < rows->len; i++) {
    const EvalLocalisationRow *row
        = &g_array_index (rows, EvalLocalisationRow, i);
    g_autofree char *other = eval_localisation_name (row);
    if (row->given == given && g_str_equal (other, name)
        && g_str_equal (eval_localisation_layers (row), layers))
      return row->n_trials;
  }
  return 0;
}

static void
test_rows_have_their_trials (void)
{
  static const struct {
    const char *name, *layers;
    char given;
    guint n_trials;
  } wanted[] = {
    { "original", "none", 0, 400 }, { "layer-cam", "S2", 'A', 400 },
    { "grad-cam++", "S4+S3+S2+S1", 'A', 400 },
    { "layer-cam-degrid", "S4+S3+S2+S1", 'A', 400 },
    { "layer-cam-degrid", "S2", 'A', 40 },
    { "signed-layer-cam", "S4", 'A', 400 },
    { "signed-layer-cam/gate/cut", "S4", 'X', 400 },
    { "dense", "none", 'B', 40 }, { "dense/cut", "none", 'X', 400 },
    { "score-cam", "S1", 'A', 8 }, { "score-cam", "S1", 'X', 2 },
    { "layer-cam", "S2", 'X', 40 }, { "grad-cam", "S4", 'A', 40 },
    { "oracle", "none", 'X', 0 }, /* there is none */
  };
  EvalLocalisationConfig config;
  eval_localisation_config_init (&config, 0);
  g_autoptr (GArray) rows = eval_localisation_rows (&config);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmpuint (trials_of (rows, wanted[i].name, wanted[i].layers,
                          wanted[i].given),
        ==, wanted[i].n_trials);
}

static void
test_rows_are_what_they_say (void)
{
  EvalLocalisationConfig config = config_of (2, 0);
  g_auto (Run) r = { 0 };
  run (&r, &config);
  for (guint i = 0; i < r.trials->len; i++) {
    const EvalLocalisationTrial *trial = trial_at (&r, i);
    float map_mass = 0, map_auc = 0;
    for (guint k = 0; k < r.rows->len; k++) {
      const EvalLocalisationRow *row = row_at (&r, k);
      const EvalLocalisationOutcome *o = &trial->outcomes[k];
      gboolean tried = trial->join->number < row->n_trials;
      gboolean has_auc = row->given == 'A' || row->given == 'B';
      g_assert_cmpint (isfinite (o->hit), ==, tried);
      if (!tried)
        continue;
      g_assert_cmpint (isfinite (o->auc), ==, has_auc);
      g_assert_true (o->hit == 0 || o->hit == 1);
      g_assert_true (o->mass >= 0 && o->mass <= 1);
      if (row->kind == EVAL_MASK_NONE)
        g_assert_cmpfloat (o->mass, ==, 1);
      if (row->kind == EVAL_MASK_ORACLE)
        assert_oracle (trial->join, row->given, o);
      if (row->kind == EVAL_MASK_MAP && row->setting == EVAL_MAP_S4
          && row->method != EVAL_MAP_SIGNED) {
        map_mass = o->mass;
        map_auc = o->auc;
      }
      if (row->kind >= EVAL_MASK_RANDOM && row->kind <= EVAL_MASK_TIME
          && row->setting == EVAL_MAP_S4 && row->method != EVAL_MAP_SIGNED)
        g_assert_cmpfloat_with_epsilon (o->mass, map_mass, 1e-3);
      if (row->kind == EVAL_MASK_RANDOM)
        g_assert_cmpfloat_with_epsilon (o->auc, 0.5, 0.25);
      if (row->kind == EVAL_MASK_TIME && row->setting == EVAL_MAP_S4
          && row->method != EVAL_MAP_SIGNED)
        g_assert_cmpfloat_with_epsilon (o->auc, map_auc, 1e-3);
    }
  }
}

static void
test_results_are_those_of_the_trials (void)
{
  EvalLocalisationConfig config = config_of (3, 0);
  g_auto (Run) r = { 0 };
  run (&r, &config);
  g_assert_cmpuint (r.results->len, ==, 4 * r.rows->len);
  for (guint i = 0; i < r.results->len; i++) {
    const EvalLocalisationResult *result
        = &g_array_index (r.results, EvalLocalisationResult, i);
    double hits = 0, mass = 0;
    guint n = 0;
    for (guint k = 0; k < r.trials->len; k++) {
      const EvalLocalisationOutcome *o
          = &trial_at (&r, k)->outcomes[result->row];
      if (trial_at (&r, k)->join->form != result->form || isnan (o->hit))
        continue;
      hits += o->hit;
      mass += o->mass;
      n++;
    }
    g_assert_cmpuint (n, ==, row_at (&r, result->row)->n_trials);
    g_assert_cmpuint (n, ==, result->top1.n);
    g_assert_cmpfloat_with_epsilon (result->top1.mean, hits / n, 1e-9);
    g_assert_cmpfloat_with_epsilon (result->mass, mass / n, 1e-9);
  }
}

/* The mask differs by log-Mel; an intact window is recognised alike. */
static void
test_raw_masks_another_log_mel (void)
{
  EvalLocalisationConfig config = config_of (3, 0);
  g_auto (Run) a = { 0 }, b = { 0 };
  guint n_differ = 0;
  run (&a, &config);
  config.raw = TRUE;
  run (&b, &config);
  for (guint i = 0; i < a.trials->len; i++)
    for (guint k = 0; k < a.rows->len; k++) {
      const EvalLocalisationOutcome *x = &trial_at (&a, i)->outcomes[k];
      const EvalLocalisationOutcome *y = &trial_at (&b, i)->outcomes[k];
      if (row_at (&a, k)->kind == EVAL_MASK_NONE)
        g_assert_cmpfloat (x->hit, ==, y->hit);
      g_assert_true (isnan (x->auc) || x->auc == y->auc);
      n_differ += x->hit != y->hit && isfinite (x->hit);
    }
  g_assert_cmpuint (n_differ, >, 0);
}

static void
test_names_are_unique (void)
{
  EvalLocalisationConfig config = config_of (3, 0);
  g_autoptr (GArray) rows = eval_localisation_rows (&config);
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < rows->len; i++) {
    const EvalLocalisationRow *row
        = &g_array_index (rows, EvalLocalisationRow, i);
    g_autofree char *name = eval_localisation_name (row);
    g_assert_true (g_hash_table_add (seen,
        g_strdup_printf ("%s %s %c", name, eval_localisation_layers (row),
            row->given + ' ')));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  g_test_add_func ("/localisation/threads-and-number-of-trials-change-nothing",
      test_threads_and_number_of_trials_change_nothing);
  g_test_add_func ("/localisation/rows-have-their-trials",
      test_rows_have_their_trials);
  g_test_add_func ("/localisation/rows-are-what-they-say",
      test_rows_are_what_they_say);
  g_test_add_func ("/localisation/results-are-those-of-the-trials",
      test_results_are_those_of_the_trials);
  g_test_add_func ("/localisation/raw-masks-another-log-mel",
      test_raw_masks_another_log_mel);
  g_test_add_func ("/localisation/names-are-unique", test_names_are_unique);
  int result = g_test_run ();
  sal_model_unref (tiny);
  return result;
}
