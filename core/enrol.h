/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enrol.h: from speech to an enrolled voice, with advice
 *
 * Speech is cut into windows of two seconds with half overlap; those with too little
 * speech by energy are left out; each of the others gives one piece.
 */
#pragma once

#include "speaker.h"

typedef struct _SalEnrol SalEnrol; /* one thread at a time */

/**
 * SalEnrolAdvice:
 *
 * What was heard, so that a program can tell its user what to improve.
 */
typedef struct {
  double seconds;          /* of sound */
  double speech_seconds;   /* net speech by energy */
  guint n_pieces;
  float agreement;         /* mean cosine between a piece and the mean of the others; 1 if there is one piece */
  float level_db;          /* RMS of the speech, dB of full scale */
  float clipped;           /* part of the samples at full scale, [0, 1] */
} SalEnrolAdvice;

/**
 * sal_enrol_new:
 *
 * Returns: (transfer full): an enrolment with nothing heard yet
 */
SAL_API SalEnrol *sal_enrol_new (SalModel *model);
SAL_API void sal_enrol_free (SalEnrol *self); /* NULL is a no-op */

/**
 * sal_enrol_add:
 * @samples: (array length=n_samples): one recording, mono PCM in [-1, 1] at the model's rate
 *
 * May be called for several recordings of the same voice.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_AUDIO if a sample is not finite, or beyond %SAL_LOUDEST, or there is less than half a
 *   second of speech
 */
SAL_API gboolean sal_enrol_add (SalEnrol *self, const float *samples, gsize n_samples, GError **error);

/**
 * sal_enrol_finish:
 * @name: of the voice
 * @advice: (out) (optional): what was heard
 *
 * Returns: (transfer full) (nullable): the speaker, or %NULL and %SAL_ERROR_AUDIO if nothing was added
 */
SAL_API SalSpeaker *sal_enrol_finish (SalEnrol *self, const char *name, SalEnrolAdvice *advice, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalEnrol, sal_enrol_free)
