/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conversation.h: streams in which a target and others take turns
 *
 * Turns of the target and of somebody else alternate, one after the other without a
 * gap.  Every utterance is brought to the same active level, then every turn gets its
 * own gain.  Of the turns of others every second one is of the target's sex as long as
 * there is such a speaker.  A speaker's utterances follow each other in an order drawn
 * once, from the beginning again when all were heard.
 */
#pragma once

#include "eval/corpus.h"

typedef struct {
  double seconds;            /* of the stream */
  double min_turn, max_turn; /* seconds; max_turn > 2 min_turn */
  double range_db;           /* the gain of a turn is within so much, both ways, evenly */
  gboolean same_room;        /* everybody speaks in the target's room */
} EvalConversationConfig;

typedef struct {
  gsize start, end; /* samples */
  guint voice;      /* of the corpus */
} EvalSpoken;

typedef struct {
  guint target, absent; /* voices; the absent one never speaks */
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
 * @same_room: there must be another target in the room of @target
 *
 * Returns: a target of the corpus that is not @target
 */
guint eval_conversation_draw_absent (const EvalCorpus *corpus, guint target, gboolean same_room,
    GRand *rand);

/**
 * eval_conversation_new:
 * @order: (element-type guint): what the target says, as eval_corpus_enrol() left it
 * @absent: a voice that is not to speak
 *
 * Returns: (transfer full) (nullable): a stream, or %NULL and %SAL_ERROR_AUDIO if a speaker has
 * nothing to say or there is nobody else, or the error of the decoder
 */
EvalConversation *eval_conversation_new (EvalCorpus *corpus, const EvalConversationConfig *config,
    guint rate, guint target, const GArray *order, guint absent, GRand *rand, GError **error);
void eval_conversation_free (EvalConversation *self); /* NULL is a no-op */

/**
 * eval_conversation_label:
 * @centre: sample of the middle of frame 0; @hop: samples from frame to frame
 * @is_target: (out caller-allocates): whose turn the middle of a frame lies in, [n_frames]
 * @speech: (out caller-allocates): whether it holds speech, by the energy of the clean stream
 * within its turn, [n_frames]
 *
 * Returns: mean square of the frames of speech
 */
double eval_conversation_label (const EvalConversation *self, guint centre, guint hop,
    gsize n_frames, gboolean *is_target, gboolean *speech);

/**
 * eval_conversation_n_switches:
 *
 * Returns: how often a gate that begins closed has to open or close
 */
guint eval_conversation_n_switches (const EvalConversation *self);

/**
 * eval_conversation_noise:
 * @noise: (out caller-allocates): pink noise from 50 Hz up, 3 dB less per octave, of mean square 1,
 * [n]
 */
void eval_conversation_noise (GRand *rand, guint rate, float *noise, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalConversation, eval_conversation_free)
