/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/analyser.h>

#include <math.h>
#include <string.h>

#include "stream/lanes.h"
#include "stream/session-cohort.h"
#include "network/geometry.h"
#include "network/model-internal.h"
#include "stream/settle-queue.h"
#include "stream/window-internal.h"
#include "base/bytes.h"
#include "base/boxed.h"
#include "map/cam-internal.h"
#include "signal/mel-internal.h"

#define MIN_HOP 5                /* frames */
#define MAX_HOLD 1000            /* frames */
#define MAX_TRUST_INTERVAL 10000 /* windows */

/* What results say of the newest window that counted. */
typedef struct {
  guint64 window; /* its number */
  guint64 start;
  guint n_frames; /* 0: none did */
  SalMapFlags flags;
  float score, peak;
  gboolean tried;
  float trust; /* if tried */
} Facts;

typedef struct {
  SalTarget *target;
  SalTimeline *timeline;
  Facts facts;
} Lane;

struct _SalAnalyser {
  SalModel *model;
  SalAnalyserConfig config;
  guint capacity; /* frames */
  SalMel *mel;
  float *chunk;  /* [SAL_FRAME_RING_SAMPLES] */
  float *frames; /* what a chunk completes, [n, F] */
  SalFrameRing *history;
  SalSettleQueue *schedule;
  SalInference *inference;   /* for whoever computes */
  SalSessionCohort *company; /* NULL: this model cannot tell voices apart */
  guint n_lanes;
  Lane lanes[SAL_ANALYSER_MAX_TARGETS];
  float contrast; /* as of the end of the newest window to be computed */
  guint64 known;  /* one past the last frame that a window counted for */
  gboolean deferred, finished;
  guint epoch; /* windows of an earlier one are dropped */
  guint n_windows;
  SalWindow *windows[SAL_ANALYSER_MAX_WINDOWS];
  GPtrArray *ready; /* of SalMap */
  guint n_popped;   /* of ready */
};

/* --- settings ------------------------------------------------------------ */

void
sal_analyser_config_init (SalAnalyserConfig *config)
{
  *config = (SalAnalyserConfig){
    .hop = 25,
    .lookahead = 50,
    .threads = 1,
    .hold = 100,
  };
  sal_cam_config_init (&config->cam);
}

void
sal_analyser_config_set_cam (SalAnalyserConfig *config, const SalCamConfig *cam)
{
  config->cam = *cam;
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

static gboolean
check_config (const SalAnalyserConfig *config, const SalMelConfig *mel,
    GError **error)
{
  if (config->threads < 1 || config->threads > SAL_NET_MAX_THREADS) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "threads is %u, outside 1..%d", config->threads, SAL_NET_MAX_THREADS);
    return FALSE;
  }
  if (config->hold > MAX_HOLD) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "hold is %u frames, outside 0..%d", config->hold, MAX_HOLD);
    return FALSE;
  }
  if (config->trust_interval > MAX_TRUST_INTERVAL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "trust_interval is %u windows, outside 0..%d", config->trust_interval,
        MAX_TRUST_INTERVAL);
    return FALSE;
  }
  return check_frames ("hop", config->hop, MIN_HOP, mel, error)
      && check_frames ("lookahead", config->lookahead, 0, mel, error)
      && sal_cam_config_check (&config->cam, error);
}

gboolean
sal_analyser_set_config (SalAnalyser *self, const SalAnalyserConfig *config,
    GError **error)
{
  const SalAnalyserConfig *now = &self->config;
  if (config->hop != now->hop || config->lookahead != now->lookahead) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "hop and lookahead are %u and %u frames, and cannot become %u and %u",
        now->hop, now->lookahead, config->hop, config->lookahead);
    return FALSE;
  }
  if (!check_config (config, sal_model_get_mel_config (self->model), error))
    return FALSE;
  self->config = *config;
  return TRUE;
}

/* --- targets ------------------------------------------------------------- */

/* A lane of its own for a target, in the place of another that nobody needs
 * any more, if there is one. */
