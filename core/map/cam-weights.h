/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cam-weights.h: Layer-CAM, Grad-CAM and Grad-CAM++ of one layer, on plain arrays
 *
 * Combines the activation maps A of a layer with the gradient g into one class activation map.  A
 * and g are [K, H, W], row-major, A >= 0; the map is [H, W], neither resized nor normalised.  A
 * value of g or A that is not finite makes the map not finite, never plausible.
 */
#pragma once

#include <saliency/types.h>

/**
 * sal_cam_weights_combine:
 * @method: a method with gradients, defined in cam.h
 * @degrid: replace g by its 2x2 mean
 * @map: (out caller-allocates): [H, W]
 */
void sal_cam_weights_combine (SalCamMethod method, const float *activation, const float *gradient,
    const guint shape[3], gboolean degrid, float *map);

/**
 * sal_cam_weights_means:
 * @means: (out caller-allocates): mean of each A_k, [K]
 */
void sal_cam_weights_means (const float *activation, const guint shape[3], float *means);

/**
 * sal_cam_weights_is_among:
 * @means: [K]
 * @most: number of channels, 0 for all
 *
 * Returns: whether channel @k is among the @most channels with the largest means; of equal means
 * the first channels
 */
gboolean sal_cam_weights_is_among (const float *means, guint n_channels, guint most, guint k);
