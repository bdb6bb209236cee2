/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conv.h: two-dimensional convolution, forward and backward to its input
 *
 *   y[o,i,j] = bias[o] + sum_c,a,b weight[o,c,a,b] x[c, i s + a - p, j s + b - p]
 *
 * for a square kernel of odd size k, p = (k-1)/2, stride s, zeros outside.  Arrays are
 * row-major float32: x [C, H, W], weight [O, C, k, k], y [O, H', W'], H' = (H-1)/s + 1.
 */
#pragma once

#include <glib.h>

typedef struct {
  guint n_in;   /* C */
  guint n_out;  /* O */
  guint kernel; /* k, 1 or 3 */
  guint stride; /* s */
} SalConv;

static inline guint
sal_conv_out_size (const SalConv *conv, guint size)
{
  return (size - 1) / conv->stride + 1;
}

/**
 * sal_conv_scratch_size:
 *
 * Returns: floats of scratch that the fast routines need for an input of @h by @w, or of any smaller size
 */
gsize sal_conv_scratch_size (const SalConv *conv, guint h, guint w);

/**
 * sal_conv_forward:
 * @x: [C, h, w]
 * @bias: (nullable): [O]
 * @y: (out caller-allocates): [O, H', W'], not overlapping @x
 * @scratch: sal_conv_scratch_size() floats
 *
 * One thread at a time per @scratch.  No allocation.
 */
void sal_conv_forward (const SalConv *conv, guint h, guint w, const float *x, const float *weight, const float *bias, float *y, float *scratch);

/**
 * sal_conv_backward:
 * @dy: [O, H', W']
 * @dx: (inout): [C, h, w], the gradient is added to it
 */
void sal_conv_backward (const SalConv *conv, guint h, guint w, const float *dy, const float *weight, float *dx, float *scratch);

/* The same by the definition, loop by loop: what the fast ones are compared with. */
void sal_conv_forward_plain (const SalConv *conv, guint h, guint w, const float *x, const float *weight, const float *bias, float *y);
void sal_conv_backward_plain (const SalConv *conv, guint h, guint w, const float *dy, const float *weight, float *dx);
