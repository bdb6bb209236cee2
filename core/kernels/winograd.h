/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Winograd's minimal filtering F(4x4, 3x3) (Lavin, Gray 2016):
 *
 *   y = A^T [(G g G^T) * (B^T d B)] A
 *
 * with the points 0, +-1/sqrt(2), +-sqrt(2), infinity, which round less than 0,
 * +-1, +-2, infinity: 36 products where the definition has 144. */
#pragma once

#include "multiply.h"

#define TILE SAL_WINOGRAD_TILE
#define POINTS SAL_WINOGRAD_POINTS
#define PAD B /* floats between matrices, so that they share no cache set */

#define ROOT 1.41421356237309505f

/* B^T d */
INLINE void
transform_input (const Vector d[6], Vector t[6])
{
  Vector even = d[4] - 2 * d[2], odd = ROOT / 2 * d[3] - ROOT * d[1];
  Vector even2 = d[4] - 0.5f * d[2], odd2 = ROOT * d[3] - ROOT / 2 * d[1];
  t[0] = d[0] - 2.5f * d[2] + d[4];
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = even2 + odd2;
  t[4] = even2 - odd2;
  t[5] = d[1] - 2.5f * d[3] + d[5];
}

/* A^T m */
INLINE void
transform_output (const Vector m[6], Vector y[4])
{
  Vector sum = m[1] + m[2], difference = m[1] - m[2];
  Vector sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = m[0] + sum + sum2;
  y[1] = ROOT / 2 * difference + ROOT * difference2;
  y[2] = 0.5f * sum + 2 * sum2;
  y[3] = ROOT / 4 * difference + 2 * ROOT * difference2 + m[5];
}

/* The 6x6 inputs from x on to points `stride` apart. */
INLINE void
gather (const float *x, gsize row, float *v, gsize stride)
{
  Vector half[6][6]; /* [column][row] */
#pragma GCC unroll 6
  for (guint j = 0; j < 6; j++) {
    Vector d[6];
#pragma GCC unroll 6
    for (guint i = 0; i < 6; i++)
      d[i] = load (x + i * row + j * B);
    transform_input (d, half[j]);
  }
#pragma GCC unroll 6
  for (guint i = 0; i < 6; i++) {
    Vector d[6], t[6];
#pragma GCC unroll 6
    for (guint j = 0; j < 6; j++)
      d[j] = half[j][i];
    transform_input (d, t);
#pragma GCC unroll 6
    for (guint j = 0; j < 6; j++)
      store (v + (i * 6 + j) * stride, t[j]);
  }
}

/* 36 points, `stride` apart, to 4x4 outputs. */
INLINE void
inverse (const float *m, gsize stride, Vector y[TILE][TILE])
{
  Vector half[6][TILE]; /* [column][row] */
#pragma GCC unroll 6
  for (guint j = 0; j < 6; j++) {
    Vector d[6];
#pragma GCC unroll 6
    for (guint i = 0; i < 6; i++)
      d[i] = load (m + (i * 6 + j) * stride);
    transform_output (d, half[j]);
  }
#pragma GCC unroll 4
  for (guint i = 0; i < TILE; i++) {
    Vector d[6];
#pragma GCC unroll 6
    for (guint j = 0; j < 6; j++)
      d[j] = half[j][i];
    transform_output (d, y[i]);
  }
}

INLINE Vector
finish (const SalEpilogue *after, Vector y, gsize at, gsize channel)
{
  if (after->add != NULL)
    y += load (after->add->data + at);
  if (after->relu)
    y = above_zero (y, y);
  if (after->mask != NULL)
    y = above_zero (y, load (after->mask->data + at));
  if (after->mask_scale != NULL)
    y *= load (after->mask_scale + channel);
  return y;
}

/* One tile of LANES channels from `channel` on, its first output at (i, j); the
 * arrays of the epilogue have the shape of y. */
