/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch-analyser.h: a whole recording, several targets and look-aheads, one network
 *
 * What a SalAnalyser of each target and look-ahead would say of every frame, to the
 * bit, with one forward pass per window for all of them.  Beside it the usual gate: the
 * cosine of the whole window with the target, put on all its frames and merged like
 * the dense score.
 */
#pragma once

#include <saliency/target.h>

typedef struct _SalTracker SalTracker; /* one thread at a time */

typedef struct {
  float *activity; /* probability that the target speaks, [T] */
  float *log_odds; /* what that was made from, [T] */
  float *baseline; /* cosine of the windows, merged, [T] */
} SalTrace;

/**
 * sal_tracker_new:
 * @hop: frames
 * @lookaheads: frames, at most 200, [n_lookaheads]; copied
 */
SalTracker *sal_tracker_new (SalModel *model, guint hop, const guint *lookaheads, guint n_lookaheads);
void sal_tracker_free (SalTracker *self); /* NULL is a no-op */

/**
 * sal_tracker_run:
 * @samples: (array length=n_samples): a whole recording, finite mono PCM in [-1, 1]
 * @targets: of the model, [n_targets]
 * @traces: (out caller-allocates): [n_targets, n_lookaheads], with room for T frames each
 *
 * Returns: T
 */
gsize sal_tracker_run (SalTracker *self, const float *samples, gsize n_samples, SalTarget *const *targets, guint n_targets, SalTrace *traces);
gsize sal_tracker_n_frames (const SalTracker *self, gsize n_samples); /* T */

SalTrace *sal_traces_new (guint n_traces, gsize n_frames); /* [n_traces], of n_frames each */
void sal_traces_free (SalTrace *traces, guint n_traces);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalTracker, sal_tracker_free)
