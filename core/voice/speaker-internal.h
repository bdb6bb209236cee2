/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker-internal.h: an enrolled speaker from its embeddings */
#pragma once

#include <saliency/speaker.h>

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
SalSpeaker *sal_speaker_new (const char *name, const SalModel *model, const float *pieces,
    guint n_pieces, double speech_seconds);

/**
 * sal_speaker_new_full:
 * @stats: (array length=n_pieces): copied; at least one is kept.  The voice is the mean direction
 * of those kept
 *
 * As sal_speaker_new().
 */
SalSpeaker *sal_speaker_new_full (const char *name, const SalModel *model, const float *pieces,
    const SalPiece *stats, guint n_pieces, double speech_seconds);

const float *sal_speaker_get_piece_embeddings (const SalSpeaker *self); /* [P, E], unit length */
