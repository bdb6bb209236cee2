/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of the set that this file is compiled for. */
#include "compute/kernels/winograd.h"
#include "compute/kernels/taps.h"
#include "compute/kernels/pointwise.h"
#include "compute/kernels/algebra.h"
#include "compute/kernels/chains.h"

#define TEXT2(x) #x
#define TEXT(x) TEXT2 (x)

extern const SalKernels NAMED (kernels);
const SalKernels NAMED (kernels) = {
  .name = TEXT (SET),
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
