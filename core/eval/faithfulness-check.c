/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faithfulness-check.c: the trust meter against deletion and insertion curves
 */
#include "eval/faithfulness-check.h"

#include <math.h>

#include "eval/probe.h"
#include "eval/jobs.h"
#include "eval/spearman.h"
#include "map/faithfulness.h"

#define LAYER_CAM 3 /* index of eval_map_methods */

typedef struct {
  EvalSpeakerSets *cast;
  const EvalDeletionConfig *config;
  const GArray *rows;
  GPtrArray *trials; /* of EvalDeletionTrial */
  float *trust;      /* [n_trials, n_rows] */
  GAsyncQueue *ears;
} Work;

GArray *
eval_faithfulness_check_rows (guint n_trials)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (EvalDeletionRow));
  const EvalDeletionRow some[] = {
    { EVAL_RANK_MAP, EVAL_MAP_SIGNED, EVAL_MAP_S4, EVAL_FILL_ZERO, n_trials },
    { EVAL_RANK_MAP, LAYER_CAM, EVAL_MAP_ALL, EVAL_FILL_ZERO, n_trials },
  };

  return g_array_append_vals (rows, some, G_N_ELEMENTS (some));
}

static guint
max_frames (const Work *work)
{
  return eval_concatenation_max_frames (EVAL_CONCATENATION_B_A_B,
      sal_model_get_mel_config (eval_speaker_sets_get_model (work->cast)),
      work->config->seconds);
}

static EvalProbe *
get_ear (const Work *work)
{
  EvalProbe *self = g_async_queue_try_pop (work->ears);

  return self != NULL
      ? self
      : eval_probe_new (eval_speaker_sets_get_model (work->cast),
          max_frames (work), &work->config->style);
}

static gpointer
run_trial (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  const EvalDeletionTrial *trial = g_ptr_array_index (work->trials, index);
  g_autoptr (EvalConcatenation) join = eval_concatenation_new (work->cast,
      trial->join->form, trial->join->number, work->config->seed,
      work->config->seconds, error);
  if (join == NULL)
    return NULL;

  const SalTarget *target = eval_speaker_sets_get_target (work->cast,
      eval_concatenation_get_label (join, work->cast, 'A'));
  g_autoptr (SalFaithfulness) trust
      = sal_faithfulness_new (eval_speaker_sets_get_model (work->cast),
          max_frames (work));
  EvalProbe *ear = get_ear (work);
  float *values = g_new0 (float, work->rows->len);
  eval_probe_listen (ear, join);
  eval_maps_begin (ear->maps, ear->net, target);
  sal_faithfulness_begin (trust, ear->net);
  for (guint r = 0; r < work->rows->len; r++) {
    const EvalDeletionRow *row
        = &g_array_index (work->rows, EvalDeletionRow, r);
    SalCamLayers layers = eval_map_settings[row->setting].layers;
    eval_maps_draw (ear->maps, row->method, layers);
    if (eval_maps_fuse (ear->maps, layers, ear->map))
      values[r] = sal_faithfulness_measure (trust, ear->altered_net, target,
          ear->map);
  }
  g_async_queue_push (work->ears, ear);
  return values;
}

static gboolean
take_trial (guint index, gpointer result, gpointer data, GError **error)
{
  const Work *work = data;
  float *values = result;

  for (guint r = 0; r < work->rows->len; r++)
    work->trust[index * work->rows->len + r] = values[r];
  g_free (values);
  return TRUE;
}

/* --- results ------------------------------------------------------------- */

/* Area of insertion minus area of deletion. */
static float
difference (const EvalDeletionOutcome *outcome, gboolean hits)
{
  const EvalDeletionCurve *insertion = &outcome->curves[EVAL_DELETION_INSERT];
  const EvalDeletionCurve *deletion = &outcome->curves[EVAL_DELETION_DELETE];

  return (float) (eval_deletion_area (insertion->part,
                      hits ? insertion->hit : insertion->log_odds)
      - eval_deletion_area (deletion->part,
          hits ? deletion->hit : deletion->log_odds));
}

