/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker.h: an enrolled voice and its file
 *
 * A .speaker file is a safetensors file:
 *   "embedding"    [E], unit length
 *   "pieces"       [P, E], of every piece of speech that was heard, unit length
 *   "piece-stats"  [P, 7], the fields of SalPiece in their order
 * Its metadata names the voice, the model and the columns of "piece-stats".
 * Immutable and atomically reference-counted.
 */
#pragma once

#include <saliency/model.h>

typedef struct _SalSpeaker SalSpeaker;

/**
 * SalPiece:
 *
 * What a piece of speech was like.
 */
typedef struct {
  guint recording;      /* the how manyth that was enrolled from, from 0; less than 2^24 */
  float start;          /* in it, seconds */
  float seconds;        /* its length */
  float speech_seconds; /* net speech in it */
  float level_db;       /* RMS of that speech, dB of full scale */
  float agreement;      /* cosine with the mean of the others that were kept; 1 if there are none */
  gboolean kept;        /* part of the voice: else it sounded like someone else */
} SalPiece;

/**
 * sal_speaker_new:
 * @name: shown to people
 * @model: the model that made the embeddings
 * @pieces: [n_pieces, E], each of unit length; copied.  The voice is their mean direction
 * @n_pieces: at least 1
 * @speech_seconds: net speech they were made from
 *
 * Returns: (transfer full): a speaker; of its pieces nothing else is known, all are kept
 */
SAL_API SalSpeaker *sal_speaker_new (const char *name, const SalModel *model, const float *pieces,
    guint n_pieces, double speech_seconds);

/**
 * sal_speaker_new_full:
 * @stats: (array length=n_pieces): copied; at least one is kept.  The voice is the mean direction
 * of those kept
 *
 * As sal_speaker_new().
 */
SAL_API SalSpeaker *sal_speaker_new_full (const char *name, const SalModel *model,
    const float *pieces, const SalPiece *stats, guint n_pieces, double speech_seconds);

/**
 * sal_speaker_load:
 * @path: a file written by sal_speaker_save()
 *
 * Returns: (transfer full) (nullable): a speaker, or %NULL and %SAL_ERROR_FILE, or
 * %SAL_ERROR_FORMAT if it is none, broken, or of another version
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
SAL_API guint sal_speaker_get_embedding_size (const SalSpeaker *self);   /* E */
SAL_API const float *sal_speaker_get_embedding (const SalSpeaker *self); /* [E], unit length */
SAL_API guint sal_speaker_get_n_pieces (const SalSpeaker *self);         /* P */
SAL_API const SalPiece *sal_speaker_get_pieces (
    const SalSpeaker *self); /* [P], in the order they were heard */
SAL_API const float *sal_speaker_get_piece_embeddings (const SalSpeaker *self); /* [P, E] */
SAL_API double sal_speaker_get_speech_seconds (const SalSpeaker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSpeaker, sal_speaker_unref)
