/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Winograd's minimal filtering F(5x5, 3x3) (Lavin, Gray 2016):
 *
 *   y = A^T [(G g G^T) * (B^T d B)] A
 *
 * with 49 products where the definition has 225.  The points are +-5/16,
 * +-13/16, +-7/4 and infinity: of triples tried, those that round least; their
 * squares are exact.  +-1/2, +-1, +-2 round twice as much. */
#pragma once

#include "compute/kernels/simd.h"

#define TILE SAL_WINOGRAD_TILE
#define POINTS SAL_WINOGRAD_POINTS
#define PAD B          /* floats between matrices, so that they share no cache set */
#define SIDE_BY_SIDE 5 /* tiles that are transformed together */

#define P SAL_WINOGRAD_P
#define Q SAL_WINOGRAD_Q
#define R SAL_WINOGRAD_R

/* Of the points +-p: x (x^4 - s x^2 + t) +- p (x^4 - s x^2 + t), where s and t
 * are sum and product of the other two's squares. */
INLINE void
transform_pair (const Vector d[7], float p, float s, float t, Vector y[2])
{
  Vector odd = d[5] - s * d[3] + t * d[1];
  Vector even = d[4] - s * d[2] + t * d[0];
  y[0] = odd + p * even;
  y[1] = odd - p * even;
}

/* B^T d */
INLINE void
transform_input (const Vector d[7], Vector t[7])
{
  transform_pair (d, P, Q * Q + R * R, Q * Q * R * R, t);
  transform_pair (d, Q, P * P + R * R, P * P * R * R, t + 2);
  transform_pair (d, R, P * P + Q * Q, P * P * Q * Q, t + 4);
  t[6] = d[6] - (P * P + Q * Q + R * R) * d[4]
      + (P * P * Q * Q + P * P * R * R + Q * Q * R * R) * d[2] - P * P * Q * Q * R * R * d[0];
}

/* A^T m */
INLINE void
transform_output (const Vector m[7], Vector y[TILE])
{
  Vector sum = m[0] + m[1], difference = m[0] - m[1];
  Vector sum2 = m[2] + m[3], difference2 = m[2] - m[3];
  Vector sum3 = m[4] + m[5], difference3 = m[4] - m[5];
  y[0] = sum + sum2 + sum3;
  y[1] = P * difference + Q * difference2 + R * difference3;
  y[2] = P * P * sum + Q * Q * sum2 + R * R * sum3;
  y[3] = P * P * P * difference + Q * Q * Q * difference2 + R * R * R * difference3;
  y[4] = P * P * P * P * sum + Q * Q * Q * Q * sum2 + R * R * R * R * sum3 + m[6];
}

/* The inputs of n tiles side by side, from x on, to points `stride` apart of
 * every tile, `ldv` apart. */
