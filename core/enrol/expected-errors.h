/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expected-errors.h: the errors to expect of an enrolled voice
 *
 * Each piece that was kept is scored against the mean of those that share no sound with
 * it, as a window of two seconds of the voice would be; the calibration of the model makes
 * log-likelihood ratios x of the scores.  A normal distribution of mean m and deviation s
 * is fitted to them.  A decision at x = 0 then rejects the voice with probability
 *
 *   FR = Phi (-m / s)
 *
 * and, since a calibrated x makes the density of others that of the voice times e^-x,
 * accepts others with
 *
 *   FA = integral over x >= 0 of e^-x N(x; m, s) dx = e^(s^2/2 - m) Phi (m/s - s)
 *
 * Pieces of one sitting differ little, and are few: s is what it would be if so many more
 * had deviated as scores of one voice do on average.
 */
#pragma once

#include <saliency/speaker.h>

typedef struct {
  float false_accept, false_reject; /* probabilities; NAN: unknown */
} SalExpectedErrors;

/**
 * sal_expected_errors_of:
 * @embeddings: [n, E], unit length
 * @pieces: [n], in the order they were heard
 *
 * Returns: both rates; unknown if the model is not calibrated or has no classes, or there are fewer
 * than two pieces that share no sound
 */
SalExpectedErrors sal_expected_errors_of (SalModel *model, const float *embeddings,
    const SalPiece *pieces, guint n);
