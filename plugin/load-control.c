/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "load-control.h"

#define MAX_STRIDE 8   /* with a hop of 250 ms the length of a window */
#define FULL 0.9       /* of the time between two windows: too much */
#define EASY 0.35      /* so little that twice as many would not be too much */
#define EASY_WINDOWS 8 /* in a row, before there are twice as many again */
#define MEMORY 0.25    /* weight of the newest window in the mean */

struct _GssLoadControl {
  GMutex lock;
  GssLoadStats stats;
  GstClockTime hop;
  guint stride;    /* every which window is computed */
  guint64 skipped; /* number of the last one that was not */
  guint n_easy;
  gboolean yields; /* the next window is left out */
};

GssLoadControl *
gss_load_control_new (void)
{
  GssLoadControl *self = g_new0 (GssLoadControl, 1);
  g_mutex_init (&self->lock);
  self->stride = 1;
  return self;
}

void
gss_load_control_free (GssLoadControl *self)
{
  if (self == NULL)
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gss_load_control_start (GssLoadControl *self, GstClockTime hop)
{
  g_mutex_lock (&self->lock);
  self->stats = (GssLoadStats){ .effective_hop = hop };
  self->hop = hop;
  self->stride = 1;
  self->skipped = G_MAXUINT64;
  self->n_easy = 0;
  self->yields = FALSE;
  g_mutex_unlock (&self->lock);
}

void
gss_load_control_yield (GssLoadControl *self)
{
  g_mutex_lock (&self->lock);
  self->yields = self->stats.async;
  g_mutex_unlock (&self->lock);
}

void
gss_load_control_set_async (GssLoadControl *self, gboolean async)
{
  g_mutex_lock (&self->lock);
  self->stats.async = async;
  if (!async)
    self->stride = 1;
  self->yields = FALSE;
  self->stats.effective_hop = self->stride * self->hop;
  g_mutex_unlock (&self->lock);
}

gboolean
gss_load_control_wants (GssLoadControl *self, guint64 seqnum)
{
  g_mutex_lock (&self->lock);
  gboolean wanted = seqnum % self->stride == 0 && seqnum != self->skipped;
  if (wanted && self->yields) {
    self->yields = FALSE;
    wanted = FALSE;
  }
  if (!wanted && seqnum != self->skipped) {
    self->skipped = seqnum;
    self->stats.skipped++;
  }
  g_mutex_unlock (&self->lock);
  return wanted;
}

static void
average (GssLoadStats *stats, GstClockTime cost)
{
  double mean = stats->windows == 0
      ? cost
      : stats->mean_cost * (1 - MEMORY) + cost * MEMORY;
  stats->mean_cost = (GstClockTime) mean;
  stats->max_cost = MAX (stats->max_cost, cost);
  stats->windows++;
}

/* Whether there is more to do than time. */
static gboolean
adapt (GssLoadControl *self)
{
  double load = (double) self->stats.mean_cost / self->stats.effective_hop;
  gboolean slower = load > FULL && self->stride < MAX_STRIDE;
  self->n_easy = load < EASY ? self->n_easy + 1 : 0;
  if (slower) {
    self->stride *= 2;
  } else if (self->n_easy >= EASY_WINDOWS && self->stride > 1) {
    self->stride /= 2;
    self->n_easy = 0;
  }
  self->stats.effective_hop = self->stride * self->hop;
  return slower;
}

gboolean
gss_load_control_count_window (GssLoadControl *self, GstClockTime cost)
{
  g_mutex_lock (&self->lock);
  average (&self->stats, cost);
  gboolean slower = self->stats.async && self->hop > 0 && adapt (self);
  g_mutex_unlock (&self->lock);
  return slower;
}

void
gss_load_control_count_superseded (GssLoadControl *self)
{
  g_mutex_lock (&self->lock);
  self->stats.superseded++;
  g_mutex_unlock (&self->lock);
}

void
gss_load_control_count_late (GssLoadControl *self)
{
  g_mutex_lock (&self->lock);
  self->stats.late++;
  g_mutex_unlock (&self->lock);
}

gboolean
gss_load_control_observe_delay (GssLoadControl *self, GstClockTime delay)
{
  g_mutex_lock (&self->lock);
  gboolean longest = delay > self->stats.max_delay;
  if (longest)
    self->stats.max_delay = delay;
  g_mutex_unlock (&self->lock);
  return longest;
}

void
gss_load_control_get_stats (GssLoadControl *self, GssLoadStats *stats)
{
  g_mutex_lock (&self->lock);
  *stats = self->stats;
  g_mutex_unlock (&self->lock);
}

GstStructure *
gss_load_control_get_structure (GssLoadControl *self)
{
  GssLoadStats stats;
  gss_load_control_get_stats (self, &stats);
  return gst_structure_new ("application/x-speakersaliency-stats", "windows",
      G_TYPE_UINT64, stats.windows, "late", G_TYPE_UINT64, stats.late,
      "superseded", G_TYPE_UINT64, stats.superseded, "skipped", G_TYPE_UINT64,
      stats.skipped, "mean-cost", G_TYPE_UINT64, stats.mean_cost, "max-cost",
      G_TYPE_UINT64, stats.max_cost, "effective-hop", G_TYPE_UINT64,
      stats.effective_hop, "effective-processing", G_TYPE_STRING,
      stats.async ? "async" : "sync", NULL);
}
