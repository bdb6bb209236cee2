/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker-sets.h: closed-set and open-set speaker identification
 *
 * A set has the speakers of an experiment and the labels of its decisions.  The closed set has the
 * targets of a corpus whose names are classes of the model; a decision is among all classes.  The
 * open set has the other targets, each enrolled; a decision is among all of them and the model's
 * cohort. A label is a class, or the number of an enrolled speaker.
 */
#pragma once

#include "eval/corpus.h"

typedef struct _EvalSpeakerSets EvalSpeakerSets; /* any thread */

guint eval_speaker_sets_count (const SalModel *model, const EvalCorpus *corpus,
    gboolean known); /* in the set */

/**
 * eval_speaker_sets_new:
 * @known: the closed set, else the open set
 * @seed: decides the enrolment utterances of the open set
 * @enrol_seconds: net speech of an enrolment, in whole utterances, which tests do not use
 *
 * Returns: (transfer full) (nullable): a set, or %NULL and %SAL_ERROR_TARGET if the set has no
 * speaker, or the errors of eval_corpus_enrol()
 */
EvalSpeakerSets *eval_speaker_sets_new (SalModel *model, EvalCorpus *corpus, gboolean known,
    guint32 seed, double enrol_seconds, GError **error);
void eval_speaker_sets_free (EvalSpeakerSets *self); /* NULL is a no-op */

guint eval_speaker_sets_get_n_speakers (const EvalSpeakerSets *self);
guint eval_speaker_sets_get_voice (const EvalSpeakerSets *self, guint speaker); /* in the corpus */
guint eval_speaker_sets_get_label (const EvalSpeakerSets *self, guint speaker);
guint eval_speaker_sets_get_n_labels (const EvalSpeakerSets *self);
const SalTarget *eval_speaker_sets_get_target (const EvalSpeakerSets *self, guint label);
const char *eval_speaker_sets_get_set (const EvalSpeakerSets *self); /* "closed" or "open" */
SalModel *eval_speaker_sets_get_model (const EvalSpeakerSets *self);
EvalCorpus *eval_speaker_sets_get_corpus (const EvalSpeakerSets *self);
gboolean eval_speaker_sets_is_enrolled (const EvalSpeakerSets *self,
    guint utterance); /* a speaker was enrolled from it */

/**
 * eval_speaker_sets_recognise:
 * @embedding: [E]
 *
 * Returns: the label with the highest logit; -1: a voice of the cohort
 */
int eval_speaker_sets_recognise (const EvalSpeakerSets *self, const float *embedding);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalSpeakerSets, eval_speaker_sets_free)
