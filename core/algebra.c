/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "algebra.h"

#include <stdlib.h>

#include "kernels/kernels.h"

static int
by_value (gconstpointer a, gconstpointer b)
{
  float x = *(const float *) a, y = *(const float *) b;
  return x < y ? -1 : x > y;
}

void
sal_sort (float *x, gsize n)
{
  qsort (x, n, sizeof (float), by_value);
}

float
sal_dot (const float *a, const float *b, gsize n)
{
  return sal_kernels_get ()->dot (a, b, n);
}

void
sal_add_scaled (float *y, float a, const float *x, gsize n)
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
sal_turned_matrix_vector (gsize m, gsize n, float s, const float *a,
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
sal_turned_matrix_matrix (gsize m, gsize n, gsize k, const float *a,
    const float *b, float *c)
{
  const SalKernels *kernels = sal_kernels_get ();
  for (gsize l = 0; l < k; l++)
    for (gsize i = 0; i < m; i++)
      kernels->add_scaled (c + i * n, a[l * m + i], b + l * n, n);
}
