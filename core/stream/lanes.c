/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/lanes.h"

#include <math.h>

#include "network/geometry.h"
#include "network/model-internal.h"
#include "stream/lane.h"
#include "stream/session-cohort.h"

struct _SalLanes {
  SalModel *model;
  guint hop, max_age; /* frames */
  guint n_lookaheads;
  guint *lookaheads; /* frames */
  guint longest;     /* of them */
  guint capacity;    /* frames */
  SalMel *mel;
  float *samples;          /* [SAL_FRAME_RING_SAMPLES] */
  float *heard;            /* frames that they complete, [n_heard, F] .. */
  gsize n_heard, n_walked; /* .. of which so many are in the ring */
  SalFrameRing *ring;
  SalSettleQueue *queue;
  SalSessionCohort **cohorts; /* by look-ahead; NULL: the model has none */
  guint n_targets;
  SalLane **lanes; /* [n_targets, n_lookaheads] */
  float contrast;  /* as of the end of the newest window to be computed */
  guint64 known;   /* one past the last frame that a window counted for */
  guint hold;      /* frames */
  float rest;
  gboolean finished, ended;
  guint epoch;        /* windows of an earlier one are dropped */
  GPtrArray *windows; /* of SalWindow */
  GPtrArray *ready;   /* of SalMap */
  guint n_popped;     /* of ready */
};

static guint
n_lanes (const SalLanes *self)
{
  return self->n_targets * self->n_lookaheads;
}

/* --- making and resetting ------------------------------------------------ */

static SalFrameRing *
new_ring (const SalMelConfig *mel, guint capacity)
{
  /* A window, the samples heard ahead of it, and those of a frame. */
  guint n_loud = SAL_WINDOW_FRAMES
      + (SAL_FRAME_RING_SAMPLES + mel->fft_size) / mel->hop + 2;
  return sal_frame_ring_new (mel->n_bands, capacity, mel->hop, n_loud);
}

static void
copy_config (SalLanes *self, const SalLanesConfig *config)
{
  gsize size = config->n_lookaheads * sizeof (guint);
  self->hop = config->hop;
  self->max_age = config->max_age;
  self->n_lookaheads = config->n_lookaheads;
  self->lookaheads = g_memdup2 (config->lookaheads, size);
  for (guint l = 0; l < self->n_lookaheads; l++)
    self->longest = MAX (self->longest, self->lookaheads[l]);
  /* What waits, up to the next point, and the first window over it. */
  self->capacity
      = self->max_age + 2 * self->hop + self->longest + SAL_WINDOW_FRAMES;
}

SalLanes *
sal_lanes_new (SalModel *model, const SalLanesConfig *config,
    SalTarget *const *targets, guint n_targets, GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  SalMel *front_end = sal_mel_new (mel, error);
  if (front_end == NULL)
    return NULL;
  SalLanes *self = g_new0 (SalLanes, 1);
  self->model = sal_model_ref (model);
  copy_config (self, config);
  self->mel = front_end;
  self->samples = g_new (float, SAL_FRAME_RING_SAMPLES);
  self->heard = g_new (float,
      sal_mel_max_frames (front_end, SAL_FRAME_RING_SAMPLES) * mel->n_bands);
  self->ring = new_ring (mel, self->capacity);
  self->queue = sal_settle_queue_new (self->max_age / self->hop + 3);
  self->cohorts = g_new (SalSessionCohort *, self->n_lookaheads);
  for (guint l = 0; l < self->n_lookaheads; l++)
    self->cohorts[l] = sal_session_cohort_new (model, SAL_WINDOW_FRAMES,
        self->lookaheads[l]);
  self->windows
      = g_ptr_array_new_with_free_func ((GDestroyNotify) sal_window_free);
  self->ready = g_ptr_array_new ();
  sal_lanes_set_targets (self, targets, n_targets);
  sal_lanes_need_windows (self, 1);
  return self;
}

static void
drop_ready (SalLanes *self)
{
  for (guint i = self->n_popped; i < self->ready->len; i++)
    sal_map_unref (self->ready->pdata[i]);
  g_ptr_array_set_size (self->ready, 0);
  self->n_popped = 0;
}

void
sal_lanes_free (SalLanes *self)
{
  if (self == NULL)
    return;
  drop_ready (self);
  g_ptr_array_unref (self->ready);
  g_ptr_array_unref (self->windows);
  for (guint i = 0; i < n_lanes (self); i++)
    sal_lane_free (self->lanes[i]);
  for (guint l = 0; l < self->n_lookaheads; l++)
    sal_session_cohort_free (self->cohorts[l]);
  sal_mel_free (self->mel);
  sal_frame_ring_free (self->ring);
  sal_settle_queue_free (self->queue);
  sal_model_unref (self->model);
  g_free (self->lanes);
  g_free (self->cohorts);
  g_free (self->lookaheads);
  g_free (self->samples);
  g_free (self->heard);
  g_free (self);
}

