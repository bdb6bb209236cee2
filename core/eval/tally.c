/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/tally.h"

#include <math.h>
#include <string.h>

#include "eval/detection.h"

#define C EVAL_STREAMING_CONDITIONS
#define L EVAL_STREAMING_LOOKAHEADS
#define N EVAL_STREAMING_FIGURES

const char *const eval_streaming_names[N] = {
  [EVAL_STREAMING_AUC] = "auc",
  [EVAL_STREAMING_BASELINE_AUC] = "baseline_auc",
  [EVAL_STREAMING_LOG_ODDS_AUC] = "log_odds_auc",
  [EVAL_STREAMING_EER] = "eer",
  [EVAL_STREAMING_BASELINE_EER] = "baseline_eer",
  [EVAL_STREAMING_MISS] = "miss",
  [EVAL_STREAMING_FALSE_ALARM] = "false_alarm",
  [EVAL_STREAMING_SWITCHES] = "switches_per_minute",
  [EVAL_STREAMING_TRUE_SWITCHES] = "true_switches_per_minute",
  [EVAL_STREAMING_KEPT] = "kept_db",
  [EVAL_STREAMING_REMOVED] = "removed_db",
  [EVAL_STREAMING_ABSENT_ABOVE] = "absent_above",
  [EVAL_STREAMING_ABSENT_REMOVED] = "absent_removed_db",
};

/* Values of the frames of speech of all streams, by whose turn they are in. */
typedef struct {
  GArray *values[2]; /* of float: others, target */
} Pool;

typedef struct {
  double sum[N], squares[N];
  guint worst;
  double worst_auc;
  Pool ours, usual;
} Cell;

struct _EvalTally {
  guint n_streams;
  Cell cells[C][L];
};

static void
pool_init (Pool *self)
{
  for (guint i = 0; i < 2; i++)
    self->values[i] = g_array_new (FALSE, FALSE, sizeof (float));
}

static void
pool_clear (Pool *self)
{
  for (guint i = 0; i < 2; i++)
    g_array_unref (self->values[i]);
}

static void
pool_add (Pool *self, const EvalStream *stream, const float *values)
{
  for (gsize t = 0; t < stream->n_frames; t++)
    if (stream->speech[t])
      g_array_append_val (self->values[stream->is_target[t] != 0], values[t]);
}

static EvalDetection
pool_detection (const Pool *self)
{
  return (EvalDetection){ (const float *) self->values[1]->data,
    self->values[1]->len, (const float *) self->values[0]->data,
    self->values[0]->len };
}

EvalTally *
eval_tally_new (void)
{
  EvalTally *self = g_new0 (EvalTally, 1);

  for (guint i = 0; i < C * L; i++) {
    Cell *cell = &self->cells[i / L][i % L];
    pool_init (&cell->ours);
    pool_init (&cell->usual);
    cell->worst_auc = INFINITY;
  }
  return self;
}

void
eval_tally_free (EvalTally *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < C * L; i++) {
    pool_clear (&self->cells[i / L][i % L].ours);
    pool_clear (&self->cells[i / L][i % L].usual);
  }
  g_free (self);
}

static void
add_cell (Cell *cell, const EvalStream *stream, const double *figures,
    const EvalTrace *trace)
{
  for (guint f = 0; f < N; f++) {
    cell->sum[f] += figures[f];
    cell->squares[f] += figures[f] * figures[f];
  }
  if (figures[EVAL_STREAMING_AUC] < cell->worst_auc) {
    cell->worst_auc = figures[EVAL_STREAMING_AUC];
    cell->worst = stream->index;
  }
  pool_add (&cell->ours, stream, trace->activity);
  pool_add (&cell->usual, stream, trace->baseline);
}

void
eval_tally_add (EvalTally *self, const EvalStream *stream)
{
  self->n_streams++;
  for (guint c = 0; c < C; c++)
    for (guint l = 0; l < L; l++)
      add_cell (&self->cells[c][l], stream, stream->figures[c][l],
          &stream->traces[c][l]);
}

static void
finish_cell (const Cell *cell, guint n, EvalStreamingRow *row)
{
  EvalDetection ours = pool_detection (&cell->ours);
  EvalDetection usual = pool_detection (&cell->usual);

  for (guint f = 0; f < N; f++) {
    row->mean[f] = cell->sum[f] / n;
    double rest = cell->squares[f] - n * row->mean[f] * row->mean[f];
    row->deviation[f] = n > 1 ? sqrt (MAX (rest, 0) / (n - 1)) : 0;
  }
  row->pooled_auc = eval_detection_auc (&ours);
  row->pooled_eer = eval_detection_eer (&ours);
  row->pooled_baseline_auc = eval_detection_auc (&usual);
  row->worst = cell->worst;
  row->worst_auc = cell->worst_auc;
}

void
eval_tally_finish (const EvalTally *self, EvalStreamingRow *rows)
{
  for (guint i = 0; i < C * L; i++)
    finish_cell (&self->cells[i / L][i % L], self->n_streams, &rows[i]);
}
