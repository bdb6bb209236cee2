/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The matrix products of a set by OpenBLAS: Winograd's points, rows of patches (im2row), dense. */
#pragma once

#include <string.h>

#include "compute/kernels/openblas.h"
#include "compute/kernels/taps.h"

#define WIDE TRUE
#define GROUP 16                  /* blocks of outputs multiplied together */
#define STRIP_FLOATS (512 * 1024) /* more rows to a product, which packs both factors */

/* c [m, n] = a [m, k] b [k, n], added to c if `add`.  The longest side is halved until OpenBLAS
 * computes in the calling thread, whatever number of threads it has. */
static void
blas_multiply (guint m, guint n, guint k, const float *a, gsize lda, const float *b, gsize ldb,
    gboolean add, float *c, gsize ldc)
{
  if ((guint64) m * n * k <= SAL_OPENBLAS_ONE_THREAD) {
    sal_openblas_sgemm (SAL_OPENBLAS_ROW_MAJOR, SAL_OPENBLAS_NO_TRANS, SAL_OPENBLAS_NO_TRANS,
        (int) m, (int) n, (int) k, 1, a, (int) lda, b, (int) ldb, add ? 1 : 0, c, (int) ldc);
  } else if (k >= m && k >= n) {
    guint half = k / 2;
    blas_multiply (m, n, half, a, lda, b, ldb, add, c, ldc);
    blas_multiply (m, n, k - half, a + half, lda, b + half * ldb, ldb, TRUE, c, ldc);
  } else if (n >= m) {
    guint half = n / 2;
    blas_multiply (m, half, k, a, lda, b, ldb, add, c, ldc);
    blas_multiply (m, n - half, k, a, lda, b + half, ldb, add, c + half, ldc);
  } else {
    guint half = m / 2;
    blas_multiply (half, n, k, a, lda, b, ldb, add, c, ldc);
    blas_multiply (m - half, n, k, a + half * lda, lda, b, ldb, add, c + half * ldc, ldc);
  }
}

static void
multiply_points (const SalWinograd *job, guint tiles, guint block, guint n, const float *v,
    gsize v_stride, float *m, gsize m_stride)
{
  guint K = job->x->n_blocks * B, N = job->y->n_blocks * B;
  const float *filter = job->filter + block * B;
  for (guint p = 0; p < SAL_WINOGRAD_POINTS; p++, filter += (gsize) K * N)
    blas_multiply (tiles, n * B, K, v + p * v_stride, K, filter, N, FALSE, m + p * m_stride, n * B);
}

/* The patches of an output row side by side, [w, taps, C in blocks]. */
static void
gather_patches (const SalTaps *job, guint i, float *patches)
{
  const SalActivations *x = job->x;
  for (guint j = 0; j < job->w; j++)
    for (guint t = 0; t < job->n_taps; t++) {
      const float *in = x->data + ((gssize) (i * job->stride) + job->taps[t].i) * (gssize) x->row
          + ((gssize) (j * job->stride) + job->taps[t].j) * B;
      for (guint c = 0; c < x->n_blocks; c++, patches += B)
        memcpy (patches, in + c * x->block, B * sizeof (float));
    }
}

/* Products [w, O in blocks] to an output row. */
static void
scatter_row (const SalTaps *job, guint i, const float *products)
{
  const SalActivations *y = job->y;
  for (guint j = 0; j < job->w; j++)
    for (guint o = 0; o < y->n_blocks; o++) {
      float *out = sal_activations_at (y, o, i * job->step + job->y0, j * job->step + job->x0);
      for (guint part = 0; part < B; part += LANES, products += LANES) {
        Vector sum = load (products);
        if (job->bias != NULL)
          sum += load (job->bias + o * B + part);
        if (job->accumulate)
          sum += load (out + part);
        if (job->relu)
          sum = above_zero (sum, sum);
        store (out + part, sum);
      }
    }
}

static gsize
taps_scratch (const SalTaps *job)
{
  if (job->x->block == 0)
    return 0;
  return (gsize) job->w * (job->n_taps * job->x->n_blocks + job->y->n_blocks) * B;
}

static void
taps (const SalTaps *job, guint row, guint end, float *scratch)
{
  if (job->x->block == 0) {
    taps_in_registers (job, row, end);
    return;
  }
  guint K = job->n_taps * job->x->n_blocks * B, N = job->y->n_blocks * B;
  float *products = scratch + (gsize) job->w * K;
  if (K == 0)
    memset (products, 0, (gsize) job->w * N * sizeof (float));
  for (guint i = row; i < end; i++) {
    gather_patches (job, i, scratch);
    if (K > 0)
      blas_multiply (job->w, N, K, scratch, K, job->filter, N, FALSE, products, N);
    scatter_row (job, i, products);
  }
}

static void
dense (const float *a, guint n, gsize lda, guint k, const float *b, guint m_blocks,
    const float *bias, float *y, gsize ldy)
{
  guint m = m_blocks * B;
  for (guint i = 0; i < n; i++)
    if (bias != NULL)
      memcpy (y + i * ldy, bias, m * sizeof (float));
    else
      memset (y + i * ldy, 0, m * sizeof (float));
  blas_multiply (n, m, k, a, lda, b, m, TRUE, y, ldy);
}
