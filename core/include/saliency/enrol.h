/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enrol.h: enrolment: from recordings of a speaker to an enrolled voice, with advice
 *
 * Speech is cut into windows of two seconds with half overlap.  A window with too little speech by
 * energy is left out; each other window gives one piece.  A piece is rejected if (a) most of the
 * speech is one voice's, (b) the piece is unlikely for that voice, and (c) other pieces of the same
 * recording were kept: a recording that differs all through may be of another day.
 */
#pragma once

#include <saliency/speaker.h>

G_BEGIN_DECLS

/**
 * SalEnrol:
 *
 * An enrolment in progress; one thread at a time.
 *
 * Since: 0.2
 */
typedef struct _SalEnrol SalEnrol;

#define SAL_TYPE_ENROL (sal_enrol_get_type ())
SAL_API GType sal_enrol_get_type (void);

/**
 * SalEnrolRecording:
 * @seconds: of sound
 * @speech_seconds: net speech by energy
 * @level_db: RMS of the speech, dB of full scale
 * @clipped: part of the samples at full scale, [0, 1]
 * @snr_db: speech against noise, at least 0; an estimate
 *
 * The quality of a recording.  Read only.
 *
 * For @snr_db the noise is the mean square of the quietest twentieth of all stretches of 100 ms,
 * the speech that of the speech frames 3 dB above the noise, less the noise; 0 if there are none.
 * A recording without pauses seems noisy.  Where weak speech is lost in noise the estimate is high:
 * with white to brown noise or hum added to speech at 20, 15, 10, 5 and 0 dB by 1, 1, 2, 3 and 5 dB
 * on average.
 *
 * Since: 0.2
 */
typedef struct {
  double seconds;
  double speech_seconds;
  float level_db;
  float clipped;
  float snr_db;
} SalEnrolRecording;

#define SAL_TYPE_ENROL_RECORDING (sal_enrol_recording_get_type ())
SAL_API GType sal_enrol_recording_get_type (void);

/**
 * SalEnrolAdvice:
 * @seconds: of sound in all recordings
 * @speech_seconds: net speech in all recordings
 * @n_pieces: pieces that were heard
 * @n_kept: pieces that make the voice
 * @agreement: mean cosine between a kept piece and the mean of the others; 1 if only one is kept
 * @level_db: as in #SalEnrolRecording, over all recordings
 * @clipped: likewise
 * @snr_db: likewise
 * @second_voice: a second speaker was heard
 * @second_recording: index of the recording with the second speaker, from 0
 * @second_start: seconds from the start of that recording
 * @second_end: likewise
 * @false_accept: part of the windows of other voices that will be taken for this voice; NAN:
 * unknown
 * @false_reject: part of the windows of this voice that will be missed; NAN: unknown
 *
 * The quality of an enrolment, so that a program can tell its user how to improve it.  Later
 * versions may use the reserved space.
 *
 * A second speaker is found in stretches of 1.6 s and more that differ from all the rest by more
 * than one voice differs from itself.  @second_start to @second_end is the stretch that differs
 * most.  A piece with more than a quarter in such stretches is not kept, except as enrol.h says:
 * @n_kept may be @n_pieces.  Of 2 s of another voice in 20 s about 85 % are found; about one
 * recording of 20 s in twenty-five is suspected wrongly.  Shorter interjections, and a voice that
 * comes back several times, are found about half of the time.  With less than 5 s of speech,
 * recordings shorter than 1.6 s, or a model with few classes, none is ever found.
 *
 * @false_accept and @false_reject are for decisions about single windows of two seconds, at a
 * log-likelihood ratio of 0, derived from how the pieces score against each other.  They rank
 * voices, roughly: other days and microphones are not in them.
 *
 * Since: 0.2
 */
typedef struct {
  double seconds;
  double speech_seconds;
  guint n_pieces;
  guint n_kept;
  float agreement;
  float level_db;
  float clipped;
  float snr_db;
  gboolean second_voice;
  guint second_recording;
  double second_start;
  double second_end;
  float false_accept;
  float false_reject;
  /*< private >*/
  gpointer reserved[4];
} SalEnrolAdvice;

