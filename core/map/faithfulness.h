/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faithfulness.h: can a map be believed?
 *
 * Of what the network took in, the part p of the bins that a map ranks first is kept, and for
 * comparison the part p that it ranks last; all other bins become 0, the mean of their band, with
 * the statistics of the intact window.  With the log-odds u+ (p) and u- (p) of the target,
 *
 *   trust = tanh (1/D mean_p (u+ (p) - u- (p))),  p = 0.3, 0.7,  D = 20
 *
 * To keep the first p is an insertion as far as p, to keep the last p a deletion as far as 1 - p:
 * the mean over all p would be the difference of the areas under both curves.  A ranking that knows
 * nothing, random bins or blocks, has u+ and u- alike and 0 on average, without a pass more; 1 is a
 * map that ranks well, -1 one that ranks the wrong way round.  Bins go by value; of equal ones the
 * earlier come first, of those of one frame the lower band.
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
 * @net: after a forward pass over a window of at most that many frames
 *
 * Keeps what the network took in.
 */
void sal_faithfulness_begin (SalFaithfulness *self, const SalNet *net);

/**
 * sal_faithfulness_measure:
 * @net: that of sal_faithfulness_begin(), or another of the same model and number of frames;
 * everything it knew of a window is overwritten: it must have been taken before
 * @map: for @target, [F, T]
 *
 * Any number of maps, one after the other.
 *
 * Returns: trust in @map, -1..1; 0 if a score is not finite
 */
float sal_faithfulness_measure (SalFaithfulness *self, SalNet *net, const SalTarget *target,
    const float *map);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalFaithfulness, sal_faithfulness_free)