INLINE void
scatter (const SalWinograd *job, const float *m, gsize stride, guint i,
    guint j, gsize channel)
{
  const SalPlanes *planes = job->y;
  const SalEpilogue *after = &job->after;
  Vector y[TILE][TILE], sum = { 0 };
  Vector bias = after->bias != NULL ? load (after->bias + channel)
                                    : (Vector){ 0 };
  guint h = MIN (TILE, planes->h - i), w = MIN (TILE, planes->w - j);
  gsize at = channel / B * planes->block + i * planes->row + j * B
      + channel % B;
  inverse (m, stride, y);
  for (guint a = 0; a < h; a++)
    for (guint b = 0; b < w; b++) {
      gsize here = at + a * planes->row + b * B;
      Vector out = finish (after, y[a][b] + bias, here, channel);
      sum += out;
      store (planes->data + here, out);
    }
  if (after->sums == NULL)
    return;
  float *sums = after->sums + i / TILE * planes->n_blocks * B + channel;
  store (sums, load (sums) + sum);
}

static guint
tiles_across (const SalWinograd *job)
{
  return (job->y->w + TILE - 1) / TILE;
}

/* Of a strip: inputs, [36, tiles, C], then products, [36, tiles, MAX_BLOCKS B]. */
static gsize
winograd_scratch (const SalWinograd *job, guint n_rows)
{
  gsize tiles = (gsize) n_rows * tiles_across (job);
  return POINTS * (tiles * (job->x->n_blocks + MAX_BLOCKS) * B + 2 * PAD);
}

static void
gather_strip (const SalWinograd *job, guint row, guint end, float *v,
    gsize stride)
{
  const SalPlanes *x = job->x;
  guint across = tiles_across (job);
  for (guint r = row; r < end; r++)
    for (guint t = 0; t < across; t++, v += x->n_blocks * B)
      for (guint c = 0; c < x->n_blocks; c++) {
        const float *in = sal_planes_at (x, c, r * TILE, t * TILE) - x->row
            - B;
        for (guint part = 0; part < B; part += LANES)
          gather (in + part, x->row, v + c * B + part, stride);
      }
}

static void
scatter_strip (const SalWinograd *job, guint row, guint end, guint block,
    guint blocks, const float *m, gsize stride)
{
  guint across = tiles_across (job);
  if (job->after.sums != NULL)
    for (guint r = row; r < end; r++)
      for (guint c = 0; c < blocks * B; c++)
        job->after.sums[(gsize) r * job->y->n_blocks * B + block * B + c] = 0;
  for (guint r = row; r < end; r++)
    for (guint t = 0; t < across; t++, m += blocks * B)
      for (guint c = 0; c < blocks * B; c += LANES)
        scatter (job, m + c, stride, r * TILE, t * TILE, block * B + c);
}

static void
winograd (const SalWinograd *job, guint row, guint end, guint block,
    guint block_end, float *scratch)
{
  const gssize zero = 0;
  guint tiles = (end - row) * tiles_across (job);
  gsize K = (gsize) job->x->n_blocks * B;
  gsize v_stride = tiles * K + PAD;
  float *v = scratch, *m = scratch + POINTS * v_stride;
  gather_strip (job, row, end, v, v_stride);
  for (guint n; block < block_end; block += n) {
    n = MIN (MAX_BLOCKS, block_end - block);
    gsize m_stride = (gsize) tiles * n * B + PAD;
    const Product product = { .segments = &zero, .n_segments = 1,
      .n_parts = 1, .k = (guint) K, .lda = K, .b_block = POINTS * K * B,
      .ldc = n * B, .c_block = B };
    for (guint p = 0; p < POINTS; p++)
      multiply_rows (&product, tiles, n, v + p * v_stride,
          job->filter + (block * POINTS + p) * K * B, NULL, m + p * m_stride);
    scatter_strip (job, row, end, block, n, m, m_stride);
  }
}