static Lane
begin_lane (SalAnalyser *self, SalTarget *target, SalTimeline *timeline,
    const Facts *facts, guint64 first)
{
  Lane lane = { .target = sal_target_ref (target),
    .timeline = timeline,
    .facts = *facts };
  lane.facts.flags |= SAL_MAP_EMPTY;
  lane.facts.score = lane.facts.peak = 0;
  lane.facts.tried = FALSE;
  if (timeline != NULL) {
    SalLinePair lines
        = sal_analyser_lines (self->model, target, self->config.lookahead);
    sal_timeline_set_lines (timeline, &lines);
  } else {
    lane.timeline = sal_analyser_timeline_new (self->model, target,
        self->capacity, self->config.lookahead);
  }
  sal_timeline_reset (lane.timeline, first);
  return lane;
}

/* The lane of that target, or any: taken out of `lanes`. */
static Lane
steal_lane (Lane *lanes, guint n, const SalTarget *target)
{
  for (guint i = 0; i < n; i++) {
    if (lanes[i].timeline == NULL
        || (target != NULL && lanes[i].target != target))
      continue;
    Lane lane = lanes[i];
    lanes[i] = (Lane){ NULL, NULL };
    return lane;
  }
  return (Lane){ NULL, NULL };
}

static void
need_results (SalAnalyser *self)
{
  for (guint i = 0; i < self->n_windows; i++)
    if (!self->windows[i]->out)
      sal_window_need_results (self->windows[i], self->n_lanes);
}

void
sal_analyser_set_targets (SalAnalyser *self, SalTarget *const *targets,
    guint n_targets)
{
  g_return_if_fail (n_targets >= 1 && n_targets <= SAL_ANALYSER_MAX_TARGETS);
  for (guint i = 0; i < n_targets; i++)
    g_return_if_fail (
        targets[i] != NULL && sal_target_fits (targets[i], self->model));
  Lane old[SAL_ANALYSER_MAX_TARGETS], lane;
  guint n_old = self->n_lanes;
  const Facts facts = self->lanes[0].facts;
  guint64 first = sal_timeline_get_n_settled (self->lanes[0].timeline);
  memcpy (old, self->lanes, sizeof (old));
  for (guint i = 0; i < n_targets; i++)
    self->lanes[i] = steal_lane (old, n_old, targets[i]);
  for (guint i = 0; i < n_targets; i++) {
    if (self->lanes[i].timeline != NULL)
      continue;
    lane = steal_lane (old, n_old, NULL);
    self->lanes[i]
        = begin_lane (self, targets[i], lane.timeline, &facts, first);
    sal_target_unref (lane.target);
  }
  while ((lane = steal_lane (old, n_old, NULL)).timeline != NULL) {
    sal_timeline_free (lane.timeline);
    sal_target_unref (lane.target);
  }
  self->n_lanes = n_targets;
  need_results (self);
}

/* --- making and resetting ------------------------------------------------ */

static void
need_windows (SalAnalyser *self, guint n)
{
  while (self->n_windows < n)
    self->windows[self->n_windows++] = sal_window_new (self->model);
  need_results (self);
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
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  if (!check_config (config, mel, error))
    return NULL;
  SalMel *front_end = sal_mel_new (mel, error);
  if (front_end == NULL)
    return NULL;
  SalAnalyser *self = g_atomic_rc_box_new0 (SalAnalyser);
  gsize n = sal_mel_max_frames (front_end, SAL_FRAME_RING_SAMPLES);
  self->model = sal_model_ref (model);
  self->config = *config;
  self->mel = front_end;
  self->chunk = g_new (float, SAL_FRAME_RING_SAMPLES);
  self->frames = g_new (float, n * mel->n_bands);
  /* What waits, up to the next point, and the first window over it. */
  self->capacity = SAL_ANALYSER_MAX_AGE + 2 * config->hop + config->lookahead
      + SAL_WINDOW_FRAMES;
  self->history = sal_analyser_history_new (model, self->capacity);
  self->schedule
      = sal_settle_queue_new (SAL_ANALYSER_MAX_AGE / config->hop + 3);
  self->inference = sal_inference_new (model, SAL_WINDOW_FRAMES, &config->cam,
      config->threads);
  self->company
      = sal_session_cohort_new (model, SAL_WINDOW_FRAMES, config->lookahead);
  self->ready = g_ptr_array_new ();
  self->lanes[0] = begin_lane (self, target, NULL, &(Facts){ 0 }, 0);
  self->n_lanes = 1;
  need_windows (self, 1);
  return self;
}

