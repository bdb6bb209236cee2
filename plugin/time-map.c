/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "time-map.h"

#define JITTER (40 * GST_MSECOND)        /* of timestamps, as of an overlap */
#define LONGEST_HOLE (250 * GST_MSECOND) /* shorter ones are filled */
#define PATIENCE (1 * GST_SECOND) /* a jump without a flag lasts longer */
#define MEAN_OVER (1 * GST_SECOND)
#define STEP GST_MSECOND /* a smaller difference is left as it is */
#define MAX_ANCHORS 64   /* results are a few seconds old at most */

/* From @position on, positions are @offset before their timestamps. */
typedef struct {
  GstClockTime position;
  gint64 offset; /* ns */
} Anchor;

struct _GssTimeMap {
  GArray *anchors; /* of Anchor, by position; empty: no stream */
  /* differences since the last step, weighted by duration */
  double sum;               /* ns^2 */
  GstClockTime sum_length;  /* ns */
  GstClockTime apart_since; /* position; NONE: timestamps agree */
};

GssTimeMap *
gss_time_map_new (void)
{
  GssTimeMap *self = g_new0 (GssTimeMap, 1);
  self->anchors = g_array_new (FALSE, FALSE, sizeof (Anchor));
  gss_time_map_reset (self);
  return self;
}

void
gss_time_map_free (GssTimeMap *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->anchors);
  g_free (self);
}

static void
forget_differences (GssTimeMap *self)
{
  self->sum = 0;
  self->sum_length = 0;
  self->apart_since = GST_CLOCK_TIME_NONE;
}

void
gss_time_map_reset (GssTimeMap *self)
{
  g_array_set_size (self->anchors, 0);
  forget_differences (self);
}

static void
add_anchor (GssTimeMap *self, GstClockTime position, gint64 offset)
{
  Anchor anchor = { position, offset };
  if (self->anchors->len == MAX_ANCHORS)
    g_array_remove_index (self->anchors, 0);
  g_array_append_val (self->anchors, anchor);
}

void
gss_time_map_begin (GssTimeMap *self, GstClockTime pts)
{
  gss_time_map_reset (self);
  add_anchor (self, 0, (gint64) pts);
}

gboolean
gss_time_map_has_begun (const GssTimeMap *self)
{
  return self->anchors->len > 0;
}

static gint64
latest_offset (const GssTimeMap *self)
{
  return g_array_index (self->anchors, Anchor, self->anchors->len - 1).offset;
}

static void
shift (GssTimeMap *self, GstClockTime position, gint64 by)
{
  add_anchor (self, position, latest_offset (self) + by);
  forget_differences (self);
}

/* Jitter has no mean; clock skew has. */
static void
average (GssTimeMap *self, GstClockTime position, gint64 difference,
    GstClockTime duration)
{
  self->apart_since = GST_CLOCK_TIME_NONE;
  self->sum += (double) difference * (double) duration;
  self->sum_length += duration;
  if (self->sum_length < MEAN_OVER)
    return;
  gint64 mean = (gint64) (self->sum / (double) self->sum_length);
  forget_differences (self);
  if (ABS (mean) >= (gint64) STEP)
    shift (self, position, mean);
}

static GssContinuity
judge (gint64 difference, GstClockTime *hole)
{
  if (difference <= 0 || difference >= (gint64) LONGEST_HOLE)
    return GSS_TIME_JUMP;
  *hole = (GstClockTime) difference;
  return GSS_TIME_HOLE;
}

static GssContinuity
follow_flagged (GssTimeMap *self, GstClockTime position, gint64 difference,
    GstClockTime *hole)
{
  if (ABS (difference) < (gint64) STEP)
    return GSS_TIME_CONTINUES;
  forget_differences (self);
  if (difference > 0 || difference < -(gint64) JITTER)
    return judge (difference, hole);
  shift (self, position, difference);
  return GSS_TIME_CONTINUES;
}

GssContinuity
gss_time_map_follow (GssTimeMap *self, GstClockTime position, GstClockTime pts,
    GstClockTime duration, gboolean is_discont, GstClockTime *hole)
{
  gint64 difference = (gint64) (pts - position) - latest_offset (self);
  *hole = 0;
  if (is_discont)
    return follow_flagged (self, position, difference, hole);
  if (ABS (difference) < (gint64) JITTER) {
    average (self, position, difference, duration);
    return GSS_TIME_CONTINUES;
  }
  if (!GST_CLOCK_TIME_IS_VALID (self->apart_since))
    self->apart_since = position;
  if (position - self->apart_since < PATIENCE)
    return GSS_TIME_CONTINUES;
  forget_differences (self);
  return judge (difference, hole);
}

void
gss_time_map_skip (GssTimeMap *self, GstClockTime position,
    GstClockTime duration)
{
  shift (self, position, (gint64) duration);
}

GstClockTime
gss_time_map_get_pts (const GssTimeMap *self, GstClockTime position)
{
  guint i = self->anchors->len - 1;
  while (i > 0 && g_array_index (self->anchors, Anchor, i).position >= position)
    i--;
  gint64 pts
      = (gint64) position + g_array_index (self->anchors, Anchor, i).offset;
  return (GstClockTime) MAX (pts, 0);
}
