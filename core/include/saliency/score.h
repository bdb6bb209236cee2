/* SPDX-License-Identifier: GPL-2.0-or-later */
/* score.h: from an embedding to evidence for a target
 *
 *   z_j = s <e, w_j>                          logits of a cosine head, e and w_j of unit length
 *   z_j = <e, w_j> + b_j                      logits of a linear head, e as it is
 *   u_c = z_c - log sum_{j != c} exp z_j      cohort log-odds
 *   p_c = 1 / (1 + exp (-u_c))                the paper's posterior (1)
 *   a_c = ((y - mu_e) / sigma_e + (y - mu_c) / sigma_c) / 2, y = <e, w_c>
 *
 * a_c is the adaptive score normalisation (AS-norm) of Matejka et al., Interspeech 2017: mu and
 * sigma are mean and deviation of the 100 highest cosines of e, and of w_c, with the cohort.  For a
 * linear head it is (z_c - mu_e) / sigma_e among its logits.
 *
 * u is differentiated by default: p = sigma (u), so that the gradients differ by a factor, but u
 * never saturates.  Only a cosine head can score an enrolled voice: it has a direction, but no
 * place among the logits of a linear head, which were fitted to its classes.
 */
#pragma once

#include <saliency/net.h>
#include <saliency/target.h>

G_BEGIN_DECLS

/**
 * SalScore:
 * @cosine: <e, w_c>, both taken of unit length
 * @logit: z_c
 * @log_odds: u_c
 * @posterior: p_c
 * @normalised: a_c
 *
 * How an embedding scores for a target.  Later versions may use the reserved space.
 *
 * Since: 0.2
 */
typedef struct {
  float cosine;
  float logit;
  float log_odds;
  float posterior;
  float normalised;
  /*< private >*/
  float reserved[3];
} SalScore;

#define SAL_TYPE_SCORE (sal_score_get_type ())
SAL_API GType sal_score_get_type (void);

/**
 * SalScorer:
 *
 * Scratch memory to score with; one thread at a time.
 *
 * Since: 0.2
 */
typedef struct _SalScorer SalScorer;

#define SAL_TYPE_SCORER (sal_scorer_get_type ())
SAL_API GType sal_scorer_get_type (void);

/**
 * sal_scorer_new:
 * @model: a model with a head; a reference is taken
 *
 * All allocation happens here.
 *
 * Returns: (transfer full): a scorer
 *
 * Since: 0.2
 */
SAL_API SalScorer *sal_scorer_new (SalModel *model);

/**
 * sal_scorer_free: (skip)
 * @self: (transfer full) (nullable): a scorer; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_scorer_free (SalScorer *self);

/**
 * sal_scorer_score: (skip)
 * @self: a scorer
 * @target: a target of its model
 * @embedding: [E], of any length but 0
 * @score: (out caller-allocates): filled in
 *
 * Since: 0.2
 */
SAL_API void sal_scorer_score (SalScorer *self, const SalTarget *target, const float *embedding,
    SalScore *score);

/**
 * sal_scorer_score_bytes: (rename-to sal_scorer_score)
 * @self: a scorer
 * @target: a target of its model
 * @embedding: float32 [E], of any length but 0
 * @score: (out caller-allocates): filled in
 * @error: return location for a #GError
 *
 * sal_scorer_score() for bindings.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FORMAT or, if the values are not E or @target is of
 * another model, %SAL_ERROR_MISMATCH
 *
 * Since: 0.2
 */
SAL_API gboolean sal_scorer_score_bytes (SalScorer *self, const SalTarget *target,
    GBytes *embedding, SalScore *score, GError **error);

/**
 * sal_scorer_llr:
 * @self: a scorer
 * @target: a target of its model
 * @score: of a window
 * @speech_seconds: net speech in that window
 *
 * Returns: the log-likelihood ratio (natural logarithm) of "the target speaks" to "another speaker
 * does", by the calibration of the model; the log-odds if the model has none
 *
 * Since: 0.2
 */
SAL_API float sal_scorer_llr (const SalScorer *self, const SalTarget *target, const SalScore *score,
    double speech_seconds);

/**
 * sal_scorer_gradient: (skip)
 * @self: a scorer
 * @target: a target of its model
 * @function: the score to differentiate
 * @embedding: [E], of any length but 0
 * @dembedding: (out caller-allocates): [E], gradient of that score by @embedding as it is, not by
 * its direction
 *
 * Returns: the score
 *
 * Since: 0.2
 */
SAL_API float sal_scorer_gradient (SalScorer *self, const SalTarget *target,
    SalScoreFunction function, const float *embedding, float *dembedding);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalScorer, sal_scorer_free)

G_END_DECLS
