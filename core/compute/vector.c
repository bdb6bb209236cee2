/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/vector.h"

#include <math.h>

#include "compute/kernels/kernels.h"

double
sal_softplus (double x)
{
  return MAX (x, 0) + log1p (exp (-fabs (x)));
}

/* Lets x[i] sink to its place in the heap [n], the largest on top. */
static void
sink (float *x, gsize i, gsize n)
{
  float value = x[i];
  for (gsize child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && x[child] < x[child + 1])
      child++;
    if (!(value < x[child]))
      break;
    x[i] = x[child];
  }
  x[i] = value;
}

void
sal_vector_sort (float *x, gsize n)
{
  for (gsize i = n / 2; i-- > 0;)
    sink (x, i, n);
  while (n-- > 1) {
    float most = x[0];
    x[0] = x[n];
    x[n] = most;
    sink (x, 0, n);
  }
}

float
sal_vector_normalise (float *v, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += (double) v[i] * v[i];
  double length = sqrt (sum);
  for (gsize i = 0; i < n && length > 0; i++)
    v[i] = (float) (v[i] / length);
  return (float) length;
}

float
sal_vector_dot (const float *a, const float *b, gsize n)
{
  return sal_kernels_get ()->dot (a, b, n);
}

void
sal_vector_add_scaled (float *y, float a, const float *x, gsize n)
{
  sal_kernels_get ()->add_scaled (y, a, x, n);
}

void
sal_matrix_vector (gsize m, gsize n, float s, const float *a, const float *x,
    float *y)
{
  const SalKernels *kernels = sal_kernels_get ();
  for (gsize i = 0; i < m; i++)
    y[i] += s * kernels->dot (a + i * n, x, n);
}

void
sal_matrix_transposed_vector (gsize m, gsize n, float s, const float *a,
    const float *x, float *y)
{
  const SalKernels *kernels = sal_kernels_get ();
  for (gsize i = 0; i < m; i++)
    kernels->add_scaled (y, s * x[i], a + i * n, n);
}

void
sal_matrix_matrix (gsize m, gsize n, gsize k, const float *a, const float *b,
    float *c)
{
  const SalKernels *kernels = sal_kernels_get ();
  for (gsize i = 0; i < m; i++)
    for (gsize l = 0; l < k; l++)
      kernels->add_scaled (c + i * n, a[i * k + l], b + l * n, n);
}

void
sal_matrix_transposed_matrix (gsize m, gsize n, gsize k, const float *a,
    const float *b, float *c)
{
  const SalKernels *kernels = sal_kernels_get ();
  for (gsize l = 0; l < k; l++)
    for (gsize i = 0; i < m; i++)
      kernels->add_scaled (c + i * n, a[l * m + i], b + l * n, n);
}
