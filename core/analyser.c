/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyser.h"

#include <math.h>
#include <string.h>

#include "analyser-private.h"
#include "model-private.h"

#define MIN_HOP 5            /* frames */
#define SILENCE_RMS 3.2e-4f  /* -70 dB of full scale, below any noise */
#define CHUNK 1024           /* samples, so that buffers have a fixed size */

struct _SalAnalyser {
  SalModel *model;
  SalTarget *target;
  SalAnalyserConfig config;
  SalMel *mel;
  SalNet *net;
  SalCam *cam;
  SalScorer *scorer;
  SalTimeline *timeline;
  guint per_column;     /* frames per column of S4 */
  guint64 seqnum;       /* of the next window */
  SalMap facts;         /* scalars of the newest window */
  double energy;        /* of the step of one hop of samples being filled */
  guint n_energy;       /* samples in it */
  guint64 n_steps;      /* filled; step t is where frame t begins */
  guint n_loud;
  guint8 *loud;         /* whether step t % n_loud had sound, [n_loud] */
  gboolean finished;
  GQueue ready;         /* of SalMap */
  float *chunk;         /* [CHUNK] */
  float *frames;        /* what a chunk completes, [n, F] */
  float *window;        /* [F, T] */
  float *map;           /* [F, T] */
  float *columns;       /* log-odds, [SAL_WINDOW_FRAMES] */
};

void
sal_analyser_config_init (SalAnalyserConfig *config)
{
  config->hop = 25;
  config->lookahead = 50;
  config->threads = 1;
  sal_cam_config_init (&config->cam);
}

static gboolean
check_frames (const char *name, guint frames, guint least,
    const SalMelConfig *mel, GError **error)
{
  double ms = 1000.0 * mel->hop / mel->sample_rate;
  if (frames >= least && frames <= SAL_WINDOW_FRAMES)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
      "%s is %g ms (%u frames), outside %g..%g ms", name, frames * ms, frames,
      least * ms, SAL_WINDOW_FRAMES * ms);
  return FALSE;
}

guint
sal_analyser_per_column (const SalModel *model)
{
  guint n = 1;
  for (guint i = 0; i < SAL_NET_STAGES; i++)
    n *= sal_model_get_record (model)->topology.strides[i];
  return n;
}

/* What makes log-odds log-likelihood ratios. */
static SalLinePair
dense_lines (const SalModel *model, const SalTarget *target, guint lookahead)
{
  const SalRecord *record = sal_model_get_record (model);
  const SalCalibration *c = &record->calibration;
  gboolean enrolled = sal_target_get_class (target) < 0;
  double seconds
      = (double) lookahead * record->mel.hop / record->mel.sample_rate;
  float db = (float) ((record->mel.power ? 10 : 20) / G_LN10);
  return (SalLinePair){
    .noisy = sal_curve_at (enrolled ? &c->noisy.enrolled : &c->noisy.classes,
        seconds),
    .clean = sal_curve_at (enrolled ? &c->dense.enrolled : &c->dense.classes,
        seconds),
    .noisy_at = c->noisy_db / db,
    .clean_at = c->clean_db / db,
  };
}

SalTimeline *
sal_analyser_timeline_new (const SalModel *model, const SalTarget *target,
    guint hop, guint lookahead)
{
  const SalRecord *record = sal_model_get_record (model);
  SalLinePair lines = dense_lines (model, target, lookahead);
  return sal_timeline_new (record->mel.n_bands,
      2 * SAL_WINDOW_FRAMES + hop + lookahead,
      (double) record->mel.hop / record->mel.sample_rate,
      &lines, &record->calibration.presence);
}

gboolean
sal_analyser_hears (double energy, guint n_samples)
{
  return energy > (double) SILENCE_RMS * SILENCE_RMS * n_samples;
}

