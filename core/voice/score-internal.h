/* SPDX-License-Identifier: GPL-2.0-or-later */
/* score-internal.h: log-odds of many embeddings, and the score that a calibration is for */
#pragma once

#include <saliency/score.h>

/**
 * sal_scorer_evidence:
 * @score: of a window or a mean of such: logit and log_odds
 *
 * Returns: the score that calibration.h turns into a log-likelihood ratio: the log-odds, those of
 * an enrolled voice with the background beside the cohort
 */
float sal_scorer_evidence (const SalScorer *self, const SalTarget *target, const SalScore *score);

/**
 * sal_scorer_compare:
 * @embeddings: (array): of any length but 0, [n, E]
 * @log_odds: (out caller-allocates): u_c of each, [n]
 */
void sal_scorer_compare (SalScorer *self, const SalTarget *target, const float *embeddings, guint n,
    float *log_odds);

/**
 * sal_scorer_dense:
 * @net: after a forward pass; S4 has W columns
 * @columns: m, the columns pooled around each; fewer at the edges
 * @log_odds: (out caller-allocates): [W]
 */
void sal_scorer_dense (SalScorer *self, SalNet *net, const SalTarget *target, guint columns,
    float *log_odds);
