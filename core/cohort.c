/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cohort.h"

#include <math.h>
#include <stdlib.h>

#include "model-private.h"

static int
highest_first (gconstpointer a, gconstpointer b)
{
  float x = *(const float *) a, y = *(const float *) b;
  return x > y ? -1 : x < y;
}

SalCohortStats
sal_cohort_stats (const SalModel *model, const float *cosines, int except,
    float *scratch)
{
  const gboolean *in_cohort = sal_model_get_record (model)->in_cohort;
  guint N = sal_model_get_n_classes (model), n = 0;
  double sum = 0, squares = 0;
  for (guint j = 0; j < N; j++)
    if (in_cohort[j] && (int) j != except)
      scratch[n++] = cosines[j];
  qsort (scratch, n, sizeof (float), highest_first);
  n = MIN (n, SAL_COHORT_TOP);
  for (guint i = 0; i < n; i++)
    sum += scratch[i];
  double mean = n > 0 ? sum / n : 0;
  for (guint i = 0; i < n; i++)
    squares += (scratch[i] - mean) * (scratch[i] - mean);
  /* A cohort of equal voices says nothing about scale. */
  double deviation = n > 0 ? sqrt (squares / n) : 0;
  return (SalCohortStats){ (float) mean, MAX ((float) deviation, 1e-3f) };
}