void
sal_lanes_reset (SalLanes *self)
{
  drop_ready (self);
  sal_mel_reset (self->mel);
  sal_frame_ring_reset (self->ring);
  sal_settle_queue_reset (self->queue);
  for (guint l = 0; l < self->n_lookaheads; l++)
    sal_session_cohort_reset (self->cohorts[l], 0);
  for (guint i = 0; i < n_lanes (self); i++)
    sal_lane_reset (self->lanes[i]);
  self->n_heard = self->n_walked = 0;
  self->known = 0;
  self->finished = self->ended = FALSE;
  self->epoch++;
}

void
sal_lanes_forget (SalLanes *self)
{
  guint64 now = sal_frame_ring_get_n_frames (self->ring);
  for (guint i = 0; i < n_lanes (self); i++)
    sal_lane_forget (self->lanes[i]);
  for (guint l = 0; l < self->n_lookaheads; l++)
    sal_session_cohort_reset (self->cohorts[l], now);
  sal_frame_ring_forget_contrast (self->ring);
  sal_settle_queue_forget (self->queue);
  self->epoch++;
}

/* --- targets ------------------------------------------------------------- */

/* The lane of that target with look-ahead l is taken out of `lanes`; NULL if
 * there is none. */
static SalLane *
steal_lane (SalLane **lanes, guint n_targets, guint n_lookaheads,
    const SalTarget *target, guint l)
{
  for (guint i = l; i < n_targets * n_lookaheads; i += n_lookaheads)
    if (lanes[i] != NULL && sal_lane_get_target (lanes[i]) == target)
      return g_steal_pointer (&lanes[i]);
  return NULL;
}

static void
need_results (SalLanes *self)
{
  for (guint i = 0; i < self->windows->len; i++) {
    SalWindow *window = self->windows->pdata[i];
    if (!window->out)
      sal_window_need_results (window, self->n_targets);
  }
}

void
sal_lanes_set_targets (SalLanes *self, SalTarget *const *targets,
    guint n_targets)
{
  guint L = self->n_lookaheads, n_old = self->n_targets;
  g_autofree SalLane **old = self->lanes;
  g_autofree SalLane **beside
      = g_memdup2 (old, n_old > 0 ? L * sizeof (SalLane *) : 0);
  self->lanes = g_new (SalLane *, n_targets * L);
  self->n_targets = n_targets;
  for (guint i = 0; i < n_lanes (self); i++) {
    SalTarget *target = targets[i / L];
    guint l = i % L;
    self->lanes[i] = steal_lane (old, n_old, L, target, l);
    if (self->lanes[i] == NULL)
      self->lanes[i] = sal_lane_new (self->model, target, self->lookaheads[l],
          self->capacity, beside != NULL ? beside[l] : NULL);
  }
  for (guint i = 0; i < n_old * L; i++)
    sal_lane_free (old[i]);
  need_results (self);
}

void
sal_lanes_set_hold (SalLanes *self, guint hold, float rest)
{
  self->hold = hold;
  self->rest = rest;
}

void
sal_lanes_need_windows (SalLanes *self, guint n)
{
  while (self->windows->len < n)
    g_ptr_array_add (self->windows, sal_window_new (self->model));
  need_results (self);
}

/* --- settling ------------------------------------------------------------ */

static void
settle_point (SalLanes *self, const SalSettlePoint *point, gboolean late)
{
  const SalSettling how = {
    .known = MAX (point->end, self->known),
    .contrast = point->contrast,
    .late = late,
    .hold = self->hold,
    .rest = self->rest,
  };
  for (guint i = 0; i < n_lanes (self); i++) {
    SalMap *map = sal_lane_settle (self->lanes[i], self->ring, point, how);
    if (map == NULL)
      continue;
    map->target = i;
    g_ptr_array_add (self->ready, map);
  }
}

/* The points that are resolved, and those whose windows end by frame
 * `forced`. */
static void
settle_points (SalLanes *self, guint64 forced)
{
  const SalSettlePoint *point;
  gboolean late;
  while ((point = sal_settle_queue_next (self->queue, forced, &late)) != NULL)
    settle_point (self, point, late);
}

void
sal_lanes_settle (SalLanes *self, guint age)
{
  guint64 now = sal_frame_ring_get_n_frames (self->ring);
  settle_points (self, now > age ? now - age : 0);
}

SalMap *
sal_lanes_pop (SalLanes *self)
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

/* --- walking ------------------------------------------------------------- */

/* The window that ends at frame `end`. */
static void
reach_point (SalLanes *self, guint64 end, gboolean last)
{
  guint64 start = sal_window_start (end);
  guint A = last ? 0 : self->longest;
  SalSettlePoint point = { .end = end,
    .until = end > A ? end - A : 0,
    .last = last,
    .contrast = sal_frame_ring_get_contrast (self->ring) };
  if (end - start < SAL_WINDOW_FRAMES)
    point.flags |= SAL_MAP_PARTIAL;
  if (sal_frame_ring_is_silent (self->ring, start, end))
    point.flags |= SAL_MAP_SILENCE | SAL_MAP_EMPTY;
  else if (end - start < SAL_WINDOW_LEAST_FRAMES)
    point.flags |= SAL_MAP_EMPTY;
  point.quiet = (point.flags & SAL_MAP_EMPTY) != 0;
  if (!point.quiet)
    self->contrast = point.contrast;
  sal_settle_queue_reach (self->queue, &point);
}

