/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.h: how often windows are computed, and what that costs
 *
 * When a window takes longer than nine tenths of the time between two, only every second
 * one is computed, then every fourth, and so on; when eight in a row take a little more than a third at most, twice as
 * many again.  All
 * functions may be called by any thread.
 */
#pragma once

#include <gst/gst.h>

typedef struct _SalPace SalPace;

typedef struct {
  guint64 windows;      /* computed */
  guint64 late;         /* stretches settled without their window's result */
  guint64 superseded;   /* windows that a newer one replaced before they were begun */
  guint64 skipped;      /* windows left out to save time */
  GstClockTime mean_cost, max_cost; /* of a window, ns; the mean of the last ones */
  GstClockTime max_delay;     /* the longest from a window's end to its result, ns of sound */
  GstClockTime effective_hop; /* between windows that are computed */
  gboolean async;
} SalPaceStats;

SalPace *sal_pace_new (void);
void sal_pace_free (SalPace *self); /* NULL is a no-op */

/**
 * sal_pace_start:
 * @hop: ns
 *
 * A new stream: everything is counted from 0.
 */
void sal_pace_start (SalPace *self, GstClockTime hop);
void sal_pace_set_async (SalPace *self, gboolean async);

/**
 * sal_pace_wants:
 *
 * Returns: whether window @seqnum is to be computed; if not, it is counted as skipped, once however often asked
 */
gboolean sal_pace_wants (SalPace *self, guint64 seqnum);

/**
 * sal_pace_count_window:
 * @cost: time from when it could have begun until its result
 *
 * Returns: whether fewer windows will be computed from now on
 */
gboolean sal_pace_count_window (SalPace *self, GstClockTime cost);
void sal_pace_count_superseded (SalPace *self);
void sal_pace_count_late (SalPace *self);

/**
 * sal_pace_observe_delay:
 *
 * Returns: whether it is the longest so far
 */
gboolean sal_pace_observe_delay (SalPace *self, GstClockTime delay);
void sal_pace_get_stats (SalPace *self, SalPaceStats *stats);
GstStructure *sal_pace_get_structure (SalPace *self); /* transfer full: "stats" of the element */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalPace, sal_pace_free)
