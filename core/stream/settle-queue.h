/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settle-queue.h: which window is due, and when its stretch of time may be settled
 *
 * Window k ends at a settling point k.  Points are settled in order, each as soon as it is resolved: its window came
 * back, or a newer one did, or there is nothing to compute for it.
 */
#pragma once

#include <saliency/map.h>

typedef struct {
  guint64 seqnum;    /* k, counted from the last reset */
  guint64 end;       /* frames: where its window ends */
  guint64 until;     /* frames before it are settled here */
  guint64 window;    /* whose result resolves it: k, but that of the point before where there is no window */
  gboolean quiet;    /* nothing to compute: silent or too short */
  SalMapFlags flags; /* of the window */
  float contrast;    /* when the point was reached */
} SalPoint;

typedef struct _SalSchedule SalSchedule; /* one thread at a time */

SalSchedule *sal_schedule_new (guint capacity); /* points that wait at most */
void sal_schedule_free (SalSchedule *self); /* NULL is a no-op */
void sal_schedule_reset (SalSchedule *self);
void sal_schedule_forget (SalSchedule *self); /* no window is due, and the contrast of points that wait is 0 */

/**
 * sal_schedule_reach:
 * @point: the next one; its seqnum and window are set here
 *
 * Its window is due now unless it is quiet.
 */
void sal_schedule_reach (SalSchedule *self, const SalPoint *point);

/**
 * sal_schedule_reach_end:
 *
 * The stream ended where the last window did: all before frame @end is settled with that window.
 */
void sal_schedule_reach_end (SalSchedule *self, guint64 end, float contrast);

/**
 * sal_schedule_get_due:
 * @window: (out): number of the newest window that waits to be taken
 * @end: (out): frame it ends at
 *
 * Returns: %FALSE if none does
 */
gboolean sal_schedule_get_due (const SalSchedule *self, guint64 *window, guint64 *end);
void sal_schedule_take (SalSchedule *self); /* the one that is due */
void sal_schedule_put_back (SalSchedule *self, guint64 window, guint64 end); /* due again unless a newer one was or is */
void sal_schedule_resolve (SalSchedule *self, guint64 window); /* and what comes before it */

/**
 * sal_schedule_next:
 * @forced: frames: points whose windows end by there do not wait any longer; 0: none
 * @late: (out): whether it was not resolved
 *
 * Returns: (transfer none) (nullable): the next point to be settled, which counts as settled now; valid until the
 *   next one is reached
 */
const SalPoint *sal_schedule_next (SalSchedule *self, guint64 forced, gboolean *late);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSchedule, sal_schedule_free)
