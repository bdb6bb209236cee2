/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One set of SIMD kernels: compiled once for each, with its name and shape. */
#ifdef SAL_KERNEL_BLAS
#include "compute/kernels/blas.h"
#else
#include "compute/kernels/registers.h"
#endif
#include "compute/kernels/winograd.h"
#include "compute/kernels/pointwise.h"
#include "compute/kernels/algebra.h"
#include "compute/kernels/chains.h"

#define TEXT2(x) #x
#define TEXT(x) TEXT2 (x)

extern const SalKernels NAMED (kernels);
const SalKernels NAMED (kernels) = {
  .name = TEXT (SAL_KERNEL_SET),
  .wide = WIDE,
  .strip = STRIP_FLOATS,
  .winograd = winograd,
  .winograd_scratch = winograd_scratch,
  .taps = taps,
  .taps_scratch = taps_scratch,
  .residual = residual,
  .residual_backward = residual_backward,
  .affine = affine,
  .dense = dense,
  .dot = dot,
  .add_scaled = add_scaled,
  .chains = chains,
  .n_chains = N_CHAINS * LANES,
};
