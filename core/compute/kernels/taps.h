/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other convolutions: sums over taps, straight from the input. */
#pragma once

#include "compute/kernels/multiply.h"

static void
taps (const SalTaps *job, guint row, guint end)
{
  const SalActivations *x = job->x, *y = job->y;
  gsize pixel = x->block == 0 ? 1 : B;
  guint k = (guint) pixel, parts = x->n_blocks; /* channels of a pixel */
  gssize offsets[G_N_ELEMENTS (job->taps)];
  for (guint t = 0; t < job->n_taps; t++)
    offsets[t] = job->taps[t].i * (gssize) x->row + job->taps[t].j * (gssize) pixel;
  const Product product = { .segments = offsets,
    .n_segments = job->n_taps,
    .n_parts = parts,
    .part = x->block,
    .k = k,
    .lda = job->stride * pixel,
    .b_block = (gsize) job->n_taps * parts * k * B,
    .ldc = job->step * B,
    .c_block = y->block,
    .accumulate = job->accumulate,
    .relu = job->relu,
    .next = job->filter };
  for (guint i = row; i < end; i++)
    for (guint o = 0, n; o < y->n_blocks; o += n) {
      n = MIN (MAX_BLOCKS, y->n_blocks - o);
      multiply_rows (&product, job->w, n, x->data + i * job->stride * x->row,
          job->filter + o * product.b_block, job->bias != NULL ? job->bias + o * B : NULL,
          sal_activations_at (y, o, i * job->step + job->y0, job->x0));
    }
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
