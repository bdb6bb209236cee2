/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/batch-analyser.h"

#include <string.h>

#include "stream/lanes.h"
#include <saliency/analyser.h>
#include "stream/session-cohort.h"
#include "network/geometry.h"
#include "network/model-internal.h"
#include "network/net-internal.h"
#include "signal/mel-internal.h"

/* One target with one look-ahead. */
typedef struct {
  const SalTarget *target;
  guint lookahead;       /* frames */
  SalTimeline *timeline; /* of the dense score */
  SalTimeline *cosines;  /* of whole windows */
  EvalTrace *trace;
} Lane;

struct _EvalBatchAnalyser {
  SalModel *model;
  guint hop, n_lookaheads, per_column;
  guint *lookaheads;
  SalMel *mel;
  SalNet *net;
  SalScorer *scorer;
  SalSessionCohort **companies; /* by look-ahead; NULL: the model has none */
  SalFrameRing *history;
  float *frames;  /* what is pushed at a time completes, [n, F] */
  float *window;  /* [F, SAL_WINDOW_FRAMES] */
  float *around;  /* embeddings, [SAL_WINDOW_FRAMES, E] */
  float *columns; /* log-odds against the cohort, [SAL_WINDOW_FRAMES] */
  float *judged;  /* beside the company, likewise */
  Lane *lanes;    /* [n_lanes], those of a target together */
  guint n_lanes;
};

/* Frames: with the longest look-ahead, what is not settled and a window. */
static guint
capacity (guint hop)
{
  return 3 * SAL_WINDOW_FRAMES + hop;
}

EvalBatchAnalyser *
eval_batch_analyser_new (SalModel *model, guint hop, const guint *lookaheads,
    guint n_lookaheads)
{
  const SalDescription *record = sal_model_get_description (model);
  EvalBatchAnalyser *self = g_new0 (EvalBatchAnalyser, 1);
  gsize F = record->mel.n_bands;

  self->model = sal_model_ref (model);
  self->hop = hop;
  self->n_lookaheads = n_lookaheads;
  self->lookaheads = g_memdup2 (lookaheads, n_lookaheads * sizeof (guint));
  self->per_column = sal_model_get_frames_per_column (model);
  /* The record was checked when the model was loaded. */
  self->mel = sal_mel_new (&record->mel, NULL);
  self->net = sal_net_new (model, SAL_WINDOW_FRAMES, SAL_STAGES - 1, 1);
  self->scorer = sal_scorer_new (model);
  self->history = sal_analyser_history_new (model, capacity (hop));
  self->frames = g_new (float,
      sal_mel_max_frames (self->mel, SAL_FRAME_RING_SAMPLES) * F);
  self->window = g_new (float, SAL_WINDOW_FRAMES *F);
  self->companies = g_new (SalSessionCohort *, n_lookaheads);
  for (guint l = 0; l < n_lookaheads; l++)
    self->companies[l]
        = sal_session_cohort_new (model, SAL_WINDOW_FRAMES, lookaheads[l]);
  self->around
      = g_new (float, SAL_WINDOW_FRAMES *sal_model_get_embedding_size (model));
  self->columns = g_new (float, SAL_WINDOW_FRAMES);
  self->judged = g_new (float, SAL_WINDOW_FRAMES);
  return self;
}