INLINE void
gather (const float *x, gsize row, guint n, float *v, gsize stride, gsize ldv)
{
  Vector half[7][SIDE_BY_SIDE * TILE + 2]; /* [point][column] */
  for (guint j = 0; j < n * TILE + 2; j++) {
    Vector d[7], t[7];
#pragma GCC unroll 7
    for (guint i = 0; i < 7; i++)
      d[i] = load (x + i * row + j * B);
    transform_input (d, t);
#pragma GCC unroll 7
    for (guint i = 0; i < 7; i++)
      half[i][j] = t[i];
  }
  for (guint i = 0; i < 7; i++, v += 7 * stride)
    for (guint tile = 0; tile < n; tile++) {
      Vector t[7];
      transform_input (half[i] + tile * TILE, t);
#pragma GCC unroll 7
      for (guint j = 0; j < 7; j++)
        store (v + j * stride + tile * ldv, t[j]);
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

/* n tiles side by side of LANES channels from `channel` on, the first output at
 * (i, j); the arrays of the epilogue have the shape of y. */
INLINE void
scatter (const SalWinograd *job, const float *m, gsize stride, gsize ldm, guint n, guint i, guint j,
    gsize channel)
{
  const SalActivations *planes = job->y;
  const SalEpilogue *after = &job->after;
  Vector half[7][SIDE_BY_SIDE * TILE]; /* [point][column] */
  for (guint p = 0; p < 7; p++)
    for (guint tile = 0; tile < n; tile++) {
      Vector d[7];
#pragma GCC unroll 7
      for (guint q = 0; q < 7; q++)
        d[q] = load (m + (p * 7 + q) * stride + tile * ldm);
      transform_output (d, half[p] + tile * TILE);
    }
  Vector bias = after->bias != NULL ? load (after->bias + channel) : (Vector){ 0 };
  Vector sum = { 0 };
  guint h = MIN (TILE, planes->h - i), w = MIN (n * TILE, planes->w - j);
  gsize at = channel / B * planes->block + i * planes->row + j * B + channel % B;
  for (guint b = 0; b < w; b++, at += B) {
    Vector d[7], y[TILE];
#pragma GCC unroll 7
    for (guint p = 0; p < 7; p++)
      d[p] = half[p][b];
    transform_output (d, y);
    for (guint a = 0; a < h; a++) {
      gsize here = at + a * planes->row;
      Vector out = finish (after, y[a] + bias, here, channel);
      sum += out;
      store (planes->data + here, out);
    }
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

/* Of a strip: inputs, [49, tiles, C], then products, [49, tiles, GROUP
 * B]. */
static gsize
winograd_scratch (const SalWinograd *job, guint n_rows)
{
  gsize tiles = (gsize) n_rows * tiles_across (job);
  gsize K = (gsize) job->x->n_blocks * B;
  return POINTS * (tiles * (K + GROUP * B) + 2 * PAD);
}

static void
gather_strip (const SalWinograd *job, guint row, guint end, float *v, gsize stride)
{
  const SalActivations *x = job->x;
  guint across = tiles_across (job);
  gsize K = x->n_blocks * B;
  for (guint r = row; r < end; r++)
    for (guint t = 0, n; t < across; t += n, v += n * K) {
      n = MIN (SIDE_BY_SIDE, across - t);
      for (guint c = 0; c < x->n_blocks; c++) {
        const float *in = sal_activations_at (x, c, r * TILE, t * TILE) - x->row - B;
        for (guint part = 0; part < B; part += LANES)
          gather (in + part, x->row, n, v + c * B + part, stride, K);
      }
    }
}

static void
scatter_strip (const SalWinograd *job, guint row, guint end, guint block, guint blocks,
    const float *m, gsize stride)
{
  guint across = tiles_across (job);
  if (job->after.sums != NULL)
    for (guint r = row; r < end; r++)
      for (guint c = 0; c < blocks * B; c++)
        job->after.sums[(gsize) r * job->y->n_blocks * B + block * B + c] = 0;
  for (guint r = row; r < end; r++)
    for (guint t = 0, n; t < across; t += n, m += n * blocks * B) {
      n = MIN (SIDE_BY_SIDE, across - t);
      for (guint c = 0; c < blocks * B; c += LANES)
        scatter (job, m + c, stride, blocks * B, n, r * TILE, t * TILE, block * B + c);
    }
}

/* The products of n blocks of outputs from `block` on: m = v filter at every point. */
static void multiply_points (const SalWinograd *job, guint tiles, guint block, guint n,
    const float *v, gsize v_stride, float *m, gsize m_stride);

static void
winograd (const SalWinograd *job, guint row, guint end, guint block, guint block_end,
    float *scratch)
{
  guint tiles = (end - row) * tiles_across (job), K = job->x->n_blocks * B;
  gsize v_stride = tiles * K + PAD, m_stride = tiles * GROUP * B + PAD;
  float *v = scratch, *m = v + POINTS * v_stride;
  gather_strip (job, row, end, v, v_stride);
  for (guint n; block < block_end; block += n) {
    n = MIN (GROUP, block_end - block);
    multiply_points (job, tiles, block, n, v, v_stride, m, m_stride);
    scatter_strip (job, row, end, block, n, m, m_stride);
  }
}
