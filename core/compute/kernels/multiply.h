/* SPDX-License-Identifier: GPL-2.0-or-later */
/* multiply.h: a product of matrices that stays in registers
 *
 *   c[m, n] = sum over segments s, their parts q, and k of
 *             a[m, s, q, k] b[n, s, q, k]
 *
 * for up to MAX_ROWS rows m and MAX_BLOCKS blocks of B columns n.  All pointers
 * to blocks are aligned to vectors.
 */
#pragma once

#include "compute/kernels/simd.h"

#define AHEAD 64 /* rows of b that are fetched before they are used */

typedef struct {
  const gssize *segments; /* where each begins, floats after a, [n_segments] */
  guint n_segments;
  guint n_parts; /* of each segment */
  gsize part;    /* floats from one part to the next */
  guint k;       /* length of each */
  gsize lda;     /* floats from one row of a to the next */
  gsize b_block; /* floats from one block of b to the next */
  gsize ldc, c_block;
  gboolean accumulate, relu;
  const float *next; /* a later b, brought into the cache meanwhile; with step 0 nothing is */
  gsize next_block;  /* floats from one block of it to the next */
  guint next_step;   /* bytes for each row of b */
} Product;

/* Rows come in threes, so that two registers address them all.  For each row of
 * b, `next`, which is only fetched, moves on by `step` bytes. */
INLINE void
multiply (const Product *p, guint rows, guint blocks, const float *a, const float *b,
    const float *bias, float *c, const char *next, guint step)
{
  Vector sum[MAX_ROWS][MAX_BLOCKS * PER_BLOCK];
  const guint n = blocks * PER_BLOCK;
  gsize lda = p->lda;
#pragma GCC unroll 16
  for (guint m = 0; m < rows; m++)
#pragma GCC unroll 16
    for (guint v = 0; v < n; v++)
      sum[m][v] = bias != NULL ? load (bias + v * LANES) : (Vector){ 0 };
  for (guint i = 0, q = 0; i < p->n_segments;) {
    const float *begin = a + p->segments[i] + q * p->part;
    const float *triple[(MAX_ROWS + 2) / 3];
#pragma GCC unroll 16
    for (guint t = 0; t < (rows + 2) / 3; t++)
      triple[t] = begin + 3 * t * lda;
    for (guint k = 0; k < p->k; k++, b += B) {
      Vector factor[MAX_BLOCKS * PER_BLOCK];
#pragma GCC unroll 16
      for (guint v = 0; v < blocks; v++)
        __builtin_prefetch (b + v * p->b_block + AHEAD * B);
#pragma GCC unroll 16
      for (guint v = 0; v < blocks; v++)
        __builtin_prefetch (next + v * p->next_block * sizeof (float));
      next += step;
#pragma GCC unroll 16
      for (guint v = 0; v < n; v++)
        factor[v] = load (b + v / PER_BLOCK * p->b_block + v % PER_BLOCK * LANES);
#pragma GCC unroll 16
      for (guint m = 0; m < rows; m++) {
        float x = triple[m / 3][m % 3 * lda + k];
#pragma GCC unroll 16
        for (guint v = 0; v < n; v++)
          sum[m][v] += x * factor[v];
      }
    }
    q = q + 1 < p->n_parts ? q + 1 : 0;
    i += q == 0;
  }
#pragma GCC unroll 16
  for (guint m = 0; m < rows; m++)
#pragma GCC unroll 16
    for (guint v = 0; v < n; v++) {
      float *out = c + m * p->ldc + v / PER_BLOCK * p->c_block + v % PER_BLOCK * LANES;
      Vector y = sum[m][v];
      if (p->accumulate)
        y += load (out);
      if (p->relu)
        y = above_zero (y, y);
      store (out, y);
    }
}

typedef void (*Multiply) (const Product *, const float *, const float *, const float *, float *,
    const char *, guint);

#define MULTIPLY(rows, blocks)                                                                     \
  static void multiply_##rows##_##blocks (const Product *p, const float *a, const float *b,        \
      const float *bias, float *c, const char *next, guint step)                                   \
  {                                                                                                \
    multiply (p, rows, blocks, a, b, bias, c, next, step);                                         \
  }
#define MULTIPLY_6(blocks)                                                                         \
  MULTIPLY (1, blocks)                                                                             \
  MULTIPLY (2, blocks)                                                                             \
  MULTIPLY (3, blocks) MULTIPLY (4, blocks) MULTIPLY (5, blocks) MULTIPLY (6, blocks)
#define NAMES_6(blocks)                                                                            \
  NULL, multiply_1_##blocks, multiply_2_##blocks, multiply_3_##blocks, multiply_4_##blocks,        \
      multiply_5_##blocks, multiply_6_##blocks
#define MULTIPLY_14(blocks)                                                                        \
  MULTIPLY_6 (blocks)                                                                              \
  MULTIPLY (7, blocks)                                                                             \
  MULTIPLY (8, blocks)                                                                             \
  MULTIPLY (9, blocks)                                                                             \
  MULTIPLY (10, blocks)                                                                            \
  MULTIPLY (11, blocks) MULTIPLY (12, blocks) MULTIPLY (13, blocks) MULTIPLY (14, blocks)
#define NAMES_14(blocks)                                                                           \
  NAMES_6 (blocks), multiply_7_##blocks, multiply_8_##blocks, multiply_9_##blocks,                 \
      multiply_10_##blocks, multiply_11_##blocks, multiply_12_##blocks, multiply_13_##blocks,      \
      multiply_14_##blocks

#if MAX_ROWS == 14
MULTIPLY_14 (1)
MULTIPLY_14 (2)
static const Multiply multiplies[MAX_BLOCKS][MAX_ROWS + 1] = { { NAMES_14 (1) }, { NAMES_14 (2) } };
#elif MAX_ROWS == 6
MULTIPLY_6 (1)
static const Multiply multiplies[MAX_BLOCKS][MAX_ROWS + 1] = { { NAMES_6 (1) } };
#else
MULTIPLY (1, 1)
MULTIPLY (2, 1)
static const Multiply multiplies[MAX_BLOCKS][MAX_ROWS + 1]
    = { { NULL, multiply_1_1, multiply_2_1 } };
#endif

/* Any number of rows, in even portions. */
INLINE void
multiply_rows (const Product *p, guint rows, guint blocks, const float *a, const float *b,
    const float *bias, float *c)
{
  guint portions = (rows + MAX_ROWS - 1) / MAX_ROWS;
  guint step = p->next_step / portions;
  const char *next = (const char *) p->next;
  for (guint i = 0, row = 0; i < portions; i++) {
    guint n = (rows - row + portions - i - 1) / (portions - i);
    multiplies[blocks - 1][n](p, a + row * p->lda, b, bias, c + row * p->ldc, next, step);
    row += n;
    next += step * p->n_segments * p->n_parts * p->k;
  }
}
