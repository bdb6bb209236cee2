/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels.h: SIMD kernels, the inner loops of the network, one set for each instruction set
 *
 * The same C sources are compiled once for every set, with the vector extensions of GCC and clang;
 * sal_kernels_get() takes the best set that the processor runs.  The set "blas" has its matrix
 * products computed by OpenBLAS.  Every output is summed in an order of its own, whatever part of a
 * call computes it: results do not depend on how work is divided.  They do on the set.
 */
#pragma once

#include "compute/activations.h"

/* Winograd's F(5x5, 3x3): tiles of 5x5 outputs from 7x7 inputs. */
#define SAL_WINOGRAD_TILE SAL_ACTIVATIONS_TILE
#define SAL_WINOGRAD_POINTS 49

/* Its points on a side are +-P, +-Q, +-R and infinity. */
#define SAL_WINOGRAD_P 0.3125f
#define SAL_WINOGRAD_Q 0.8125f
#define SAL_WINOGRAD_R 1.75f

/* What happens to an output after the sum over the inputs, in this order. */
typedef struct {
  const float *bias;          /* (nullable): added, [O] filled up to blocks */
  const SalActivations *add;  /* (nullable): added; may be the output */
  gboolean relu;              /* max (y, 0) */
  const SalActivations *mask; /* (nullable): y where mask > 0, else 0 */
  const float *mask_scale;    /* (nullable): with mask, y scale, [O] */
  float *sums; /* (nullable): sums of y over each row of tiles, [tile rows, O in blocks] */
} SalEpilogue;

/* A 3x3 convolution of stride 1. */
typedef struct {
  const SalActivations *x, *y;
  const float *filter; /* transformed: [O/B, 49, C in blocks, B]; wide [49, C, O], in blocks */
  SalEpilogue after;
} SalWinograd;

/* Sums over taps: y[o, i sy + y0, j sx + x0] = sum over taps and c of
 * filter[o, tap, c] x[c, i stride + tap.i, j stride + tap.j], for i < h, j < w. */
typedef struct {
  const SalActivations *x, *y;
  const float *filter; /* [O/B, taps, C in blocks, B]; for flat x [O/B, taps, 1, B]; wide, where x
                        * is not flat, [taps, C, O], in blocks */
  guint n_taps;
  struct {
    int i, j;
  } taps[9];
  guint stride;       /* of the input */
  guint step, y0, x0; /* of the output */
  guint h, w;
  gboolean accumulate; /* add to what y holds */
  const float *bias;   /* (nullable) */
  gboolean relu;
} SalTaps;

typedef struct {
  const char *name; /* "avx512", "avx2", "avx", "blas", "c" */

  /* Filters have rows as long as there are outputs, not of a block, and outputs are not divided. */
  gboolean wide;
  gsize strip; /* floats of scratch that a strip of tiles may take: they stay in the cache */

  /* Rows of tiles [row, end), blocks of outputs [block, block_end); scratch holds
   * winograd_scratch (job, end - row) floats. */
  void (*winograd) (const SalWinograd *job, guint row, guint end, guint block, guint block_end,
      float *scratch);
  gsize (*winograd_scratch) (const SalWinograd *job, guint n_rows);

  /* Output rows [row, end); scratch holds taps_scratch (job) floats. */
  void (*taps) (const SalTaps *job, guint row, guint end, float *scratch);
  gsize (*taps_scratch) (const SalTaps *job);

  /* out = max (x2 gate + shortcut, 0), rows [row, end); gate may be NULL: 1. */
  void (*residual) (const SalActivations *x2, const float *gate, const SalActivations *shortcut,
      const SalActivations *out, guint row, guint end);

  /* dz = dy [out > 0]; sums[i, c] = sum over row i of dz x2 (both nullable). */
  void (*residual_backward) (const SalActivations *dy, const SalActivations *out,
      const SalActivations *x2, const SalActivations *dz, float *sums, guint row, guint end);

  /* y = x scale + shift, [C] in blocks; may be in place. */
  void (*affine) (const SalActivations *x, const float *scale, const float *shift,
      const SalActivations *y, guint row, guint end);

  /* y [n, m] = bias [m] + a [n, k] b, b packed as [m/B, k, B], wide as [k, m]; bias (nullable) and
   * y in blocks. */
  void (*dense) (const float *a, guint n, gsize lda, guint k, const float *b, guint m_blocks,
      const float *bias, float *y, gsize ldy);

  float (*dot) (const float *a, const float *b, gsize n);
  void (*add_scaled) (float *y, float a, const float *x, gsize n); /* y += a x */

  /* x = x factor + term, n_steps times in n_chains numbers side by side in registers, as fast as
   * they go: their sum. */
  float (*chains) (guint n_steps, float factor, float term);
  guint n_chains;
} SalKernels;

/* Features of a processor that sets need; each counts only where the system saves its registers. */
typedef enum {
  SAL_CPU_AVX = 1 << 0,
  SAL_CPU_AVX2 = 1 << 1,
  SAL_CPU_FMA = 1 << 2,
  SAL_CPU_AVX512F = 1 << 3,
  SAL_CPU_AVX512DQ = 1 << 4,
  SAL_CPU_AVX512VL = 1 << 5,
  SAL_CPU_AVX512BW = 1 << 6,
  SAL_CPU_BLAS = 1 << 7, /* not of the processor: OpenBLAS may be called */
} SalCpuFeature;

/**
 * sal_cpu_get_features:
 *
 * Returns: the #SalCpuFeature flags of this processor, without %SAL_CPU_BLAS; any thread
 */
guint sal_cpu_get_features (void);

/**
 * sal_kernels_choose:
 * @features: #SalCpuFeature flags
 * @wanted: (nullable): name of the best set allowed; an unknown name allows all
 *
 * Returns: (transfer none): the best set, at most @wanted, that a processor with @features runs;
 * "c" runs everywhere
 */
const SalKernels *sal_kernels_choose (guint features, const char *wanted);

/**
 * sal_kernels_get:
 *
 * Where only "c" runs, "blas" does instead if OpenBLAS is there and a trial finds it faster.
 *
 * The environment variable SALIENCY_CPU, the name of a set, holds it to that set or a lesser one.
 * The first call logs the name of the set (g_debug(), domain "saliency").
 *
 * Returns: (transfer none): the kernels for this processor; any thread
 */
const SalKernels *sal_kernels_get (void);
