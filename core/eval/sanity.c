/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sanity.c: sanity checks of maps: weight randomisation, other speakers */
#include "eval/sanity.h"

#include <string.h>

#include "eval/probe.h"
#include "eval/jobs.h"
#include "eval/spearman.h"
#include "eval/weight-shuffle.h"

const char *const eval_sanity_stages[EVAL_SANITY_STAGES]
    = { "embedding", "S4", "S3", "S2", "S1", "stem", "B given", "X given" };

static const guint parts[EVAL_SANITY_LAYERS] = { EVAL_PART_TOP, EVAL_PART_S4,
  EVAL_PART_S3, EVAL_PART_S2, EVAL_PART_S1, EVAL_PART_STEM };

/* A trial with the results of the intact model. */
typedef struct {
  EvalConcatenation *join;
  gsize size;    /* F T */
  float **ranks; /* ranks of each row's map for A, [F T]; NULL ends */
  float *energy; /* ranks of the log-Mel, [F T] */
} Trial;

typedef struct {
  gboolean tried, empty;
  float correlation, energy;
} Outcome;

typedef struct {
  EvalSpeakerSets *cast;
  const EvalSanityConfig *config;
  const GArray *rows;
  GPtrArray *trials; /* of Trial */
  SalModel *model;   /* of the current stage */
  GAsyncQueue *ears; /* of EvalProbe, for model */
  char given;
  guint first, step;    /* of the current trials */
  Outcome *outcomes;    /* [n_trials, n_rows] of the current stage */
  guint n_done, n_jobs; /* in all stages */
} Work;

void
eval_sanity_config_init (EvalSanityConfig *config, guint n_trials)
{
  guint n = n_trials > 0 ? n_trials : 32;

  *config = (EvalSanityConfig){ .seed = 2022,
    .n_trials = n,
    .n_score = MIN (n, 4),
    .n_draws = MIN (n, 4),
    .seconds = 1.5 };
  eval_map_style_init (&config->style);
}

/* --- rows ---------------------------------------------------------------- */

const char *
eval_sanity_name (const EvalSanityRow *row)
{
  return row->energy ? "energy" : eval_map_methods[row->method].name;
}

const char *
eval_sanity_layers (const EvalSanityRow *row)
{
  return row->energy ? "none" : eval_map_settings[row->setting].name;
}

GArray *
eval_sanity_rows (const EvalSanityConfig *config)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (EvalSanityRow));
  static const guint settings[] = { EVAL_MAP_S4, EVAL_MAP_ALL };

  for (guint m = 0; m < eval_n_map_methods; m++)
    for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
      gboolean costly = eval_map_methods[m].method == SAL_CAM_SCORE;
      EvalSanityRow row = { FALSE, m, settings[i],
        costly ? config->n_score : config->n_trials };
      if (row.n_trials > 0
          && !(eval_map_methods[m].degrid && settings[i] == EVAL_MAP_S4))
        g_array_append_val (rows, row);
    }
  EvalSanityRow energy = { .energy = TRUE, .n_trials = config->n_trials };
  g_array_append_val (rows, energy);
  return rows;
}

static const EvalSanityRow *
row_at (const Work *work, guint i)
{
  return &g_array_index (work->rows, EvalSanityRow, i);
}

/* --- maps ---------------------------------------------------------------- */

static EvalProbe *
get_ear (const Work *work)
{
  EvalProbe *self = g_async_queue_try_pop (work->ears);

  return self != NULL
      ? self
      : eval_probe_new (work->model,
          eval_concatenation_max_frames (EVAL_CONCATENATION_B_A_B,
              sal_model_get_mel_config (work->model), work->config->seconds),
          &work->config->style);
}

/* Target of the maps, with the class row of the current model. */
static SalTarget *
find_target (const Work *work, const EvalConcatenation *join, GError **error)
{
  guint label = eval_concatenation_get_label (join, work->cast, work->given);
  const SalTarget *target = eval_speaker_sets_get_target (work->cast, label);

  if (sal_target_get_class (target) >= 0)
    return sal_target_new_class (work->model, sal_target_get_name (target),
        error);
  return sal_target_ref ((SalTarget *) target);
}

