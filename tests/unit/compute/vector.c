/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/vector.h"

#include <math.h>

#include "data.h"
#include "compute/kernels/kernels.h"

#define TOLERANCE 1e-5 /* float32 sums of at most 100 products of order 1 */

/* Lengths around those of vectors, from one float on, at odd places. */
static const gsize lengths[] = { 1, 3, 4, 7, 15, 16, 17, 31, 33, 63, 64, 100 };

static void
test_dot_and_add_scaled (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (lengths); k++) {
    gsize n = lengths[k];
    g_autofree float *a = data_noise (1, n + 1);
    g_autofree float *b = data_noise (2, n + 1);
    g_autofree float *y = data_noise (3, n + 2);
    g_autofree float *start = g_memdup2 (y, (n + 2) * sizeof (float));
    double sum = 0;
    for (gsize i = 0; i < n; i++)
      sum += (double) a[i + 1] * b[i];
    g_assert_cmpfloat (fabs (sal_vector_dot (a + 1, b, n) - sum), <=,
        TOLERANCE);
    sal_vector_add_scaled (y + 1, 0.5f, b, n);
    for (gsize i = 0; i < n; i++)
      g_assert_cmpfloat (fabs (y[i + 1] - start[i + 1] - 0.5 * b[i]), <=,
          TOLERANCE);
    g_assert_cmpfloat (y[0], ==, start[0]);
    g_assert_cmpfloat (y[n + 1], ==, start[n + 1]);
  }
}

/* C [3, 2] = A B with A [3, 4], B [4, 2], all four ways. */
static void
test_products (void)
{
  const float a[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
  const float turned[12] = { 1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12 };
  const float b[8] = { 1, 0, 0, 1, 1, 0, 0, 2 };
  const float want[6] = { 5, 12, 13, 24, 21, 36 }; /* over 1 */
  const float x[4] = { 1, 0, 1, 0 }, by[3] = { 9, 25, 41 };
  float c[6] = { 1, 2, 1, 2, 1, 2 }, d[6] = { 1, 2, 1, 2, 1, 2 };
  float y[3] = { 1, 1, 1 }, z[3] = { 1, 1, 1 };
  sal_matrix_matrix (3, 2, 4, a, b, c);
  sal_matrix_transposed_matrix (3, 2, 4, turned, b, d);
  sal_matrix_vector (3, 4, 2, a, x, y);
  sal_matrix_transposed_vector (4, 3, 2, turned, x, z);
  g_assert_cmpmem (c, sizeof c, want, sizeof want);
  g_assert_cmpmem (d, sizeof d, want, sizeof want);
  g_assert_cmpmem (y, sizeof y, by, sizeof by);
  g_assert_cmpmem (z, sizeof z, by, sizeof by);
}

static void
test_softplus (void)
{
  g_assert_cmpfloat_with_epsilon (sal_softplus (0), log (2), 1e-15);
  g_assert_cmpfloat_with_epsilon (sal_softplus (2), log (1 + exp (2)), 1e-15);
  g_assert_cmpfloat_with_epsilon (sal_softplus (-2), log (1 + exp (-2)), 1e-15);
  g_assert_cmpfloat (sal_softplus (1e4), ==, 1e4);
  g_assert_cmpfloat (sal_softplus (-INFINITY), ==, 0);
}

static void
test_sort (void)
{
  float x[5] = { 3, -1, 2, -1, 0 };
  const float want[5] = { -1, -1, 0, 2, 3 };
  sal_vector_sort (x, 5);
  g_assert_cmpmem (x, sizeof x, want, sizeof want);
  for (gsize n = 0; n < 300; n++) {
    g_autofree float *y = data_noise ((guint32) n, n);
    double sum = 0, sorted = 0;
    for (gsize i = 0; i < n; i++) {
      y[i] = roundf (y[i] * 50); /* some are equal; sums are exact */
      sum += y[i] * (y[i] + 1);
    }
    sal_vector_sort (y, n);
    for (gsize i = 0; i < n; i++) {
      sorted += y[i] * (y[i] + 1);
      g_assert_true (i == 0 || y[i - 1] <= y[i]);
    }
    g_assert_cmpfloat (sorted, ==, sum);
  }
}

/* Chains of 1, 2, .. 12 come closer to 2 by half in every step. */
static void
test_chains (void)
{
  const SalKernels *kernels = sal_kernels_get ();
  float n = (float) kernels->n_chains;
  for (guint steps = 0; steps < 6; steps++)
    g_assert_cmpfloat (kernels->chains (steps, 0.5f, 1), ==,
        n * (2 + ldexpf (4.5f, -(int) steps)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/algebra/dot-and-add-scaled", test_dot_and_add_scaled);
  g_test_add_func ("/algebra/products", test_products);
  g_test_add_func ("/algebra/softplus", test_softplus);
  g_test_add_func ("/algebra/sort", test_sort);
  g_test_add_func ("/algebra/chains", test_chains);
  return g_test_run ();
}
