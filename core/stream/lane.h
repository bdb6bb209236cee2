/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lane.h: one target with one look-ahead along a stream
 *
 * A lane collects what windows say of its target in a timeline, calibrated for its look-ahead, and
 * settles one stretch of time after the other into a SalMap.
 */
#pragma once

#include "stream/session-cohort.h"
#include "stream/settle-queue.h"
#include "stream/timeline.h"
#include "stream/window-internal.h"

typedef struct _SalLane SalLane; /* one thread at a time */

/**
 * sal_lane_new:
 * @model: only used here
 * @target: a reference is taken
 * @lookahead: A, frames
 * @capacity: frames, as for sal_timeline_new()
 * @beside: (nullable): a lane of the same look-ahead: the new one begins with what that has not
 * settled; %NULL: with frame 0
 */
SalLane *sal_lane_new (const SalModel *model, SalTarget *target, guint lookahead, guint capacity,
    const SalLane *beside);
void sal_lane_free (SalLane *self);                   /* NULL is a no-op */
void sal_lane_reset (SalLane *self);                  /* back to frame 0 */
void sal_lane_forget (SalLane *self);                 /* what is known of frames not settled */
SalTarget *sal_lane_get_target (const SalLane *self); /* (transfer none) */

/**
 * sal_lane_add_window:
 * @window: computed, for this target or not
 * @cohort: (nullable): that listened to the window; its judgement of the columns counts then
 */
void sal_lane_add_window (SalLane *self, const SalWindow *window, SalSessionCohort *cohort);

/**
 * sal_lane_settle:
 * @ring: that has the frames
 * @point: that is settled: all frames A before its end, all frames of the stream if it is the last
 * @how: its field until is ignored
 *
 * Returns: (transfer full) (nullable): the frames not settled before; %NULL if there are none
 */
SalMap *sal_lane_settle (SalLane *self, const SalFrameRing *ring, const SalSettlePoint *point,
    SalSettling how);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalLane, sal_lane_free)
