/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detection.h: how well scores tell targets from others
 *
 * Scores are any numbers, higher for the target; equal scores are one step of the curve,
 * whatever their order.  A score that is not a number counts as the lowest.  With no
 * target or no other the result is not a number.
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
 * Returns: the part of all pairs of target and other in which the target's score is higher; equal
 * scores count half
 */
double eval_detection_auc (const EvalDetection *self);

/**
 * eval_detection_eer:
 *
 * Returns: the rate where misses and false alarms cross, straight between two neighbouring steps of
 * the curve (not its convex hull)
 */
double eval_detection_eer (const EvalDetection *self);

/**
 * eval_detection_min_dcf:
 * @p_target: prior of a target, costs of both errors being 1
 *
 * Returns: the least of p_target miss + (1 - p_target) false alarm over all thresholds, divided by
 *   min (p_target, 1 - p_target): 1 is what the best fixed answer costs
 */
double eval_detection_min_dcf (const EvalDetection *self, double p_target);

/**
 * eval_detection_cllr:
 *
 * The scores are log-likelihood ratios, natural logarithm [Bruemmer2006].
 *
 * Returns: bits; 0 is perfect, 1 says nothing
 */
double eval_detection_cllr (const EvalDetection *self);

/**
 * eval_detection_min_cllr:
 *
 * Returns: the least that any rising function of the scores can reach, by pooling adjacent
 * violators
 */
double eval_detection_min_cllr (const EvalDetection *self);

/**
 * eval_detection_curve:
 * @miss: (out caller-allocates): rate of misses when the threshold lies above the first i distinct
 * scores, [n_target + n_other + 1]
 * @false_alarm: (out caller-allocates): likewise
 *
 * Returns: how many points there are, from (0, 1) to (1, 0)
 */
gsize eval_detection_curve (const EvalDetection *self, double *miss, double *false_alarm);