static void
drop_ready (SalAnalyser *self)
{
  for (guint i = self->n_popped; i < self->ready->len; i++)
    sal_map_unref (self->ready->pdata[i]);
  g_ptr_array_set_size (self->ready, 0);
  self->n_popped = 0;
}

static void
analyser_clear (gpointer data)
{
  SalAnalyser *self = data;
  drop_ready (self);
  g_ptr_array_unref (self->ready);
  for (guint i = 0; i < self->n_windows; i++)
    sal_window_free (self->windows[i]);
  for (guint i = 0; i < self->n_lanes; i++) {
    sal_target_unref (self->lanes[i].target);
    sal_timeline_free (self->lanes[i].timeline);
  }
  sal_mel_free (self->mel);
  sal_frame_ring_free (self->history);
  sal_settle_queue_free (self->schedule);
  sal_inference_free (self->inference);
  sal_session_cohort_free (self->company);
  sal_model_unref (self->model);
  g_free (self->chunk);
  g_free (self->frames);
}

void
sal_analyser_free (SalAnalyser *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, analyser_clear);
}

SAL_DEFINE_HANDLE_TYPE (SalAnalyser, sal_analyser)
SAL_DEFINE_PLAIN_TYPE (SalAnalyserConfig, sal_analyser_config)

void
sal_analyser_reset (SalAnalyser *self)
{
  drop_ready (self);
  sal_mel_reset (self->mel);
  sal_frame_ring_reset (self->history);
  sal_session_cohort_reset (self->company, 0);
  sal_settle_queue_reset (self->schedule);
  for (guint i = 0; i < self->n_lanes; i++) {
    sal_timeline_reset (self->lanes[i].timeline, 0);
    self->lanes[i].facts = (Facts){ .flags = SAL_MAP_EMPTY };
  }
  self->known = 0;
  self->finished = FALSE;
  self->epoch++;
}

void
sal_analyser_forget (SalAnalyser *self)
{
  for (guint i = 0; i < self->n_lanes; i++) {
    SalTimeline *timeline = self->lanes[i].timeline;
    sal_timeline_reset (timeline, sal_timeline_get_n_settled (timeline));
  }
  sal_frame_ring_forget_contrast (self->history);
  sal_session_cohort_reset (self->company,
      sal_frame_ring_get_n_frames (self->history));
  sal_settle_queue_forget (self->schedule);
  self->epoch++;
}

/* --- settling ------------------------------------------------------------ */

static guint64
window_start (guint64 end)
{
  return end > SAL_WINDOW_FRAMES ? end - SAL_WINDOW_FRAMES : 0;
}

static void
push_map (SalAnalyser *self, SalMap *map, guint i, const SalSettlePoint *point,
    gboolean late)
{
  const Facts *facts = &self->lanes[i].facts;
  map->target = i;
  map->seqnum = point->seqnum;
  map->window_start = facts->start;
  map->window_frames = facts->n_frames;
  map->flags = facts->flags | (late ? SAL_MAP_LATE : 0);
  map->score = facts->score;
  map->peak = facts->peak;
  map->trust = facts->tried ? facts->trust : NAN;
  g_ptr_array_add (self->ready, map);
}

static void
settle_point (SalAnalyser *self, const SalSettlePoint *point, gboolean late)
{
  guint64 start = window_start (point->end);
  const Facts quiet = { .window = point->window,
    .start = start,
    .n_frames = (guint) (point->end - start),
    .flags = point->flags };
  const SalSettling how = {
    .until = point->until,
    .known = MAX (point->end, self->known),
    .contrast = point->contrast,
    .late = late,
    .hold = self->config.hold,
    .rest = self->config.late_pass ? 1 : 0,
  };
  for (guint i = 0; i < self->n_lanes; i++) {
    Lane *lane = &self->lanes[i];
    if (point->quiet && point->window >= lane->facts.window)
      lane->facts = quiet;
    SalMap *map = sal_timeline_settle (lane->timeline, self->history, &how);
    if (map != NULL)
      push_map (self, map, i, point, late);
  }
}

