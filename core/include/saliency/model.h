/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.h: one trained network with its front end and its known voices
 *
 * A model is one safetensors file: weights, and a record that says how they are to
 * be used (record.h).  It never changes after loading and may be used by any
 * number of threads at once; what a computation needs beside it is in SalNet.
 */
#pragma once

#include <saliency/mel.h>

typedef struct _SalModel SalModel; /* atomically reference-counted */

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
 */
SAL_API char *sal_model_get_default_path (void);

/**
 * sal_model_load:
 * @path: a safetensors file with a "speakersaliency" record
 * @error: return location for a #GError
 *
 * Reads, checks and folds the whole model.  Every tensor must be there, of the shape
 * that the record implies, and finite.  While a model is in use, whoever loads the same file gets
 * the same model with one more reference, under the path that it was loaded by first; threads that
 * load it at once wait for one of them to read it.  A file that has been replaced or written to
 * since, or touched, is another model.
 *
 * Returns: (transfer full) (nullable): a model, or %NULL and %SAL_ERROR_FILE, %SAL_ERROR_FORMAT or
 * %SAL_ERROR_DESCRIPTION
 */
SAL_API SalModel *sal_model_load (const char *path, GError **error);
SAL_API SalModel *sal_model_ref (SalModel *self);
SAL_API void sal_model_unref (SalModel *self); /* NULL is a no-op */

SAL_API const char *sal_model_get_path (const SalModel *self);
SAL_API const char *sal_model_get_name (const SalModel *self);

/**
 * sal_model_get_id:
 *
 * Returns: 16 hexadecimal digits of the SHA-256 of the file: speakers are tied to it
 */
SAL_API const char *sal_model_get_id (const SalModel *self);

/**
 * sal_model_check_calibration:
 * @error: return location for a #GError
 *
 * A model without calibration, as models/convert.py makes one, has scores but no probabilities:
 * those that it gives for an enrolled voice are near 1 for every voice.  A gate must not be made of
 * them.
 *
 * Returns: %TRUE if the model has a calibration; else %FALSE and %SAL_ERROR_DESCRIPTION
 */
SAL_API gboolean sal_model_check_calibration (const SalModel *self, GError **error);

SAL_API const SalMelConfig *sal_model_get_mel_config (const SalModel *self);
SAL_API guint sal_model_get_embedding_size (const SalModel *self); /* E */
SAL_API guint sal_model_get_n_classes (const SalModel *self); /* N, 0 if the model has no head */
SAL_API const char *sal_model_get_class_name (const SalModel *self, guint index);
SAL_API int sal_model_find_class (const SalModel *self, const char *name); /* -1 if unknown */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalModel, sal_model_unref)
