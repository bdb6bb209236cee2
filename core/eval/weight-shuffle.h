/* SPDX-License-Identifier: GPL-2.0-or-later */
/* weight-shuffle.h: a model that has forgotten some of its layers
 *
 * For the check of [Adebayo2018]: a map that shows what the network learned must change when the
 * weights are taken from it.  The values of each tensor are permuted, which keeps their
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
 * @self: (nullable): %NULL leaves everything as it is
 * @tensor: its name in a model file
 * @values: (inout): [n]
 *
 * The order depends on the seed, on the name but for its last part, and on @n: the four tensors of
 * a batch norm stay together, channel by channel; and a part is permuted in the same way whatever
 * else is.
 */
void eval_weight_shuffle_permute (const EvalWeightShuffle *self, const char *tensor, float *values,
    gsize n);

/**
 * eval_weight_shuffle_model:
 * @model: is left as it is, whoever shares it
 *
 * Reads the file of @model once more.  Targets are made for either model or both: class rows belong
 * to the top.
 *
 * Returns: (transfer full) (nullable): a model of its own, of the same id, or %NULL and the errors
 * of sal_model_load(), or %SAL_ERROR_MISMATCH if the file has changed
 */
SalModel *eval_weight_shuffle_model (const SalModel *model, const EvalWeightShuffle *scramble,
    GError **error);