/* What is resolved, and what windows that end by frame `forced` should have. */
static void
settle_points (SalAnalyser *self, guint64 forced)
{
  const SalSettlePoint *point;
  gboolean late;
  while (
      (point = sal_settle_queue_next (self->schedule, forced, &late)) != NULL)
    settle_point (self, point, late);
}

void
sal_analyser_settle (SalAnalyser *self, guint age)
{
  guint64 now = sal_frame_ring_get_n_frames (self->history);
  settle_points (self, now > age ? now - age : 0);
}

/* --- windows ------------------------------------------------------------- */

static SalWindow *
find_window (const SalAnalyser *self)
{
  for (guint i = 0; i < self->n_windows; i++)
    if (!self->windows[i]->out)
      return self->windows[i];
  return NULL;
}

gboolean
sal_analyser_get_due (const SalAnalyser *self, guint64 *seqnum)
{
  guint64 end;
  return sal_settle_queue_get_due (self->schedule, seqnum, &end);
}

SalWindow *
sal_analyser_take (SalAnalyser *self)
{
  guint64 seqnum, end;
  SalWindow *window = find_window (self);
  if (window == NULL
      || !sal_settle_queue_get_due (self->schedule, &seqnum, &end))
    return NULL;
  sal_settle_queue_take (self->schedule);
  sal_window_need_results (window, self->n_lanes);
  window->out = TRUE;
  window->seqnum = seqnum;
  window->epoch = self->epoch;
  window->start = window_start (end);
  window->n_frames = (guint) (end - window->start);
  window->threads = self->config.threads;
  window->cam = self->config.cam;
  window->contrast = self->contrast;
  window->wants_trust = self->config.trust_interval > 0
      && seqnum % self->config.trust_interval == 0;
  window->computed = FALSE;
  sal_frame_ring_get_frames (self->history, window->start, window->n_frames,
      window->log_mel);
  for (guint i = 0; i < self->n_lanes; i++)
    g_ptr_array_add (window->targets, sal_target_ref (self->lanes[i].target));
  return window;
}

void
sal_analyser_compute (SalAnalyser *self, SalWindow *window)
{
  g_return_if_fail (window->out);
  sal_inference_compute (self->inference, window);
}

/* What a window says of one target. */
static void
count_result (Lane *lane, const SalWindow *window)
{
  const SalWindowResult *result = sal_window_get_result (window, lane->target);
  gboolean empty = result == NULL || result->empty;
  if (result != NULL && result->counts)
    sal_timeline_add (lane->timeline, window->start, window->n_frames,
        result->map, result->columns, window->n_columns, window->per_column);
  if (window->seqnum < lane->facts.window)
    return;
  lane->facts = (Facts){
    .window = window->seqnum,
    .start = window->start,
    .n_frames = window->n_frames,
    .flags = (window->n_frames < SAL_WINDOW_FRAMES ? SAL_MAP_PARTIAL : 0)
        | (empty ? SAL_MAP_EMPTY : 0),
    .score = result != NULL ? result->score : 0,
    .peak = result != NULL ? result->peak : 0,
    .tried = result != NULL && result->tried,
    .trust = result != NULL && result->tried ? result->trust : 0,
  };
}

void
sal_analyser_give (SalAnalyser *self, SalWindow *window)
{
  g_return_if_fail (window->out);
  guint64 end = sal_window_get_end (window);
  if (window->epoch == self->epoch && window->computed) {
    sal_session_cohort_judge_window (self->company, window);
    for (guint i = 0; i < self->n_lanes; i++)
      count_result (&self->lanes[i], window);
    self->known = MAX (self->known, end);
    sal_settle_queue_resolve (self->schedule, window->seqnum);
  } else if (window->epoch == self->epoch) {
    sal_settle_queue_put_back (self->schedule, window->seqnum, end);
  }
  window->out = FALSE;
  g_ptr_array_set_size (window->targets, 0);
  sal_window_need_results (window, self->n_lanes);
  settle_points (self, 0);
}

/* Goes on after a point was reached: at once, or as far as need be. */
static void
proceed (SalAnalyser *self)
{
  sal_analyser_settle (self, SAL_ANALYSER_MAX_AGE);
  if (self->deferred)
    return;
  SalWindow *window = sal_analyser_take (self);
  if (window == NULL)
    return;
  sal_analyser_compute (self, window);
  sal_analyser_give (self, window);
}