static void
set_interval (EvalFaithfulnessResult *self)
{
  gboolean known = self->n_trials > 3 && fabs (self->log_odds) < 1;
  double width = known ? 1.96 * sqrt (1.06 / (self->n_trials - 3.0)) : NAN;

  self->low = tanh (atanh (self->log_odds) - width);
  self->high = tanh (atanh (self->log_odds) + width);
}

static void
measure (const Work *work, EvalConcatenationForm form, guint row,
    GArray *results)
{
  guint n_all = work->trials->len, n = 0;
  g_autofree float *trust = g_new (float, n_all + 1);
  g_autofree float *log_odds = g_new (float, n_all + 1);
  g_autofree float *hits = g_new (float, n_all + 1);
  double sum = 0;

  for (guint i = 0; i < n_all; i++) {
    const EvalDeletionTrial *trial = g_ptr_array_index (work->trials, i);
    if (trial->join->form != form || !trial->outcomes[row].tried)
      continue;
    trust[n] = work->trust[i * work->rows->len + row];
    log_odds[n] = difference (&trial->outcomes[row], FALSE);
    hits[n] = difference (&trial->outcomes[row], TRUE);
    sum += trust[n++];
  }
  EvalFaithfulnessResult result
      = { form, row, n, .log_odds = eval_spearman (trust, log_odds, n),
          .top1 = eval_spearman (trust, hits, n), .mean = sum / n };
  set_interval (&result);
  g_array_append_val (results, result);
}

/* --- deletion and insertion curves --------------------------------------- */

typedef struct {
  const EvalDeletionConfig *config; /* of the caller */
  guint n_rows;
  GPtrArray *trials; /* of EvalDeletionTrial, without sound */
} Keeping;

static gboolean
keep_trial (const EvalDeletionTrial *trial, gpointer data, GError **error)
{
  const Keeping *self = data;
  EvalDeletionTrial *copy = g_new (EvalDeletionTrial, 1);

  copy->join = g_memdup2 (trial->join, sizeof *trial->join);
  copy->join->samples = NULL;
  copy->outcomes
      = g_memdup2 (trial->outcomes, self->n_rows * sizeof *trial->outcomes);
  g_ptr_array_add (self->trials, copy);
  return TRUE;
}

static void
pass_progress (double part, gpointer data)
{
  const EvalDeletionConfig *config = ((const Keeping *) data)->config;

  if (config->progress != NULL)
    config->progress (part, config->data);
}

static gboolean
run_curves (EvalSpeakerSets *cast, const EvalDeletionConfig *config,
    const GArray *rows, GPtrArray *trials, GError **error)
{
  Keeping keeping = { config, rows->len, trials };
  EvalDeletionConfig all = *config;

  all.wanted = NULL;
  all.take = keep_trial;
  all.progress = pass_progress;
  all.data = &keeping;
  return eval_deletion_run (cast, &all, rows, error);
}

gboolean
eval_faithfulness_check_run (EvalSpeakerSets *cast,
    const EvalDeletionConfig *config, const GArray *rows, GArray *results,
    GError **error)
{
  static const EvalJobs jobs = { run_trial, take_trial, g_free, NULL };
  g_autoptr (GPtrArray) trials
      = g_ptr_array_new_with_free_func (eval_deletion_trial_free);

  if (!run_curves (cast, config, rows, trials, error))
    return FALSE;
  g_autofree float *trust = g_new0 (float, (gsize) trials->len * rows->len);
  Work work = { cast, config, rows, trials, trust,
    g_async_queue_new_full (eval_probe_free) };
  gboolean ok
      = eval_jobs_run (&jobs, trials->len, config->n_threads, &work, error);
  g_async_queue_unref (work.ears);
  for (guint f = 0; ok && f < EVAL_DELETION_FORMS; f++)
    for (guint r = 0; r < rows->len; r++)
      measure (&work, eval_deletion_forms[f], r, results);
  return ok;
}
