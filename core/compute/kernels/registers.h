/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The matrix products of a set, each block of outputs kept in registers. */
#pragma once

#include "compute/kernels/taps.h"

#define WIDE FALSE
#define GROUP MAX_BLOCKS          /* blocks of outputs multiplied together */
#define STRIP_FLOATS (224 * 1024) /* inputs and products stay in the second-level cache */

static void
multiply_points (const SalWinograd *job, guint tiles, guint block, guint n, const float *v,
    gsize v_stride, float *m, gsize m_stride)
{
  const gssize zero = 0;
  guint K = job->x->n_blocks * B;
  gsize panel = (gsize) K * B;
  const float *filter = job->filter + block * SAL_WINOGRAD_POINTS * panel;
  Product product = { .segments = &zero,
    .n_segments = 1,
    .n_parts = 1,
    .k = K,
    .lda = K,
    .b_block = SAL_WINOGRAD_POINTS * panel,
    .ldc = n * B,
    .c_block = B,
    .next_block = SAL_WINOGRAD_POINTS * panel,
    .next_step = B * sizeof (float) };
  for (guint p = 0; p < SAL_WINOGRAD_POINTS; p++) {
    product.next = filter + panel;
    multiply_rows (&product, tiles, n, v + p * v_stride, filter, NULL, m + p * m_stride);
    filter += panel;
  }
}

static void
taps (const SalTaps *job, guint row, guint end, float *scratch)
{
  taps_in_registers (job, row, end);
}

static gsize
taps_scratch (const SalTaps *job)
{
  return 0;
}

static void
dense (const float *a, guint n, gsize lda, guint k, const float *b, guint m_blocks,
    const float *bias, float *y, gsize ldy)
{
  const gssize zero = 0;
  const Product product = { .segments = &zero,
    .n_segments = 1,
    .n_parts = 1,
    .k = k,
    .lda = lda,
    .b_block = (gsize) k * B,
    .ldc = ldy,
    .c_block = B,
    .next = b };
  for (guint o = 0, blocks; o < m_blocks; o += blocks) {
    blocks = MIN (MAX_BLOCKS, m_blocks - o);
    multiply_rows (&product, n, blocks, a, b + o * product.b_block,
        bias != NULL ? bias + o * B : NULL, y + o * B);
  }
}
