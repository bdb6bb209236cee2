/* SPDX-License-Identifier: GPL-2.0-or-later */
/* block.h: one residual block, forward and backward
 *
 *   y = relu (g x2 + shortcut (x)),  x2 = conv2 (bn (relu (conv1 (x))))
 *   g = sigmoid (W2 relu (W1 mean (x2) + b1) + b2)
 *
 * with squeeze-and-excitation g over the channels (Hu et al. 2018) where the model has it, and bn
 * only where it could not be folded (weights.h).
 */
#pragma once

#include "network/weights.h"

/* What a block keeps of the forward pass for the backward pass. */
typedef struct {
  SalActivations hidden; /* relu (conv1), before a batch norm after it */
  SalActivations x2;
  SalActivations out; /* y; may be x where the shortcut is the identity and nobody goes backward */
  float *gate;        /* g, [C in blocks] */
  float *squeeze;     /* relu (W1 mean + b1), [R] */
} SalBlockState;

/* What blocks of one shape share while one of them is computed. */
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
 * @dy: gradient by y of the last forward pass
 * @dx: (out caller-allocates): by x; may be the room's dz where the shortcut is the identity
 *
 * Needs sal_weights_need_backward().
 */
void sal_block_backward (const SalBlock *block, const SalBlockState *state,
    const SalActivations *dy, const SalActivations *dx, const SalBlockRoom *room);
