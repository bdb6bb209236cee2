/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streaming.h: experiment: voice activity of an enrolled target along a stream
 *
 * Streams are conversations (conversation.h), clean and with pink noise.  Each has a target that
 * speaks and a target that is absent, at several look-aheads.  A frame of 10 ms counts if the clean
 * stream has speech there, by its energy; there is no collar at turns.
 */
#pragma once

#include "eval/streaming-figures.h"

typedef struct {
  guint n_streams;
  guint32 seed;         /* stream i draws with seed + i */
  gboolean known;       /* targets are classes of the model, by name */
  double enrol_seconds; /* else, net speech of other utterances */
  guint hop_ms;
  guint n_threads; /* 0: all processors */
  EvalConversationConfig conversation;
  gboolean (*take) (EvalStream *stream, gpointer data,
      GError **error);                           /* (nullable): in order, in one thread */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} EvalStreamingConfig;

/**
 * eval_streaming_config_init:
 *
 * 60 streams, seed 2022, 20 s of enrolment, hop 250 ms.
 */
void eval_streaming_config_init (EvalStreamingConfig *config);

/**
 * eval_streaming_run:
 * @rows: (out caller-allocates): [CONDITIONS, LOOKAHEADS]
 *
 * Targets take turns over the targets of the corpus; the result does not depend on the number of
 * threads.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG (less than two targets), %SAL_ERROR_TARGET (no
 * such class), or the errors of the recordings
 */
gboolean eval_streaming_run (SalModel *model, EvalCorpus *corpus, const EvalStreamingConfig *config,
    EvalStreamingRow *rows, GError **error);
