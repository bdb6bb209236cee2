/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/settle-queue.h"

struct _SalSchedule {
  guint capacity;
  SalPoint *points;       /* ring: point k is at k % capacity */
  guint64 n_points;       /* reached */
  guint64 n_settled;
  guint64 n_resolved;     /* windows before it */
  guint64 n_taken;        /* windows before it were, or never will be */
  guint64 settled;        /* frames before it */
  gboolean is_due;
  guint64 due, due_end;   /* number of that window, frame it ends at */
};

SalSchedule *
sal_schedule_new (guint capacity)
{
  SalSchedule *self = g_new0 (SalSchedule, 1);
  self->capacity = capacity;
  self->points = g_new0 (SalPoint, capacity);
  return self;
}

void
sal_schedule_free (SalSchedule *self)
{
  if (self == NULL)
    return;
  g_free (self->points);
  g_free (self);
}

void
sal_schedule_reset (SalSchedule *self)
{
  SalPoint *points = self->points;
  *self = (SalSchedule){ .capacity = self->capacity, .points = points };
}

static SalPoint *
point_at (const SalSchedule *self, guint64 k)
{
  return &self->points[k % self->capacity];
}

void
sal_schedule_forget (SalSchedule *self)
{
  for (guint64 k = self->n_settled; k < self->n_points; k++)
    point_at (self, k)->contrast = 0;
  self->is_due = FALSE;
}

static void
make_due (SalSchedule *self, guint64 window, guint64 end)
{
  self->is_due = TRUE;
  self->due = window;
  self->due_end = end;
}

static SalPoint *
add_point (SalSchedule *self, const SalPoint *point)
{
  g_assert (self->n_points - self->n_settled < self->capacity);
  guint64 k = self->n_points++;
  SalPoint *added = point_at (self, k);
  *added = *point;
  added->seqnum = added->window = k;
  return added;
}

void
sal_schedule_reach (SalSchedule *self, const SalPoint *point)
{
  const SalPoint *added = add_point (self, point);
  if (!point->quiet)
    make_due (self, added->window, added->end);
}

void
sal_schedule_reach_end (SalSchedule *self, guint64 end, float contrast)
{
  SalPoint point = { .quiet = TRUE }; /* no frames, no window */
  if (self->n_points > 0)
    point = *point_at (self, self->n_points - 1);
  guint64 window = point.window;
  point.end = point.until = end;
  point.contrast = contrast;
  add_point (self, &point)->window = window;
}

gboolean
sal_schedule_get_due (const SalSchedule *self, guint64 *window, guint64 *end)
{
  *window = self->due;
  *end = self->due_end;
  return self->is_due;
}

void
sal_schedule_take (SalSchedule *self)
{
  g_assert (self->is_due);
  self->is_due = FALSE;
  self->n_taken = self->due + 1;
}

void
sal_schedule_put_back (SalSchedule *self, guint64 window, guint64 end)
{
  if (!self->is_due && window + 1 == self->n_taken && end > self->settled)
    make_due (self, window, end);
}

void
sal_schedule_resolve (SalSchedule *self, guint64 window)
{
  self->n_resolved = MAX (self->n_resolved, window + 1);
}

const SalPoint *
sal_schedule_next (SalSchedule *self, guint64 forced, gboolean *late)
{
  if (self->n_settled == self->n_points)
    return NULL;
  const SalPoint *point = point_at (self, self->n_settled);
  *late = !point->quiet && point->window >= self->n_resolved;
  if (*late && point->end > forced)
    return NULL;
  self->n_settled++;
  self->settled = MAX (self->settled, point->until);
  if (self->is_due && self->due_end <= self->settled)
    self->is_due = FALSE; /* nothing is left that it could say */
  return point;
}
