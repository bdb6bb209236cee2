/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/streaming-figures.h"

#include <math.h>
#include <string.h>

#include <saliency/render.h>
#include "compute/vector.h"
#include "eval/detection.h"
#include "mask/gate-internal.h"

#define L EVAL_STREAMING_LOOKAHEADS
#define N EVAL_STREAMING_FIGURES

const guint eval_streaming_lookaheads_ms[L] = { 250, 500, 1000, 2000 };

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

static void
stream_clear (gpointer data)
{
  EvalStream *self = data;

  for (guint c = 0; c < self->n_conditions; c++)
    eval_traces_free (self->traces[c], 2 * L);
  eval_conversation_free (self->conversation);
  g_free (self->is_target);
  g_free (self->speech);
}

EvalStream *
eval_stream_ref (EvalStream *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
eval_stream_unref (EvalStream *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, stream_clear);
}

/* --- figures of one stream ----------------------------------------------- */

/* Target and other values of the frames of speech, [n_target + n_other]. */
static float *
split (const EvalStream *self, const float *values, EvalDetection *detection)
{
  float *sorted = g_new (float, self->n_frames + 1);
  gsize n = 0;

  for (guint want = 2; want-- > 0;) {
    for (gsize t = 0; t < self->n_frames; t++)
      if (self->speech[t] && (self->is_target[t] ? 1u : 0u) == want)
        sorted[n++] = values[t];
    if (want == 1)
      detection->n_target = n;
  }
  detection->target = sorted;
  detection->other = sorted + detection->n_target;
  detection->n_other = n - detection->n_target;
  return sorted;
}

/* Part of the values that are not below the limit. */
static double
part_above (const float *values, gsize n, float limit)
{
  gsize sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += values[i] >= limit;
  return n > 0 ? (double) sum / (double) n : NAN;
}

/* The clean stream, masked with the default gate. */
static float *
mask (const EvalStream *self, const SalMelConfig *mel, const float *activity)
{
  const EvalConversation *talk = self->conversation;
  float *out = g_new (float, talk->n_samples);
  g_autoptr (SalRender) render = sal_render_new (mel, NULL, FALSE, NULL);

  sal_render_set_format (render, mel->sample_rate, 1, NULL);
  sal_render_push_activity (render, activity, (guint) self->n_frames);
  sal_render_push (render, talk->clean, talk->n_samples);
  sal_render_finish (render);
  sal_render_pull (render, out, talk->n_samples);
  return out;
}

/* Change in dB of the energy of frames of speech: of the target, of others, of
 * all. */
static void
changes_db (const EvalStream *self, const SalMelConfig *mel, const float *after,
    double change[3])
{
  const EvalConversation *talk = self->conversation;
  double sums[2][2] = { { 0, 0 }, { 0, 0 } }; /* [target, before or after] */
  gssize first = (gssize) sal_mel_config_centre (mel) - mel->hop / 2;

  for (gsize t = 0; t < self->n_frames; t++) {
    gssize begin = first + (gssize) (t * mel->hop);
    gssize end = MIN (begin + (gssize) mel->hop, (gssize) talk->n_samples);
    double *sum = sums[self->is_target[t] != 0];
    for (gssize i = MAX (begin, 0); self->speech[t] && i < end; i++) {
      sum[0] += (double) talk->clean[i] * talk->clean[i];
      sum[1] += (double) after[i] * after[i];
    }
  }
  change[0] = 10 * log10 (sums[1][1] / sums[1][0]);
  change[1] = 10 * log10 (sums[0][1] / sums[0][0]);
  change[2]
      = 10 * log10 ((sums[0][1] + sums[1][1]) / (sums[0][0] + sums[1][0]));
}

