/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hmm.h: hidden Markov model: the probability that the target speaks, frame by frame
 *
 * A Markov chain of two states, the target speaks or does not, is observed through the
 * log-likelihood ratios of the frames (Rabiner 1989, section III).  Neighbouring frames are
 * computed from nearly the same columns, so each observation counts as a small part of a frame.
 * Frames that are settled go into the forward recursion once; frames known beyond them, the
 * look-ahead, go into the backward recursion:
 *
 *   P(speaks at t | all frames known) ~ forward(t) backward(t)
 */
#pragma once

#include "network/calibration.h"

typedef struct _SalHmm SalHmm; /* one thread at a time */

/**
 * sal_hmm_new:
 * @period: seconds between frames
 * @max_frames: the most frames known at once
 */
SalHmm *sal_hmm_new (const SalHmmConfig *config, double period, guint max_frames);
void sal_hmm_free (SalHmm *self);  /* NULL is a no-op */
void sal_hmm_reset (SalHmm *self); /* back to the prior */

/**
 * sal_hmm_settle:
 * @llr: [n_frames], of the next frames; 0 for a frame without evidence
 * @n_settled: how many of them to settle now, at most @n_frames
 * @probability: (out caller-allocates): [n_settled]; may be @llr
 */
void sal_hmm_settle (SalHmm *self, const float *llr, guint n_frames, guint n_settled,
    float *probability);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalHmm, sal_hmm_free)
