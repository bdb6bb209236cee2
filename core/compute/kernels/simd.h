/* SPDX-License-Identifier: GPL-2.0-or-later */
/* simd.h: the widest vector of the instruction set a file is compiled for */
#pragma once

#include "compute/kernels/kernels.h"

#if defined(__AVX512F__)
#define SET avx512
#define LANES 16
#define MAX_ROWS 14 /* of a product in registers: 14 x 2 sums, 2 + 1 factors */
#define MAX_BLOCKS 2
#elif defined(__AVX2__) && defined(__FMA__)
#define SET avx2
#define LANES 8
#define MAX_ROWS 6
#define MAX_BLOCKS 1
#elif defined(__aarch64__)
#define SET c
#define LANES 4
#define MAX_ROWS 6
#define MAX_BLOCKS 1
#else
#define SET c
#define LANES 4
#define MAX_ROWS 2
#define MAX_BLOCKS 1
#endif

#define B SAL_ACTIVATIONS_BLOCK
#define PER_BLOCK (B / LANES)

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2 (a, b)
#define NAMED(name) JOIN (sal_##name, SET) /* one function for each set */

#define INLINE static inline __attribute__ ((always_inline))

typedef float Vector __attribute__ ((vector_size (LANES * 4)));
typedef int Mask __attribute__ ((vector_size (LANES * 4)));

INLINE Vector
load (const float *p)
{
  return *(const Vector *) p;
}

INLINE void
store (float *p, Vector v)
{
  *(Vector *) p = v;
}

INLINE Vector
above_zero (Vector x, Vector mask) /* x where mask > 0, else 0 */
{
  return (Vector) ((Mask) x & (Mask) (mask > 0));
}
