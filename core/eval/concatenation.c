/* SPDX-License-Identifier: GPL-2.0-or-later */
/* concatenation.c: concatenated test sounds: A-B, A-B-A, B-A-B, A-B-C */
#include "eval/concatenation.h"

#include <math.h>
#include <string.h>

#include "signal/speech-activity.h"

#define LEVEL 0.05 /* RMS of each piece */

const char *const eval_concatenation_names[EVAL_CONCATENATION_FORMS]
    = { "A", "A-B", "A-B-A", "B-A-B", "A-B-C" };

/* Speaker of piece i. */
static char
letter (EvalConcatenationForm form, guint i)
{
  return eval_concatenation_names[form][2 * i];
}

static guint
count_pieces (EvalConcatenationForm form)
{
  return (guint) (strlen (eval_concatenation_names[form]) + 1) / 2;
}

static guint
count_speakers (EvalConcatenationForm form)
{
  guint n = 0;

  for (guint i = 0; i < count_pieces (form); i++)
    n = MAX (n, (guint) (letter (form, i) - 'A') + 1);
  return n;
}

static guint
steps_of (const SalMelConfig *mel, double seconds)
{
  return (guint) lrint (seconds * mel->sample_rate / mel->hop);
}

guint
eval_concatenation_max_frames (EvalConcatenationForm form,
    const SalMelConfig *mel, double seconds)
{
  return count_pieces (form) * steps_of (mel, seconds) + 1;
}

void
eval_concatenation_free (EvalConcatenation *self)
{
  if (self == NULL)
    return;
  g_free (self->samples);
  g_free (self);
}

/* Draws one of 0 .. n-1 that is not taken. */
static guint
draw_other (GRand *rand, guint n, const guint *taken, guint n_taken)
{
  for (;;) {
    guint drawn = (guint) g_rand_int_range (rand, 0, (gint32) n), i = 0;
    while (i < n_taken && taken[i] != drawn)
      i++;
    if (i == n_taken)
      return drawn;
  }
}

static gboolean
draw_speakers (EvalConcatenation *self, const EvalSpeakerSets *cast,
    GRand *rand, GError **error)
{
  guint n = eval_speaker_sets_get_n_speakers (cast),
        labels[EVAL_CONCATENATION_MOST];

  if (n < self->n_speakers
      || eval_speaker_sets_get_n_labels (cast) <= self->n_speakers)
    return sal_error_set (error, SAL_ERROR_AUDIO,
        "%s needs %u speakers and "
        "one more who is absent: there are %u",
        eval_concatenation_names[self->form], self->n_speakers, n);
  for (guint i = 0; i < self->n_speakers; i++) {
    self->speakers[i] = draw_other (rand, n, self->speakers, i);
    labels[i] = eval_speaker_sets_get_label (cast, self->speakers[i]);
  }
  self->absent = draw_other (rand, eval_speaker_sets_get_n_labels (cast),
      labels, self->n_speakers);
  return TRUE;
}

/* --- pieces -------------------------------------------------------------- */

/* Returns: steps of speech of an utterance, 0 if a speaker was enrolled from
 * it; -1 and the error of the decoder */
static gssize
count_speech (const EvalSpeakerSets *cast, guint utterance,
    const EvalSound **sound, GError **error)
{
  if (eval_speaker_sets_is_enrolled (cast, utterance))
    return 0;
  *sound = eval_corpus_get_sound (eval_speaker_sets_get_corpus (cast),
      utterance, error);
  return *sound == NULL ? -1
                        : (gssize) sal_speech_activity_count ((*sound)->speech,
                            (*sound)->n_frames);
}

static gboolean
is_used (const EvalConcatenation *self, guint piece, guint utterance)
{
  for (guint i = 0; i < piece; i++)
    if (self->utterances[i] == utterance)
      return TRUE;
  return FALSE;
}

/* Steps [first, first + n) of the speech of a sound, without its pauses. */
static void
copy_speech (const EvalSound *sound, guint hop, gsize first, gsize n,
    float *out)
{
  gsize at = 0;

  for (gsize t = 0; t < sound->n_frames && at < first + n; t++) {
    if (!sound->speech[t])
      continue;
    if (at >= first)
      memcpy (out + (at - first) * hop, sound->samples + t * hop,
          hop * sizeof (float));
    at++;
  }
}

static void
set_level (float *samples, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) samples[i] * samples[i];
  float scale = (float) (LEVEL / sqrt (MAX (sum / (double) n, 1e-20)));
  for (gsize i = 0; i < n; i++)
    samples[i] *= scale;
}

