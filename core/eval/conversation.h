/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conversation.h: simulated conversations of a target and others, with reference turns
 *
 * Turns of the target and of other speakers alternate without gaps.  Every utterance has the same
 * active level; every turn has its own gain.  Every second turn of others is by a speaker of the
 * target's sex, if there is one.  A speaker's utterances follow each other in a random order and
 * repeat after the last.
 */
#pragma once

#include "eval/corpus.h"

typedef struct {
  double seconds;            /* of the stream */
  double min_turn, max_turn; /* seconds; max_turn > 2 min_turn */
  double range_db;           /* the gain of a turn is within so much, both ways, evenly */
} EvalConversationConfig;

typedef struct {
  gsize start, end; /* samples */
  guint voice;      /* of the corpus */
} EvalSpoken;

typedef struct {
  guint target, absent; /* voices; `absent` never speaks */
  float *clean;         /* [n_samples] */
  gsize n_samples;
  GArray *turns; /* of EvalSpoken, without gaps */
} EvalConversation;

/**
 * eval_conversation_config_init:
 *
 * 60 s, turns of 2 to 6 s, 3 dB.
 */
void eval_conversation_config_init (EvalConversationConfig *config);

/**
 * eval_conversation_draw_absent:
 *
 * Returns: a target of the corpus that is not @target
 */
guint eval_conversation_draw_absent (const EvalCorpus *corpus, guint target, GRand *rand);

/**
 * eval_conversation_new:
 * @order: (element-type guint): utterances of the target, as left by eval_corpus_enrol()
 * @absent: a voice that will not speak
 *
 * Returns: (transfer full) (nullable): a stream, or %NULL and %SAL_ERROR_AUDIO if a speaker has no
 * utterance or there is no other speaker, or the error of the decoder
 */
EvalConversation *eval_conversation_new (EvalCorpus *corpus, const EvalConversationConfig *config,
    guint rate, guint target, const GArray *order, guint absent, GRand *rand, GError **error);
void eval_conversation_free (EvalConversation *self); /* NULL is a no-op */

/**
 * eval_conversation_label:
 * @centre: sample of the middle of frame 0; @hop: samples from frame to frame
 * @is_target: (out caller-allocates): whether the middle of a frame lies in a turn of the target,
 * [n_frames]
 * @speech: (out caller-allocates): voice activity, by the energy of the clean stream within the
 * turn, [n_frames]
 *
 * Returns: mean square of the frames of speech
 */
double eval_conversation_label (const EvalConversation *self, guint centre, guint hop,
    gsize n_frames, gboolean *is_target, gboolean *speech);

/**
 * eval_conversation_n_switches:
 *
 * Returns: number of times that an ideal gate, closed at first, opens or closes
 */
guint eval_conversation_n_switches (const EvalConversation *self);

/**
 * eval_conversation_noise:
 * @noise: (out caller-allocates): pink noise above 50 Hz, -3 dB per octave, of mean square 1, [n]
 */
void eval_conversation_noise (GRand *rand, guint rate, float *noise, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalConversation, eval_conversation_free)
