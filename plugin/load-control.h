/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load-control.h: load shedding: how often windows are computed, and what that costs
 *
 * A window that takes longer than nine tenths of the hop doubles the stride: only every second
 * window is computed, then every fourth, up to every eighth.  Eight windows in a row that take
 * less than 0.35 of the effective hop halve it.  All functions may be called by any thread.
 */
#pragma once

#include <gst/gst.h>

typedef struct _GssLoadControl GssLoadControl;

typedef struct {
  guint64 windows;                  /* computed */
  guint64 late;                     /* stretches settled without their window's result */
  guint64 superseded;               /* windows that a newer one replaced before they were begun */
  guint64 skipped;                  /* windows left out to save time */
  GstClockTime mean_cost, max_cost; /* of a window, ns; the mean of the last ones */
  GstClockTime max_delay;     /* longest time from a window's end to its result, ns of sound */
  GstClockTime effective_hop; /* between windows that are computed */
  gboolean async;
} GssLoadStats;

GssLoadControl *gss_load_control_new (void);
void gss_load_control_free (GssLoadControl *self); /* NULL is a no-op */

/**
 * gss_load_control_start:
 * @hop: ns
 *
 * A new stream: everything is counted from 0.
 */
void gss_load_control_start (GssLoadControl *self, GstClockTime hop);
void gss_load_control_set_async (GssLoadControl *self, gboolean async);

/**
 * gss_load_control_yield:
 *
 * Sound came too late somewhere downstream: one window is left out, if they are computed in async
 * processing.
 */
void gss_load_control_yield (GssLoadControl *self);

/**
 * gss_load_control_wants:
 *
 * Returns: whether window @seqnum is to be computed; if not, it is counted as skipped, once however
 * often asked
 */
gboolean gss_load_control_wants (GssLoadControl *self, guint64 seqnum);

/**
 * gss_load_control_count_window:
 * @cost: time from when it could have begun until its result
 *
 * Returns: whether fewer windows will be computed from now on
 */
gboolean gss_load_control_count_window (GssLoadControl *self, GstClockTime cost);
void gss_load_control_count_superseded (GssLoadControl *self);
void gss_load_control_count_late (GssLoadControl *self);

/**
 * gss_load_control_observe_delay:
 *
 * Returns: whether it is the longest so far
 */
gboolean gss_load_control_observe_delay (GssLoadControl *self, GstClockTime delay);
void gss_load_control_get_stats (GssLoadControl *self, GssLoadStats *stats);
GstStructure *gss_load_control_get_structure (
    GssLoadControl *self); /* transfer full: "stats" of the element */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssLoadControl, gss_load_control_free)
