/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial.h: autotuning, two sets of kernels timed on one convolution */
#pragma once

#include "compute/kernels/kernels.h"

/**
 * sal_kernels_trial:
 *
 * Takes some milliseconds.
 *
 * Returns: whether @one computes a 3x3 convolution in at most 9/10 of the time of @other
 */
gboolean sal_kernels_trial (const SalKernels *one, const SalKernels *other);
