/* SPDX-License-Identifier: GPL-2.0-or-later */
/* corpus.c: speech corpus: voices and their decoded utterances */
#include "eval/corpus.h"

#include <math.h>
#include <string.h>

#include <saliency/enrol.h>
#include "eval/manifest.h"
#include "signal/speech-activity.h"

#define QUIET                                                                  \
  0.02f /* of the peak: below it a sample adds nothing to a level              \
         */

/* An utterance and, after the first request, its sound. */
typedef struct {
  EvalUtterance utterance;
  GMutex lock; /* protects the other fields */
  gboolean known;
  EvalSound sound;
} Entry;

struct _EvalCorpus {
  GPtrArray *rows;
  EvalDecoder decode;
  guint rate, hop;
  GPtrArray *voices; /* of EvalVoice */
  guint n_targets;
  GPtrArray *entries; /* of Entry */
};

static void
voice_free (gpointer data)
{
  EvalVoice *voice = data;

  g_array_unref (voice->utterances);
  g_free (voice);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_mutex_clear (&entry->lock);
  g_free ((gpointer) entry->sound.samples);
  g_free ((gpointer) entry->sound.speech);
  g_free (entry);
}

static gboolean
is_in (const char *split, char **splits)
{
  return splits != NULL
      && g_strv_contains ((const char *const *) splits, split);
}

/* The voice of this name, added if new; NULL for a non-target with the name of
 * a target. */
static EvalVoice *
find_voice (EvalCorpus *self, GHashTable *by_name, const EvalManifestRow *row,
    gboolean is_target)
{
  EvalVoice *voice = g_hash_table_lookup (by_name, row->speaker);

  if (voice != NULL)
    return voice->is_target == is_target ? voice : NULL;
  voice = g_new (EvalVoice, 1);
  *voice = (EvalVoice){ row->speaker, row->sex, is_target,
    g_array_new (FALSE, FALSE, sizeof (guint)) };
  g_ptr_array_add (self->voices, voice);
  g_hash_table_insert (by_name, (gpointer) row->speaker, voice);
  self->n_targets += is_target;
  return voice;
}

static void
add_rows (EvalCorpus *self, GHashTable *by_name, char **splits,
    gboolean is_target)
{
  for (guint i = 0; i < self->rows->len; i++) {
    const EvalManifestRow *row = g_ptr_array_index (self->rows, i);
    EvalVoice *voice = is_in (row->split, splits)
        ? find_voice (self, by_name, row, is_target)
        : NULL;
    if (voice == NULL)
      continue;
    Entry *entry = g_new0 (Entry, 1);
    guint index = self->entries->len;
    entry->utterance.path = row->path;
    g_mutex_init (&entry->lock);
    g_ptr_array_add (self->entries, entry);
    g_array_append_val (voice->utterances, index);
  }
}

static int
by_role_and_name (gconstpointer a, gconstpointer b)
{
  const EvalVoice *x = *(const EvalVoice *const *) a;
  const EvalVoice *y = *(const EvalVoice *const *) b;

  return x->is_target != y->is_target ? y->is_target - x->is_target
                                      : strcmp (x->name, y->name);
}

static gboolean
check_splits (const GPtrArray *rows, char **splits, GError **error)
{
  for (guint s = 0; splits != NULL && splits[s] != NULL; s++) {
    guint i = 0;
    while (i < rows->len
        && !g_str_equal (splits[s],
            ((EvalManifestRow *) g_ptr_array_index (rows, i))->split))
      i++;
    if (i == rows->len)
      return sal_error_set (error, SAL_ERROR_CONFIG,
          "split \"%s\" has no recording", splits[s]);
  }
  return TRUE;
}

EvalCorpus *
eval_corpus_new (GPtrArray *rows, const char *splits, const char *others,
    const SalMelConfig *mel, EvalDecoder decode, GError **error)
{
  g_auto (GStrv) wanted = g_strsplit (splits, ",", -1);
  g_auto (GStrv) more = others != NULL ? g_strsplit (others, ",", -1) : NULL;
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);

  if (wanted[0] == NULL) {
    sal_error_set (error, SAL_ERROR_CONFIG, "no split is named");
    return NULL;
  }
  if (!check_splits (rows, wanted, error) || !check_splits (rows, more, error))
    return NULL;
  EvalCorpus *self = g_new0 (EvalCorpus, 1);
  self->rows = g_ptr_array_ref (rows);
  self->decode = decode;
  self->rate = mel->sample_rate;
  self->hop = mel->hop;
  self->voices = g_ptr_array_new_with_free_func (voice_free);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  add_rows (self, by_name, wanted, TRUE);
  add_rows (self, by_name, more, FALSE);
  g_ptr_array_sort (self->voices, by_role_and_name);
  for (guint v = 0; v < self->voices->len; v++) {
    const EvalVoice *voice = eval_corpus_get_voice (self, v);
    for (guint i = 0; i < voice->utterances->len; i++) {
      guint index = g_array_index (voice->utterances, guint, i);
      ((Entry *) g_ptr_array_index (self->entries, index))->utterance.speaker
          = v;
    }
  }
  return self;
}

void
eval_corpus_free (EvalCorpus *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->voices);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->rows);
  g_free (self);
}

guint
eval_corpus_get_n_voices (const EvalCorpus *self)
{
  return self->voices->len;
}

