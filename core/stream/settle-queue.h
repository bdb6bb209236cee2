/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settle-queue.h: scheduling of windows: a queue of settling points
 *
 * Window k ends at settling point k.  Points are settled in order.  A point is resolved, and may be
 * settled, when its window or a newer one came back, or when its window needs no computing.
 */
#pragma once

#include <saliency/map.h>

typedef struct {
  guint64 seqnum;    /* k, counted from the last reset */
  guint64 end;       /* frames: where its window ends */
  guint64 until;     /* frames before it are settled here, with any look-ahead */
  gboolean last;     /* the stream ends here */
  guint64 window;    /* number of the window that resolves it: k, but that of the point before where
                        there is no window */
  gboolean quiet;    /* nothing to compute: silent or too short */
  SalMapFlags flags; /* of the window */
  float contrast;    /* when the point was reached */
} SalSettlePoint;

typedef struct _SalSettleQueue SalSettleQueue; /* one thread at a time */

SalSettleQueue *sal_settle_queue_new (guint capacity); /* the most points that wait */
void sal_settle_queue_free (SalSettleQueue *self);     /* NULL is a no-op */
void sal_settle_queue_reset (SalSettleQueue *self);
void sal_settle_queue_forget (
    SalSettleQueue *self); /* no window is due, and the contrast of points that wait is 0 */

/**
 * sal_settle_queue_reach:
 * @point: the next one; its seqnum and window are set here
 *
 * Its window is due now unless it is quiet.
 */
void sal_settle_queue_reach (SalSettleQueue *self, const SalSettlePoint *point);

/**
 * sal_settle_queue_reach_end:
 *
 * The stream ended where the last window did: all before frame @end is settled with that window.
 */
void sal_settle_queue_reach_end (SalSettleQueue *self, guint64 end, float contrast);

/**
 * sal_settle_queue_get_due:
 * @window: (out): number of the newest window that waits to be taken
 * @end: (out): frame it ends at
 *
 * Returns: %FALSE if none does
 */
gboolean sal_settle_queue_get_due (const SalSettleQueue *self, guint64 *window, guint64 *end);
void sal_settle_queue_take (SalSettleQueue *self); /* the one that is due */
void sal_settle_queue_put_back (SalSettleQueue *self, guint64 window,
    guint64 end); /* due again unless a newer one was or is */
void sal_settle_queue_resolve (SalSettleQueue *self, guint64 window); /* and what comes before it */

/**
 * sal_settle_queue_next:
 * @forced: frames: points whose windows end by there do not wait any longer; 0: none
 * @late: (out): whether it was not resolved
 *
 * Returns: (transfer none) (nullable): the next point to be settled, which counts as settled now;
 * valid until the next one is reached
 */
const SalSettlePoint *sal_settle_queue_next (SalSettleQueue *self, guint64 forced, gboolean *late);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSettleQueue, sal_settle_queue_free)
