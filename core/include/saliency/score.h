/* SPDX-License-Identifier: GPL-2.0-or-later */
/* score.h: from an embedding to evidence for a target
 *
 *   z_j = s <e, w_j>                          logits of a cosine head, e and w_j of unit length
 *   z_j = <e, w_j> + b_j                      logits of a linear head, e as it is
 *   u_c = z_c - log sum_{j != c} exp z_j      cohort log-odds
 *   p_c = 1 / (1 + exp (-u_c))                the paper's posterior (1)
 *   a_c = ((y - mu_e) / sigma_e + (y - mu_c) / sigma_c) / 2, y = <e, w_c>     AS-norm (cohort.h);
 *                                             of a linear head (z_c - mu_e) / sigma_e among its
 * logits
 *
 * u is what is differentiated by default: p = sigma (u), so that the gradients differ by
 * a factor, but u never saturates.  Only a cosine head can score an enrolled voice: it has a
 * direction, but no place among the logits of a linear head, which were fitted to its classes.
 */
#pragma once

#include <saliency/net.h>
#include <saliency/target.h>

typedef struct {
  float cosine;     /* <e, w_c>, both taken of unit length */
  float logit;      /* z_c */
  float log_odds;   /* u_c */
  float posterior;  /* p_c */
  float normalised; /* a_c */
} SalScore;

typedef struct _SalScorer SalScorer; /* scratch, one thread at a time */

SAL_API SalScorer *sal_scorer_new (SalModel *model);
SAL_API void sal_scorer_free (SalScorer *self); /* NULL is a no-op */

/**
 * sal_scorer_score:
 * @embedding: [E], of any length but 0
 */
SAL_API void sal_scorer_score (SalScorer *self, const SalTarget *target, const float *embedding,
    SalScore *score);

/**
 * sal_scorer_evidence:
 * @score: of a window or a mean of such: logit and log_odds
 *
 * Returns: what calibration.h makes a log-likelihood ratio of: the log-odds, those of an enrolled
 * voice with the background beside the cohort
 */
SAL_API float sal_scorer_evidence (const SalScorer *self, const SalTarget *target,
    const SalScore *score);

/**
 * sal_scorer_llr:
 * @score: of a window
 * @speech_seconds: net speech in that window
 *
 * Returns: the log-likelihood ratio (natural logarithm) of "the target speaks" to "someone else
 * does", by the calibration of the model (calibration.h); the log-odds if it has none
 */
SAL_API float sal_scorer_llr (const SalScorer *self, const SalTarget *target, const SalScore *score,
    double speech_seconds);

/**
 * sal_scorer_gradient:
 * @dembedding: (out caller-allocates): [E], gradient of the chosen score by @embedding as it is,
 * not by its direction
 *
 * Returns: the score
 */
SAL_API float sal_scorer_gradient (SalScorer *self, const SalTarget *target,
    SalScoreFunction function, const float *embedding, float *dembedding);

/**
 * sal_scorer_compare:
 * @embeddings: (array): of any length but 0, [n, E]
 * @log_odds: (out caller-allocates): u_c of each, [n]
 */
SAL_API void sal_scorer_compare (SalScorer *self, const SalTarget *target, const float *embeddings,
    guint n, float *log_odds);

/**
 * sal_scorer_dense:
 * @net: after a forward pass; S4 has W columns
 * @columns: m, the columns pooled around each; fewer at the edges
 * @log_odds: (out caller-allocates): [W]
 */
SAL_API void sal_scorer_dense (SalScorer *self, SalNet *net, const SalTarget *target, guint columns,
    float *log_odds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalScorer, sal_scorer_free)
