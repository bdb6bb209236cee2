/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.h: one trained network with its front end and its classes
 *
 * A model is one safetensors file: weights, and a description that says how they are to be used.
 */
#pragma once

#include <saliency/mel.h>

G_BEGIN_DECLS

/**
 * SalModel:
 *
 * A loaded model.  Immutable and atomically reference-counted: any number of threads may use it at
 * once; a computation keeps its own state in a #SalNet.
 *
 * Since: 0.2
 */
typedef struct _SalModel SalModel;

#define SAL_TYPE_MODEL (sal_model_get_type ())
SAL_API GType sal_model_get_type (void);

/**
 * sal_model_get_default_path:
 *
 * The model that is used when no other is named: the environment's SPEAKERSALIENCY_MODEL; else
 * share/speakersaliency/resnet34se.safetensors in a folder above this library or, where it is
 * linked statically, above the program, whatever prefix they were installed or moved to; a build
 * folder has it, too; else the path that the library was configured with.  The file may not be
 * there.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full) (type filename): a path
 *
 * Since: 0.2
 */
SAL_API char *sal_model_get_default_path (void);

/**
 * sal_model_load: (constructor)
 * @path: (type filename): a safetensors file with the metadata "speakersaliency"
 * @error: return location for a #GError
 *
 * Reads, checks and folds the whole model.  Every tensor must be there, of the shape that the
 * description implies, and finite.
 *
 * A file is read once: while its model is in use, loading it again gives another reference on the
 * same model, under the path of the first load.  Threads that load a file at the same time wait for
 * one of them to read it.  A file that was replaced, written to or touched since is another model.
 *
 * Returns: (transfer full) (nullable): a model, or %NULL and %SAL_ERROR_FILE, %SAL_ERROR_FORMAT or
 * %SAL_ERROR_DESCRIPTION
 *
 * Since: 0.2
 */
SAL_API SalModel *sal_model_load (const char *path, GError **error);

/**
 * sal_model_ref: (skip)
 * @self: a model
 *
 * Returns: (transfer full): @self, with one more reference
 *
 * Since: 0.2
 */
SAL_API SalModel *sal_model_ref (SalModel *self);

/**
 * sal_model_unref: (skip)
 * @self: (transfer full) (nullable): a model; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_model_unref (SalModel *self);

/**
 * sal_model_get_path:
 * @self: a model
 *
 * Returns: (transfer none) (type filename): the path it was loaded by first
 *
 * Since: 0.2
 */
SAL_API const char *sal_model_get_path (const SalModel *self);

/**
 * sal_model_get_name:
 * @self: a model
 *
 * Returns: (transfer none): the name in its description
 *
 * Since: 0.2
 */
SAL_API const char *sal_model_get_name (const SalModel *self);

/**
 * sal_model_get_id:
 * @self: a model
 *
 * Returns: (transfer none): 16 hexadecimal digits of the SHA-256 of the file: speakers are tied to
 * it
 *
 * Since: 0.2
 */
SAL_API const char *sal_model_get_id (const SalModel *self);

/**
 * sal_model_check_calibration:
 * @self: a model
 * @error: return location for a #GError
 *
 * A model without calibration, as models/convert.py makes one, has scores but no probabilities:
 * those that it gives for an enrolled voice are near 1 for every voice.  A gate must not be made of
 * them.
 *
 * Returns: %TRUE if the model has a calibration; else %FALSE and %SAL_ERROR_DESCRIPTION
 *
 * Since: 0.2
 */
SAL_API gboolean sal_model_check_calibration (const SalModel *self, GError **error);

/**
 * sal_model_get_mel_config:
 * @self: a model
 *
 * Returns: (transfer none): its front end, as long as @self lives
 *
 * Since: 0.2
 */
SAL_API const SalMelConfig *sal_model_get_mel_config (const SalModel *self);

/**
 * sal_model_get_embedding_size:
 * @self: a model
 *
 * Returns: E, values of an embedding
 *
 * Since: 0.2
 */
SAL_API guint sal_model_get_embedding_size (const SalModel *self);

/**
 * sal_model_get_n_classes:
 * @self: a model
 *
 * Returns: N, the speakers it was trained on; 0 if the model has no head
 *
 * Since: 0.2
 */
SAL_API guint sal_model_get_n_classes (const SalModel *self);

/**
 * sal_model_get_class_name:
 * @self: a model
 * @index: less than sal_model_get_n_classes()
 *
 * Returns: (transfer none): the name of that class
 *
 * Since: 0.2
 */
SAL_API const char *sal_model_get_class_name (const SalModel *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalModel, sal_model_unref)

G_END_DECLS
