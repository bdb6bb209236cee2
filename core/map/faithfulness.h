/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faithfulness.h: faithfulness of a class activation map, by insertion and deletion ("trust")
 *
 * Of the normalised log-Mel, only the share p of the bins that the map ranks first is kept, and
 * then only the share p that it ranks last.  All other bins become 0, the mean of their band; the
 * statistics of the intact window stay.  With the log-odds u+ (p) and u- (p) of the target,
 *
 *   trust = tanh (1/D mean_p (u+ (p) - u- (p))),  p = 0.3, 0.7,  D = 20
 *
 * Keeping the first p is a point of the insertion curve, keeping the last p is a point of the
 * deletion curve at 1 - p: the mean over all p would be the difference of the areas under both
 * curves.  A random ranking of bins or blocks has equal u+ and u- and a trust of 0 on average, so
 * no pass for comparison is needed.  1 is a good ranking, -1 a reversed one.  Bins are ranked by
 * value; among equal values the earlier frame comes first, within a frame the lower band.
 */
#pragma once

#include <saliency/score.h>

#define SAL_FAITHFULNESS_FORWARDS 4 /* passes for each map */

typedef struct _SalFaithfulness SalFaithfulness; /* scratch, one thread at a time */

/**
 * sal_faithfulness_new:
 * @max_frames: of the longest window
 *
 * All allocation happens here.
 */
SalFaithfulness *sal_faithfulness_new (SalModel *model, guint max_frames);
void sal_faithfulness_free (SalFaithfulness *self); /* NULL is a no-op */

/**
 * sal_faithfulness_begin:
 * @net: after a forward pass over a window of at most max_frames frames
 *
 * Copies the input of the network.
 */
void sal_faithfulness_begin (SalFaithfulness *self, const SalNet *net);

/**
 * sal_faithfulness_measure:
 * @net: the network of sal_faithfulness_begin(), or another of the same model and number of frames;
 * its results are overwritten
 * @map: for @target, [F, T]
 *
 * May be called for any number of maps.
 *
 * Returns: trust in @map, -1..1; 0 if a score is not finite
 */
float sal_faithfulness_measure (SalFaithfulness *self, SalNet *net, const SalTarget *target,
    const float *map);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalFaithfulness, sal_faithfulness_free)
