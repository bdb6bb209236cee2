/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One set of SIMD kernels: compiled once for each, with its name and shape. */
#include "compute/kernels/winograd.h"
#include "compute/kernels/taps.h"
#include "compute/kernels/pointwise.h"
#include "compute/kernels/algebra.h"
#include "compute/kernels/chains.h"

#define TEXT2(x) #x
#define TEXT(x) TEXT2 (x)

extern const SalKernels NAMED (kernels);
const SalKernels NAMED (kernels) = {
  .name = TEXT (SAL_KERNEL_SET),
  .winograd = winograd,
  .winograd_scratch = winograd_scratch,
  .taps = taps,
  .residual = residual,
  .residual_backward = residual_backward,
  .affine = affine,
  .dense = dense,
  .dot = dot,
  .add_scaled = add_scaled,
  .chains = chains,
  .n_chains = N_CHAINS * LANES,
};
