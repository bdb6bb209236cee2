/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model-internal.h: weights, class rows and description of a model, for the rest of the library */
#pragma once

#include <saliency/model.h>
#include "compute/vector.h"
#include "network/weights.h"

/**
 * sal_model_read:
 * @hook: (nullable): changes tensors while they are read
 *
 * Like sal_model_load(), but always a model of its own.
 */
SalModel *sal_model_read (const char *path, const SalTensorHook *hook, GError **error);

/**
 * sal_model_set_forget:
 * @forget: called once the last reference is gone, while the model is still in memory, in the
 * thread that dropped it
 *
 * To be set while the caller has the only reference.
 */
void sal_model_set_forget (SalModel *self, void (*forget) (const SalModel *model));

/**
 * sal_model_try_ref:
 * @self: a model in memory; another thread may be about to free it
 *
 * Returns: %TRUE with one more reference, or %FALSE if the last reference is gone
 */
gboolean sal_model_try_ref (SalModel *self);

int sal_model_find_class (const SalModel *self, const char *name); /* -1 if unknown */
guint sal_model_get_frames_per_column (const SalModel *self); /* log-Mel frames per column of S4 */
const SalDescription *sal_model_get_description (const SalModel *self);
const SalWeights *sal_model_get_weights (const SalModel *self);
void sal_model_need_backward (SalModel *self, guint stage); /* sal_weights_need_backward() */
const float *sal_model_get_rows (
    const SalModel *self); /* class rows, [N, E], of unit length in a cosine head */
const float *sal_model_get_biases (
    const SalModel *self); /* of the logits, [N], 0 in a cosine head */

/**
 * sal_model_get_golden_samples:
 * @n_samples: (out): 0 without golden values
 *
 * Returns: (transfer none) (nullable): PCM that the golden values were computed from
 */
const float *sal_model_get_golden_samples (const SalModel *self, gsize *n_samples);
