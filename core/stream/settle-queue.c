/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/settle-queue.h"

struct _SalSettleQueue {
  guint capacity;
  SalSettlePoint *points; /* ring: point k is at k % capacity */
  guint64 n_points;       /* reached */
  guint64 n_settled;
  guint64 n_resolved; /* windows before it */
  guint64 n_taken;    /* windows before it were, or never will be */
  guint64 settled;    /* frames before it */
  gboolean is_due;
  guint64 due, due_end; /* number of that window, frame it ends at */
};

SalSettleQueue *
sal_settle_queue_new (guint capacity)
{
  SalSettleQueue *self = g_new0 (SalSettleQueue, 1);
  self->capacity = capacity;
  self->points = g_new0 (SalSettlePoint, capacity);
  return self;
}

void
sal_settle_queue_free (SalSettleQueue *self)
{
  if (self == NULL)
    return;
  g_free (self->points);
  g_free (self);
}

void
sal_settle_queue_reset (SalSettleQueue *self)
{
  SalSettlePoint *points = self->points;
  *self = (SalSettleQueue){ .capacity = self->capacity, .points = points };
}

static SalSettlePoint *
point_at (const SalSettleQueue *self, guint64 k)
{
  return &self->points[k % self->capacity];
}

void
sal_settle_queue_forget (SalSettleQueue *self)
{
  for (guint64 k = self->n_settled; k < self->n_points; k++)
    point_at (self, k)->contrast = 0;
  self->is_due = FALSE;
}

static void
make_due (SalSettleQueue *self, guint64 window, guint64 end)
{
  self->is_due = TRUE;
  self->due = window;
  self->due_end = end;
}

static SalSettlePoint *
add_point (SalSettleQueue *self, const SalSettlePoint *point)
{
  g_assert (self->n_points - self->n_settled < self->capacity);
  guint64 k = self->n_points++;
  SalSettlePoint *added = point_at (self, k);
  *added = *point;
  added->seqnum = added->window = k;
  return added;
}

void
sal_settle_queue_reach (SalSettleQueue *self, const SalSettlePoint *point)
{
  const SalSettlePoint *added = add_point (self, point);
  if (!point->quiet)
    make_due (self, added->window, added->end);
}

void
sal_settle_queue_reach_end (SalSettleQueue *self, guint64 end, float contrast)
{
  SalSettlePoint point = { .quiet = TRUE }; /* no frames, no window */
  if (self->n_points > 0)
    point = *point_at (self, self->n_points - 1);
  guint64 window = point.window;
  point.end = point.until = end;
  point.last = TRUE;
  point.contrast = contrast;
  add_point (self, &point)->window = window;
}

gboolean
sal_settle_queue_get_due (const SalSettleQueue *self, guint64 *window,
    guint64 *end)
{
  *window = self->due;
  *end = self->due_end;
  return self->is_due;
}

void
sal_settle_queue_take (SalSettleQueue *self)
{
  g_assert (self->is_due);
  self->is_due = FALSE;
  self->n_taken = self->due + 1;
}

void
sal_settle_queue_put_back (SalSettleQueue *self, guint64 window, guint64 end)
{
  if (!self->is_due && window + 1 == self->n_taken && end > self->settled)
    make_due (self, window, end);
}

void
sal_settle_queue_resolve (SalSettleQueue *self, guint64 window)
{
  self->n_resolved = MAX (self->n_resolved, window + 1);
}

const SalSettlePoint *
sal_settle_queue_next (SalSettleQueue *self, guint64 forced, gboolean *late)
{
  if (self->n_settled == self->n_points)
    return NULL;
  const SalSettlePoint *point = point_at (self, self->n_settled);
  *late = !point->quiet && point->window >= self->n_resolved;
  if (*late && point->end > forced)
    return NULL;
  self->n_settled++;
  self->settled = MAX (self->settled, point->until);
  if (self->is_due && self->due_end <= self->settled)
    self->is_due = FALSE; /* nothing is left that it could say */
  return point;
}
