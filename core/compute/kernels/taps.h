/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other convolutions: sums over taps, straight from the input. */
#pragma once

#include "compute/kernels/multiply.h"

INLINE void
taps_in_registers (const SalTaps *job, guint row, guint end)
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
