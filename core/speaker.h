/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker.h: an enrolled voice and its file
 *
 * A .speaker file is a safetensors file: "embedding" [E], unit length, and "pieces"
 * [P, E], the embedding of every piece of speech it was made from; its metadata
 * names the voice and the model.  Immutable and atomically reference-counted.
 */
#pragma once

#include "model.h"

typedef struct _SalSpeaker SalSpeaker;

/**
 * sal_speaker_new:
 * @name: shown to people
 * @model: the model that made the embeddings
 * @pieces: [n_pieces, E], each of unit length; copied.  The voice is their mean direction
 * @n_pieces: at least 1
 * @speech_seconds: net speech they were made from
 *
 * Returns: (transfer full): a speaker
 */
SAL_API SalSpeaker *sal_speaker_new (const char *name, const SalModel *model, const float *pieces, guint n_pieces, double speech_seconds);

/**
 * sal_speaker_load:
 * @path: a file written by sal_speaker_save()
 *
 * Returns: (transfer full) (nullable): a speaker, or %NULL and %SAL_ERROR_FILE or %SAL_ERROR_FORMAT
 */
SAL_API SalSpeaker *sal_speaker_load (const char *path, GError **error);

/**
 * sal_speaker_save:
 *
 * Writes beside @path and renames, so that a failure leaves no part of a file.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
SAL_API gboolean sal_speaker_save (const SalSpeaker *self, const char *path, GError **error);

SAL_API SalSpeaker *sal_speaker_ref (SalSpeaker *self);
SAL_API void sal_speaker_unref (SalSpeaker *self); /* NULL is a no-op */

SAL_API const char *sal_speaker_get_name (const SalSpeaker *self);
SAL_API const char *sal_speaker_get_model_id (const SalSpeaker *self);
SAL_API const char *sal_speaker_get_model_name (const SalSpeaker *self);
SAL_API guint sal_speaker_get_embedding_size (const SalSpeaker *self); /* E */
SAL_API const float *sal_speaker_get_embedding (const SalSpeaker *self); /* [E], unit length */
SAL_API guint sal_speaker_get_n_pieces (const SalSpeaker *self);
SAL_API double sal_speaker_get_speech_seconds (const SalSpeaker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSpeaker, sal_speaker_unref)