/* The first utterance with enough speech, in random order; one that is new to
 * this trial, if possible. */
static gboolean
find_utterance (EvalConcatenation *self, const EvalSpeakerSets *cast,
    guint piece, GRand *rand, const EvalSound **sound, GError **error)
{
  const SalMelConfig *mel
      = sal_model_get_mel_config (eval_speaker_sets_get_model (cast));
  gssize steps = (gssize) (self->piece / mel->hop);
  double seconds = (double) self->piece / mel->sample_rate;
  guint voice = eval_speaker_sets_get_voice (cast,
      self->speakers[letter (self->form, piece) - 'A']);
  EvalCorpus *corpus = eval_speaker_sets_get_corpus (cast);
  g_autoptr (GArray) order = eval_corpus_shuffle (corpus, voice, rand);

  *sound = NULL;
  for (guint i = 0; i < order->len; i++) {
    guint utterance = g_array_index (order, guint, i);
    gboolean used = is_used (self, piece, utterance);
    const EvalSound *candidate = NULL;
    gssize n = count_speech (cast, utterance, &candidate, error);
    if (n < 0)
      return FALSE;
    if (n < steps || (used && *sound != NULL))
      continue;
    *sound = candidate;
    self->utterances[piece] = utterance;
    if (!used)
      return TRUE;
  }
  return *sound != NULL
      || sal_error_set (error, SAL_ERROR_AUDIO,
          "speaker %s has no utterance with %g s of speech",
          eval_corpus_get_voice (corpus, voice)->name, seconds);
}

static gboolean
add_piece (EvalConcatenation *self, const EvalSpeakerSets *cast, guint piece,
    GRand *rand, GError **error)
{
  guint hop
      = sal_model_get_mel_config (eval_speaker_sets_get_model (cast))->hop;
  gsize steps = self->piece / hop;
  const EvalSound *sound;

  if (!find_utterance (self, cast, piece, rand, &sound, error))
    return FALSE;
  gsize n = sal_speech_activity_count (sound->speech, sound->n_frames);
  gsize first = (gsize) g_rand_int_range (rand, 0, (gint32) (n - steps + 1));
  float *out = self->samples + piece * self->piece;
  copy_speech (sound, hop, first, steps, out);
  set_level (out, self->piece);
  return TRUE;
}

EvalConcatenation *
eval_concatenation_new (const EvalSpeakerSets *cast, EvalConcatenationForm form,
    guint number, guint32 seed, double seconds, GError **error)
{
  const SalMelConfig *mel
      = sal_model_get_mel_config (eval_speaker_sets_get_model (cast));
  const guint32 seeds[] = { seed, form, number };
  g_autoptr (GRand) rand
      = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  g_autoptr (EvalConcatenation) self = g_new0 (EvalConcatenation, 1);

  self->form = form;
  self->number = number;
  self->n_pieces = count_pieces (form);
  self->n_speakers = count_speakers (form);
  self->piece = (gsize) steps_of (mel, seconds) * mel->hop;
  self->n_samples = self->n_pieces * self->piece;
  self->samples = g_new0 (float, self->n_samples + 1);
  if (!draw_speakers (self, cast, rand, error))
    return NULL;
  for (guint i = 0; i < self->n_pieces; i++)
    if (!add_piece (self, cast, i, rand, error))
      return NULL;
  return g_steal_pointer (&self);
}

/* --- truth --------------------------------------------------------------- */

guint
eval_concatenation_get_label (const EvalConcatenation *self,
    const EvalSpeakerSets *cast, char who)
{
  return who == 'X'
      ? self->absent
      : eval_speaker_sets_get_label (cast, self->speakers[who - 'A']);
}

void
eval_concatenation_truth (const EvalConcatenation *self,
    const SalMelConfig *mel, char who, guint n_frames, gboolean *speaks,
    gboolean *counts)
{
  double collar = EVAL_CONCATENATION_COLLAR * mel->sample_rate;

  for (guint t = 0; t < n_frames; t++) {
    gsize at = sal_mel_config_centre (mel) + (gsize) t * mel->hop;
    gsize piece = MIN (at / self->piece, self->n_pieces - 1);
    double since = (double) at - (double) (piece * self->piece);
    double left = (double) self->piece - since;
    speaks[t] = letter (self->form, (guint) piece) == who;
    counts[t] = (piece == 0 || since > collar)
        && (piece + 1 == self->n_pieces || left > collar);
  }
}
