/* SPDX-License-Identifier: GPL-2.0-or-later */
/* voices.h: a synthetic speech corpus, without files
 *
 * Voices are called spk0, spk1, .. like the classes of the golden models.  Women and men alternate;
 * spk0 is a woman.
 */
#pragma once

#include "eval/corpus.h"

/**
 * voices_corpus:
 * @n_targets: voices in split "t"
 * @n_others: further voices, in split "o"
 * @n_utterances: of each voice; utterance i has @seconds + i/4 of sound
 *
 * Utterance i of any voice begins with i/8 s of silence.
 */
EvalCorpus *voices_corpus (const SalModel *model, guint n_targets, guint n_others,
    guint n_utterances, double seconds);
float *voices_decode (const char *path, guint rate, gsize *n_samples,
    GError **error); /* a EvalDecoder */
GPtrArray *voices_rows (guint n_targets, guint n_others, guint n_utterances,
    double seconds); /* of EvalManifestRow */
