/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline.h: from overlapping windows to settled time, for one target
 *
 * Windows are merged by a weighted average, with a Hamming taper h over each window k that holds
 * frame t:
 *
 *   u(t)   = sum_k h u_k(t) / sum_k h              log-odds
 *   l(t)   = a u(t) + b                            log-likelihood ratio, calibrated for the
 *                                                  contrast so far
 *   pi(t)  = P(target speaks at t | l)             voice activity, by a hidden Markov model: hmm.h
 *   S(f,t) = pi(t) sum_k h S_k(f,t) / sum_k h      positive evidence
 *            (1 - pi(t)) ..                        negative evidence
 *
 * An absent target so gives a dark map, although each S_k has a peak of 1.  A frame that no window
 * holds has no evidence: pi and S are 0 in silence; where a window came too late, SalSettling gives
 * pi.
 */
#pragma once

#include "network/calibration.h"
#include "stream/frame-ring.h"
#include <saliency/map.h>

typedef struct _SalTimeline SalTimeline; /* one thread at a time */

/* How a stretch of time is settled. */
typedef struct {
  guint64 until;  /* one past its last frame */
  guint64 known;  /* one past the last frame whose evidence counts; at least until */
  float contrast; /* of the stream so far, in units of the log-Mel */
  gboolean late;  /* frames without evidence keep the last probability .. */
  guint hold;     /* .. for so many frames after the last one with evidence, .. */
  float rest;     /* .. and have this probability after that */
} SalSettling;

/**
 * sal_timeline_new:
 * @capacity: the most frames between the oldest that is not settled and the newest that a window
 * holds
 * @period: seconds between frames
 * @lines: a, b by contrast, in units of the log-Mel (level-range.h)
 * @hmm: of the hidden Markov model
 */
SalTimeline *sal_timeline_new (guint n_bands, guint capacity, double period,
    const SalLinePair *lines, const SalHmmConfig *hmm);
void sal_timeline_free (SalTimeline *self); /* NULL is a no-op */

/**
 * sal_timeline_reset:
 * @first: frame
 *
 * Drops all evidence; frames from @first on are not settled.
 */
void sal_timeline_reset (SalTimeline *self, guint64 first);
void sal_timeline_set_lines (SalTimeline *self,
    const SalLinePair *lines); /* for frames not settled */
guint64 sal_timeline_get_n_settled (const SalTimeline *self);

/**
 * sal_timeline_add:
 * @start: first frame of the window
 * @map: (nullable): its map, [F, n_frames]
 * @columns: its log-odds by column of S4, [n_columns], @per_column frames each
 */
void sal_timeline_add (SalTimeline *self, guint64 start, guint n_frames, const float *map,
    const float *columns, guint n_columns, guint per_column);

/**
 * sal_timeline_settle:
 * @ring: (nullable): that has the frames; %NULL: the map has no log-Mel
 *
 * Returns: (transfer full) (nullable): the frames not settled before, without score, peak and
 * flags; %NULL if there are none
 */
SalMap *sal_timeline_settle (SalTimeline *self, const SalFrameRing *ring, const SalSettling *how);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalTimeline, sal_timeline_free)
