/* SPDX-License-Identifier: GPL-2.0-or-later */
/* concatenation.h: concatenated test sounds: A, A-B, A-B-A, B-A-B, A-B-C
 *
 * As in the paper, pauses of utterances are removed by energy, and pieces of equal length and level
 * are joined.  Speakers, utterances and offsets depend on seed, form and number of the trial only.
 */
#pragma once

#include "eval/speaker-sets.h"

typedef enum {
  EVAL_CONCATENATION_A,
  EVAL_CONCATENATION_A_B,
  EVAL_CONCATENATION_A_B_A,
  EVAL_CONCATENATION_B_A_B,
  EVAL_CONCATENATION_A_B_C
} EvalConcatenationForm;

#define EVAL_CONCATENATION_FORMS 5
#define EVAL_CONCATENATION_MOST 3      /* pieces and speakers */
#define EVAL_CONCATENATION_COLLAR 0.05 /* seconds, ignored on both sides of a join */

extern const char *const eval_concatenation_names[EVAL_CONCATENATION_FORMS];

typedef struct {
  EvalConcatenationForm form;
  guint number;
  guint n_pieces, n_speakers;
  guint speakers[EVAL_CONCATENATION_MOST];   /* A, B, C: numbers within the speaker set */
  guint absent;                              /* X: label of a speaker who does not speak */
  guint utterances[EVAL_CONCATENATION_MOST]; /* of each piece; distinct within a speaker, if
                                                possible */
  gsize piece, n_samples;                    /* length of a piece, and of the whole */
  float *samples;                            /* [n_samples] */
} EvalConcatenation;

/**
 * eval_concatenation_new:
 * @seconds: length of a piece
 *
 * Returns: (transfer full) (nullable): trial @number, or %NULL and %SAL_ERROR_AUDIO if there are
 * too few speakers or a speaker has no utterance with @seconds of speech, or the error of the
 * decoder
 */
EvalConcatenation *eval_concatenation_new (const EvalSpeakerSets *cast, EvalConcatenationForm form,
    guint number, guint32 seed, double seconds, GError **error);
void eval_concatenation_free (EvalConcatenation *self); /* NULL is a no-op */

guint eval_concatenation_max_frames (EvalConcatenationForm form, const SalMelConfig *mel,
    double seconds);
guint eval_concatenation_get_label (const EvalConcatenation *self, const EvalSpeakerSets *cast,
    char who); /* 'A', 'B', 'C' or 'X' */

/**
 * eval_concatenation_truth:
 * @who: 'A', 'B', 'C' or 'X'
 * @speaks: (out caller-allocates): whether the middle of a frame lies in a piece of @who,
 * [n_frames]
 * @counts: (out caller-allocates): whether the middle of a frame lies outside the collar of every
 * join, [n_frames]
 */
void eval_concatenation_truth (const EvalConcatenation *self, const SalMelConfig *mel, char who,
    guint n_frames, gboolean *speaks, gboolean *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalConcatenation, eval_concatenation_free)
