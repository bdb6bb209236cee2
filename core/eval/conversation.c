/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conversation.c: simulated conversations with reference turns */
#include "eval/conversation.h"

#include <fftw3.h>
#include <math.h>
#include <string.h>

#include "base/fft.h"
#include "signal/speech-activity.h"

#define LEVEL 0.05f     /* RMS of active speech before the gain of a turn */
#define NOISE_FROM 50.0 /* Hz */

/* Endless playback of a speaker's utterances. */
typedef struct {
  GArray *order;          /* of guint */
  guint next;             /* index into order */
  const EvalSound *sound; /* current utterance; NULL: none yet */
  gsize at;               /* sample */
} Source;

typedef struct {
  EvalCorpus *corpus;
  const EvalConversationConfig *config;
  guint rate;
  GRand *rand;
  Source *sources;  /* one for each voice */
  GArray *pools[2]; /* of guint: others of the target's sex; the rest */
  EvalConversation *out;
} Mixing;

void
eval_conversation_config_init (EvalConversationConfig *config)
{
  *config = (EvalConversationConfig){ .seconds = 60,
    .min_turn = 2,
    .max_turn = 6,
    .range_db = 3 };
}

void
eval_conversation_free (EvalConversation *self)
{
  if (self == NULL)
    return;
  g_free (self->clean);
  g_array_unref (self->turns);
  g_free (self);
}

guint
eval_conversation_draw_absent (const EvalCorpus *corpus, guint target,
    GRand *rand)
{
  gint32 n = (gint32) eval_corpus_get_n_targets (corpus);
  guint i = (guint) g_rand_int_range (rand, 0, MAX (n - 1, 1));

  return i >= target ? i + 1 : i;
}

/* --- mixing -------------------------------------------------------------- */

/* Goes on to the next utterance; the first follows the last. */
static gboolean
advance (Mixing *self, guint voice, GError **error)
{
  Source *source = &self->sources[voice];

  for (guint tried = 0; tried < source->order->len; tried++) {
    guint index = g_array_index (source->order, guint, source->next);
    source->next = (source->next + 1) % source->order->len;
    source->sound = eval_corpus_get_sound (self->corpus, index, error);
    source->at = 0;
    if (source->sound == NULL)
      return FALSE;
    if (source->sound->speech_seconds >= EVAL_SOUND_LEAST_SPEECH)
      return TRUE;
  }
  return sal_error_set (error, SAL_ERROR_AUDIO,
      "speaker %s has no utterance with %g s of speech",
      eval_corpus_get_voice (self->corpus, voice)->name,
      EVAL_SOUND_LEAST_SPEECH);
}

static gboolean
speak (Mixing *self, guint voice, gsize n, GError **error)
{
  EvalConversation *out = self->out;
  Source *source = &self->sources[voice];
  double range = self->config->range_db;
  double gain = pow (10, g_rand_double_range (self->rand, -range, range) / 20);
  gsize at = out->n_samples;
  EvalSpoken turn = { at, at + n, voice };

  if (source->order == NULL)
    source->order = eval_corpus_shuffle (self->corpus, voice, self->rand);
  while (at < turn.end) {
    if ((source->sound == NULL || source->at == source->sound->n_samples)
        && !advance (self, voice, error))
      return FALSE;
    const EvalSound *sound = source->sound;
    float scale = (float) gain * LEVEL / sound->level;
    gsize part = MIN (turn.end - at, sound->n_samples - source->at);
    for (gsize i = 0; i < part; i++)
      out->clean[at + i] = scale * sound->samples[source->at + i];
    at += part;
    source->at += part;
  }
  out->n_samples = turn.end;
  g_array_append_val (out->turns, turn);
  return TRUE;
}

/* Samples of the next turn, at random.  The last turn of the stream is within
 * the limits, too. */
static gsize
draw_length (const Mixing *self, gsize left)
{
  const EvalConversationConfig *config = self->config;
  gsize least = (gsize) (config->min_turn * self->rate);
  gsize most = (gsize) (config->max_turn * self->rate);
  gsize n = (gsize) (g_rand_double_range (self->rand, config->min_turn,
                         config->max_turn)
      * self->rate);

  if (left <= n + least)
    return left <= most ? left : left / 2;
  return n;
}

/* Draws another speaker of this sex. */
static guint
draw_other (const Mixing *self, guint sex)
{
  const GArray *pool = self->pools[self->pools[sex]->len > 0 ? sex : 1 - sex];

  return g_array_index (pool, guint,
      g_rand_int_range (self->rand, 0, (gint32) pool->len));
}

static gboolean
fill_pools (Mixing *self, GError **error)
{
  const EvalConversation *out = self->out;
  char sex = eval_corpus_get_voice (self->corpus, out->target)->sex;

  for (guint v = 0; v < eval_corpus_get_n_voices (self->corpus); v++)
    if (v != out->target && v != out->absent) {
      gboolean same = eval_corpus_get_voice (self->corpus, v)->sex == sex;
      g_array_append_val (self->pools[same ? 0 : 1], v);
    }
  if (self->pools[0]->len + self->pools[1]->len > 0)
    return TRUE;
  return sal_error_set (error, SAL_ERROR_AUDIO,
      "a conversation needs three "
      "speakers, one of them absent: there are %u",
      eval_corpus_get_n_voices (self->corpus));
}

