/* SPDX-License-Identifier: GPL-2.0-or-later */
/* concatenation.h: pieces of speech of chosen speakers, one after the other
 *
 * As in the paper: utterances are freed of pauses by energy, cut to one length, brought to one level and
 * joined as A, A-B, A-B-A, B-A-B or A-B-C.  Whoever speaks, what and from where on depends on
 * seed, form and number of the trial only.
 */
#pragma once

#include "eval/speaker-sets.h"

typedef enum { SAL_JOIN_A, SAL_JOIN_A_B, SAL_JOIN_A_B_A, SAL_JOIN_B_A_B, SAL_JOIN_A_B_C } SalJoinForm;

#define SAL_JOIN_FORMS 5
#define SAL_JOIN_MOST 3 /* pieces and speakers */
#define SAL_JOIN_COLLAR 0.05 /* seconds on both sides of a join that do not count */

extern const char *const sal_join_names[SAL_JOIN_FORMS];

typedef struct {
  SalJoinForm form;
  guint number;
  guint n_pieces, n_speakers;
  guint speakers[SAL_JOIN_MOST];   /* of the cast: A, B, C */
  guint absent;                    /* X: a label, of nobody who speaks */
  guint utterances[SAL_JOIN_MOST]; /* of each piece; of one speaker never the same twice, if there is another */
  gsize piece, n_samples;          /* of a piece and of all */
  float *samples;                  /* [n_samples] */
} SalJoin;

/**
 * sal_join_new:
 * @seconds: of speech, of each piece
 *
 * Returns: (transfer full) (nullable): trial @number, or %NULL and %SAL_ERROR_AUDIO if there are too few speakers, or one has
 *   no utterance with so much speech, or the error of the decoder
 */
SalJoin *sal_join_new (const SalCast *cast, SalJoinForm form, guint number, guint32 seed, double seconds, GError **error);
void sal_join_free (SalJoin *self); /* NULL is a no-op */

guint sal_join_max_frames (SalJoinForm form, const SalMelConfig *mel, double seconds);
guint sal_join_get_label (const SalJoin *self, const SalCast *cast, char who); /* of 'A', 'B', 'C' or 'X' */

/**
 * sal_join_truth:
 * @who: 'A', 'B', 'C' or 'X'
 * @speaks: (out caller-allocates): whether the middle of a frame lies in a piece of theirs, [n_frames]
 * @counts: (out caller-allocates): whether it is further from every join than the collar, [n_frames]
 */
void sal_join_truth (const SalJoin *self, const SalMelConfig *mel, char who, guint n_frames, gboolean *speaks, gboolean *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalJoin, sal_join_free)
