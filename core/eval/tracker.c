/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracker.h"

#include <math.h>
#include <string.h>

#include "analyser-private.h"
#include "analyser.h"
#include "model-private.h"

/* One target with one look-ahead. */
typedef struct {
  const SalTarget *target;
  guint lookahead;       /* frames */
  SalTimeline *timeline; /* of the dense score */
  SalTimeline *cosines;  /* of whole windows */
  SalTrace *trace;
} Lane;

struct _SalTracker {
  SalModel *model;
  guint hop, n_lookaheads, per_column;
  guint *lookaheads;
  SalMel *mel;
  SalNet *net;
  SalScorer *scorer;
  float *window;   /* [F, SAL_WINDOW_FRAMES] */
  float *columns;  /* log-odds, [SAL_WINDOW_FRAMES] */
  guint8 *loud;    /* whether a step of one hop has sound, [n_steps] */
  guint64 n_steps;
  Lane *lanes;     /* [n_lanes], those of a target together */
  guint n_lanes;
};

SalTracker *
sal_tracker_new (SalModel *model, guint hop, const guint *lookaheads,
    guint n_lookaheads)
{
  const SalRecord *record = sal_model_get_record (model);
  SalTracker *self = g_new0 (SalTracker, 1);

  self->model = sal_model_ref (model);
  self->hop = hop;
  self->n_lookaheads = n_lookaheads;
  self->lookaheads = g_memdup2 (lookaheads, n_lookaheads * sizeof (guint));
  self->per_column = sal_analyser_per_column (model);
  /* The record was checked when the model was loaded. */
  self->mel = sal_mel_new (&record->mel, NULL);
  self->net = sal_net_new (model, SAL_WINDOW_FRAMES, SAL_NET_STAGES - 1, 1);
  self->scorer = sal_scorer_new (model);
  self->window = g_new (float, SAL_WINDOW_FRAMES * (gsize) record->mel.n_bands);
  self->columns = g_new (float, SAL_WINDOW_FRAMES);
  return self;
}

void
sal_tracker_free (SalTracker *self)
{
  if (self == NULL)
    return;
  sal_model_unref (self->model);
  sal_mel_free (self->mel);
  sal_net_free (self->net);
  sal_scorer_free (self->scorer);
  g_free (self->lookaheads);
  g_free (self->window);
  g_free (self->columns);
  g_free (self);
}

gsize
sal_tracker_n_frames (const SalTracker *self, gsize n_samples)
{
  return sal_mel_n_frames (self->mel, n_samples);
}

SalTrace *
sal_traces_new (guint n_traces, gsize n_frames)
{
  SalTrace *traces = g_new (SalTrace, n_traces);

  for (guint i = 0; i < n_traces; i++)
    traces[i] = (SalTrace) { g_new0 (float, n_frames + 1),
      g_new0 (float, n_frames + 1), g_new0 (float, n_frames + 1) };
  return traces;
}

void
sal_traces_free (SalTrace *traces, guint n_traces)
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
open_lanes (SalTracker *self, SalTarget *const *targets, guint n_targets,
    SalTrace *traces)
{
  guint F = sal_model_get_record (self->model)->mel.n_bands;
  SalPresenceConfig plain; /* of the baseline, whose probability nobody reads */
  SalLinePair same = { .clean = { 1, 0 } };

  sal_presence_config_init (&plain);
  self->n_lanes = n_targets * self->n_lookaheads;
  self->lanes = g_new (Lane, self->n_lanes);
  for (guint i = 0; i < self->n_lanes; i++) {
    const SalTarget *target = targets[i / self->n_lookaheads];
    guint lookahead = self->lookaheads[i % self->n_lookaheads];
    self->lanes[i] = (Lane) { target, lookahead,
      sal_analyser_timeline_new (self->model, target, self->hop, lookahead),
      sal_timeline_new (F, 2 * SAL_WINDOW_FRAMES + self->hop + lookahead,
          1, &same, &plain),
      &traces[i] };
  }
}

static void
close_lanes (SalTracker *self)
{
  for (guint i = 0; i < self->n_lanes; i++) {
    sal_timeline_free (self->lanes[i].timeline);
    sal_timeline_free (self->lanes[i].cosines);
  }
  g_clear_pointer (&self->lanes, g_free);
  self->n_lanes = 0;
}

