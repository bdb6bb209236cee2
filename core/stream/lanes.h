/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes.h: one walk along a stream, for several targets and look-ahead times at once
 *
 * A lane is a target with a look-ahead.  All lanes share the front end, the frames and the windows;
 * lanes of one look-ahead share a session cohort.  SalAnalyser has lanes of one look-ahead, the
 * evaluation has lanes of several, with one forward pass per window for all of them.
 *
 *   while (n > 0) {
 *     gsize used = sal_lanes_listen (lanes, samples, n);
 *     while (sal_lanes_advance (lanes))                    a settling point was reached
 *       if ((window = sal_lanes_take (lanes)) != NULL) {   its window is due
 *         sal_inference_compute (inference, window);
 *         sal_lanes_give (lanes, window);
 *       }
 *     ..
 *   }
 *   while ((map = sal_lanes_pop (lanes)) != NULL) ..
 *
 * A window may also be given back later: a point waits for its window for a while.
 */
#pragma once

#include <saliency/map.h>
#include <saliency/target.h>
#include "stream/window.h"

typedef struct {
  guint hop;               /* H, frames: window k ends at frame (k + 1) H */
  const guint *lookaheads; /* A of each, frames, [n_lookaheads] */
  guint n_lookaheads;
  guint max_age; /* frames, at least hop: a point reached so long ago waits no longer */
} SalLanesConfig;

typedef struct _SalLanes SalLanes; /* one thread at a time */

/**
 * sal_lanes_new:
 * @model: a reference is taken
 * @config: copied
 * @targets: (array length=n_targets): that fit the model; references are taken
 *
 * Lane i is target i / n_lookaheads with look-ahead i % n_lookaheads.  One window can be taken at a
 * time, until sal_lanes_need_windows().
 *
 * Returns: (transfer full) (nullable): lanes at frame 0, or %NULL and the error of sal_mel_new()
 */
SalLanes *sal_lanes_new (SalModel *model, const SalLanesConfig *config, SalTarget *const *targets,
    guint n_targets, GError **error);
void sal_lanes_free (SalLanes *self);  /* NULL is a no-op; windows that were taken go with it */
void sal_lanes_reset (SalLanes *self); /* back to frame 0; windows that were taken are dropped */

/**
 * sal_lanes_forget:
 *
 * Drops what is known of frames not settled, the session cohort and the contrast; frames go on
 * counting.  Windows that were taken, or are due, are dropped.
 */
void sal_lanes_forget (SalLanes *self);

/**
 * sal_lanes_set_targets:
 * @targets: (array length=n_targets): as for sal_lanes_new()
 *
 * From the next window on that is taken.  A target that was there before (the same pointer) keeps
 * its lanes.
 */
void sal_lanes_set_targets (SalLanes *self, SalTarget *const *targets, guint n_targets);

/**
 * sal_lanes_set_hold:
 * @hold: frames for which the last probability holds where a window came too late
 * @rest: probability after that
 *
 * The default is 0 and 0.
 */
void sal_lanes_set_hold (SalLanes *self, guint hold, float rest);
void sal_lanes_need_windows (SalLanes *self, guint n); /* so many can be taken at a time */

/* --- walking ------------------------------------------------------------- */

/**
 * sal_lanes_listen:
 * @samples: (array length=n_samples): mono PCM; a sample that is not finite counts as zero
 *
 * Only after sal_lanes_advance() returned %FALSE, and not after sal_lanes_finish().
 *
 * Returns: how many samples were taken, at least 1 if there is one
 */
gsize sal_lanes_listen (SalLanes *self, const float *samples, gsize n_samples);
void sal_lanes_finish (
    SalLanes *self); /* end of the stream; its last points are still to be reached */

/**
 * sal_lanes_advance:
 *
 * Goes on to the next settling point, and settles what has waited for max_age.
 *
 * Returns: %FALSE if what was heard holds no other point
 */
gboolean sal_lanes_advance (SalLanes *self);
guint64 sal_lanes_get_n_frames (const SalLanes *self); /* walked along */

/* --- windows ------------------------------------------------------------- */

/**
 * sal_lanes_get_due:
 * @seqnum: (out): of the window that sal_lanes_take() would give
 *
 * Returns: %FALSE if none is due
 */
gboolean sal_lanes_get_due (const SalLanes *self, guint64 *seqnum);

/**
 * sal_lanes_take:
 *
 * Returns: (transfer full) (nullable): the window that is due, with the targets of now; threads,
 * cam and wants_trust are for the caller to set.  %NULL if none is due or all are out
 */
SalWindow *sal_lanes_take (SalLanes *self);

/**
 * sal_lanes_give:
 * @window: (transfer full): computed; otherwise it counts as never taken
 *
 * Judges the window beside each session cohort, adds it to the lanes and settles what it resolves.
 */
void sal_lanes_give (SalLanes *self, SalWindow *window);
gboolean sal_lanes_is_out (const SalLanes *self); /* some window was taken and not given back */

/* --- settling ------------------------------------------------------------ */

/**
 * sal_lanes_settle:
 * @age: frames
 *
 * Settles the points that were reached @age or more frames ago, whether their windows came back or
 * not.
 */
void sal_lanes_settle (SalLanes *self, guint age);
SalMap *sal_lanes_pop (SalLanes *self); /* (transfer full) (nullable): its target is a lane */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalLanes, sal_lanes_free)
