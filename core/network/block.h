/* SPDX-License-Identifier: GPL-2.0-or-later */
/* block.h: residual block with squeeze-and-excitation, forward and backward
 *
 *   y = relu (g x2 + shortcut (x)),  x2 = conv2 (bn (relu (conv1 (x))))
 *   g = sigmoid (W2 relu (W1 mean (x2) + b1) + b2)
 *
 * g is the squeeze-and-excitation of the channels (Hu et al. 2018), 1 in models without.  The batch
 * norm bn is there only if it cannot be folded into a convolution (weights.h).
 */
#pragma once

#include "network/weights.h"

/* Intermediate results of a block's forward pass, for its backward pass. */
typedef struct {
  SalActivations hidden; /* relu (conv1), before its batch norm */
  SalActivations x2;
  SalActivations out; /* y; may be x if the shortcut is the identity and nothing goes backward */
  float *gate;        /* g, [C in blocks] */
  float *squeeze;     /* relu (W1 mean + b1), [R] */
} SalBlockState;

/* Scratch memory that blocks of one shape share. */
typedef struct {
  SalThreadTeam *team;
  SalActivations dz, dx2; /* backward only */
  SalActivations inner;   /* backward, or with a batch norm after ReLU */
  float *sums;            /* [H', C in blocks] */
  float *vector;          /* [2, C in blocks] */
} SalBlockRoom;

void sal_block_forward (const SalBlock *block, const SalActivations *x, SalBlockState *state,
    const SalBlockRoom *room);

/**
 * sal_block_backward:
 * @dy: gradient by y, of the last forward pass
 * @dx: (out caller-allocates): gradient by x; may be the room's dz if the shortcut is the identity
 *
 * Needs sal_weights_need_backward().
 */
void sal_block_backward (const SalBlock *block, const SalBlockState *state,
    const SalActivations *dy, const SalActivations *dx, const SalBlockRoom *room);
