/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cam-internal.h: parts of a class activation map (CAM), and what a configuration costs */
#pragma once

#include <saliency/cam.h>

gboolean sal_cam_config_check (const SalCamConfig *config, GError **error); /* SAL_ERROR_CONFIG */

/**
 * sal_cam_config_deepest:
 *
 * Returns: the layer nearest to the input that the backward pass must reach, 0..3; 3 if there is no
 * backward pass
 */
guint sal_cam_config_deepest (const SalCamConfig *config);

/**
 * sal_cam_config_forwards:
 *
 * Returns: forward passes that a window costs at most, its own among them: 1, but for Score-CAM
 */
guint sal_cam_config_forwards (const SalCamConfig *config, const SalModel *model);

/**
 * sal_cam_layer:
 * @net: after a forward pass and a backward pass down to this layer
 * @layer: 0 for S1 .. 3 for S4
 * @config: its method is one that takes gradients, not Score-CAM
 * @map: (out caller-allocates): [H, W] of that layer, neither resized nor normalised
 */
void sal_cam_layer (SalNet *net, guint layer, const SalCamConfig *config, float *map);
