/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cam.h: class activation maps of a window
 *
 * For a layer's post-ReLU output A [K, H, W] and the gradient g of the score by it:
 *
 *   Layer-CAM         S_ij = relu (sum_k relu (g_kij) A_kij)     (6) (7)
 *   signed Layer-CAM  S_ij = sum_k g_kij A_kij
 *
 * then resized to [F, T], normalised, (8) and (9), and the chosen layers fused.
 */
#pragma once

#include "score.h"

typedef enum { SAL_CAM_NONE, SAL_CAM_LAYER, SAL_CAM_SIGNED_LAYER } SalCamMethod;
typedef enum { SAL_CAM_S1 = 1 << 0, SAL_CAM_S2 = 1 << 1, SAL_CAM_S3 = 1 << 2, SAL_CAM_S4 = 1 << 3 } SalCamLayers;
typedef enum { SAL_CAM_FUSION_MEAN, SAL_CAM_FUSION_MAX } SalCamFusion;

typedef struct {
  SalCamMethod method;     /* NONE: no map, no backward pass */
  SalCamLayers layers;     /* at least one */
  SalCamFusion fusion;     /* MAX: of the magnitude, for signed maps */
  float gamma;             /* (0, 100]; 5 in the paper */
  SalScoreFunction score_function;
  gboolean degrid;         /* 2x2 mean of the gradient of S1..S3, which carry a period-2 grid */
} SalCamConfig;

/**
 * sal_cam_config_init:
 *
 * Signed Layer-CAM of S4, log-odds, gamma 5.
 */
SAL_API void sal_cam_config_init (SalCamConfig *config);
SAL_API gboolean sal_cam_config_check (const SalCamConfig *config, GError **error); /* SAL_ERROR_CONFIG */

guint sal_cam_config_deepest (const SalCamConfig *config); /* the layer nearest to the input that a map takes, 0..3 */

typedef struct _SalCam SalCam; /* scratch, one thread at a time */

SAL_API SalCam *sal_cam_new (SalModel *model, guint max_frames);
SAL_API void sal_cam_free (SalCam *self); /* NULL is a no-op */

/**
 * sal_cam_layer:
 * @net: after a forward pass and a backward pass down to this layer
 * @layer: 0 for S1 .. 3 for S4
 * @map: (out caller-allocates): [H, W] of that layer, neither resized nor normalised
 */
SAL_API void sal_cam_layer (SalNet *net, guint layer, const SalCamConfig *config, float *map);

/**
 * sal_cam_compute:
 * @net: after a forward pass over T frames; its gradients are overwritten
 * @target: whose evidence
 * @map: (out caller-allocates): [F, T]
 * @peak: (out): largest magnitude over the layers before normalisation
 *
 * No allocation.
 *
 * Returns: %FALSE if every layer's map was flat: @map is zeros
 */
SAL_API gboolean sal_cam_compute (SalCam *self, SalNet *net, const SalTarget *target, const SalCamConfig *config, float *map, float *peak);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalCam, sal_cam_free)