/* Ranks of the bins in the map of a row.  Rows of one method follow each other:
 * the first draws all layers.
 * Returns: FALSE if the map is flat */
static gboolean
rank_row (EvalProbe *ear, const EvalSanityRow *row, int *drawn, float *ranks)
{
  gsize size = eval_probe_size (ear);

  if (row->energy)
    return eval_spearman_find (ear->log_mel, size, ranks);
  if (*drawn != (int) row->method)
    eval_maps_draw (ear->maps, row->method,
        eval_map_settings[EVAL_MAP_ALL].layers);
  *drawn = (int) row->method;
  gboolean any = eval_maps_fuse (ear->maps,
      eval_map_settings[row->setting].layers, ear->map);
  return eval_spearman_find (ear->map, size, ranks) && any;
}

static void
trial_free (gpointer data)
{
  Trial *self = data;

  for (guint r = 0; self->ranks[r] != NULL; r++)
    g_free (self->ranks[r]);
  g_free (self->ranks);
  g_free (self->energy);
  eval_concatenation_free (self->join);
  g_free (self);
}

/* Maps of the intact model for A. */
static gpointer
run_intact (guint index, gpointer data, GError **error)
{
  Work *work = data;
  const EvalSanityConfig *config = work->config;
  g_autoptr (EvalConcatenation) join = eval_concatenation_new (work->cast,
      EVAL_CONCATENATION_B_A_B, index, config->seed, config->seconds, error);
  g_autoptr (SalTarget) target
      = join != NULL ? find_target (work, join, error) : NULL;
  if (target == NULL)
    return NULL;

  EvalProbe *ear = get_ear (work);
  Trial *self = g_new0 (Trial, 1);
  int drawn = -1;
  eval_probe_listen (ear, join);
  eval_maps_begin (ear->maps, ear->net, target);
  self->size = eval_probe_size (ear);
  self->ranks = g_new0 (float *, work->rows->len + 1);
  self->energy = g_new (float, self->size);
  eval_spearman_find (ear->log_mel, self->size, self->energy);
  for (guint r = 0; r < work->rows->len; r++) {
    self->ranks[r] = g_new0 (float, self->size);
    if (index < row_at (work, r)->n_trials)
      rank_row (ear, row_at (work, r), &drawn, self->ranks[r]);
  }
  self->join = g_steal_pointer (&join);
  g_async_queue_push (work->ears, ear);
  return self;
}

static gboolean
take_intact (guint index, gpointer result, gpointer data, GError **error)
{
  g_ptr_array_add (((Work *) data)->trials, result);
  return TRUE;
}

/* Maps of a shuffled model, or for another given speaker. */
static gpointer
run_other (guint index, gpointer data, GError **error)
{
  Work *work = data;
  guint number = work->first + index * work->step, n_rows = work->rows->len;
  const Trial *trial = g_ptr_array_index (work->trials, number);
  g_autoptr (SalTarget) target = find_target (work, trial->join, error);
  if (target == NULL)
    return NULL;

  EvalProbe *ear = get_ear (work);
  Outcome *outcomes = g_new0 (Outcome, n_rows);
  g_autofree float *ranks = g_new (float, trial->size);
  int drawn = -1;
  eval_probe_listen (ear, trial->join);
  eval_maps_begin (ear->maps, ear->net, target);
  for (guint r = 0; r < n_rows; r++) {
    if (number >= row_at (work, r)->n_trials)
      continue;
    gboolean any = rank_row (ear, row_at (work, r), &drawn, ranks);
    outcomes[r] = (Outcome){ TRUE, !any,
      (float) eval_spearman_correlate (trial->ranks[r], ranks, trial->size),
      (float) eval_spearman_correlate (trial->energy, ranks, trial->size) };
  }
  g_async_queue_push (work->ears, ear);
  return outcomes;
}

static gboolean
take_other (guint index, gpointer result, gpointer data, GError **error)
{
  Work *work = data;
  guint n_rows = work->rows->len;

  memcpy (work->outcomes + (work->first + index * work->step) * n_rows, result,
      n_rows * sizeof (Outcome));
  g_free (result);
  return TRUE;
}

