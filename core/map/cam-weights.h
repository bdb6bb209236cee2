/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cam-weights.h: the activation maps of a layer made into one map, on plain arrays
 *
 * A and g are [K, H, W], row-major, A >= 0; Z = H W; the map is [H, W], neither resized nor
 * normalised.  What is not finite in g or A makes the map not finite, never plausible.
 */
#pragma once

#include <saliency/types.h>

/**
 * sal_cam_weights_combine:
 * @method: one of those that take gradients, as cam.h defines them
 * @degrid: take the 2x2 mean of g in place of g
 * @map: (out caller-allocates): [H, W]
 */
void sal_cam_weights_combine (SalCamMethod method, const float *activation, const float *gradient,
    const guint shape[3], gboolean degrid, float *map);

/**
 * sal_cam_weights_means:
 * @means: (out caller-allocates): [K], of each A_k
 */
void sal_cam_weights_means (const float *activation, const guint shape[3], float *means);

/**
 * sal_cam_weights_is_among:
 * @means: [K]
 * @most: how many, 0 for all
 *
 * Returns: whether channel @k is one of the @most with the largest means; of equal ones the first
 */
gboolean sal_cam_weights_is_among (const float *means, guint n_channels, guint most, guint k);
