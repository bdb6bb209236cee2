/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session-cohort.h: the voices heard in a stream so far, and which of them a target is
 *
 * Before one microphone everyone sounds a little like everyone else, more than like the cohort,
 * which was recorded elsewhere.  Whoever spoke in this stream before and is not the target is the
 * best thing to compare it with.
 *
 * The columns of S4, e of unit length, are put together by who speaks, each with the voice v whose
 * mean direction is nearest, if it is near enough, otherwise with a new one.  A voice that has been
 * heard for a while is the target or somebody else by the log-likelihood ratio l of its mean, whose
 * calibration knows how much of it was heard:
 *
 *   P_v = 1 / (1 + exp (-2 (l_v + prior - 2)))        the target
 *   Q_v = 1 / (1 + exp ( 2 (l_v + prior + 2)))        somebody else; one undecided is neither
 *
 * and then speaks for what sounds like it, more loudly than its recordings or the cohort can:
 *
 *   u = log (e^z_c      + sum_v P_v e^(s <e, v> - penalty))
 *     - log (sum_j e^z_j + sum_v Q_v e^(s <e, v> - penalty))
 *
 * All of it is of the stream alone, and nothing of it outlives the stream.  Only enrolled voices
 * are compared so: what a model knows of its classes in company was never measured.  Maps and
 * scores of whole windows are against the cohort alone.
 */
#pragma once

#include <saliency/score.h>
#include <saliency/window.h>

typedef struct _SalSessionCohort SalSessionCohort; /* one thread at a time */

/**
 * sal_session_cohort_new:
 * @max_columns: the most of a window
 * @lookahead: A, frames: what is settled by windows that end up to A later is remembered only then,
 * so that a frame is not compared with itself; but not before its surroundings were heard, and,
 * since windows end, at most 1.5 s later
 *
 * Returns: (transfer full) (nullable): nobody yet, or %NULL if the model cannot tell voices apart:
 * its record says nothing of company or its head is no cosine
 */
SalSessionCohort *sal_session_cohort_new (SalModel *model, guint max_columns, guint lookahead);
void sal_session_cohort_free (SalSessionCohort *self); /* NULL is a no-op */
void sal_session_cohort_reset (SalSessionCohort *self,
    guint64 from); /* nobody was heard, nor is before that frame; NULL is a no-op */
guint sal_session_cohort_get_n_voices (
    const SalSessionCohort *self); /* that were heard for long enough to count */

/**
 * sal_session_cohort_listen:
 * @start: first frame of the window; @n_frames: how many it has
 * @embeddings: (array): of the columns, [n_columns, E], of any length but 0; finite if it is to be
 * judged or remembered
 *
 * A window to be judged, for any number of targets, and then remembered.
 */
void sal_session_cohort_listen (SalSessionCohort *self, guint64 start, guint n_frames,
    const float *embeddings, guint n_columns);

/**
 * sal_session_cohort_judge:
 * @target: that fits the model
 * @contrast: so far, as a line of the model's front end has it (contrast.h)
 * @log_odds: (inout): of the columns of the window listened to, against the cohort; now beside the
 * company too
 *
 * As long as nobody was heard, and for a target that is a class of the model, nothing changes.
 */
void sal_session_cohort_judge (SalSessionCohort *self, const SalTarget *target, float contrast,
    float *log_odds);

/**
 * sal_session_cohort_remember:
 *
 * The columns listened to that are settled by now, and were not before.
 */
void sal_session_cohort_remember (SalSessionCohort *self);

/**
 * sal_session_cohort_judge_window:
 * @self: (nullable): %NULL is a no-op
 * @window: (inout): computed
 *
 * All three, for all its targets.
 */
void sal_session_cohort_judge_window (SalSessionCohort *self, SalWindow *window);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSessionCohort, sal_session_cohort_free)
