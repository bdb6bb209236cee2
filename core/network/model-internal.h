/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model-internal.h: the loaded model (weights, class rows, description), for other wings */
#pragma once

#include <saliency/model.h>
#include "compute/vector.h"
#include "network/weights.h"

/**
 * sal_model_read:
 * @hook: (nullable): changes tensors while they are read
 *
 * Like sal_model_load(), but always reads the file.
 */
SalModel *sal_model_read (const char *path, const SalTensorHook *hook, GError **error);

/**
 * sal_model_set_forget:
 * @forget: called when the last reference is gone, while the model is still in memory; in the
 * thread that dropped the reference
 *
 * Call this before another thread has a reference.
 */
void sal_model_set_forget (SalModel *self, void (*forget) (const SalModel *model));

/**
 * sal_model_try_ref:
 * @self: a model in memory; another thread may be about to free it
 *
 * Returns: %TRUE with one more reference, or %FALSE if the last reference is gone
 */
gboolean sal_model_try_ref (SalModel *self);

guint sal_model_get_frames_per_column (const SalModel *self); /* of log-Mel, per column of S4 */
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
