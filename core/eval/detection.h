/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detection.h: detection metrics: AUC, equal error rate (EER), minDCF, Cllr
 *
 * Scores are any numbers, higher for the target.  Equal scores are one step of the curve, whatever
 * their order.  NAN counts as the lowest score.  Without targets or without others the result is
 * NAN.
 */
#pragma once

#include <glib.h>

typedef struct {
  const float *target; /* [n_target] */
  gsize n_target;
  const float *other; /* [n_other] */
  gsize n_other;
} EvalDetection;

/**
 * eval_detection_auc:
 *
 * Returns: area under the ROC curve: the share of pairs of target and other in which the target's
 * score is higher; equal scores count half
 */
double eval_detection_auc (const EvalDetection *self);

/**
 * eval_detection_eer:
 *
 * Returns: equal error rate, where misses and false alarms cross; interpolated linearly between two
 * neighbouring steps of the curve (not of its convex hull)
 */
double eval_detection_eer (const EvalDetection *self);

/**
 * eval_detection_min_dcf:
 * @p_target: prior of a target; both errors cost 1
 *
 * Returns: minimum detection cost: the minimum over all thresholds of p_target miss + (1 -
 * p_target) false alarm, divided by min (p_target, 1 - p_target), the cost of the best constant
 * answer
 */
double eval_detection_min_dcf (const EvalDetection *self, double p_target);

/**
 * eval_detection_cllr:
 *
 * The scores are log-likelihood ratios, natural logarithm [Bruemmer2006].
 *
 * Returns: cost of log-likelihood ratios, in bits: 0 is perfect, 1 has no information
 */
double eval_detection_cllr (const EvalDetection *self);

/**
 * eval_detection_min_cllr:
 *
 * Returns: the minimum Cllr of any rising function of the scores, by pooling adjacent violators
 */
double eval_detection_min_cllr (const EvalDetection *self);

/**
 * eval_detection_curve:
 * @miss: (out caller-allocates): rate of misses for a threshold above the first i distinct scores,
 * [n_target + n_other + 1]
 * @false_alarm: (out caller-allocates): rate of false alarms for the same
 *
 * Returns: number of points, from (0, 1) to (1, 0)
 */
gsize eval_detection_curve (const EvalDetection *self, double *miss, double *false_alarm);
