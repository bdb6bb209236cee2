/* SPDX-License-Identifier: GPL-2.0-or-later */
/* corpus.h: speech corpus: voices of chosen splits and their utterances, decoded on demand */
#pragma once

#include <saliency/model.h>
#include <saliency/target.h>

/**
 * EvalDecoder:
 * @rate: wanted sample rate, Hz
 *
 * Called from several threads at once.
 *
 * Returns: (transfer full) (nullable): a whole recording as finite mono PCM, or %NULL and an error
 * that names @path
 */
typedef float *(*EvalDecoder) (const char *path, guint rate, gsize *n_samples, GError **error);

typedef struct {
  const char *path;
  guint speaker;
} EvalUtterance;

typedef struct {
  const char *name;
  char sex;           /* 'f' or 'm' */
  gboolean is_target; /* of the splits asked for; else of those of the others */
  GArray *utterances; /* of guint, as in the manifest */
} EvalVoice;

typedef struct {
  const float *samples; /* [n_samples] */
  gsize n_samples;
  const gboolean *speech; /* voice activity of each step of @hop samples, [n_frames] */
  gsize n_frames;
  double speech_seconds; /* net */
  float level;           /* active level: RMS of samples above a fiftieth of the peak; 0: silence */
} EvalSound;

#define EVAL_SOUND_LEAST_SPEECH                                                                    \
  1.0 /* seconds: utterances with less are neither enrolled nor played */

typedef struct _EvalCorpus EvalCorpus; /* any thread */

/**
 * eval_corpus_new:
 * @rows: (element-type EvalManifestRow): kept as long as the corpus
 * @splits: names of splits with commas between, whose speakers are targets
 * @others: (nullable): names of splits with commas between, whose speakers are never targets;
 * speakers of @splits are left out here
 * @mel: rate and hop
 *
 * Returns: (transfer full) (nullable): a corpus, targets first, then by name, or %NULL and
 * %SAL_ERROR_CONFIG if a split has no recording
 */
EvalCorpus *eval_corpus_new (GPtrArray *rows, const char *splits, const char *others,
    const SalMelConfig *mel, EvalDecoder decode, GError **error);
void eval_corpus_free (EvalCorpus *self); /* NULL is a no-op */

guint eval_corpus_get_n_voices (const EvalCorpus *self);
guint eval_corpus_get_n_targets (const EvalCorpus *self); /* targets are the first voices */
guint eval_corpus_get_n_utterances (const EvalCorpus *self);
const EvalVoice *eval_corpus_get_voice (const EvalCorpus *self, guint voice);
const EvalUtterance *eval_corpus_get_utterance (const EvalCorpus *self, guint utterance);

/**
 * eval_corpus_get_sound:
 *
 * Returns: (nullable): the utterance, kept as long as the corpus; or %NULL and the error of the
 * decoder
 */
const EvalSound *eval_corpus_get_sound (EvalCorpus *self, guint utterance, GError **error);

/**
 * eval_corpus_shuffle:
 *
 * Returns: (transfer full) (element-type guint): the voice's utterances in random order
 */
GArray *eval_corpus_shuffle (const EvalCorpus *self, guint voice, GRand *rand);

/**
 * eval_corpus_next:
 * @order: (element-type guint) (inout): utterances; those at the beginning without enough speech
 * are removed
 * @sound: (out): the first utterance that remains; %NULL if none does
 *
 * Returns: %TRUE, or %FALSE and the error of the decoder
 */
gboolean eval_corpus_next (EvalCorpus *self, GArray *order, const EvalSound **sound,
    GError **error);

/**
 * eval_corpus_enrol:
 * @order: (element-type guint) (inout): the utterances used are taken from its beginning; at least
 * one that can be used stays
 * @used: (element-type guint) (inout): they are added to
 * @seconds: net speech; whole utterances until it is reached
 * @net_seconds: (out): how much it became
 *
 * Returns: (transfer full) (nullable): the voice, or %NULL and the error of the decoder, or
 * %SAL_ERROR_AUDIO with fewer than two utterances with a second of speech
 */
SalTarget *eval_corpus_enrol (EvalCorpus *self, SalModel *model, guint voice, GArray *order,
    GArray *used, double seconds, double *net_seconds, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalCorpus, eval_corpus_free)