/* How often a gate with the default thresholds opens or closes. */
static double
switches_per_minute (const EvalStream *self, const float *activity)
{
  SalGateConfig config;
  g_autofree float *gains = g_new (float, self->n_frames + 1);
  gboolean open = FALSE;
  guint n = 0;

  sal_gate_config_init (&config);
  config.attack_ms = config.release_ms = 0;
  g_autoptr (SalGate) gate
      = sal_gate_new (&config, 1, (float) (1000 * self->frame_seconds), NULL);
  sal_gate_process (gate, activity, (guint) self->n_frames, gains);
  for (gsize t = 0; t < self->n_frames; t++) {
    n += (gains[t] >= 1) != open;
    open = gains[t] >= 1;
  }
  return n * 60 / ((double) self->n_frames * self->frame_seconds);
}

static void
measure_mask (const EvalStream *self, const SalMelConfig *mel,
    const EvalTrace *present, const EvalTrace *absent, double *figures)
{
  double change[3];
  g_autofree float *kept = mask (self, mel, present->activity);
  g_autofree float *dark = mask (self, mel, absent->activity);

  changes_db (self, mel, kept, change);
  figures[EVAL_STREAMING_KEPT] = change[0];
  figures[EVAL_STREAMING_REMOVED] = -change[1];
  changes_db (self, mel, dark, change);
  figures[EVAL_STREAMING_ABSENT_REMOVED] = -change[2];
}

static void
measure (const EvalStream *self, const SalMelConfig *mel,
    const EvalTrace *present, const EvalTrace *absent, double *figures)
{
  EvalDetection ours, odds, usual, dark;
  g_autofree float *a = split (self, present->activity, &ours);
  g_autofree float *b = split (self, present->log_odds, &odds);
  g_autofree float *c = split (self, present->baseline, &usual);
  g_autofree float *d = split (self, absent->activity, &dark);
  double minutes
      = (double) self->conversation->n_samples / mel->sample_rate / 60;

  figures[EVAL_STREAMING_AUC] = eval_detection_auc (&ours);
  figures[EVAL_STREAMING_BASELINE_AUC] = eval_detection_auc (&usual);
  figures[EVAL_STREAMING_LOG_ODDS_AUC] = eval_detection_auc (&odds);
  figures[EVAL_STREAMING_EER] = eval_detection_eer (&ours);
  figures[EVAL_STREAMING_BASELINE_EER] = eval_detection_eer (&usual);
  figures[EVAL_STREAMING_MISS]
      = 1 - part_above (ours.target, ours.n_target, 0.5f);
  figures[EVAL_STREAMING_FALSE_ALARM]
      = part_above (ours.other, ours.n_other, 0.5f);
  figures[EVAL_STREAMING_SWITCHES]
      = switches_per_minute (self, present->activity);
  figures[EVAL_STREAMING_TRUE_SWITCHES]
      = eval_conversation_n_switches (self->conversation) / minutes;
  figures[EVAL_STREAMING_ABSENT_ABOVE]
      = part_above (d, dark.n_target + dark.n_other, nextafterf (0.1f, 1));
  measure_mask (self, mel, present, absent, figures);
}

/* Nobody speaks: how often either target is heard. */
static void
measure_nobody (const EvalStream *self, const EvalTrace *a, const EvalTrace *b,
    double *figures)
{
  float limit = nextafterf (0.1f, 1);

  for (guint f = 0; f < N; f++)
    figures[f] = NAN;
  figures[EVAL_STREAMING_ABSENT_ABOVE]
      = (part_above (a->activity, self->n_frames, limit)
            + part_above (b->activity, self->n_frames, limit))
      / 2;
}

void
eval_stream_measure (EvalStream *self, const SalMelConfig *mel)
{
  for (guint c = 0; c < self->n_conditions; c++)
    for (guint l = 0; l < L; l++) {
      const EvalTrace *present = &self->traces[c][l];
      const EvalTrace *absent = &self->traces[c][L + l];
      if (self->conditions[c] == EVAL_CONDITION_MUSIC_ALONE)
        measure_nobody (self, present, absent, self->figures[c][l]);
      else
        measure (self, mel, present, absent, self->figures[c][l]);
    }
}

/* --- figures of all streams ---------------------------------------------- */

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
  if (isnan (figures[EVAL_STREAMING_AUC])) /* nobody speaks */
    return;
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
