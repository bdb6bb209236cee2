/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "voice/cohort.h"

#include <math.h>

#include "data.h"

/* Mean and deviation of the n highest, by repeated search. */
static void
check (const SalModel *model, const float *cosines, int except)
{
  guint N = sal_model_get_n_classes (model);
  guint n = MIN (N - (except >= 0), SAL_COHORT_TOP);
  g_autofree gboolean *used = g_new0 (gboolean, N);
  g_autofree float *scratch = g_new (float, N);
  double sum = 0, squares = 0;
  for (guint i = 0; i < n; i++) {
    int best = -1;
    for (int j = 0; j < (int) N; j++)
      if (!used[j] && j != except && (best < 0 || cosines[j] > cosines[best]))
        best = j;
    used[best] = TRUE;
    sum += cosines[best];
    squares += cosines[best] * cosines[best];
  }
  SalCohortStats stats = sal_cohort_stats (model, cosines, except, scratch);
  g_assert_cmpfloat_with_epsilon (stats.mean, sum / n, 1e-5);
  g_assert_cmpfloat_with_epsilon (stats.deviation,
      sqrt (squares / n - sum / n * sum / n), 1e-5);
}

static void
test_against_selection (gconstpointer name)
{
  g_autoptr (SalModel) model = data_load_model (name);
  guint N = sal_model_get_n_classes (model);
  for (guint32 seed = 0; seed < 10; seed++) {
    g_autofree float *cosines = data_noise (seed, N);
    check (model, cosines, -1);
    check (model, cosines, (int) (seed * 37 % N));
  }
}

/* The class itself would be by far the nearest. */
static void
test_exception_counts (void)
{
  g_autoptr (SalModel) model = data_load_model ("tiny");
  guint N = sal_model_get_n_classes (model);
  g_autofree float *cosines = g_new0 (float, N);
  g_autofree float *scratch = g_new (float, N);
  cosines[4] = 1;
  SalCohortStats with = sal_cohort_stats (model, cosines, -1, scratch);
  SalCohortStats without = sal_cohort_stats (model, cosines, 4, scratch);
  g_assert_cmpfloat_with_epsilon (with.mean, 1.0 / N, 1e-6);
  g_assert_cmpfloat (without.mean, ==, 0);
  g_assert_cmpfloat (without.deviation, >, 0); /* it is divided by */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/cohort/small", "tiny", test_against_selection);
  g_test_add_data_func ("/cohort/shipped", "shipped", test_against_selection);
  g_test_add_func ("/cohort/exception", test_exception_counts);
  return g_test_run ();
}