guint
eval_corpus_get_n_targets (const EvalCorpus *self)
{
  return self->n_targets;
}

guint
eval_corpus_get_n_utterances (const EvalCorpus *self)
{
  return self->entries->len;
}

const EvalVoice *
eval_corpus_get_voice (const EvalCorpus *self, guint voice)
{
  return g_ptr_array_index (self->voices, voice);
}

const EvalUtterance *
eval_corpus_get_utterance (const EvalCorpus *self, guint utterance)
{
  return &((Entry *) g_ptr_array_index (self->entries, utterance))->utterance;
}

/* --- sounds -------------------------------------------------------------- */

/* Active level: RMS of the samples above a fiftieth of the peak. */
static float
active_level (const float *samples, gsize n)
{
  float peak = 0;
  double sum = 0;
  gsize n_active = 0;

  for (gsize i = 0; i < n; i++)
    peak = MAX (peak, fabsf (samples[i]));
  for (gsize i = 0; i < n; i++)
    if (fabsf (samples[i]) > QUIET * peak) {
      sum += (double) samples[i] * samples[i];
      n_active++;
    }
  return n_active > 0 ? (float) sqrt (sum / (double) n_active) : 0;
}

const EvalSound *
eval_corpus_get_sound (EvalCorpus *self, guint utterance, GError **error)
{
  Entry *entry = g_ptr_array_index (self->entries, utterance);
  EvalSound *sound = &entry->sound;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&entry->lock);

  if (entry->known)
    return sound;
  sound->samples = self->decode (entry->utterance.path, self->rate,
      &sound->n_samples, error);
  if (sound->samples == NULL)
    return NULL;
  sound->n_frames = sound->n_samples / self->hop;
  g_autofree float *energy = g_new (float, sound->n_frames + 1);
  gboolean *speech = g_new (gboolean, sound->n_frames + 1);
  sal_speech_activity_energy (sound->samples, sound->n_samples, 0, self->hop,
      sound->n_frames, energy);
  sound->speech_seconds
      = (double) sal_speech_activity_find (energy, sound->n_frames, speech)
      * self->hop / self->rate;
  sound->speech = speech;
  sound->level = active_level (sound->samples, sound->n_samples);
  entry->known = TRUE;
  return sound;
}

/* --- random order -------------------------------------------------------- */

GArray *
eval_corpus_shuffle (const EvalCorpus *self, guint voice, GRand *rand)
{
  const EvalVoice *v = eval_corpus_get_voice (self, voice);
  GArray *order
      = g_array_sized_new (FALSE, FALSE, sizeof (guint), v->utterances->len);

  g_array_append_vals (order, v->utterances->data, v->utterances->len);
  guint *at = (guint *) order->data;
  for (guint i = order->len; i > 1; i--) {
    guint j = (guint) g_rand_int_range (rand, 0, (gint32) i), swap = at[j];
    at[j] = at[i - 1];
    at[i - 1] = swap;
  }
  return order;
}

gboolean
eval_corpus_next (EvalCorpus *self, GArray *order, const EvalSound **sound,
    GError **error)
{
  *sound = NULL;
  while (order->len > 0) {
    const EvalSound *first
        = eval_corpus_get_sound (self, g_array_index (order, guint, 0), error);
    if (first == NULL)
      return FALSE;
    if (first->speech_seconds >= EVAL_SOUND_LEAST_SPEECH) {
      *sound = first;
      return TRUE;
    }
    g_array_remove_index (order, 0);
  }
  return TRUE;
}

static SalTarget *
finish (SalEnrol *enrol, SalModel *model, const char *name, GError **error)
{
  g_autoptr (SalSpeaker) speaker = sal_enrol_finish (enrol, name, NULL, error);
  return speaker != NULL ? sal_target_new_speaker (model, speaker, error)
                         : NULL;
}

SalTarget *
eval_corpus_enrol (EvalCorpus *self, SalModel *model, guint voice,
    GArray *order, GArray *used, double seconds, double *net_seconds,
    GError **error)
{
  const char *name = eval_corpus_get_voice (self, voice)->name;
  g_autoptr (SalEnrol) enrol = sal_enrol_new (model);
  const EvalSound *sound, *following;
  double net = 0;

  if (!eval_corpus_next (self, order, &sound, error))
    return NULL;
  while (sound != NULL && net < seconds) {
    guint taken = g_array_index (order, guint, 0);
    g_array_remove_index (order, 0);
    if (!eval_corpus_next (self, order, &following, error))
      return NULL;
    if (following == NULL) { /* the last utterance is for tests */
      g_array_append_val (order, taken);
      break;
    }
    if (!sal_enrol_add (enrol, sound->samples, sound->n_samples, error)) {
      g_prefix_error (error,
          "%s: ", eval_corpus_get_utterance (self, taken)->path);
      return NULL;
    }
    g_array_append_val (used, taken);
    net += sound->speech_seconds;
    sound = following;
  }
  if (!(net > 0)) {
    sal_error_set (error, SAL_ERROR_AUDIO,
        "speaker %s has less than two "
        "utterances with %g s of speech",
        name, EVAL_SOUND_LEAST_SPEECH);
    return NULL;
  }
  *net_seconds = net;
  return finish (enrol, model, name, error);
}
