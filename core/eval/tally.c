/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/tally.h"

#include <math.h>
#include <string.h>

#include "eval/detection.h"

#define C SAL_STREAMING_CONDITIONS
#define L SAL_STREAMING_LOOKAHEADS
#define N SAL_STREAMING_FIGURES

const char *const sal_streaming_names[N] = {
  [SAL_STREAMING_AUC] = "auc",
  [SAL_STREAMING_BASELINE_AUC] = "baseline_auc",
  [SAL_STREAMING_LOG_ODDS_AUC] = "log_odds_auc",
  [SAL_STREAMING_EER] = "eer",
  [SAL_STREAMING_BASELINE_EER] = "baseline_eer",
  [SAL_STREAMING_MISS] = "miss",
  [SAL_STREAMING_FALSE_ALARM] = "false_alarm",
  [SAL_STREAMING_SWITCHES] = "switches_per_minute",
  [SAL_STREAMING_TRUE_SWITCHES] = "true_switches_per_minute",
  [SAL_STREAMING_KEPT] = "kept_db",
  [SAL_STREAMING_REMOVED] = "removed_db",
  [SAL_STREAMING_ABSENT_ABOVE] = "absent_above",
  [SAL_STREAMING_ABSENT_REMOVED] = "absent_removed_db",
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

struct _SalTally {
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
pool_add (Pool *self, const SalStream *stream, const float *values)
{
  for (gsize t = 0; t < stream->n_frames; t++)
    if (stream->speech[t])
      g_array_append_val (self->values[stream->is_target[t] != 0], values[t]);
}

static SalDetection
pool_detection (const Pool *self)
{
  return (SalDetection) { (const float *) self->values[1]->data,
    self->values[1]->len, (const float *) self->values[0]->data,
    self->values[0]->len };
}

SalTally *
sal_tally_new (void)
{
  SalTally *self = g_new0 (SalTally, 1);

  for (guint i = 0; i < C * L; i++) {
    Cell *cell = &self->cells[i / L][i % L];
    pool_init (&cell->ours);
    pool_init (&cell->usual);
    cell->worst_auc = INFINITY;
  }
  return self;
}

void
sal_tally_free (SalTally *self)
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
add_cell (Cell *cell, const SalStream *stream, const double *figures,
    const SalTrace *trace)
{
  for (guint f = 0; f < N; f++) {
    cell->sum[f] += figures[f];
    cell->squares[f] += figures[f] * figures[f];
  }
  if (figures[SAL_STREAMING_AUC] < cell->worst_auc) {
    cell->worst_auc = figures[SAL_STREAMING_AUC];
    cell->worst = stream->index;
  }
  pool_add (&cell->ours, stream, trace->activity);
  pool_add (&cell->usual, stream, trace->baseline);
}

void
sal_tally_add (SalTally *self, const SalStream *stream)
{
  self->n_streams++;
  for (guint c = 0; c < C; c++)
    for (guint l = 0; l < L; l++)
      add_cell (&self->cells[c][l], stream, stream->figures[c][l],
          &stream->traces[c][l]);
}

static void
finish_cell (const Cell *cell, guint n, SalStreamingRow *row)
{
  SalDetection ours = pool_detection (&cell->ours);
  SalDetection usual = pool_detection (&cell->usual);

  for (guint f = 0; f < N; f++) {
    row->mean[f] = cell->sum[f] / n;
    double rest = cell->squares[f] - n * row->mean[f] * row->mean[f];
    row->deviation[f] = n > 1 ? sqrt (MAX (rest, 0) / (n - 1)) : 0;
  }
  row->pooled_auc = sal_detection_auc (&ours);
  row->pooled_eer = sal_detection_eer (&ours);
  row->pooled_baseline_auc = sal_detection_auc (&usual);
  row->worst = cell->worst;
  row->worst_auc = cell->worst_auc;
}

void
sal_tally_finish (const SalTally *self, SalStreamingRow *rows)
{
  for (guint i = 0; i < C * L; i++)
    finish_cell (&self->cells[i / L][i % L], self->n_streams, &rows[i]);
}
