/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cohort.c: cohort statistics for score normalisation (AS-norm) */
#include "voice/cohort.h"

#include <math.h>

#include "compute/vector.h"
#include "network/model-internal.h"

SalCohortStats
sal_cohort_stats (const SalModel *model, const float *cosines, int except,
    float *scratch)
{
  const gboolean *in_cohort = sal_model_get_description (model)->in_cohort;
  guint N = sal_model_get_n_classes (model), n = 0;
  double sum = 0, squares = 0;
  for (guint j = 0; j < N; j++)
    if (in_cohort[j] && (int) j != except)
      scratch[n++] = cosines[j];
  sal_vector_sort (scratch, n);
  const float *end = scratch + n;
  n = MIN (n, SAL_COHORT_TOP);
  for (guint i = 1; i <= n; i++) /* from the highest on */
    sum += *(end - i);
  double mean = n > 0 ? sum / n : 0;
  for (guint i = 1; i <= n; i++)
    squares += (*(end - i) - mean) * (*(end - i) - mean);
  /* A cohort of equal voices has no deviation to divide by. */
  double deviation = n > 0 ? sqrt (squares / n) : 0;
  return (SalCohortStats){ (float) mean, MAX ((float) deviation, 1e-3f) };
}
