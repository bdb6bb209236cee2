/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conv.h: two-dimensional convolution, forward and backward to its input
 *
 *   y[o,i,j] = bias[o] + sum_c,a,b weight[o,c,a,b] x[c, i s + a - p, j s + b - p]
 *
 * for a square kernel of odd size k, p = (k-1)/2, stride s, zeros outside: H' = (H-1)/s + 1 rows
 * come out.  3x3 of stride 1 goes by Winograd's F(5x5, 3x3), everything else by the definition.
 */
#pragma once

#include "compute/kernels/kernels.h"
#include "compute/thread-team.h"

typedef struct {
  guint n_in;    /* C */
  guint n_out;   /* O */
  guint kernel;  /* k, 1 or 3 */
  guint stride;  /* s */
  gboolean flat; /* C is 1, and x of one float a pixel (sal_activations_bind_flat()) */
} SalConv;

static inline guint
sal_conv_out_size (const SalConv *conv, guint size)
{
  return (size - 1) / conv->stride + 1;
}

/**
 * sal_conv_pack:
 * @weight: [O, C, k, k], row-major
 *
 * Returns: (transfer full): what sal_conv_forward() takes; free with g_aligned_free()
 */
float *sal_conv_pack (const SalConv *conv, const float *weight);

/**
 * sal_conv_pack_backward:
 *
 * Returns: (transfer full): what sal_conv_backward() takes; free with g_aligned_free()
 */
float *sal_conv_pack_backward (const SalConv *conv, const float *weight);

/**
 * sal_conv_scratch_size:
 *
 * Returns: floats of scratch for each member of a team, either direction, outputs of
 * sal_conv_forward() of @h by @w or smaller
 */
gsize sal_conv_scratch_size (const SalConv *conv, guint h, guint w);

/**
 * sal_conv_forward:
 * @x: [C, H, W]
 * @y: [O, H', W'], not overlapping @x
 * @after: bias and more; all but bias and relu are for 3x3 of stride 1 alone
 *
 * No allocation.  The result does not depend on the size of the team.
 */
void sal_conv_forward (const SalConv *conv, const float *packed, const SalActivations *x,
    const SalActivations *y, const SalEpilogue *after, SalThreadTeam *team);

/**
 * sal_conv_backward:
 * @dy: [O, H', W']
 * @dx: (out caller-allocates): [C, H, W]
 * @after: as above, of dx; with @accumulate, for what is not 3x3 of stride 1, dx is added to
 * instead
 */
void sal_conv_backward (const SalConv *conv, const float *packed, const SalActivations *dy,
    const SalActivations *dx, const SalEpilogue *after, gboolean accumulate, SalThreadTeam *team);

/* Rows of sums that an epilogue asks for, of an output of h rows. */
static inline guint
sal_conv_sum_rows (guint h)
{
  return (h + SAL_WINOGRAD_TILE - 1) / SAL_WINOGRAD_TILE;
}

/* By the definition, loop by loop, on row-major [C, H, W]: what the fast ones are compared with.
 * Backward adds to dx. */
void sal_conv_forward_plain (const SalConv *conv, guint h, guint w, const float *x,
    const float *weight, const float *bias, float *y);
void sal_conv_backward_plain (const SalConv *conv, guint h, guint w, const float *dy,
    const float *weight, float *dx);
