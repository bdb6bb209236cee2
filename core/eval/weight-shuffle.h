/* SPDX-License-Identifier: GPL-2.0-or-later */
/* weight-shuffle.h: permuted weights: a model with some layers randomised
 *
 * For the sanity checks of [Adebayo2018]: a map that depends on the learned weights changes when
 * the weights are randomised.  The values of each tensor are permuted, which keeps their
 * distribution.
 */
#pragma once

#include <saliency/model.h>

typedef enum {
  EVAL_PART_STEM = 1 << 0,
  EVAL_PART_S1 = 1 << 1,
  EVAL_PART_S2 = 1 << 2,
  EVAL_PART_S3 = 1 << 3,
  EVAL_PART_S4 = 1 << 4,
  EVAL_PART_TOP = 1 << 5, /* attention of the pooling, embedding and head */
} EvalPart;

typedef struct {
  guint parts; /* of EvalPart */
  guint32 seed;
} EvalWeightShuffle;

/**
 * eval_weight_shuffle_permute:
 * @self: (nullable): %NULL is a no-op
 * @tensor: name of a tensor in a model file
 * @values: (inout): [n]
 *
 * The permutation depends on the seed, on the name without its last component, and on @n: the four
 * tensors of a batch norm stay together, channel by channel, and the permutation of a part does not
 * depend on the other parts.
 */
void eval_weight_shuffle_permute (const EvalWeightShuffle *self, const char *tensor, float *values,
    gsize n);

/**
 * eval_weight_shuffle_model:
 * @model: stays unchanged
 *
 * Reads the file of @model once more.  A target belongs to one of the two models if the top part is
 * shuffled, which includes the class rows, else to both.
 *
 * Returns: (transfer full) (nullable): a separate model with the same id, or %NULL and the errors
 * of sal_model_load(), or %SAL_ERROR_MISMATCH if the file has changed
 */
SalModel *eval_weight_shuffle_model (const SalModel *model, const EvalWeightShuffle *scramble,
    GError **error);
