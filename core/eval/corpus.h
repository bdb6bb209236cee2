/* SPDX-License-Identifier: GPL-2.0-or-later */
/* corpus.h: the utterances of chosen splits, decoded when they are first asked for */
#pragma once

#include <saliency/model.h>
#include <saliency/target.h>

/**
 * SalDecoder:
 * @rate: Hz, asked for
 *
 * Returns: (transfer full) (nullable): a whole recording as finite mono PCM, or %NULL and an error that names
 *   @path; called from several threads at once
 */
typedef float *(*SalDecoder) (const char *path, guint rate, gsize *n_samples, GError **error);

typedef struct {
  const char *path;
  guint speaker;
} SalUtterance;

typedef struct {
  const char *name;
  char sex;            /* 'f' or 'm' */
  gboolean is_target;  /* of the splits asked for; else of those of the others */
  GArray *utterances;  /* of guint, as in the manifest */
} SalVoice;

typedef struct {
  const float *samples;   /* [n_samples] */
  gsize n_samples;
  const gboolean *speech; /* of each step of @hop samples, [n_frames] */
  gsize n_frames;
  double speech_seconds;  /* net */
  float level;            /* RMS of what is louder than a fiftieth of the peak; 0: silence */
} SalSound;

#define SAL_SOUND_LEAST_SPEECH 1.0 /* seconds: utterances with less are neither enrolled nor heard */

typedef struct _SalCorpus SalCorpus; /* any thread */

/**
 * sal_corpus_new:
 * @rows: (element-type SalManifestRow): kept as long as the corpus
 * @splits: names with commas between: whose speakers can be targets
 * @others: (nullable): likewise, of speakers who are never targets; of these, whoever also is in @splits is left out
 * @mel: rate and hop
 *
 * Returns: (transfer full) (nullable): a corpus with its speakers in the order of their names, targets first, or
 *   %NULL and %SAL_ERROR_CONFIG if a split has no recording
 */
SalCorpus *sal_corpus_new (GPtrArray *rows, const char *splits, const char *others, const SalMelConfig *mel, SalDecoder decode, GError **error);
void sal_corpus_free (SalCorpus *self); /* NULL is a no-op */

guint sal_corpus_get_n_voices (const SalCorpus *self);
guint sal_corpus_get_n_targets (const SalCorpus *self); /* the first so many voices */
guint sal_corpus_get_n_utterances (const SalCorpus *self);
const SalVoice *sal_corpus_get_voice (const SalCorpus *self, guint voice);
const SalUtterance *sal_corpus_get_utterance (const SalCorpus *self, guint utterance);

/**
 * sal_corpus_get_sound:
 *
 * Returns: (nullable): the utterance, kept as long as the corpus; or %NULL and the error of the decoder
 */
const SalSound *sal_corpus_get_sound (SalCorpus *self, guint utterance, GError **error);

/**
 * sal_corpus_shuffle:
 *
 * Returns: (transfer full) (element-type guint): the voice's utterances, in an order drawn from @rand
 */
GArray *sal_corpus_shuffle (const SalCorpus *self, guint voice, GRand *rand);

/**
 * sal_corpus_next:
 * @order: (element-type guint) (inout): utterances; those without enough speech are taken from its beginning
 * @sound: (out): the first of the others, which stays in @order; %NULL if there is none
 *
 * Returns: %TRUE, or %FALSE and the error of the decoder
 */
gboolean sal_corpus_next (SalCorpus *self, GArray *order, const SalSound **sound, GError **error);

/**
 * sal_corpus_enrol:
 * @order: (element-type guint) (inout): the utterances used are taken from its beginning; at least one that can be
 *   used stays
 * @used: (element-type guint) (inout): they are added to
 * @seconds: net speech; whole utterances until it is reached
 * @net_seconds: (out): how much it became
 *
 * Returns: (transfer full) (nullable): the voice, or %NULL and the error of the decoder, or %SAL_ERROR_AUDIO if there
 *   are less than two utterances with a second of speech
 */
SalTarget *sal_corpus_enrol (SalCorpus *self, SalModel *model, guint voice, GArray *order, GArray *used, double seconds, double *net_seconds, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalCorpus, sal_corpus_free)
