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

typedef struct _SalCast SalCast; /* any thread */

guint sal_cast_count (const SalModel *model, const SalCorpus *corpus, gboolean known); /* speakers of the set */

/**
 * sal_cast_new:
 * @known: the closed set
 * @seed: which utterances the open set is enrolled from
 * @enrol_seconds: net speech, in whole utterances, that are not heard again
 *
 * Returns: (transfer full) (nullable): a cast, or %NULL and %SAL_ERROR_TARGET if the set has no speaker, or the errors of
 *   sal_corpus_enrol()
 */
SalCast *sal_cast_new (SalModel *model, SalCorpus *corpus, gboolean known, guint32 seed, double enrol_seconds, GError **error);
void sal_cast_free (SalCast *self); /* NULL is a no-op */

guint sal_cast_get_n_speakers (const SalCast *self);
guint sal_cast_get_voice (const SalCast *self, guint speaker); /* of the corpus */
guint sal_cast_get_label (const SalCast *self, guint speaker);
guint sal_cast_get_n_labels (const SalCast *self);
const SalTarget *sal_cast_get_target (const SalCast *self, guint label);
const char *sal_cast_get_set (const SalCast *self); /* "closed" or "open" */
SalModel *sal_cast_get_model (const SalCast *self);
SalCorpus *sal_cast_get_corpus (const SalCast *self);
gboolean sal_cast_is_enrolled (const SalCast *self, guint utterance); /* somebody was enrolled from it */

/**
 * sal_cast_recognise:
 * @embedding: [E]
 *
 * Returns: the label whose logit is the highest, -1: a voice of the cohort
 */
int sal_cast_recognise (const SalCast *self, const float *embedding);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalCast, sal_cast_free)
