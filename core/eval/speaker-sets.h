/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker-sets.h: who speaks in an experiment, and whom its decisions are among
 *
 * In the closed set speak those targets of a corpus whose names are classes of the model, and a
 * decision is among all classes.  In the open set speak the others: each is enrolled, and a
 * decision is among all of them and the model's cohort.  A label is a class, or the
 * number of an enrolled speaker.
 */
#pragma once

#include "eval/corpus.h"

typedef struct _EvalSpeakerSets EvalSpeakerSets; /* any thread */

guint eval_speaker_sets_count (const SalModel *model, const EvalCorpus *corpus,
    gboolean known); /* speakers of the set */

/**
 * eval_speaker_sets_new:
 * @known: the closed set
 * @seed: which utterances the open set is enrolled from
 * @enrol_seconds: net speech, in whole utterances, that are not heard again
 *
 * Returns: (transfer full) (nullable): a cast, or %NULL and %SAL_ERROR_TARGET if the set has no
 * speaker, or the errors of eval_corpus_enrol()
 */
EvalSpeakerSets *eval_speaker_sets_new (SalModel *model, EvalCorpus *corpus, gboolean known,
    guint32 seed, double enrol_seconds, GError **error);
void eval_speaker_sets_free (EvalSpeakerSets *self); /* NULL is a no-op */

guint eval_speaker_sets_get_n_speakers (const EvalSpeakerSets *self);
guint eval_speaker_sets_get_voice (const EvalSpeakerSets *self, guint speaker); /* of the corpus */
guint eval_speaker_sets_get_label (const EvalSpeakerSets *self, guint speaker);
guint eval_speaker_sets_get_n_labels (const EvalSpeakerSets *self);
const SalTarget *eval_speaker_sets_get_target (const EvalSpeakerSets *self, guint label);
const char *eval_speaker_sets_get_set (const EvalSpeakerSets *self); /* "closed" or "open" */
SalModel *eval_speaker_sets_get_model (const EvalSpeakerSets *self);
EvalCorpus *eval_speaker_sets_get_corpus (const EvalSpeakerSets *self);
gboolean eval_speaker_sets_is_enrolled (const EvalSpeakerSets *self,
    guint utterance); /* somebody was enrolled from it */

/**
 * eval_speaker_sets_recognise:
 * @embedding: [E]
 *
 * Returns: the label whose logit is the highest, -1: a voice of the cohort
 */
int eval_speaker_sets_recognise (const EvalSpeakerSets *self, const float *embedding);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalSpeakerSets, eval_speaker_sets_free)