static gboolean
mix (Mixing *self, GError **error)
{
  gsize n = (gsize) (self->config->seconds * self->rate);

  if (!fill_pools (self, error))
    return FALSE;
  self->out->clean = g_new (float, n);
  gboolean of_target = g_rand_boolean (self->rand);
  guint sex = g_rand_boolean (self->rand) ? 1 : 0;
  while (self->out->n_samples < n) {
    guint voice = self->out->target;
    if (!of_target) {
      voice = draw_other (self, sex);
      sex = 1 - sex;
    }
    if (!speak (self, voice, draw_length (self, n - self->out->n_samples),
            error))
      return FALSE;
    of_target = !of_target;
  }
  return TRUE;
}

EvalConversation *
eval_conversation_new (EvalCorpus *corpus, const EvalConversationConfig *config,
    guint rate, guint target, const GArray *order, guint absent, GRand *rand,
    GError **error)
{
  g_autoptr (EvalConversation) self = g_new0 (EvalConversation, 1);
  guint n = eval_corpus_get_n_voices (corpus);
  Mixing mixing = { corpus, config, rate, rand, g_new0 (Source, n),
    { g_array_new (FALSE, FALSE, sizeof (guint)),
        g_array_new (FALSE, FALSE, sizeof (guint)) },
    self };

  self->target = target;
  self->absent = absent;
  self->turns = g_array_new (FALSE, FALSE, sizeof (EvalSpoken));
  mixing.sources[target].order = g_array_copy ((GArray *) order);
  gboolean ok = mix (&mixing, error);
  for (guint v = 0; v < n; v++)
    g_clear_pointer (&mixing.sources[v].order, g_array_unref);
  g_free (mixing.sources);
  g_array_unref (mixing.pools[0]);
  g_array_unref (mixing.pools[1]);
  return ok ? g_steal_pointer (&self) : NULL;
}

/* --- truth --------------------------------------------------------------- */

double
eval_conversation_label (const EvalConversation *self, guint centre, guint hop,
    gsize n_frames, gboolean *is_target, gboolean *speech)
{
  g_autofree float *energy = g_new (float, n_frames + 1);
  double sum = 0;
  gsize n_speech = 0, t = 0;

  sal_speech_activity_energy (self->clean, self->n_samples,
      (gssize) centre - (gssize) hop / 2, hop, n_frames, energy);
  for (guint i = 0; i < self->turns->len; i++) {
    const EvalSpoken *turn = &g_array_index (self->turns, EvalSpoken, i);
    gsize first = t;
    while (t < n_frames
        && (centre + t * hop < turn->end || i + 1 == self->turns->len))
      is_target[t++] = turn->voice == self->target;
    n_speech
        += sal_speech_activity_find (energy + first, t - first, speech + first);
  }
  for (t = 0; t < n_frames; t++)
    sum += speech[t] ? energy[t] : 0;
  return n_speech > 0 ? sum / (double) n_speech : 0;
}

guint
eval_conversation_n_switches (const EvalConversation *self)
{
  gboolean open = FALSE;
  guint n = 0;

  for (guint i = 0; i < self->turns->len; i++) {
    gboolean wanted
        = g_array_index (self->turns, EvalSpoken, i).voice == self->target;
    n += wanted != open;
    open = wanted;
  }
  return n;
}

/* --- noise --------------------------------------------------------------- */

/* Pink noise: amplitude ~ 1 / sqrt (frequency), random phases. */
static void
fill_spectrum (GRand *rand, guint rate, fftwf_complex *spectrum, gsize n)
{
  for (gsize k = 0; k <= n / 2; k++) {
    double hz = (double) k * rate / (double) n;
    double phase = g_rand_double_range (rand, 0, 2 * G_PI);
    double size = hz >= NOISE_FROM ? 1 / sqrt (hz) : 0;
    spectrum[k][0] = (float) (size * cos (phase));
    spectrum[k][1] = (float) (size * sin (phase));
  }
}

void
eval_conversation_noise (GRand *rand, guint rate, float *noise, gsize n)
{
  fftwf_complex *spectrum = fftwf_alloc_complex (n / 2 + 1);
  float *samples = fftwf_alloc_real (n); /* aligned: reproducible sums */
  double sum = 0;

  sal_fft_planner_lock ();
  fftwf_plan plan
      = fftwf_plan_dft_c2r_1d ((int) n, spectrum, samples, FFTW_ESTIMATE);
  sal_fft_planner_unlock ();
  fill_spectrum (rand, rate, spectrum, n);
  fftwf_execute (plan);
  sal_fft_planner_lock ();
  fftwf_destroy_plan (plan);
  sal_fft_planner_unlock ();
  for (gsize i = 0; i < n; i++)
    sum += (double) samples[i] * samples[i];
  float scale = (float) sqrt ((double) n / MAX (sum, 1e-30));
  for (gsize i = 0; i < n; i++)
    noise[i] = scale * samples[i];
  fftwf_free (samples);
  fftwf_free (spectrum);
}
