/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streaming-figures.h: voice activity along a stream, and its metrics: AUC, EER, misses,
 * attenuation
 *
 * The figures of a stream, from its traces and the truth, and those of all streams together.
 */
#pragma once

#include "eval/batch-analyser.h"
#include "eval/conversation.h"

#define EVAL_STREAMING_CONDITIONS 3 /* clean, then noise at two ratios */
#define EVAL_STREAMING_LOOKAHEADS 4

extern const char *const eval_streaming_conditions[EVAL_STREAMING_CONDITIONS];
extern const guint eval_streaming_lookaheads_ms[EVAL_STREAMING_LOOKAHEADS];

/* Figures of one stream; others are all voices but the target. */
typedef enum {
  EVAL_STREAMING_AUC,          /* of the probability, target against others */
  EVAL_STREAMING_BASELINE_AUC, /* of the merged cosine of whole windows */
  EVAL_STREAMING_LOG_ODDS_AUC, /* of the log-odds behind the probability */
  EVAL_STREAMING_EER,          /* of the probability */
  EVAL_STREAMING_BASELINE_EER,
  EVAL_STREAMING_MISS,           /* part of the target's frames with a probability below 0.5 */
  EVAL_STREAMING_FALSE_ALARM,    /* part of the others' frames with 0.5 or more */
  EVAL_STREAMING_SWITCHES,       /* openings and closings of the gate per minute */
  EVAL_STREAMING_TRUE_SWITCHES,  /* those of a perfect gate */
  EVAL_STREAMING_KEPT,           /* dB: change of the target's energy by the mask */
  EVAL_STREAMING_REMOVED,        /* dB: attenuation of the others */
  EVAL_STREAMING_ABSENT_ABOVE,   /* part of all frames with a probability above 0.1 for the absent
                                    target */
  EVAL_STREAMING_ABSENT_REMOVED, /* dB: attenuation of all sound for the absent target */
  EVAL_STREAMING_FIGURES
} EvalStreamingFigure;

extern const char *const eval_streaming_names[EVAL_STREAMING_FIGURES]; /* as in reports */

/* One stream, analysed.  Immutable and atomically reference-counted. */
typedef struct {
  guint index;
  EvalConversation *conversation;
  double enrolled[2];                           /* net seconds: target, absent; 0: a class */
  gsize n_frames;                               /* T */
  gboolean *is_target, *speech;                 /* [T] */
  guint hop;                                    /* samples from frame to frame */
  double frame_seconds, first_seconds;          /* frame t is centred on first + t frame */
  EvalTrace *traces[EVAL_STREAMING_CONDITIONS]; /* [2, LOOKAHEADS]: target, absent */
  double figures[EVAL_STREAMING_CONDITIONS][EVAL_STREAMING_LOOKAHEADS][EVAL_STREAMING_FIGURES];
} EvalStream;

EvalStream *eval_stream_ref (EvalStream *self);
void eval_stream_unref (EvalStream *self); /* NULL is a no-op */

/**
 * eval_stream_measure:
 * @self: (inout): with its traces; the figures are filled in
 * @mel: front end of the model
 */
void eval_stream_measure (EvalStream *self, const SalMelConfig *mel);

/* All streams in one condition with one look-ahead. */
typedef struct {
  double mean[EVAL_STREAMING_FIGURES];
  double deviation[EVAL_STREAMING_FIGURES];           /* between streams; 0 for one */
  double pooled_auc, pooled_baseline_auc, pooled_eer; /* all frames of all streams together */
  guint worst;                                        /* stream with the lowest AUC */
  double worst_auc;
} EvalStreamingRow;

typedef struct _EvalTally EvalTally;

EvalTally *eval_tally_new (void);
void eval_tally_free (EvalTally *self); /* NULL is a no-op */
void eval_tally_add (EvalTally *self, const EvalStream *stream);

/**
 * eval_tally_finish:
 * @rows: (out caller-allocates): [CONDITIONS, LOOKAHEADS]
 */
void eval_tally_finish (const EvalTally *self, EvalStreamingRow *rows);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalStream, eval_stream_unref)