void
eval_batch_analyser_free (EvalBatchAnalyser *self)
{
  if (self == NULL)
    return;
  sal_model_unref (self->model);
  sal_mel_free (self->mel);
  sal_net_free (self->net);
  sal_scorer_free (self->scorer);
  for (guint l = 0; l < self->n_lookaheads; l++)
    sal_session_cohort_free (self->companies[l]);
  g_free (self->companies);
  sal_frame_ring_free (self->history);
  g_free (self->lookaheads);
  g_free (self->frames);
  g_free (self->window);
  g_free (self->around);
  g_free (self->columns);
  g_free (self->judged);
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

/* --- lanes --------------------------------------------------------------- */

static void
open_lanes (EvalBatchAnalyser *self, SalTarget *const *targets, guint n_targets,
    EvalTrace *traces)
{
  guint F = sal_model_get_description (self->model)->mel.n_bands;
  SalHmmConfig plain; /* of the baseline, whose probability nobody reads */
  SalLinePair same = { .clean = { 1, 0 } };

  sal_hmm_config_init (&plain);
  self->n_lanes = n_targets * self->n_lookaheads;
  self->lanes = g_new (Lane, self->n_lanes);
  for (guint i = 0; i < self->n_lanes; i++) {
    const SalTarget *target = targets[i / self->n_lookaheads];
    guint lookahead = self->lookaheads[i % self->n_lookaheads];
    self->lanes[i] = (Lane){ target, lookahead,
      sal_analyser_timeline_new (self->model, target, capacity (self->hop),
          lookahead),
      sal_timeline_new (F, capacity (self->hop), 1, &same, &plain),
      &traces[i] };
  }
}

static void
close_lanes (EvalBatchAnalyser *self)
{
  for (guint i = 0; i < self->n_lanes; i++) {
    sal_timeline_free (self->lanes[i].timeline);
    sal_timeline_free (self->lanes[i].cosines);
  }
  g_clear_pointer (&self->lanes, g_free);
  self->n_lanes = 0;
}

static void
settle (const EvalBatchAnalyser *self, Lane *lane, guint64 until,
    float contrast)
{
  const SalSettling how = { .until = until,
    .contrast = contrast,
    .known = sal_frame_ring_get_n_frames (self->history) };
  g_autoptr (SalMap) map
      = sal_timeline_settle (lane->timeline, self->history, &how);
  g_autoptr (SalMap) plain
      = sal_timeline_settle (lane->cosines, self->history, &how);

  if (map == NULL)
    return;
  gsize at = (gsize) map->first_frame, size = map->n_frames * sizeof (float);
  memcpy (lane->trace->activity + at, map->activity, size);
  memcpy (lane->trace->log_odds + at, map->log_odds, size);
  memcpy (lane->trace->baseline + at, plain->log_odds, size);
}

/* --- windows ------------------------------------------------------------- */

/* To one lane what the window says, beside whoever was heard by then. */
static void
add_window (EvalBatchAnalyser *self, guint i, guint64 start, guint n,
    guint n_columns, const SalScore *score)
{
  Lane *lane = &self->lanes[i];
  SalSessionCohort *company = self->companies[i % self->n_lookaheads];

  memcpy (self->judged, self->columns, n_columns * sizeof (float));
  if (company != NULL)
    sal_session_cohort_judge (company, lane->target,
        sal_frame_ring_get_contrast (self->history), self->judged);
  sal_timeline_add (lane->timeline, start, n, NULL, self->judged, n_columns,
      self->per_column);
  sal_timeline_add (lane->cosines, start, n, NULL, &score->cosine, 1, n);
}

/* Frames [start, start + n) to all lanes; one forward pass, and one dense score
 * per target. */
static void
compute_window (EvalBatchAnalyser *self, guint64 start, guint n)
{
  const SalTarget *target = NULL;
  SalScore score = { 0 };
  gboolean counts = FALSE;
  guint shape[3];

  sal_frame_ring_get_frames (self->history, start, n, self->window);
  sal_net_forward (self->net, self->window, n);
  sal_net_get_stage (self->net, SAL_STAGES - 1, shape);
  sal_net_embed_around (self->net, SAL_DENSE_COLUMNS, self->around);
  for (guint l = 0; l < self->n_lookaheads; l++)
    if (self->companies[l] != NULL)
      sal_session_cohort_listen (self->companies[l], start, n, self->around,
          shape[2]);
  for (guint i = 0; i < self->n_lanes; i++) {
    if (self->lanes[i].target != target) {
      target = self->lanes[i].target;
      counts = sal_inference_score (self->scorer, target,
          sal_net_get_embedding (self->net), self->around, shape[2], &score,
          self->columns);
    }
    if (counts)
      add_window (self, i, start, n, shape[2], &score);
  }
  for (guint l = 0; counts && l < self->n_lookaheads; l++)
    if (self->companies[l] != NULL)
      sal_session_cohort_remember (self->companies[l]);
}

/* The window that ends here, if it is to be computed; then every lane settles
 * what it may. */
static void
reach_point (EvalBatchAnalyser *self, gboolean is_last)
{
  guint64 end = sal_frame_ring_get_n_frames (self->history);
  guint64 start = end > SAL_WINDOW_FRAMES ? end - SAL_WINDOW_FRAMES : 0;
  float contrast = sal_frame_ring_get_contrast (self->history);

  if (end - start >= SAL_WINDOW_LEAST_FRAMES
      && !sal_frame_ring_is_silent (self->history, start, end))
    compute_window (self, start, (guint) (end - start));
  for (guint i = 0; i < self->n_lanes; i++) {
    guint A = is_last ? 0 : self->lanes[i].lookahead;
    settle (self, &self->lanes[i], end > A ? end - A : 0, contrast);
  }
}

/* The first n of self->frames. */
static void
push_frames (EvalBatchAnalyser *self, gsize n)
{
  gsize F = sal_model_get_description (self->model)->mel.n_bands;

  for (gsize t = 0; t < n; t++) {
    sal_frame_ring_push_frame (self->history, self->frames + t * F);
    if (sal_frame_ring_get_n_frames (self->history) % self->hop == 0)
      reach_point (self, FALSE);
  }
}

/* What is left, and a window over it if none ended there. */
static void
settle_rest (EvalBatchAnalyser *self)
{
  guint64 T = sal_frame_ring_get_n_frames (self->history);

  if (T % self->hop != 0) {
    reach_point (self, TRUE);
    return;
  }
  float contrast = sal_frame_ring_get_contrast (self->history);
  for (guint i = 0; i < self->n_lanes; i++)
    settle (self, &self->lanes[i], T, contrast);
}

gsize
eval_batch_analyser_run (EvalBatchAnalyser *self, const float *samples,
    gsize n_samples, SalTarget *const *targets, guint n_targets,
    EvalTrace *traces)
{
  open_lanes (self, targets, n_targets, traces);
  sal_frame_ring_reset (self->history);
  for (guint l = 0; l < self->n_lookaheads; l++)
    sal_session_cohort_reset (self->companies[l], 0);
  while (n_samples > 0) {
    gsize n = MIN (n_samples, SAL_FRAME_RING_SAMPLES);
    sal_frame_ring_listen (self->history, samples, n);
    push_frames (self, sal_mel_push (self->mel, samples, n, self->frames));
    samples += n;
    n_samples -= n;
  }
  push_frames (self, sal_mel_finish (self->mel, self->frames));
  settle_rest (self);
  close_lanes (self);
  return (gsize) sal_frame_ring_get_n_frames (self->history);
}
