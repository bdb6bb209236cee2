/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nothing but multiply-adds: the most that a processor can do with the set. */
#pragma once

#include "compute/kernels/simd.h"

/* A multiply-add takes 4 cycles and two begin in each: 8 chains keep today's
 * cores busy.  12 leave 4 of 16 registers for factor and term. */
#define N_CHAINS 12

static float
chains (guint n_steps, float factor, float term)
{
  const Vector a = (Vector){ 0 } + factor, b = (Vector){ 0 } + term;
  Vector x[N_CHAINS], sum = { 0 };
  float total = 0;
  x[0] = b;
#pragma GCC unroll 16
  for (guint c = 1; c < N_CHAINS; c++)
    x[c] = x[c - 1] + b;
  for (guint i = 0; i < n_steps; i++)
#pragma GCC unroll 16
    for (guint c = 0; c < N_CHAINS; c++)
      x[c] = x[c] * a + b;
#pragma GCC unroll 16
  for (guint c = 0; c < N_CHAINS; c++)
    sum += x[c];
  for (guint k = 0; k < LANES; k++)
    total += sum[k];
  return total;
}
