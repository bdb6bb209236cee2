/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done to every pixel by itself. */
#pragma once

#include "compute/kernels/simd.h"

/* Every row `i` of every `part` of every `block`, a vector wide. */
#define FOR_EVERY_ROW(planes, row, end)                                                            \
  for (guint block = 0; block < (planes)->n_blocks; block++)                                       \
    for (guint i = row; i < end; i++)                                                              \
      for (guint part = 0; part < B; part += LANES)

#define START(planes) (block * (planes)->block + i * (planes)->row + part)
#define CHANNEL (block * B + part)

static void
residual (const SalActivations *x2, const float *gate, const SalActivations *shortcut,
    const SalActivations *out, guint row, guint end)
{
  FOR_EVERY_ROW (out, row, end)
  {
    gsize at = START (out);
    Vector g = gate != NULL ? load (gate + CHANNEL) : (Vector){ 0 } + 1;
    for (guint j = 0; j < out->w; j++, at += B) {
      Vector y = load (x2->data + at) * g + load (shortcut->data + at);
      store (out->data + at, above_zero (y, y));
    }
  }
}

static void
residual_backward (const SalActivations *dy, const SalActivations *out, const SalActivations *x2,
    const SalActivations *dz, float *sums, guint row, guint end)
{
  FOR_EVERY_ROW (out, row, end)
  {
    gsize at = START (out);
    Vector sum = { 0 };
    for (guint j = 0; j < out->w; j++, at += B) {
      Vector z = above_zero (load (dy->data + at), load (out->data + at));
      store (dz->data + at, z);
      if (sums != NULL)
        sum += z * load (x2->data + at);
    }
    if (sums != NULL)
      store (sums + (gsize) i * out->n_blocks * B + CHANNEL, sum);
  }
}

static void
affine (const SalActivations *x, const float *scale, const float *shift, const SalActivations *y,
    guint row, guint end)
{
  FOR_EVERY_ROW (y, row, end)
  {
    gsize at = START (y);
    Vector a = load (scale + CHANNEL), b = load (shift + CHANNEL);
    for (guint j = 0; j < y->w; j++, at += B)
      store (y->data + at, load (x->data + at) * a + b);
  }
}
