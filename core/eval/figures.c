/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/figures.h"

#include "eval/probe.h"
#include "eval/jobs.h"

const SalJoinForm sal_figure_forms[SAL_FIGURE_FORMS] = { SAL_JOIN_A,
  SAL_JOIN_B_A_B };
const guint sal_figure_methods[SAL_FIGURE_METHODS] = { 0, 1, 2, 3,
  SAL_MAP_SIGNED };
const char *const sal_figure_rows[SAL_FIGURE_ROWS] = { "S1", "S2", "S3", "S4",
  "fused" };

static const guint settings[SAL_FIGURE_ROWS] = { SAL_MAP_S1, SAL_MAP_S2,
  SAL_MAP_S3, SAL_MAP_S4, SAL_MAP_ALL };

typedef struct {
  SalCast *cast;
  const SalFiguresConfig *config;
  GPtrArray *figures;
} Work;

void
sal_figures_config_init (SalFiguresConfig *config, guint n_trials)
{
  *config = (SalFiguresConfig) { .seed = 2022,
    .n_trials = n_trials > 0 ? n_trials : 2, .seconds = 1.5 };
  sal_map_style_init (&config->style);
}

void
sal_figure_free (gpointer figure)
{
  SalFigure *self = figure;

  sal_join_free (self->join);
  g_free (self->log_mel);
  for (guint m = 0; m < SAL_FIGURE_METHODS; m++)
    for (guint r = 0; r < SAL_FIGURE_ROWS; r++)
      g_free (self->maps[m][r]);
  g_free (self);
}

static void
take_maps (SalFigure *self, SalEar *ear, guint m)
{
  gsize size = sal_ear_size (ear);

  sal_maps_draw (ear->maps, sal_figure_methods[m],
      sal_map_settings[SAL_MAP_ALL].layers);
  for (guint r = 0; r < SAL_FIGURE_ROWS; r++) {
    self->maps[m][r] = g_new (float, size);
    self->empty[m][r] = !sal_maps_fuse (ear->maps,
        sal_map_settings[settings[r]].layers, self->maps[m][r]);
  }
}

static gpointer
run_trial (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  const SalFiguresConfig *config = work->config;
  SalModel *model = sal_cast_get_model (work->cast);
  SalJoinForm form = sal_figure_forms[index % SAL_FIGURE_FORMS];
  double seconds = (form == SAL_JOIN_A ? 2 : 1) * config->seconds;
  g_autoptr (SalJoin) join = sal_join_new (work->cast, form,
      index / SAL_FIGURE_FORMS, config->seed, seconds, error);
  if (join == NULL)
    return NULL;

  SalEar *ear = sal_ear_new (model, sal_join_max_frames (form,
      sal_model_get_mel_config (model), seconds), &config->style);
  SalFigure *self = g_new0 (SalFigure, 1);
  sal_ear_listen (ear, join);
  sal_maps_begin (ear->maps, ear->net, sal_cast_get_target (work->cast,
      sal_join_get_label (join, work->cast, 'A')));
  self->n_bands = ear->n_bands;
  self->n_frames = ear->n_frames;
  self->log_mel = g_memdup2 (ear->log_mel,
      sal_ear_size (ear) * sizeof (float));
  for (guint m = 0; m < SAL_FIGURE_METHODS; m++)
    take_maps (self, ear, m);
  self->join = g_steal_pointer (&join);
  sal_ear_free (ear);
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
  const SalFiguresConfig *config = ((const Work *) data)->config;

  if (config->progress != NULL)
    config->progress (part, config->data);
}

gboolean
sal_figures_run (SalCast *cast, const SalFiguresConfig *config,
    GPtrArray *figures, GError **error)
{
  static const SalJobs jobs = { run_trial, take_trial, sal_figure_free,
    report_progress };
  Work work = { cast, config, figures };

  return sal_jobs_run (&jobs, config->n_trials * SAL_FIGURE_FORMS,
      config->n_threads, &work, error);
}
