/* SPDX-License-Identifier: GPL-2.0-or-later */
/* simd.h: vectors as wide as the SIMD registers of the set that a file is compiled for
 *
 * The build names the set and its shape (meson.build): SAL_KERNEL_SET, SAL_KERNEL_LANES floats in a
 * vector, and the sums that a product keeps in registers, SAL_KERNEL_ROWS times SAL_KERNEL_BLOCKS.
 * Predefined macros would not do: they change with what the whole build is compiled for.
 */
#pragma once

#include "compute/kernels/kernels.h"

#define LANES SAL_KERNEL_LANES
#define MAX_ROWS SAL_KERNEL_ROWS
#define MAX_BLOCKS SAL_KERNEL_BLOCKS
#define B SAL_ACTIVATIONS_BLOCK
#define PER_BLOCK (B / LANES)

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2 (a, b)
#define NAMED(name) JOIN (sal_##name, SAL_KERNEL_SET) /* one for each set */

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
