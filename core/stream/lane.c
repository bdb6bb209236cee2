/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/lane.h"

#include <math.h>
#include <string.h>

#include "network/model-internal.h"

/* What maps say of the newest window that counted. */
typedef struct {
  guint64 window; /* its number */
  guint64 start;
  guint n_frames; /* 0: none did */
  SalMapFlags flags;
  float score, peak;
  gboolean tried;
  float trust; /* if tried */
} Newest;

struct _SalLane {
  SalTarget *target;
  guint lookahead; /* A, frames */
  SalTimeline *timeline;
  float *columns; /* log-odds, judged, [SAL_WINDOW_FRAMES] */
  Newest newest;
};

/* From log-odds of this target to log-likelihood ratios, by contrast. */
static SalLinePair
find_lines (const SalModel *model, const SalTarget *target, guint lookahead)
{
  const SalDescription *description = sal_model_get_description (model);
  const SalCalibration *c = &description->calibration;
  const SalMelConfig *mel = &description->mel;
  gboolean enrolled = sal_target_get_class (target) < 0;
  double seconds = (double) lookahead * mel->hop / mel->sample_rate;
  return sal_description_line_pair (description,
      sal_curve_at (enrolled ? &c->noisy.enrolled : &c->noisy.classes, seconds),
      sal_curve_at (enrolled ? &c->dense.enrolled : &c->dense.classes,
          seconds));
}

SalLane *
sal_lane_new (const SalModel *model, SalTarget *target, guint lookahead,
    guint capacity, const SalLane *beside)
{
  const SalDescription *description = sal_model_get_description (model);
  SalLinePair lines = find_lines (model, target, lookahead);
  SalLane *self = g_new0 (SalLane, 1);
  self->target = sal_target_ref (target);
  self->lookahead = lookahead;
  self->columns = g_new (float, SAL_WINDOW_FRAMES);
  self->timeline = sal_timeline_new (description->mel.n_bands, capacity,
      (double) description->mel.hop / description->mel.sample_rate, &lines,
      &description->calibration.presence);
  if (beside != NULL) {
    self->newest = beside->newest;
    self->newest.score = self->newest.peak = 0;
    self->newest.tried = FALSE;
    sal_timeline_reset (self->timeline,
        sal_timeline_get_n_settled (beside->timeline));
  }
  self->newest.flags |= SAL_MAP_EMPTY;
  return self;
}

void
sal_lane_free (SalLane *self)
{
  if (self == NULL)
    return;
  sal_target_unref (self->target);
  sal_timeline_free (self->timeline);
  g_free (self->columns);
  g_free (self);
}

void
sal_lane_reset (SalLane *self)
{
  sal_timeline_reset (self->timeline, 0);
  self->newest = (Newest){ .flags = SAL_MAP_EMPTY };
}

void
sal_lane_forget (SalLane *self)
{
  sal_timeline_reset (self->timeline,
      sal_timeline_get_n_settled (self->timeline));
}

SalTarget *
sal_lane_get_target (const SalLane *self)
{
  return self->target;
}

/* Evidence to the timeline: the columns as the cohort judges them. */
static void
add_evidence (SalLane *self, const SalWindow *window,
    const SalWindowResult *result, SalSessionCohort *cohort)
{
  memcpy (self->columns, result->columns, window->n_columns * sizeof (float));
  if (cohort != NULL)
    sal_session_cohort_judge (cohort, self->target, window->contrast,
        self->columns);
  sal_timeline_add (self->timeline, window->start, window->n_frames,
      result->empty ? NULL : result->map, self->columns, window->n_columns,
      window->per_column);
}

void
sal_lane_add_window (SalLane *self, const SalWindow *window,
    SalSessionCohort *cohort)
{
  const SalWindowResult *result = sal_window_get_result (window, self->target);
  gboolean empty = result == NULL || result->empty;
  if (result != NULL && result->counts)
    add_evidence (self, window, result, cohort);
  if (window->seqnum < self->newest.window)
    return;
  self->newest = (Newest){
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

/* The window of the point, for which nothing was computed. */
static void
add_quiet (SalLane *self, const SalSettlePoint *point)
{
  guint64 start = sal_window_start (point->end);
  if (point->window >= self->newest.window)
    self->newest = (Newest){ .window = point->window,
      .start = start,
      .n_frames = (guint) (point->end - start),
      .flags = point->flags };
}

SalMap *
sal_lane_settle (SalLane *self, const SalFrameRing *ring,
    const SalSettlePoint *point, SalSettling how)
{
  guint A = point->last ? 0 : self->lookahead;
  const Newest *newest = &self->newest;
  if (point->quiet)
    add_quiet (self, point);
  how.until = point->end > A ? point->end - A : 0;
  SalMap *map = sal_timeline_settle (self->timeline, ring, &how);
  if (map == NULL)
    return NULL;
  map->seqnum = point->seqnum;
  map->window_start = newest->start;
  map->window_frames = newest->n_frames;
  map->flags = newest->flags | (how.late ? SAL_MAP_LATE : 0);
  map->score = newest->score;
  map->peak = newest->peak;
  map->trust = newest->tried ? newest->trust : NAN;
  return map;
}