static void
report_progress (double part, gpointer data)
{
  const Work *work = data;

  if (work->config->progress != NULL)
    work->config->progress ((work->n_done + part * work->n_jobs)
            / (work->config->n_trials * (1.0 + EVAL_SANITY_STAGES)),
        work->config->data);
}

/* --- stages -------------------------------------------------------------- */

/* Trials first, first + step, .. with this model. */
static gboolean
run_trials (Work *work, const EvalJobs *jobs, SalModel *model, guint first,
    guint step, GError **error)
{
  work->model = model;
  work->first = first;
  work->step = step;
  work->n_jobs = (work->config->n_trials - first + step - 1) / step;
  work->ears = g_async_queue_new_full (eval_probe_free);
  gboolean ok = eval_jobs_run (jobs, work->n_jobs, work->config->n_threads,
      work, error);
  g_async_queue_unref (work->ears);
  work->n_done += work->n_jobs;
  return ok;
}

/* Shuffles this stage and all stages above. */
static gboolean
run_scrambled (Work *work, const EvalJobs *jobs, guint stage, GError **error)
{
  const EvalSanityConfig *config = work->config;

  for (guint draw = 0; draw < config->n_draws; draw++) {
    EvalWeightShuffle scramble = { 0, config->seed + draw };
    for (guint i = 0; i <= stage; i++)
      scramble.parts |= parts[i];
    g_autoptr (SalModel) model
        = eval_weight_shuffle_model (eval_speaker_sets_get_model (work->cast),
            &scramble, error);
    if (model == NULL
        || !run_trials (work, jobs, model, draw, config->n_draws, error))
      return FALSE;
  }
  return TRUE;
}

static void
measure (const Work *work, EvalSanityStage stage, GArray *results)
{
  guint n_rows = work->rows->len, n_trials = work->config->n_trials;
  g_autofree float *correlations = g_new (float, n_trials);
  g_autofree float *energies = g_new (float, n_trials);

  for (guint r = 0; r < n_rows; r++) {
    EvalSanityResult result = { .stage = stage, .row = r };
    guint n = 0;
    for (guint t = 0; t < n_trials; t++) {
      const Outcome *outcome = &work->outcomes[t * n_rows + r];
      if (!outcome->tried)
        continue;
      correlations[n] = outcome->correlation;
      energies[n++] = outcome->energy;
      result.n_empty += outcome->empty;
    }
    result.correlation = eval_interval_of_values (correlations, n);
    result.energy = eval_interval_of_values (energies, n);
    g_array_append_val (results, result);
  }
}

static gboolean
run_stages (Work *work, GArray *results, GError **error)
{
  static const EvalJobs first
      = { run_intact, take_intact, trial_free, report_progress };
  static const EvalJobs jobs
      = { run_other, take_other, g_free, report_progress };
  SalModel *model = eval_speaker_sets_get_model (work->cast);

  work->given = 'A';
  if (!run_trials (work, &first, model, 0, 1, error))
    return FALSE;
  for (guint stage = 0; stage < EVAL_SANITY_STAGES; stage++) {
    work->given = stage == EVAL_SANITY_B ? 'B'
        : stage == EVAL_SANITY_X         ? 'X'
                                         : 'A';
    gboolean ok = stage < EVAL_SANITY_LAYERS
        ? run_scrambled (work, &jobs, stage, error)
        : run_trials (work, &jobs, model, 0, 1, error);
    if (!ok)
      return FALSE;
    measure (work, stage, results);
  }
  return TRUE;
}

gboolean
eval_sanity_run (EvalSpeakerSets *cast, const EvalSanityConfig *config,
    const GArray *rows, GArray *results, GError **error)
{
  g_autoptr (GPtrArray) trials = g_ptr_array_new_with_free_func (trial_free);
  g_autofree Outcome *outcomes
      = g_new0 (Outcome, (gsize) config->n_trials * rows->len);
  Work work = { .cast = cast,
    .config = config,
    .rows = rows,
    .trials = trials,
    .outcomes = outcomes };

  return run_stages (&work, results, error);
}
