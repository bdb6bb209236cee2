/* SPDX-License-Identifier: GPL-2.0-or-later */
/* activations.h: activations in blocks of channels, with a border of zeros
 *
 * x[c, i, j] is data[(c / B) block + i row + j B + c % B] with B = SAL_ACTIVATIONS_BLOCK: one pixel
 * of a block is a full vector. Around the H x W pixels lie zeros, one pixel above and to the left,
 * below and to the right as many as 3x3 windows over 5x5 tiles reach; so are the channels that fill
 * up the last block.  Kernels read the border and never write it.
 */
#pragma once

#include <glib.h>

#define SAL_ACTIVATIONS_BLOCK 16
#define SAL_ACTIVATIONS_TILE                                                                       \
  5 /* pixels are computed in tiles of so many a side, which a border has room for */

typedef struct {
  guint n_channels, h, w; /* C, H, W */
  guint n_blocks;         /* C / B, rounded up */
  gsize row, block;       /* floats from one row, one block to the next */
  float *data;            /* x[0, 0, 0] */
} SalActivations;

/**
 * sal_activations_size:
 *
 * Returns: floats that planes of this shape take, border and all
 */
gsize sal_activations_size (guint n_channels, guint h, guint w);

/**
 * sal_activations_bind:
 * @memory: (nullable): sal_activations_size() floats, aligned to 64 bytes; borrowed; without it,
 * only the shape is set
 *
 * Lays planes out over @memory and clears the border, not the pixels.
 */
void sal_activations_bind (SalActivations *self, guint n_channels, guint h, guint w, float *memory);

/**
 * sal_activations_bind_flat:
 *
 * The same for one channel of one float a pixel, a block of 0 floats: what a network takes in.
 */
void sal_activations_bind_flat (SalActivations *self, guint h, guint w, float *memory);

void sal_activations_read (const SalActivations *self, float *x); /* to [C, H, W] */
void sal_activations_write (const SalActivations *self,
    const float *x); /* from [C, H, W]; channels that fill up become 0 */

/* Blocks that n channels take, and channels in them. */
static inline guint
sal_activations_blocks (guint n)
{
  return (n + SAL_ACTIVATIONS_BLOCK - 1) / SAL_ACTIVATIONS_BLOCK;
}

static inline gsize
sal_activations_in_blocks (gsize n)
{
  return (n + SAL_ACTIVATIONS_BLOCK - 1) / SAL_ACTIVATIONS_BLOCK * SAL_ACTIVATIONS_BLOCK;
}

static inline float *
sal_activations_at (const SalActivations *self, guint block, guint i, guint j)
{
  return self->data + block * self->block + i * self->row + (gsize) j * SAL_ACTIVATIONS_BLOCK;
}
