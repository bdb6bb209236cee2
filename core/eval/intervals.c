/* SPDX-License-Identifier: GPL-2.0-or-later */
/* intervals.c: 95 % confidence intervals: Wilson score, bootstrap */
#include "eval/intervals.h"

#include <math.h>

#include "compute/vector.h"

#define Z 1.959964 /* 97.5th percentile of the normal distribution */
#define N_DRAWS 1000
#define SEED 1

EvalInterval
eval_interval_of_hits (guint n_hits, guint n)
{
  if (n == 0)
    return (EvalInterval){ NAN, NAN, NAN, 0 };

  double p = n_hits / (double) n, spread = Z * Z / n;
  double middle = (p + spread / 2) / (1 + spread);
  double half
      = sqrt (p * (1 - p) * spread + spread * spread / 4) / (1 + spread);
  return (EvalInterval){ p, MAX (middle - half, 0), MIN (middle + half, 1), n };
}

static double
mean_of_draw (GRand *rand, const float *values, guint n)
{
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += values[g_rand_int_range (rand, 0, (gint32) n)];
  return sum / n;
}

EvalInterval
eval_interval_of_values (const float *values, guint n)
{
  g_autofree float *known = g_new (float, n + 1);
  float means[N_DRAWS];
  double sum = 0;
  guint n_known = 0;

  for (guint i = 0; i < n; i++)
    if (isfinite (values[i])) {
      known[n_known++] = values[i];
      sum += values[i];
    }
  if (n_known == 0)
    return (EvalInterval){ NAN, NAN, NAN, 0 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);
  for (guint i = 0; i < N_DRAWS; i++)
    means[i] = (float) mean_of_draw (rand, known, n_known);
  sal_vector_sort (means, N_DRAWS);
  return (EvalInterval){ sum / n_known, means[N_DRAWS / 40],
    means[N_DRAWS - 1 - N_DRAWS / 40], n_known };
}
