/* SPDX-License-Identifier: GPL-2.0-or-later */
/* presence.h: does the target speak now, from evidence frame by frame
 *
 * A Markov chain (Rabiner 1989, section III) of two parts that change independently
 * of each other: somebody with a voice like the target's speaks, or not; the target is
 * around, or not.  With w the weight of a frame and l its log-likelihood ratio, a frame is
 * likely in proportion to
 *
 *                  nobody such speaks   such a voice speaks
 *   around                 1                e^(w l)             it is the target
 *   not around             1                e^(w min (l, r))    it is a rival
 *
 * so that ratios up to r, which voices merely alike reach, never show that the target is around, however long
 * they last; once it is, its turns are found with all the evidence.  Neighbouring frames hear nearly the same
 * columns, so each counts as a small part of a frame.  What is settled goes forward only; what
 * is known beyond it, the look-ahead, goes backward:
 *
 *   P(state at t | everything known) ~ forward(t) backward(t)
 *   P(target speaks) = P(the target) + d P(a rival)
 */
#pragma once

#include "error.h"

typedef struct {
  float prior;  /* part of the time that such a voice speaks, (0, 1) */
  float rate;   /* draws of a new state by the prior per second, (0, 100]; one at every frame: no memory */
  float weight; /* independent looks in a second of frames: each frame's ratio counts weight times its length, (0, 1000] */
  float around; /* part of the streams in which the target is around, (0, 1]; 1: in all, there are no rivals */
  float memory; /* seconds after which that is drawn anew, on average, > 0 */
  float rival;  /* r, >= 0 */
  float doubt;  /* d: part of those taken for rivals that are the target after all, [0, 1] */
} SalPresenceConfig;

typedef struct _SalPresence SalPresence; /* one thread at a time */

void sal_presence_config_init (SalPresenceConfig *config);

/**
 * sal_presence_new:
 * @period: seconds between frames
 * @max_frames: the most frames known at once
 */
SalPresence *sal_presence_new (const SalPresenceConfig *config, double period, guint max_frames);
void sal_presence_free (SalPresence *self); /* NULL is a no-op */
void sal_presence_reset (SalPresence *self); /* back to the prior */

/**
 * sal_presence_settle:
 * @llr: [n_frames], of the next frames; 0 says nothing
 * @n_settled: of them, to be settled now, at most @n_frames
 * @probability: (out caller-allocates): [n_settled]; may be @llr
 */
void sal_presence_settle (SalPresence *self, const float *llr, guint n_frames, guint n_settled, float *probability);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalPresence, sal_presence_free)
