/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cohort.h: impostor cohort and adaptive score normalisation (AS-norm)
 *
 * The class rows that the description names as cohort, but for the target's own.  Adaptive
 * score normalisation (AS-norm; Matejka et al., Interspeech 2017) relates a cosine to
 * what the cohort's nearest voices score: mu and sigma are mean and standard deviation
 * of the K highest cosines between a direction and the cohort.
 */
#pragma once

#include <saliency/model.h>

#define SAL_COHORT_TOP 100 /* K; all if the cohort is smaller */

typedef struct {
  float mean, deviation;
} SalCohortStats;

/**
 * sal_cohort_stats:
 * @cosines: between one direction and each class row, [N]
 * @except: a class to leave out; -1: none
 * @scratch: (out caller-allocates): [N]
 */
SalCohortStats sal_cohort_stats (const SalModel *model, const float *cosines, int except,
    float *scratch);
