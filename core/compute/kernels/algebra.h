/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectors of any length and alignment. */
#pragma once

#include "compute/kernels/simd.h"

typedef float Loose __attribute__ ((vector_size (LANES * 4), aligned (4), may_alias));

static float
dot (const float *a, const float *b, gsize n)
{
  Loose sums[4] = { { 0 } };
  gsize i = 0;
  float total = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES)
    for (guint k = 0; k < 4; k++)
      sums[k] += *(const Loose *) (a + i + k * LANES) * *(const Loose *) (b + i + k * LANES);
  Loose sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  for (guint k = 0; k < LANES; k++)
    total += sum[k];
  for (; i < n; i++)
    total += a[i] * b[i];
  return total;
}

static void
add_scaled (float *y, float a, const float *x, gsize n)
{
  gsize i = 0;
  for (; i + LANES <= n; i += LANES)
    *(Loose *) (y + i) += a * *(const Loose *) (x + i);
  for (; i < n; i++)
    y[i] += a * x[i];
}
