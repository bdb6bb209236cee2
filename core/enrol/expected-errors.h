/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expected-errors.h: expected false accept and false reject rates of an enrolled voice
 *
 * Each kept piece is scored, like a window of two seconds, against the mean of the kept pieces that
 * share no sound with it.  The calibration of the model turns the scores into log-likelihood ratios
 * x, and a normal distribution of mean m and deviation s is fitted to x.  A decision at x = 0 then
 * rejects the voice with probability
 *
 *   FR = Phi (-m / s)
 *
 * and, because for a calibrated x the density of other voices is the voice's times e^-x, accepts
 * other voices with probability
 *
 *   FA = integral over x >= 0 of e^-x N(x; m, s) dx = e^(s^2/2 - m) Phi (m/s - s)
 *
 * Pieces of one session are few and differ little.  The estimate of s therefore includes additional
 * pieces with the average deviation of scores of one voice.
 */
#pragma once

#include <saliency/speaker.h>

typedef struct {
  float false_accept, false_reject; /* probabilities; NAN: unknown */
} SalExpectedErrors;

/**
 * sal_expected_errors_of:
 * @embeddings: [n, E], unit length
 * @pieces: [n], in the order of time
 *
 * Returns: both rates; unknown if the model has no calibration or no classes, or if fewer than two
 * pieces share no sound
 */
SalExpectedErrors sal_expected_errors_of (SalModel *model, const float *embeddings,
    const SalPiece *pieces, guint n);
