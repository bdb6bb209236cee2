/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cohort.h: impostor cohort and adaptive score normalisation (AS-norm)
 *
 * The cohort is the voices that a target is compared with: the class rows that the model
 * description names, without the target's own row.  Cohort normalisation (AS-norm; Matejka et al.,
 * Interspeech 2017) relates a cosine to the scores of the nearest cohort voices: mu and sigma are
 * mean and standard deviation of the K highest cosines between a direction and the cohort.
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
