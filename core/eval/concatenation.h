/* SPDX-License-Identifier: GPL-2.0-or-later */
/* concatenation.h: pieces of speech of chosen speakers, one after the other
 *
 * As in the paper: utterances are freed of pauses by energy, cut to one length, brought to one
 * level and joined as A, A-B, A-B-A, B-A-B or A-B-C.  Whoever speaks, what and from where on
 * depends on seed, form and number of the trial only.
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
#define EVAL_CONCATENATION_COLLAR 0.05 /* seconds on both sides of a join that do not count */

extern const char *const eval_concatenation_names[EVAL_CONCATENATION_FORMS];

typedef struct {
  EvalConcatenationForm form;
  guint number;
  guint n_pieces, n_speakers;
  guint speakers[EVAL_CONCATENATION_MOST];   /* of the cast: A, B, C */
  guint absent;                              /* X: a label, of nobody who speaks */
  guint utterances[EVAL_CONCATENATION_MOST]; /* of each piece; of one speaker never the same twice,
                                                if there is another */
  gsize piece, n_samples;                    /* of a piece and of all */
  float *samples;                            /* [n_samples] */
} EvalConcatenation;

/**
 * eval_concatenation_new:
 * @seconds: of speech, of each piece
 *
 * Returns: (transfer full) (nullable): trial @number, or %NULL and %SAL_ERROR_AUDIO if there are
 * too few speakers, or one has no utterance with so much speech, or the error of the decoder
 */
EvalConcatenation *eval_concatenation_new (const EvalSpeakerSets *cast, EvalConcatenationForm form,
    guint number, guint32 seed, double seconds, GError **error);
void eval_concatenation_free (EvalConcatenation *self); /* NULL is a no-op */

guint eval_concatenation_max_frames (EvalConcatenationForm form, const SalMelConfig *mel,
    double seconds);
guint eval_concatenation_get_label (const EvalConcatenation *self, const EvalSpeakerSets *cast,
    char who); /* of 'A', 'B', 'C' or 'X' */

/**
 * eval_concatenation_truth:
 * @who: 'A', 'B', 'C' or 'X'
 * @speaks: (out caller-allocates): whether the middle of a frame lies in a piece of theirs,
 * [n_frames]
 * @counts: (out caller-allocates): whether it is further from every join than the collar,
 * [n_frames]
 */
void eval_concatenation_truth (const EvalConcatenation *self, const SalMelConfig *mel, char who,
    guint n_frames, gboolean *speaks, gboolean *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalConcatenation, eval_concatenation_free)
