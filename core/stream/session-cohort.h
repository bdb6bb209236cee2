/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session-cohort.h: the speakers of a stream as a cohort: speaker diarization beside the target
 *
 * Voices before one microphone sound alike, more than they sound like the model's cohort, which
 * was recorded elsewhere.  The best comparison for a target is another speaker of the same stream.
 *
 * Columns of S4 are clustered by speaker (speaker-clusters.h).  The log-likelihood ratio l of the
 * mean of cluster v, calibrated for the seconds heard, says whether that speaker is the target:
 *
 *   P_v = 1 / (1 + exp (-2 (l_v + prior - 2)))        the target
 *   Q_v = 1 / (1 + exp ( 2 (l_v + prior + 2)))        somebody else; both are small if undecided
 *
 * A cluster of the target then stands beside the target's row, every other one joins the cohort.
 * For a column e with cosine logits:
 *
 *   u = log (e^z_c      + sum_v P_v e^(s <e, v> - penalty))
 *     - log (sum_j e^z_j + sum_v Q_v e^(s <e, v> - penalty))
 *
 * The session cohort ends with the stream.  It judges enrolled voices only, because its effect on
 * classes of the model was never measured.  Maps and scores of whole windows are compared with the
 * model's cohort alone.
 */
#pragma once

#include <saliency/target.h>

typedef struct _SalSessionCohort SalSessionCohort; /* one thread at a time */

/**
 * sal_session_cohort_new:
 * @max_columns: the most of a window
 * @lookahead: A, frames.  A column is remembered once it lies A before the end of the window, so
 * that a frame is not compared with itself; at least its surroundings must have been heard by then,
 * and at most 1.5 s pass
 *
 * Returns: (transfer full) (nullable): an empty cohort, or %NULL if the model cannot tell voices
 * apart: its calibration has no values for it, or its head is no cosine
 */
SalSessionCohort *sal_session_cohort_new (SalModel *model, guint max_columns, guint lookahead);
void sal_session_cohort_free (SalSessionCohort *self); /* NULL is a no-op */

/**
 * sal_session_cohort_reset:
 * @self: (nullable): %NULL is a no-op
 * @from: frame; sound before it is never remembered
 *
 * Empties the cohort.
 */
void sal_session_cohort_reset (SalSessionCohort *self, guint64 from);
guint sal_session_cohort_get_n_voices (
    const SalSessionCohort *self); /* clusters heard for long enough to count */

/**
 * sal_session_cohort_listen:
 * @start: first frame of the window
 * @n_frames: of the window
 * @embeddings: (array): of its columns, [n_columns, E], of any length but 0; finite if they are to
 * be judged or remembered
 * @n_columns: at most max_columns
 *
 * Takes a window, to be judged for any number of targets and then remembered.
 */
void sal_session_cohort_listen (SalSessionCohort *self, guint64 start, guint n_frames,
    const float *embeddings, guint n_columns);

/**
 * sal_session_cohort_judge:
 * @target: that fits the model
 * @contrast: of the stream so far, in units of the log-Mel (level-range.h)
 * @log_odds: (inout): of the columns of the window, [n_columns]: against the model's cohort before,
 * against both cohorts after
 *
 * Nothing changes while no cluster counts, nor for a target that is a class of the model.
 */
void sal_session_cohort_judge (SalSessionCohort *self, const SalTarget *target, float contrast,
    float *log_odds);

/**
 * sal_session_cohort_remember:
 *
 * Adds the columns of the window to the clusters that are settled by now and were not added before.
 */
void sal_session_cohort_remember (SalSessionCohort *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSessionCohort, sal_session_cohort_free)
