/* SPDX-License-Identifier: GPL-2.0-or-later */
/* figures.c: Figures 1 and 3 of the paper: maps of all methods */
#include "eval/figures.h"

#include "eval/probe.h"
#include "eval/jobs.h"

const EvalConcatenationForm eval_figure_forms[EVAL_FIGURE_FORMS]
    = { EVAL_CONCATENATION_A, EVAL_CONCATENATION_B_A_B };
const guint eval_figure_methods[EVAL_FIGURE_METHODS]
    = { 0, 1, 2, 3, EVAL_MAP_SIGNED };
const char *const eval_figure_rows[EVAL_FIGURE_ROWS]
    = { "S1", "S2", "S3", "S4", "fused" };

static const guint settings[EVAL_FIGURE_ROWS]
    = { EVAL_MAP_S1, EVAL_MAP_S2, EVAL_MAP_S3, EVAL_MAP_S4, EVAL_MAP_ALL };

typedef struct {
  EvalSpeakerSets *cast;
  const EvalFiguresConfig *config;
  GPtrArray *figures;
} Work;

void
eval_figures_config_init (EvalFiguresConfig *config, guint n_trials)
{
  *config = (EvalFiguresConfig){ .seed = 2022,
    .n_trials = n_trials > 0 ? n_trials : 2,
    .seconds = 1.5 };
  eval_map_style_init (&config->style);
}

void
eval_figure_free (gpointer figure)
{
  EvalFigure *self = figure;

  eval_concatenation_free (self->join);
  g_free (self->log_mel);
  for (guint m = 0; m < EVAL_FIGURE_METHODS; m++)
    for (guint r = 0; r < EVAL_FIGURE_ROWS; r++)
      g_free (self->maps[m][r]);
  g_free (self);
}

static void
take_maps (EvalFigure *self, EvalProbe *ear, guint m)
{
  gsize size = eval_probe_size (ear);

  eval_maps_draw (ear->maps, eval_figure_methods[m],
      eval_map_settings[EVAL_MAP_ALL].layers);
  for (guint r = 0; r < EVAL_FIGURE_ROWS; r++) {
    self->maps[m][r] = g_new (float, size);
    self->empty[m][r] = !eval_maps_fuse (ear->maps,
        eval_map_settings[settings[r]].layers, self->maps[m][r]);
  }
}

static gpointer
run_trial (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  const EvalFiguresConfig *config = work->config;
  SalModel *model = eval_speaker_sets_get_model (work->cast);
  EvalConcatenationForm form = eval_figure_forms[index % EVAL_FIGURE_FORMS];
  double seconds = (form == EVAL_CONCATENATION_A ? 2 : 1) * config->seconds;
  g_autoptr (EvalConcatenation) join = eval_concatenation_new (work->cast, form,
      index / EVAL_FIGURE_FORMS, config->seed, seconds, error);
  if (join == NULL)
    return NULL;

  EvalProbe *ear = eval_probe_new (model,
      eval_concatenation_max_frames (form, sal_model_get_mel_config (model),
          seconds),
      &config->style);
  EvalFigure *self = g_new0 (EvalFigure, 1);
  eval_probe_listen (ear, join);
  eval_maps_begin (ear->maps, ear->net,
      eval_speaker_sets_get_target (work->cast,
          eval_concatenation_get_label (join, work->cast, 'A')));
  self->n_bands = ear->n_bands;
  self->n_frames = ear->n_frames;
  self->log_mel
      = g_memdup2 (ear->log_mel, eval_probe_size (ear) * sizeof (float));
  for (guint m = 0; m < EVAL_FIGURE_METHODS; m++)
    take_maps (self, ear, m);
  self->join = g_steal_pointer (&join);
  eval_probe_free (ear);
  return self;
}

static gboolean
take_trial (guint index, gpointer result, gpointer data, GError **error)
{
  g_ptr_array_add (((Work *) data)->figures, result);
  return TRUE;
}

static void
report_progress (double part, gpointer data)
{
  const EvalFiguresConfig *config = ((const Work *) data)->config;

  if (config->progress != NULL)
    config->progress (part, config->data);
}

gboolean
eval_figures_run (EvalSpeakerSets *cast, const EvalFiguresConfig *config,
    GPtrArray *figures, GError **error)
{
  static const EvalJobs jobs
      = { run_trial, take_trial, eval_figure_free, report_progress };
  Work work = { cast, config, figures };

  return eval_jobs_run (&jobs, config->n_trials * EVAL_FIGURE_FORMS,
      config->n_threads, &work, error);
}