static void
settle (Lane *lane, guint64 until)
{
  g_autoptr (SalMap) map = sal_timeline_settle (lane->timeline, until);
  g_autoptr (SalMap) plain = sal_timeline_settle (lane->cosines, until);

  if (map == NULL)
    return;
  gsize at = (gsize) map->first_frame, size = map->n_frames * sizeof (float);
  memcpy (lane->trace->activity + at, map->activity, size);
  memcpy (lane->trace->log_odds + at, map->log_odds, size);
  memcpy (lane->trace->baseline + at, plain->log_odds, size);
}

/* --- windows ------------------------------------------------------------- */

/* Which steps of one hop of samples have sound. */
static void
listen (SalTracker *self, const float *samples, gsize n_samples)
{
  guint hop = sal_model_get_record (self->model)->mel.hop;

  self->n_steps = n_samples / hop;
  self->loud = g_new (guint8, self->n_steps + 1);
  for (guint64 t = 0; t < self->n_steps; t++) {
    double energy = 0;
    for (guint i = 0; i < hop; i++) {
      float x = samples[t * hop + i];
      energy += (double) x * x;
    }
    self->loud[t] = sal_analyser_hears (energy, hop);
  }
}

static gboolean
is_silent (const SalTracker *self, guint64 start, guint64 end)
{
  for (guint64 t = start; t < MIN (end, self->n_steps); t++)
    if (self->loud[t])
      return FALSE;
  return TRUE;
}

static gboolean
all_finite (const float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (x[i]))
      return FALSE;
  return TRUE;
}

/* Frames [start, start + n) to all lanes; one forward pass, and one dense score
 * per target. */
static void
compute_window (SalTracker *self, guint64 start, guint n)
{
  const SalTarget *target = NULL;
  SalScore score = { 0 };
  guint shape[3];

  sal_timeline_get_window (self->lanes[0].timeline, start, n, self->window);
  sal_net_forward (self->net, self->window, n);
  sal_net_get_stage (self->net, SAL_NET_STAGES - 1, shape);
  for (guint i = 0; i < self->n_lanes; i++) {
    Lane *lane = &self->lanes[i];
    if (lane->target != target) {
      target = lane->target;
      sal_scorer_score (self->scorer, target,
          sal_net_get_embedding (self->net), &score);
      sal_scorer_dense (self->scorer, self->net, target, SAL_DENSE_COLUMNS,
          self->columns);
    }
    if (!isfinite (score.log_odds) || !all_finite (self->columns, shape[2]))
      continue;
    sal_timeline_add (lane->timeline, start, n, NULL, self->columns, shape[2],
        self->per_column);
    sal_timeline_add (lane->cosines, start, n, NULL, &score.cosine, 1, n);
  }
}

/* The window that ends at frame `end`, if it is to be computed. */
static void
run_window (SalTracker *self, guint64 end)
{
  guint64 start = end > SAL_WINDOW_FRAMES ? end - SAL_WINDOW_FRAMES : 0;

  if (end - start >= SAL_WINDOW_LEAST_FRAMES && !is_silent (self, start, end))
    compute_window (self, start, (guint) (end - start));
}

static void
push_frame (SalTracker *self, const float *frame, guint64 end)
{
  for (guint i = 0; i < self->n_lanes; i++) {
    sal_timeline_push_frame (self->lanes[i].timeline, frame);
    sal_timeline_push_frame (self->lanes[i].cosines, frame);
  }
  if (end % self->hop != 0)
    return;
  run_window (self, end);
  for (guint i = 0; i < self->n_lanes; i++) {
    guint A = self->lanes[i].lookahead;
    settle (&self->lanes[i], end > A ? end - A : 0);
  }
}

gsize
sal_tracker_run (SalTracker *self, const float *samples, gsize n_samples,
    SalTarget *const *targets, guint n_targets, SalTrace *traces)
{
  gsize F = sal_model_get_record (self->model)->mel.n_bands;
  g_autofree float *frames = g_new (float,
      (sal_mel_max_frames (self->mel, n_samples)
          + sal_mel_max_frames (self->mel, 0)) * F);

  open_lanes (self, targets, n_targets, traces);
  listen (self, samples, n_samples);
  gsize T = sal_mel_push (self->mel, samples, n_samples, frames);
  T += sal_mel_finish (self->mel, frames + T * F);
  for (gsize t = 0; t < T; t++)
    push_frame (self, frames + t * F, t + 1);
  if (T % self->hop != 0)
    run_window (self, T);
  for (guint i = 0; i < self->n_lanes; i++)
    settle (&self->lanes[i], T);
  close_lanes (self);
  g_clear_pointer (&self->loud, g_free);
  return T;
}
