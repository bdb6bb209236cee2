/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/batch-analyser.h"

#include <string.h>

#include <saliency/mel.h>
#include "stream/inference.h"
#include "stream/lanes.h"
#include "stream/timeline.h"
#include "stream/window-internal.h"

struct _EvalBatchAnalyser {
  SalModel *model;
  guint hop, n_lookaheads;
  guint *lookaheads; /* frames */
  SalMel *mel;       /* counts frames */
  SalCamConfig cam;  /* no map */
  SalInference *inference;
};

/* One recording. */
typedef struct {
  EvalBatchAnalyser *analyser;
  SalLanes *lanes;
  guint n_lanes;
  SalTimeline **cosines; /* of whole windows, by lane */
  EvalTrace *traces;     /* by lane */
} Run;

EvalBatchAnalyser *
eval_batch_analyser_new (SalModel *model, guint hop, const guint *lookaheads,
    guint n_lookaheads)
{
  EvalBatchAnalyser *self = g_new0 (EvalBatchAnalyser, 1);

  self->model = sal_model_ref (model);
  self->hop = hop;
  self->n_lookaheads = n_lookaheads;
  self->lookaheads = g_memdup2 (lookaheads, n_lookaheads * sizeof (guint));
  /* The configuration was checked when the model was loaded. */
  self->mel = sal_mel_new (sal_model_get_mel_config (model), NULL);
  sal_cam_config_init (&self->cam);
  self->cam.method = SAL_CAM_NONE;
  self->inference = sal_inference_new (model, SAL_WINDOW_FRAMES, &self->cam, 1);
  return self;
}

void
eval_batch_analyser_free (EvalBatchAnalyser *self)
{
  if (self == NULL)
    return;
  sal_model_unref (self->model);
  sal_mel_free (self->mel);
  sal_inference_free (self->inference);
  g_free (self->lookaheads);
  g_free (self);
}

gsize
eval_batch_analyser_n_frames (const EvalBatchAnalyser *self, gsize n_samples)
{
  return sal_mel_n_frames (self->mel, n_samples);
}

EvalTrace *
eval_traces_new (guint n_traces, gsize n_frames)
{
  EvalTrace *traces = g_new (EvalTrace, n_traces);

  for (guint i = 0; i < n_traces; i++)
    traces[i] = (EvalTrace){ g_new0 (float, n_frames + 1),
      g_new0 (float, n_frames + 1), g_new0 (float, n_frames + 1) };
  return traces;
}

void
eval_traces_free (EvalTrace *traces, guint n_traces)
{
  if (traces == NULL)
    return;
  for (guint i = 0; i < n_traces; i++) {
    g_free (traces[i].activity);
    g_free (traces[i].log_odds);
    g_free (traces[i].baseline);
  }
  g_free (traces);
}

/* --- the baseline -------------------------------------------------------- */

/* Merges the cosines of windows as those of lanes merge log-odds. */
static SalTimeline *
new_baseline (const EvalBatchAnalyser *self)
{
  guint n_bands = sal_model_get_mel_config (self->model)->n_bands;
  SalHmmConfig plain; /* nobody reads the probability */
  const SalLinePair same = { .clean = { 1, 0 } };

  sal_hmm_config_init (&plain);
  /* With the longest look-ahead, what is not settled and a window. */
  return sal_timeline_new (n_bands, 3 * SAL_WINDOW_FRAMES + self->hop, 1, &same,
      &plain);
}

static void
add_baseline (Run *self, const SalWindow *window)
{
  guint n = window->n_frames;

  for (guint i = 0; i < self->n_lanes; i++) {
    const SalWindowResult *result
        = &window->results[i / self->analyser->n_lookaheads];
    if (result->counts)
      sal_timeline_add (self->cosines[i], window->start, n, NULL,
          &result->cosine, 1, n);
  }
}

/* --- a recording --------------------------------------------------------- */

static void
open_run (Run *self, SalTarget *const *targets, guint n_targets)
{
  const EvalBatchAnalyser *analyser = self->analyser;
  const SalLanesConfig config = {
    .hop = analyser->hop,
    .lookaheads = analyser->lookaheads,
    .n_lookaheads = analyser->n_lookaheads,
    .max_age = analyser->hop,
  };

  self->lanes
      = sal_lanes_new (analyser->model, &config, targets, n_targets, NULL);
  self->n_lanes = n_targets * analyser->n_lookaheads;
  self->cosines = g_new (SalTimeline *, self->n_lanes);
  for (guint i = 0; i < self->n_lanes; i++)
    self->cosines[i] = new_baseline (analyser);
}

static void
close_run (Run *self)
{
  for (guint i = 0; i < self->n_lanes; i++)
    sal_timeline_free (self->cosines[i]);
  g_free (self->cosines);
  sal_lanes_free (self->lanes);
}

static void
write_map (Run *self, const SalMap *map)
{
  const EvalTrace *trace = &self->traces[map->target];
  gsize at = (gsize) map->first_frame, size = map->n_frames * sizeof (float);
  guint64 until = map->first_frame + map->n_frames;
  const SalSettling how = { .until = until, .known = until };
  g_autoptr (SalMap) baseline
      = sal_timeline_settle (self->cosines[map->target], NULL, &how);

  memcpy (trace->activity + at, map->activity, size);
  memcpy (trace->log_odds + at, map->log_odds, size);
  memcpy (trace->baseline + at, baseline->log_odds, size);
}

/* Computes the window that is due, and writes what is settled then. */
static void
compute_due (Run *self)
{
  SalWindow *window = sal_lanes_take (self->lanes);
  SalMap *map;

  if (window != NULL) {
    window->threads = 1;
    window->cam = self->analyser->cam;
    window->wants_trust = FALSE;
    sal_inference_compute (self->analyser->inference, window);
    add_baseline (self, window);
    sal_lanes_give (self->lanes, window);
  }
  while ((map = sal_lanes_pop (self->lanes)) != NULL) {
    write_map (self, map);
    sal_map_unref (map);
  }
}

gsize
eval_batch_analyser_run (EvalBatchAnalyser *self, const float *samples,
    gsize n_samples, SalTarget *const *targets, guint n_targets,
    EvalTrace *traces)
{
  Run run = { .analyser = self, .traces = traces };

  open_run (&run, targets, n_targets);
  while (n_samples > 0) {
    gsize n = sal_lanes_listen (run.lanes, samples, n_samples);
    while (sal_lanes_advance (run.lanes))
      compute_due (&run);
    samples += n;
    n_samples -= n;
  }
  sal_lanes_finish (run.lanes);
  while (sal_lanes_advance (run.lanes))
    compute_due (&run);
  gsize n_frames = (gsize) sal_lanes_get_n_frames (run.lanes);
  close_run (&run);
  return n_frames;
}
