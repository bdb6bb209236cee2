/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/tally.h"

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "eval/detection.h"

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
  guint n_kept, n_removed, n_done, n_muted;
  GArray *kept, *removed; /* of float, dB, one a stream */
  Pool ours, usual;
} Cell;

struct _EvalTally {
  guint n_streams, n_conditions;
  Cell cells[EVAL_CONDITIONS][L];
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
eval_tally_new (guint n_conditions)
{
  EvalTally *self = g_new0 (EvalTally, 1);

  self->n_conditions = n_conditions;
  for (guint i = 0; i < n_conditions * L; i++) {
    Cell *cell = &self->cells[i / L][i % L];
    cell->kept = g_array_new (FALSE, FALSE, sizeof (float));
    cell->removed = g_array_new (FALSE, FALSE, sizeof (float));
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
  for (guint i = 0; i < self->n_conditions * L; i++) {
    Cell *cell = &self->cells[i / L][i % L];
    g_array_unref (cell->kept);
    g_array_unref (cell->removed);
    pool_clear (&cell->ours);
    pool_clear (&cell->usual);
  }
  g_free (self);
}

/* Was the job done? */
static void
count_conversation (Cell *cell, const double *figures)
{
  float kept = (float) figures[EVAL_STREAMING_KEPT];
  float removed = (float) figures[EVAL_STREAMING_REMOVED];
  gboolean is_kept = kept >= EVAL_STREAMING_KEPT_DB;
  gboolean is_removed = removed >= EVAL_STREAMING_REMOVED_DB;

  cell->n_kept += is_kept;
  cell->n_removed += is_removed;
  cell->n_done += is_kept && is_removed;
  cell->n_muted += figures[EVAL_STREAMING_MISS] > 0.5;
  g_array_append_val (cell->kept, kept);
  g_array_append_val (cell->removed, removed);
}

/* The tenth percentile: a tenth of the values, rounded down, is lower. */
static double
tenth (const GArray *values)
{
  g_autofree float *sorted
      = g_memdup2 (values->data, values->len * sizeof (float));

  sal_vector_sort (sorted, values->len);
  return values->len > 0 ? sorted[values->len / 10] : NAN;
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
  count_conversation (cell, figures);
  pool_add (&cell->ours, stream, trace->activity);
  pool_add (&cell->usual, stream, trace->baseline);
}

void
eval_tally_add (EvalTally *self, const EvalStream *stream)
{
  self->n_streams++;
  for (guint c = 0; c < self->n_conditions; c++)
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
  row->n_kept = cell->n_kept;
  row->n_removed = cell->n_removed;
  row->n_done = cell->n_done;
  row->n_muted = cell->n_muted;
  row->tenth_kept = tenth (cell->kept);
  row->tenth_removed = tenth (cell->removed);
  row->worst = cell->worst;
  row->worst_auc = cell->worst_auc;
}

void
eval_tally_finish (const EvalTally *self, EvalStreamingRow *rows)
{
  for (guint i = 0; i < self->n_conditions * L; i++)
    finish_cell (&self->cells[i / L][i % L], self->n_streams, &rows[i]);
}
