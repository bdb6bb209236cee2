/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streaming.h: how well a model finds a voice along a stream
 *
 * Conversations (conversation.h), clean and with pink noise, each with one target who
 * speaks and one who is absent, at several look-aheads.  A frame is 10 ms and counts if it
 * holds speech by the energy of the clean stream; there is no collar at turns.
 */
#pragma once

#include "eval/condition.h"
#include "eval/batch-analyser.h"

#define EVAL_STREAMING_LOOKAHEADS 4

#define EVAL_STREAMING_KEPT_DB                                                                     \
  (-3.0) /* a conversation is kept from this change of the target on .. */
#define EVAL_STREAMING_REMOVED_DB                                                                  \
  15.0 /* .. and its others are removed from this on: both: done                                   \
        */

extern const guint eval_streaming_lookaheads_ms[EVAL_STREAMING_LOOKAHEADS];

/* Figures of one stream; others are what is not the target. */
typedef enum {
  EVAL_STREAMING_AUC,          /* of the probability, target against others */
  EVAL_STREAMING_BASELINE_AUC, /* of the merged cosine of whole windows */
  EVAL_STREAMING_LOG_ODDS_AUC, /* of what the probability was made from */
  EVAL_STREAMING_EER,          /* of the probability */
  EVAL_STREAMING_BASELINE_EER,
  EVAL_STREAMING_MISS,           /* part of the target's frames with a probability below 0.5 */
  EVAL_STREAMING_FALSE_ALARM,    /* part of the others' frames with 0.5 or more */
  EVAL_STREAMING_SWITCHES,       /* openings and closings of the gate per minute */
  EVAL_STREAMING_TRUE_SWITCHES,  /* how many there should be */
  EVAL_STREAMING_KEPT,           /* dB: change of the target's energy by the mask */
  EVAL_STREAMING_REMOVED,        /* dB: by how much the others' energy goes down */
  EVAL_STREAMING_ABSENT_ABOVE,   /* part of all frames with a probability above 0.1 for the absent
                                    target */
  EVAL_STREAMING_ABSENT_REMOVED, /* dB: by how much all energy goes down for the absent target */
  EVAL_STREAMING_FIGURES
} EvalStreamingFigure;

extern const char *const eval_streaming_names[EVAL_STREAMING_FIGURES]; /* as in reports */

/* One stream, analysed.  Immutable and atomically reference-counted. */
typedef struct {
  guint index;
  EvalConversation *conversation;
  double enrolled[2];                  /* net seconds: target, absent; 0: a class */
  gsize n_frames;                      /* T */
  gboolean *is_target, *speech;        /* [T] */
  guint hop;                           /* samples from frame to frame */
  double frame_seconds, first_seconds; /* frame t is centred on first + t frame */
  guint n_conditions;
  EvalCondition conditions[EVAL_CONDITIONS];
  /* by place in conditions: */
  EvalTrace *traces[EVAL_CONDITIONS]; /* [2, LOOKAHEADS]: target, absent */
  double figures[EVAL_CONDITIONS][EVAL_STREAMING_LOOKAHEADS][EVAL_STREAMING_FIGURES];
} EvalStream;

EvalStream *eval_stream_ref (EvalStream *self);
void eval_stream_unref (EvalStream *self); /* NULL is a no-op */

/* All streams in one condition with one look-ahead.  Where only music plays nobody is kept or
 * removed: those figures are NAN, and EVAL_STREAMING_ABSENT_ABOVE is of every frame and of both
 * targets. */
typedef struct {
  double mean[EVAL_STREAMING_FIGURES];
  double deviation[EVAL_STREAMING_FIGURES];           /* between streams; 0 for one */
  double pooled_auc, pooled_baseline_auc, pooled_eer; /* all frames of all streams together */
  guint n_kept, n_removed, n_done;  /* conversations: the target kept, the others removed, both */
  guint n_muted;                    /* with more than half of the target's frames missed */
  double tenth_kept, tenth_removed; /* tenth percentiles of both, dB */
  guint worst;                      /* stream with the lowest AUC */
  double worst_auc;
} EvalStreamingRow;

typedef struct {
  guint n_streams;
  guint32 seed;         /* stream i draws with seed + i */
  gboolean known;       /* targets are classes of the model, by name */
  double enrol_seconds; /* else, net speech of other utterances */
  guint hop_ms;
  guint n_threads; /* 0: all processors */
  guint n_conditions;
  EvalCondition conditions[EVAL_CONDITIONS]; /* [n_conditions] */
  gboolean other_session; /* enrolled from one session and heard in others; voices of one session
                             are no targets */
  EvalConversationConfig conversation;
  gboolean (*take) (EvalStream *stream, gpointer data,
      GError **error);                           /* (nullable): in order, in one thread */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} EvalStreamingConfig;

/**
 * eval_streaming_config_init:
 *
 * 60 streams, seed 2022, 20 s of enrolment, hop 250 ms; clean and with noise at 20 and 10 dB.
 */
void eval_streaming_config_init (EvalStreamingConfig *config);

/**
 * eval_streaming_run:
 * @rows: (out caller-allocates): [n_conditions, LOOKAHEADS]
 *
 * Targets take turns over the targets of the corpus; the result does not depend on the number of
 * threads.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG (less than two targets, or three in one room;
 * nobody of two sessions), %SAL_ERROR_TARGET (no such class), or the errors of the recordings
 */
gboolean eval_streaming_run (SalModel *model, EvalCorpus *corpus, const EvalStreamingConfig *config,
    EvalStreamingRow *rows, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalStream, eval_stream_unref)
