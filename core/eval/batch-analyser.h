/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch-analyser.h: voice activity of several targets in a whole recording, with several
 * look-aheads
 *
 * The walk is that of SalAnalyser (lanes.h), with one forward pass per window for all targets and
 * look-aheads: a trace is what a SalAnalyser of that target and look-ahead would give, to the bit.
 * The baseline beside it is the usual gate: the cosine of the whole window with the target, put on
 * all its frames and merged like the log-odds.
 */
#pragma once

#include <saliency/target.h>

typedef struct _EvalBatchAnalyser EvalBatchAnalyser; /* one thread at a time */

typedef struct {
  float *activity; /* probability that the target speaks, [T] */
  float *log_odds; /* that the probability was made from, [T] */
  float *baseline; /* cosine of the windows, merged, [T] */
} EvalTrace;

/**
 * eval_batch_analyser_new:
 * @hop: frames
 * @lookaheads: frames, at most SAL_WINDOW_FRAMES, [n_lookaheads]; copied
 */
EvalBatchAnalyser *eval_batch_analyser_new (SalModel *model, guint hop, const guint *lookaheads,
    guint n_lookaheads);
void eval_batch_analyser_free (EvalBatchAnalyser *self); /* NULL is a no-op */

/**
 * eval_batch_analyser_run:
 * @samples: (array length=n_samples): a whole recording, finite mono PCM in [-1, 1]
 * @targets: of the model, [n_targets]
 * @traces: (out caller-allocates): [n_targets, n_lookaheads], with room for T frames each
 *
 * Returns: T
 */
gsize eval_batch_analyser_run (EvalBatchAnalyser *self, const float *samples, gsize n_samples,
    SalTarget *const *targets, guint n_targets, EvalTrace *traces);
gsize eval_batch_analyser_n_frames (const EvalBatchAnalyser *self, gsize n_samples); /* T */

EvalTrace *eval_traces_new (guint n_traces, gsize n_frames); /* [n_traces], of n_frames each */
void eval_traces_free (EvalTrace *traces, guint n_traces);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalBatchAnalyser, eval_batch_analyser_free)