#define SAL_TYPE_ENROL_ADVICE (sal_enrol_advice_get_type ())
SAL_API GType sal_enrol_advice_get_type (void);

/**
 * sal_enrol_new:
 * @model: a reference is taken
 *
 * Returns: (transfer full): an enrolment with nothing heard yet
 *
 * Since: 0.2
 */
SAL_API SalEnrol *sal_enrol_new (SalModel *model);

/**
 * sal_enrol_free: (skip)
 * @self: (transfer full) (nullable): an enrolment; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_enrol_free (SalEnrol *self);

/**
 * sal_enrol_add:
 * @self: an enrolment
 * @samples: (array length=n_samples): one recording, mono PCM in [-1, 1] at the model's rate
 * @n_samples: how many
 * @error: return location for a #GError
 *
 * May be called for several recordings of the same voice.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_AUDIO if a sample is not finite, or beyond %SAL_LOUDEST,
 * or there is less than half a second of speech, or no voice: sound that stays the same, as hum,
 * noise or a chord does, or what the model takes for no voice, if it knows that class; the
 * recording then counts for nothing
 *
 * Since: 0.2
 */
SAL_API gboolean sal_enrol_add (SalEnrol *self, const float *samples, gsize n_samples,
    GError **error);

/**
 * sal_enrol_add_bytes:
 * @self: an enrolment
 * @samples: one recording, float32 in the machine's byte order, mono PCM in [-1, 1] at the model's
 * rate
 * @error: return location for a #GError
 *
 * sal_enrol_add() for bindings: no value becomes an object of its own.
 *
 * Returns: as sal_enrol_add(), or %FALSE and %SAL_ERROR_FORMAT
 *
 * Since: 0.2
 */
SAL_API gboolean sal_enrol_add_bytes (SalEnrol *self, GBytes *samples, GError **error);

/**
 * sal_enrol_push:
 * @self: an enrolment
 * @samples: (array length=n_samples): the next samples of a recording that arrives bit by bit
 * @n_samples: any number
 *
 * They are kept, 4 bytes each, until sal_enrol_end().
 *
 * Since: 0.2
 */
SAL_API void sal_enrol_push (SalEnrol *self, const float *samples, gsize n_samples);

/**
 * sal_enrol_end:
 * @self: an enrolment
 * @error: return location for a #GError
 *
 * Adds the samples that were pushed as one recording, as sal_enrol_add() does, and begins the next
 * recording.  Samples that are pushed and not ended count for nothing.
 *
 * Returns: as sal_enrol_add()
 *
 * Since: 0.2
 */
SAL_API gboolean sal_enrol_end (SalEnrol *self, GError **error);

/**
 * sal_enrol_get_n_recordings:
 * @self: an enrolment
 *
 * Returns: recordings that were accepted
 *
 * Since: 0.2
 */
SAL_API guint sal_enrol_get_n_recordings (const SalEnrol *self);

/**
 * sal_enrol_get_recording:
 * @self: an enrolment
 * @index: less than sal_enrol_get_n_recordings(), in the order they were added
 *
 * Returns: (transfer none): the quality of that recording, until the next one is added
 *
 * Since: 0.2
 */
SAL_API const SalEnrolRecording *sal_enrol_get_recording (const SalEnrol *self, guint index);

/**
 * sal_enrol_finish:
 * @self: an enrolment
 * @name: of the voice, for people
 * @advice: (out caller-allocates) (optional): filled in
 * @error: return location for a #GError
 *
 * More recordings may be added afterwards, for another voice made from all of them.
 *
 * Returns: (transfer full) (nullable): the speaker, or %NULL and %SAL_ERROR_AUDIO if nothing was
 * added
 *
 * Since: 0.2
 */
SAL_API SalSpeaker *sal_enrol_finish (SalEnrol *self, const char *name, SalEnrolAdvice *advice,
    GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalEnrol, sal_enrol_free)

G_END_DECLS
