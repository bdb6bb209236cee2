/* SPDX-License-Identifier: GPL-2.0-or-later */
/* condition.h: acoustic conditions that a conversation is heard under
 *
 * A condition changes the sound between the voices and the recording: additive noise or music,
 * transmission channel, reverberation, codec, level, packet loss.  The times of turns stay.
 */
#pragma once

#include "eval/conversation.h"

typedef enum {
  EVAL_CONDITION_CLEAN,
  EVAL_CONDITION_NOISE_20,         /* pink noise 20 dB below the speech */
  EVAL_CONDITION_NOISE_10,         /* the same at 10 dB */
  EVAL_CONDITION_TELEPHONE,        /* 300 to 3400 Hz, stream and enrolment */
  EVAL_CONDITION_TELEPHONE_STREAM, /* the same, enrolled from wideband recordings */
  EVAL_CONDITION_REVERB,      /* one room, T60 0.3 to 0.8 s, every voice at a place of its own */
  EVAL_CONDITION_OPUS,        /* Opus at 12 kbit/s */
  EVAL_CONDITION_MP3,         /* MP3 at 32 kbit/s */
  EVAL_CONDITION_QUIET,       /* 25 dB lower */
  EVAL_CONDITION_LOSS_2,      /* 2 % of the packets of 20 ms are silent */
  EVAL_CONDITION_LOSS_10,     /* 10 % */
  EVAL_CONDITION_MUSIC,       /* instrumental music 10 dB below the speech */
  EVAL_CONDITION_MUSIC_ALONE, /* the same music at the level of the speech; nobody speaks */
  EVAL_CONDITIONS
} EvalCondition;

extern const char *const eval_condition_names[EVAL_CONDITIONS]; /* as in reports and options */

/**
 * eval_condition_parse:
 * @text: names with commas between
 * @conditions: (out caller-allocates): [EVAL_CONDITIONS]
 * @n_conditions: (out): how many were named
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG that lists the names there are
 */
gboolean eval_condition_parse (const char *text, EvalCondition *conditions, guint *n_conditions,
    GError **error);

/**
 * eval_condition_apply:
 * @noise: pink noise of mean square 1, [n_samples]
 * @power: mean square of the frames of speech
 * @seed: that everything drawn here depends on
 *
 * Returns: (transfer full) (nullable): the stream as it is heard, [n_samples], or %NULL and
 * %SAL_ERROR_AUDIO if there is no encoder
 */
float *eval_condition_apply (EvalCondition condition, const EvalConversation *talk, guint rate,
    const float *noise, double power, guint32 seed, GError **error);

/**
 * eval_condition_enrolment:
 * @samples: (inout) (array length=n): a recording to enrol from, as this condition has it
 */
void eval_condition_enrolment (EvalCondition condition, float *samples, gsize n, guint rate);

/**
 * eval_condition_enrols_apart:
 *
 * Returns: whether eval_condition_enrolment() changes recordings
 */
gboolean eval_condition_enrols_apart (EvalCondition condition);