SalAnalyser *
sal_analyser_new (SalModel *model, SalTarget *target,
    const SalAnalyserConfig *config, GError **error)
{
  g_return_val_if_fail (model != NULL && target != NULL, NULL);
  SalAnalyserConfig defaults;
  sal_analyser_config_init (&defaults);
  if (config == NULL)
    config = &defaults;
  if (!sal_target_fits (target, model)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_MISMATCH,
        "target %s was made for another model than %s",
        sal_target_get_name (target), sal_model_get_name (model));
    return NULL;
  }
  if (config->threads < 1 || config->threads > SAL_NET_MAX_THREADS) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "threads is %u, outside 1..%d", config->threads,
        SAL_NET_MAX_THREADS);
    return NULL;
  }
  const SalRecord *record = sal_model_get_record (model);
  if (!check_frames ("hop", config->hop, MIN_HOP, &record->mel, error)
      || !check_frames ("lookahead", config->lookahead, 0, &record->mel, error)
      || !sal_cam_config_check (&config->cam, error))
    return NULL;
  SalMel *mel = sal_mel_new (&record->mel, error);
  if (mel == NULL)
    return NULL;
  SalAnalyser *self = g_new0 (SalAnalyser, 1);
  gsize F = record->mel.n_bands;
  self->model = sal_model_ref (model);
  self->target = sal_target_ref (target);
  self->config = *config;
  self->mel = mel;
  self->net = sal_net_new (model, SAL_WINDOW_FRAMES,
      sal_cam_config_deepest (&config->cam), config->threads);
  self->cam = sal_cam_new (model, SAL_WINDOW_FRAMES);
  self->scorer = sal_scorer_new (model);
  self->timeline = sal_analyser_timeline_new (model, target, config->hop,
      config->lookahead);
  self->per_column = sal_analyser_per_column (model);
  /* A window, what a chunk is ahead of it, and what a frame is. */
  self->n_loud = SAL_WINDOW_FRAMES
      + (CHUNK + record->mel.fft_size) / record->mel.hop + 2;
  self->loud = g_new0 (guint8, self->n_loud);
  self->chunk = g_new (float, CHUNK);
  self->frames = g_new (float, sal_mel_max_frames (mel, CHUNK) * F);
  self->window = g_new (float, SAL_WINDOW_FRAMES * F);
  self->map = g_new (float, SAL_WINDOW_FRAMES * F);
  self->columns = g_new (float, SAL_WINDOW_FRAMES);
  return self;
}

void
sal_analyser_free (SalAnalyser *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->ready, (GDestroyNotify) sal_map_unref);
  sal_model_unref (self->model);
  sal_target_unref (self->target);
  sal_mel_free (self->mel);
  sal_net_free (self->net);
  sal_cam_free (self->cam);
  sal_scorer_free (self->scorer);
  sal_timeline_free (self->timeline);
  g_free (self->loud);
  g_free (self->chunk);
  g_free (self->frames);
  g_free (self->window);
  g_free (self->map);
  g_free (self->columns);
  g_free (self);
}

void
sal_analyser_reset (SalAnalyser *self)
{
  g_queue_clear_full (&self->ready, (GDestroyNotify) sal_map_unref);
  sal_mel_reset (self->mel);
  sal_timeline_reset (self->timeline);
  self->seqnum = 0;
  self->energy = 0;
  self->n_energy = 0;
  self->n_steps = 0;
  self->finished = FALSE;
}

/* --- windows ------------------------------------------------------------- */

static gboolean
all_finite (const float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (x[i]))
      return FALSE;
  return TRUE;
}

/* Forward pass, scores and map of frames [start, start + n); fills the scalars
 * of a result. */
static void
compute_window (SalAnalyser *self, guint64 start, guint n, SalMap *facts)
{
  guint shape[3];
  SalScore score;
  sal_timeline_get_window (self->timeline, start, n, self->window);
  sal_net_forward (self->net, self->window, n);
  sal_scorer_score (self->scorer, self->target,
      sal_net_get_embedding (self->net), &score);
  sal_scorer_dense (self->scorer, self->net, self->target,
      SAL_DENSE_COLUMNS, self->columns);
  sal_net_get_stage (self->net, SAL_NET_STAGES - 1, shape);
  if (!isfinite (score.log_odds) || !all_finite (self->columns, shape[2])) {
    facts->flags |= SAL_MAP_EMPTY; /* weights far out of range */
    return;
  }
  facts->score = score.log_odds;
  if (!sal_cam_compute (self->cam, self->net, self->target, &self->config.cam,
          self->map, &facts->peak))
    facts->flags |= SAL_MAP_EMPTY;
  sal_timeline_add (self->timeline, start, n, self->map, self->columns,
      shape[2], self->per_column);
}

static gboolean
is_silent (const SalAnalyser *self, guint64 start, guint64 end)
{
  for (guint64 t = start; t < MIN (end, self->n_steps); t++)
    if (self->loud[t % self->n_loud])
      return FALSE;
  return TRUE;
}

