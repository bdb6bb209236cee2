/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/condition.h"

#include <math.h>
#include <string.h>

#include "eval/channel.h"
#include "eval/codec.h"
#include "eval/music.h"
#include "base/error.h"

#define PACKET_SECONDS 0.02
#define QUIET_DB (-25.0)
#define MUSIC_DB (-10.0) /* beside the speech */

const char *const eval_condition_names[EVAL_CONDITIONS] = {
  [EVAL_CONDITION_CLEAN] = "clean",
  [EVAL_CONDITION_NOISE_20] = "20 dB",
  [EVAL_CONDITION_NOISE_10] = "10 dB",
  [EVAL_CONDITION_TELEPHONE] = "telephone",
  [EVAL_CONDITION_TELEPHONE_STREAM] = "telephone-stream",
  [EVAL_CONDITION_REVERB] = "reverb",
  [EVAL_CONDITION_OPUS] = "opus",
  [EVAL_CONDITION_MP3] = "mp3",
  [EVAL_CONDITION_QUIET] = "quiet",
  [EVAL_CONDITION_LOSS_2] = "loss-2",
  [EVAL_CONDITION_LOSS_10] = "loss-10",
  [EVAL_CONDITION_MUSIC] = "music",
  [EVAL_CONDITION_MUSIC_ALONE] = "music-alone",
};

static gboolean
find_condition (const char *name, EvalCondition *condition, GError **error)
{
  for (guint c = 0; c < EVAL_CONDITIONS; c++)
    if (g_str_equal (name, eval_condition_names[c])) {
      *condition = c;
      return TRUE;
    }
  g_autoptr (GString) list = g_string_new (NULL);
  for (guint c = 0; c < EVAL_CONDITIONS; c++)
    g_string_append_printf (list, "%s%s", c > 0 ? ", " : "",
        eval_condition_names[c]);
  return sal_error_set (error, SAL_ERROR_CONFIG,
      "condition \"%s\" is not one of: %s", name, list->str);
}

gboolean
eval_condition_parse (const char *text, EvalCondition *conditions,
    guint *n_conditions, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  guint n = 0;

  for (guint i = 0; names[i] != NULL; i++) {
    EvalCondition condition = EVAL_CONDITION_CLEAN;
    gboolean known = FALSE;
    if (!find_condition (g_strstrip (names[i]), &condition, error))
      return FALSE;
    for (guint j = 0; j < n; j++)
      known = known || conditions[j] == condition;
    if (!known)
      conditions[n++] = condition;
  }
  *n_conditions = n;
  return n > 0
      || sal_error_set (error, SAL_ERROR_CONFIG, "no condition is named");
}

/* --- what is heard ------------------------------------------------------- */

static void
add (float *sound, gsize n, const float *other, double scale)
{
  for (gsize i = 0; i < n; i++)
    sound[i] += (float) scale * other[i];
}

/* Each voice through the response of its own place in one room. */
static void
reverberate (const EvalConversation *talk, float *sound, guint rate,
    GRand *rand)
{
  double t60 = g_rand_double_range (rand, 0.3, 0.8);
  g_autoptr (GHashTable) heard = g_hash_table_new (NULL, NULL);
  g_autofree float *voice = g_new (float, talk->n_samples);

  memset (sound, 0, talk->n_samples * sizeof (float));
  for (guint i = 0; i < talk->turns->len; i++) {
    guint who = g_array_index (talk->turns, EvalSpoken, i).voice;
    if (!g_hash_table_add (heard, GUINT_TO_POINTER (who + 1)))
      continue;
    gsize n_taps;
    double direct_db = g_rand_double_range (rand, -3, 6);
    g_autofree float *taps
        = eval_channel_room (rand, rate, t60, direct_db, &n_taps);
    memset (voice, 0, talk->n_samples * sizeof (float));
    for (guint j = i; j < talk->turns->len; j++) {
      const EvalSpoken *turn = &g_array_index (talk->turns, EvalSpoken, j);
      if (turn->voice == who)
        memcpy (voice + turn->start, talk->clean + turn->start,
            (turn->end - turn->start) * sizeof (float));
    }
    eval_channel_convolve (voice, talk->n_samples, taps, n_taps);
    add (sound, talk->n_samples, voice, 1);
  }
}

static void
add_music (EvalCondition condition, float *sound, gsize n, guint rate,
    double power, GRand *rand)
{
  g_autofree float *music = g_new (float, n);

  eval_music_make (rand, rate, music, n);
  if (condition == EVAL_CONDITION_MUSIC_ALONE)
    memset (sound, 0, n * sizeof (float));
  else
    power *= pow (10, MUSIC_DB / 10);
  add (sound, n, music, sqrt (power));
}

static gboolean
change (EvalCondition condition, const EvalConversation *talk, guint rate,
    const float *noise, double power, GRand *rand, float *sound, GError **error)
{
  gsize n = talk->n_samples, packet = (gsize) (PACKET_SECONDS * rate);

  switch (condition) {
  case EVAL_CONDITION_NOISE_20:
  case EVAL_CONDITION_NOISE_10: {
    double ratio_db = condition == EVAL_CONDITION_NOISE_20 ? 20 : 10;
    add (sound, n, noise, sqrt (power * pow (10, -ratio_db / 10)));
    return TRUE;
  }
  case EVAL_CONDITION_TELEPHONE:
  case EVAL_CONDITION_TELEPHONE_STREAM:
    eval_channel_telephone (sound, n, rate);
    return TRUE;
  case EVAL_CONDITION_REVERB:
    reverberate (talk, sound, rate, rand);
    return TRUE;
  case EVAL_CONDITION_OPUS:
    return eval_codec_run (EVAL_CODEC_OPUS_12, sound, n, rate, NULL, error);
  case EVAL_CONDITION_MP3:
    return eval_codec_run (EVAL_CODEC_MP3_32, sound, n, rate, NULL, error);
  case EVAL_CONDITION_QUIET:
    for (gsize i = 0; i < n; i++)
      sound[i] *= (float) pow (10, QUIET_DB / 20);
    return TRUE;
  case EVAL_CONDITION_LOSS_2:
    eval_channel_lose (rand, sound, n, packet, 0.02);
    return TRUE;
  case EVAL_CONDITION_LOSS_10:
    eval_channel_lose (rand, sound, n, packet, 0.1);
    return TRUE;
  case EVAL_CONDITION_MUSIC:
  case EVAL_CONDITION_MUSIC_ALONE:
    add_music (condition, sound, n, rate, power, rand);
    return TRUE;
  case EVAL_CONDITION_CLEAN:
  default:
    return TRUE;
  }
}

float *
eval_condition_apply (EvalCondition condition, const EvalConversation *talk,
    guint rate, const float *noise, double power, guint32 seed, GError **error)
{
  const guint32 seeds[] = { seed, condition };
  g_autoptr (GRand) rand = g_rand_new_with_seed_array (seeds, 2);
  g_autofree float *sound
      = g_memdup2 (talk->clean, talk->n_samples * sizeof (float));

  return change (condition, talk, rate, noise, power, rand, sound, error)
      ? g_steal_pointer (&sound)
      : NULL;
}

/* --- what is enrolled ---------------------------------------------------- */

gboolean
eval_condition_enrols_apart (EvalCondition condition)
{
  return condition == EVAL_CONDITION_TELEPHONE;
}

void
eval_condition_enrolment (EvalCondition condition, float *samples, gsize n,
    guint rate)
{
  if (eval_condition_enrols_apart (condition))
    eval_channel_telephone (samples, n, rate);
}