void
sal_analyser_set_deferred (SalAnalyser *self, gboolean deferred)
{
  for (guint i = 0; i < self->n_windows; i++)
    g_return_if_fail (deferred || !self->windows[i]->out);
  if (deferred)
    need_windows (self, SAL_ANALYSER_MAX_WINDOWS);
  self->deferred = deferred;
  proceed (self);
}

/* --- the stream ---------------------------------------------------------- */

/* The window that ends at frame `end`; frames before `until` are settled. */
static void
reach_point (SalAnalyser *self, guint64 end, guint64 until)
{
  guint64 start = window_start (end);
  SalSettlePoint point = { .end = end,
    .until = until,
    .contrast = sal_frame_ring_get_contrast (self->history) };
  if (end - start < SAL_WINDOW_FRAMES)
    point.flags |= SAL_MAP_PARTIAL;
  if (sal_frame_ring_is_silent (self->history, start, end))
    point.flags |= SAL_MAP_SILENCE | SAL_MAP_EMPTY;
  else if (end - start < SAL_WINDOW_LEAST_FRAMES)
    point.flags |= SAL_MAP_EMPTY;
  point.quiet = (point.flags & SAL_MAP_EMPTY) != 0;
  if (!point.quiet)
    self->contrast = point.contrast;
  sal_settle_queue_reach (self->schedule, &point);
  proceed (self);
}

static void
push_frames (SalAnalyser *self, gsize n)
{
  guint F = sal_model_get_mel_config (self->model)->n_bands;
  guint A = self->config.lookahead;
  for (gsize i = 0; i < n; i++) {
    sal_frame_ring_push_frame (self->history, self->frames + i * F);
    guint64 end = sal_frame_ring_get_n_frames (self->history);
    if (end % self->config.hop == 0)
      reach_point (self, end, end > A ? end - A : 0);
  }
}

void
sal_analyser_push (SalAnalyser *self, const float *samples, gsize n_samples)
{
  g_return_if_fail (!self->finished);
  while (n_samples > 0) {
    gsize n = MIN (n_samples, SAL_FRAME_RING_SAMPLES);
    for (gsize i = 0; i < n; i++)
      self->chunk[i] = isfinite (samples[i])
          ? CLAMP (samples[i], -SAL_LOUDEST, SAL_LOUDEST)
          : 0;
    sal_frame_ring_listen (self->history, self->chunk, n);
    push_frames (self, sal_mel_push (self->mel, self->chunk, n, self->frames));
    samples += n;
    n_samples -= n;
  }
}

gboolean
sal_analyser_push_bytes (SalAnalyser *self, GBytes *samples, GError **error)
{
  const float *values;
  gsize n;
  if (!sal_bytes_get_floats (samples, &values, &n, error))
    return FALSE;
  sal_analyser_push (self, values, n);
  return TRUE;
}

void
sal_analyser_finish (SalAnalyser *self)
{
  g_return_if_fail (!self->finished);
  self->finished = TRUE;
  push_frames (self, sal_mel_finish (self->mel, self->frames));
  guint64 n = sal_frame_ring_get_n_frames (self->history);
  if (n % self->config.hop != 0) {
    reach_point (self, n, n);
  } else { /* the last window ended here, only the settling is new */
    sal_settle_queue_reach_end (self->schedule, n,
        sal_frame_ring_get_contrast (self->history));
    proceed (self);
  }
  if (!self->deferred)
    sal_analyser_settle (self, 0);
}

SalMap *
sal_analyser_pop (SalAnalyser *self)
{
  if (self->n_popped == self->ready->len)
    return NULL;
  SalMap *map = self->ready->pdata[self->n_popped++];
  if (2 * self->n_popped >= self->ready->len) {
    g_ptr_array_remove_range (self->ready, 0, self->n_popped);
    self->n_popped = 0;
  }
  return map;
}

guint
sal_analyser_get_delay (const SalAnalyser *self)
{
  const SalMelConfig *mel = &sal_model_get_description (self->model)->mel;
  guint last = mel->framing == SAL_FRAMING_REFLECT
      ? mel->fft_size - mel->fft_size / 2
      : mel->window_length;
  return (self->config.lookahead + self->config.hop - 1) * mel->hop + last
      - sal_mel_config_centre (mel);
}
