/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enrol.h: from speech to an enrolled voice, with advice
 *
 * Speech is cut into windows of two seconds with half overlap; those with too little
 * speech by energy are left out; each of the others gives one piece.  Pieces that sound
 * like someone else are kept out of the voice, if most of the speech is one voice's, that one is
 * not likely to have spoken them, and their recording has others that are its: one that is
 * different all through may be of another day.
 */
#pragma once

#include <saliency/speaker.h>

typedef struct _SalEnrol SalEnrol; /* one thread at a time */

/**
 * SalEnrolRecording:
 *
 * What a recording was like.
 *
 * @snr_db: the noise is the mean square of the quietest twentieth of all stretches of 100 ms, the
 * speech that of the speech frames 3 dB above it, less the noise; 0 if there are none.  A recording
 * without pauses seems noisy.  Where weak speech is lost in noise the estimate is high: with white
 * to brown noise or hum added to speech at 20, 15, 10, 5 and 0 dB by 1, 1, 2, 3 and 5 dB on
 * average.
 */
typedef struct {
  double seconds;        /* of sound */
  double speech_seconds; /* net speech by energy */
  float level_db;        /* RMS of the speech, dB of full scale */
  float clipped;         /* part of the samples at full scale, [0, 1] */
  float snr_db;          /* speech against noise, at least 0; an estimate */
} SalEnrolRecording;

/**
 * SalEnrolAdvice:
 *
 * What was heard, so that a program can tell its user what to improve.
 *
 * A second voice is found in stretches of 1.6 s and more that differ from all the rest by more than
 * one voice differs from itself; @second_start to @second_end is the one that differs most, and
 * pieces that such stretches have more than a quarter of are not kept, but for what is said above:
 * @n_kept may be @n_pieces.  Of 2 s of another voice in 20 s about 85 % are found; about one
 * recording of 20 s in twenty-five is suspected wrongly.  Shorter interjections, and a voice that
 * comes back several times, are found about half of the time.  With less than 5 s of speech,
 * recordings shorter than 1.6 s, or a model with few classes, none is ever found.
 *
 * @false_accept and @false_reject are those of decisions about single windows of two seconds, at a
 * log-likelihood ratio of 0, as forecast.h derives them from how the pieces score against each
 * other.  They rank voices, roughly: what other days and microphones do is not in them.
 */
typedef struct {
  double seconds; /* as in SalEnrolRecording, of all recordings */
  double speech_seconds;
  guint n_pieces;
  guint n_kept;    /* pieces that make the voice */
  float agreement; /* mean cosine between a kept piece and the mean of the other ones; 1 if there is
                      one */
  float level_db;  /* as in SalEnrolRecording, of all recordings */
  float clipped;
  float snr_db;
  gboolean second_voice;  /* someone else was heard */
  guint second_recording; /* in which recording, from 0 */
  double second_start;    /* from when, seconds */
  double second_end;      /* until when, seconds */
  float false_accept; /* part of the windows of other voices that will be taken for this one; NAN:
                         unknown */
  float false_reject; /* part of the windows of this voice that will be missed; NAN: unknown */
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
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_AUDIO if a sample is not finite, or beyond %SAL_LOUDEST,
 * or there is less than half a second of speech, or no voice: sound that stays the same, as hum,
 * noise or a chord does, or what the model takes for no voice, if it knows that class; the
 * recording then counts for nothing
 */
SAL_API gboolean sal_enrol_add (SalEnrol *self, const float *samples, gsize n_samples,
    GError **error);

/**
 * sal_enrol_push:
 * @samples: (array length=n_samples): the next samples of a recording that arrives bit by bit, any
 * number
 *
 * They are kept, 4 bytes each, until sal_enrol_end().
 */
SAL_API void sal_enrol_push (SalEnrol *self, const float *samples, gsize n_samples);

/**
 * sal_enrol_end:
 *
 * Adds what was pushed as one recording, as sal_enrol_add() does, and begins the next.  What is
 * pushed and not ended counts for nothing.
 *
 * Returns: as sal_enrol_add()
 */
SAL_API gboolean sal_enrol_end (SalEnrol *self, GError **error);

SAL_API guint sal_enrol_get_n_recordings (const SalEnrol *self); /* that were accepted */

/**
 * sal_enrol_get_recording:
 * @index: less than sal_enrol_get_n_recordings(), in the order they were added
 *
 * Returns: what it was like; until the next one is added
 */
SAL_API const SalEnrolRecording *sal_enrol_get_recording (const SalEnrol *self, guint index);

/**
 * sal_enrol_finish:
 * @name: of the voice
 * @advice: (out) (optional): what was heard
 *
 * Returns: (transfer full) (nullable): the speaker, or %NULL and %SAL_ERROR_AUDIO if nothing was
 * added
 */
SAL_API SalSpeaker *sal_enrol_finish (SalEnrol *self, const char *name, SalEnrolAdvice *advice,
    GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalEnrol, sal_enrol_free)
