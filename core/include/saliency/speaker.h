/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker.h: an enrolled speaker and its file
 *
 * A .speaker file is a safetensors file:
 *   "embedding"    [E], unit length
 *   "pieces"       [P, E], of every piece of speech that was heard, unit length
 *   "piece-stats"  [P, 7], the fields of SalPiece in their order
 * Its metadata names the voice, the model and the columns of "piece-stats".
 */
#pragma once

#include <saliency/model.h>

G_BEGIN_DECLS

/**
 * SalSpeaker:
 *
 * An enrolled voice, for one model.  Immutable and atomically reference-counted; any thread.
 *
 * Since: 0.2
 */
typedef struct _SalSpeaker SalSpeaker;

#define SAL_TYPE_SPEAKER (sal_speaker_get_type ())
SAL_API GType sal_speaker_get_type (void);

/**
 * SalPiece:
 * @recording: index of the recording, from 0, less than 2^24
 * @start: seconds from the start of the recording
 * @seconds: its length
 * @speech_seconds: net speech in it
 * @level_db: RMS of that speech, dB of full scale
 * @agreement: cosine with the mean of the other pieces that were kept; 1 if there are none
 * @kept: the piece is part of the voice; else it sounded like another speaker
 *
 * One piece of the speech that a speaker was enrolled from.  Read only.
 *
 * Since: 0.2
 */
typedef struct {
  guint recording;
  float start;
  float seconds;
  float speech_seconds;
  float level_db;
  float agreement;
  gboolean kept;
} SalPiece;

#define SAL_TYPE_PIECE (sal_piece_get_type ())
SAL_API GType sal_piece_get_type (void);

/**
 * sal_speaker_load: (constructor)
 * @path: (type filename): a file written by sal_speaker_save()
 * @error: return location for a #GError
 *
 * Returns: (transfer full) (nullable): a speaker, or %NULL and %SAL_ERROR_FILE, or
 * %SAL_ERROR_FORMAT if the file is no .speaker file, broken, or of another version
 *
 * Since: 0.2
 */
SAL_API SalSpeaker *sal_speaker_load (const char *path, GError **error);

/**
 * sal_speaker_save:
 * @self: a speaker
 * @path: (type filename): file to write
 * @error: return location for a #GError
 *
 * Writes beside @path and renames, so that a failure leaves no part of a file.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 *
 * Since: 0.2
 */
SAL_API gboolean sal_speaker_save (const SalSpeaker *self, const char *path, GError **error);

/**
 * sal_speaker_ref: (skip)
 * @self: a speaker
 *
 * Returns: (transfer full): @self, with one more reference
 *
 * Since: 0.2
 */
SAL_API SalSpeaker *sal_speaker_ref (SalSpeaker *self);

/**
 * sal_speaker_unref: (skip)
 * @self: (transfer full) (nullable): a speaker; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_speaker_unref (SalSpeaker *self);

/**
 * sal_speaker_get_name:
 * @self: a speaker
 *
 * Returns: (transfer none): its name, for people
 *
 * Since: 0.2
 */
SAL_API const char *sal_speaker_get_name (const SalSpeaker *self);

/**
 * sal_speaker_get_model_id:
 * @self: a speaker
 *
 * Returns: (transfer none): sal_model_get_id() of the model that made it
 *
 * Since: 0.2
 */
SAL_API const char *sal_speaker_get_model_id (const SalSpeaker *self);

/**
 * sal_speaker_get_model_name:
 * @self: a speaker
 *
 * Returns: (transfer none): sal_model_get_name() of the model that made it
 *
 * Since: 0.2
 */
SAL_API const char *sal_speaker_get_model_name (const SalSpeaker *self);

/**
 * sal_speaker_get_embedding:
 * @self: a speaker
 * @n_values: (out) (optional): E
 *
 * Returns: (transfer none) (array length=n_values): [E], unit length, as long as @self lives
 *
 * Since: 0.2
 */
SAL_API const float *sal_speaker_get_embedding (const SalSpeaker *self, guint *n_values);

/**
 * sal_speaker_get_n_pieces:
 * @self: a speaker
 *
 * Returns: P, pieces of speech that were heard
 *
 * Since: 0.2
 */
SAL_API guint sal_speaker_get_n_pieces (const SalSpeaker *self);

/**
 * sal_speaker_get_piece:
 * @self: a speaker
 * @index: less than sal_speaker_get_n_pieces(), in the order they were heard
 *
 * Returns: (transfer none): that piece, as long as @self lives
 *
 * Since: 0.2
 */
SAL_API const SalPiece *sal_speaker_get_piece (const SalSpeaker *self, guint index);

/**
 * sal_speaker_get_speech_seconds:
 * @self: a speaker
 *
 * Returns: seconds of net speech that the voice was made from
 *
 * Since: 0.2
 */
SAL_API double sal_speaker_get_speech_seconds (const SalSpeaker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSpeaker, sal_speaker_unref)

G_END_DECLS