/* Frames before `until` are settled; the newest window's facts go with them. */
static void
settle (SalAnalyser *self, guint64 until)
{
  const SalMap *facts = &self->facts;
  SalMap *map = sal_timeline_settle (self->timeline, until);
  if (map == NULL)
    return;
  map->seqnum = facts->seqnum;
  map->window_start = facts->window_start;
  map->window_frames = facts->window_frames;
  map->flags = facts->flags;
  map->score = facts->score;
  map->peak = facts->peak;
  g_queue_push_tail (&self->ready, map);
}

/* The window that ends at frame `end`; frames before `until` are settled. */
static void
run_window (SalAnalyser *self, guint64 end, guint64 until)
{
  guint64 start = end > SAL_WINDOW_FRAMES ? end - SAL_WINDOW_FRAMES : 0;
  guint n = (guint) (end - start);
  SalMap facts = { .seqnum = self->seqnum++, .window_start = start,
    .window_frames = n };
  if (n < SAL_WINDOW_FRAMES)
    facts.flags |= SAL_MAP_PARTIAL;
  if (is_silent (self, start, end))
    facts.flags |= SAL_MAP_SILENCE | SAL_MAP_EMPTY;
  else if (n < SAL_WINDOW_LEAST_FRAMES)
    facts.flags |= SAL_MAP_EMPTY;
  else
    compute_window (self, start, n, &facts);
  self->facts = facts;
  settle (self, until);
}

static void
push_frames (SalAnalyser *self, gsize n)
{
  guint F = sal_model_get_record (self->model)->mel.n_bands;
  guint A = self->config.lookahead;
  for (gsize i = 0; i < n; i++) {
    sal_timeline_push_frame (self->timeline, self->frames + i * F);
    guint64 end = sal_timeline_get_n_frames (self->timeline);
    if (end % self->config.hop == 0)
      run_window (self, end, end > A ? end - A : 0);
  }
}

static void
listen (SalAnalyser *self, const float *samples, gsize n_samples)
{
  guint hop = sal_model_get_record (self->model)->mel.hop;
  for (gsize i = 0; i < n_samples; i++) {
    self->energy += (double) samples[i] * samples[i];
    if (++self->n_energy < hop)
      continue;
    self->loud[self->n_steps++ % self->n_loud]
        = sal_analyser_hears (self->energy, hop);
    self->energy = 0;
    self->n_energy = 0;
  }
}

void
sal_analyser_push (SalAnalyser *self, const float *samples, gsize n_samples)
{
  g_return_if_fail (!self->finished);
  while (n_samples > 0) {
    gsize n = MIN (n_samples, CHUNK);
    for (gsize i = 0; i < n; i++)
      self->chunk[i] = isfinite (samples[i])
          ? CLAMP (samples[i], -SAL_LOUDEST, SAL_LOUDEST) : 0;
    listen (self, self->chunk, n);
    push_frames (self,
        sal_mel_push (self->mel, self->chunk, n, self->frames));
    samples += n;
    n_samples -= n;
  }
}

void
sal_analyser_finish (SalAnalyser *self)
{
  g_return_if_fail (!self->finished);
  self->finished = TRUE;
  push_frames (self, sal_mel_finish (self->mel, self->frames));
  guint64 n = sal_timeline_get_n_frames (self->timeline);
  if (n % self->config.hop != 0) {
    run_window (self, n, n);
  } else { /* the last window ended here, only the settling is new */
    self->facts.seqnum = self->seqnum++;
    settle (self, n);
  }
}

SalMap *
sal_analyser_pop (SalAnalyser *self)
{
  return g_queue_pop_head (&self->ready);
}

void
sal_analyser_set_target (SalAnalyser *self, SalTarget *target)
{
  g_return_if_fail (target != NULL && sal_target_fits (target, self->model));
  sal_target_ref (target);
  sal_target_unref (self->target);
  self->target = target;
  sal_timeline_forget (self->timeline);
  SalLinePair lines
      = dense_lines (self->model, target, self->config.lookahead);
  sal_timeline_set_lines (self->timeline, &lines);
}

guint
sal_analyser_get_delay (const SalAnalyser *self)
{
  const SalMelConfig *mel = &sal_model_get_record (self->model)->mel;
  guint last = mel->framing == SAL_FRAMING_REFLECT
      ? mel->fft_size - mel->fft_size / 2 : mel->window_length;
  return (self->config.lookahead + self->config.hop - 1) * mel->hop + last
      - sal_mel_config_centre (mel);
}
