/* SPDX-License-Identifier: GPL-2.0-or-later */
/* weights.h: network weights, batch norms folded
 *
 * A batch norm is folded into the convolution or matrix beside it wherever that is exact.  After a
 * ReLU it is not: there the batch norm stays as a scale and shift.
 */
#pragma once

#include "compute/conv.h"
#include "network/description.h"
#include "base/safetensors.h"

/* relu (conv (x) + bias), scale relu (conv (x) + bias) + shift, or conv (x) + bias: it depends on
 * the place of the unit in the network. */
typedef struct {
  SalConv conv;
  float *weight;        /* [O, C, k, k] */
  float *forward;       /* packed */
  float *backward;      /* packed; %NULL until needed */
  float *bias;          /* [O in blocks] */
  float *scale, *shift; /* (nullable): batch norm after the ReLU, [O in blocks] */
} SalUnit;

/* y = relu (x2 g + shortcut (x)), x2 = conv2 (conv1 (x)),
 * g = sigmoid (w2 relu (w1 mean (x2) + b1) + b2) */
typedef struct {
  SalUnit conv1, conv2;
  SalUnit shortcut;     /* weight is NULL for the identity */
  guint se_size;        /* R, 0: no squeeze-and-excitation, g = 1 */
  float *se_w1, *se_b1; /* [R, C], [R] */
  float *se_w2, *se_b2; /* [C, R], [C] */
} SalBlock;

typedef struct {
  SalUnit stem;
  guint n_blocks[SAL_STAGES];
  SalBlock *blocks[SAL_STAGES];
  guint pooled_height;                /* H of S4 */
  guint pooled_size;                  /* P = 2 R, R = C H of S4 */
  float *attention_w1, *attention_b1; /* (nullable): [A, R], [A] */
  float *attention_w2;                /* (nullable): [R, A], batch norm before it folded */
  float *fc_weight;                   /* [E, P], batch norms before and after it folded */
  float *fc_packed;                   /* [E in blocks, P, block] */
  float *fc_bias;                     /* [E in blocks] */
  GMutex lock;                        /* protects `backward` of the units */
} SalWeights;

/* Called with every tensor of the network and of the head after reading: @name as in the file,
 * @values [n], which the hook may change. */
typedef struct {
  void (*change) (const char *name, float *values, gsize n, gpointer data);
  gpointer data;
} SalTensorHook;

/**
 * sal_tensor_hook_call:
 * @self: (nullable): %NULL is a no-op
 */
void sal_tensor_hook_call (const SalTensorHook *self, const char *name, float *values, gsize n);

/**
 * sal_weights_new:
 * @hook: (nullable): changes tensors before batch norms are folded
 *
 * Returns: (transfer full) (nullable): the weights, or %NULL and %SAL_ERROR_FORMAT, which names
 * file and tensor
 */
SalWeights *sal_weights_new (const SalSafetensors *file, const SalDescription *record,
    const SalTensorHook *hook, GError **error);
void sal_weights_free (SalWeights *self); /* NULL is a no-op */

/**
 * sal_weights_need_backward:
 * @stage: the lowest stage whose gradient is wanted, 0..3
 *
 * Packs the filters for the backward pass down to @stage, once.  Any thread.
 */
void sal_weights_need_backward (SalWeights *self, guint stage);

/**
 * sal_weights_read:
 * @shape: (array length=n_dims): the required shape
 *
 * Returns: (transfer full) (nullable): a tensor as float32, or %NULL, without allocation, if its
 * shape is another
 */
float *sal_weights_read (const SalSafetensors *file, const char *name, const gsize *shape,
    int n_dims, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalWeights, sal_weights_free)