static void
reach_end (SalLanes *self)
{
  guint64 end = sal_frame_ring_get_n_frames (self->ring);
  self->ended = TRUE;
  if (end % self->hop != 0)
    reach_point (self, end, TRUE);
  else /* the last window ended here, only the settling is new */
    sal_settle_queue_reach_end (self->queue, end,
        sal_frame_ring_get_contrast (self->ring));
}

/* Puts frames in the ring until a point is reached. */
static gboolean
walk (SalLanes *self)
{
  guint F = sal_model_get_mel_config (self->model)->n_bands;
  while (self->n_walked < self->n_heard) {
    sal_frame_ring_push_frame (self->ring, self->heard + self->n_walked++ * F);
    guint64 end = sal_frame_ring_get_n_frames (self->ring);
    if (end % self->hop == 0) {
      reach_point (self, end, FALSE);
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
sal_lanes_advance (SalLanes *self)
{
  if (!walk (self)) {
    if (!self->finished || self->ended)
      return FALSE;
    reach_end (self);
  }
  sal_lanes_settle (self, self->max_age);
  return TRUE;
}

gsize
sal_lanes_listen (SalLanes *self, const float *samples, gsize n_samples)
{
  gsize n = MIN (n_samples, SAL_FRAME_RING_SAMPLES);
  g_assert (self->n_walked == self->n_heard && !self->finished);
  for (gsize i = 0; i < n; i++)
    self->samples[i] = isfinite (samples[i])
        ? CLAMP (samples[i], -SAL_LOUDEST, SAL_LOUDEST)
        : 0;
  sal_frame_ring_listen (self->ring, self->samples, n);
  self->n_heard = sal_mel_push (self->mel, self->samples, n, self->heard);
  self->n_walked = 0;
  return n;
}

void
sal_lanes_finish (SalLanes *self)
{
  g_assert (self->n_walked == self->n_heard && !self->finished);
  self->n_heard = sal_mel_finish (self->mel, self->heard);
  self->n_walked = 0;
  self->finished = TRUE;
}

guint64
sal_lanes_get_n_frames (const SalLanes *self)
{
  return sal_frame_ring_get_n_frames (self->ring);
}

/* --- windows ------------------------------------------------------------- */

static SalWindow *
find_window (const SalLanes *self)
{
  for (guint i = 0; i < self->windows->len; i++) {
    SalWindow *window = self->windows->pdata[i];
    if (!window->out)
      return window;
  }
  return NULL;
}

gboolean
sal_lanes_is_out (const SalLanes *self)
{
  for (guint i = 0; i < self->windows->len; i++)
    if (((const SalWindow *) self->windows->pdata[i])->out)
      return TRUE;
  return FALSE;
}

gboolean
sal_lanes_get_due (const SalLanes *self, guint64 *seqnum)
{
  guint64 end;
  return sal_settle_queue_get_due (self->queue, seqnum, &end);
}

SalWindow *
sal_lanes_take (SalLanes *self)
{
  guint64 seqnum, end;
  SalWindow *window = find_window (self);
  if (window == NULL || !sal_settle_queue_get_due (self->queue, &seqnum, &end))
    return NULL;
  sal_settle_queue_take (self->queue);
  sal_window_need_results (window, self->n_targets);
  window->out = TRUE;
  window->seqnum = seqnum;
  window->epoch = self->epoch;
  window->start = sal_window_start (end);
  window->n_frames = (guint) (end - window->start);
  window->contrast = self->contrast;
  window->computed = FALSE;
  sal_frame_ring_get_frames (self->ring, window->start, window->n_frames,
      window->log_mel);
  for (guint i = 0; i < n_lanes (self); i += self->n_lookaheads)
    g_ptr_array_add (window->targets,
        sal_target_ref (sal_lane_get_target (self->lanes[i])));
  return window;
}

/* To all lanes, beside the session cohort of each look-ahead, which remembers
 * the window afterwards. */
static void
judge_window (SalLanes *self, const SalWindow *window)
{
  for (guint l = 0; l < self->n_lookaheads; l++) {
    SalSessionCohort *cohort = self->cohorts[l];
    if (cohort != NULL)
      sal_session_cohort_listen (cohort, window->start, window->n_frames,
          window->embeddings, window->n_columns);
    for (guint i = l; i < n_lanes (self); i += self->n_lookaheads)
      sal_lane_add_window (self->lanes[i], window, cohort);
    if (cohort != NULL && window->counts) /* all is finite */
      sal_session_cohort_remember (cohort);
  }
}

void
sal_lanes_give (SalLanes *self, SalWindow *window)
{
  guint64 end = window->start + window->n_frames;
  if (window->epoch == self->epoch && window->computed) {
    judge_window (self, window);
    self->known = MAX (self->known, end);
    sal_settle_queue_resolve (self->queue, window->seqnum);
  } else if (window->epoch == self->epoch) {
    sal_settle_queue_put_back (self->queue, window->seqnum, end);
  }
  sal_window_release (window, self->n_targets);
  settle_points (self, 0);
}
