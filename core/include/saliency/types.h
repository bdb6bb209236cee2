/* SPDX-License-Identifier: GPL-2.0-or-later */
/* types.h: the export mark, and the enumerations and sizes that several headers share
 *
 * The nicks of the enumerations are the names that users write: options of the command, properties
 * of the element.
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#if defined(__GNUC__)
#define SAL_API __attribute__ ((visibility ("default")))
#else
#define SAL_API
#endif

/**
 * SAL_STAGES:
 *
 * Residual stages of a network: their outputs are S1..S4.
 *
 * Since: 0.2
 */
#define SAL_STAGES 4

/**
 * SAL_WINDOW_FRAMES:
 *
 * Frames of log-Mel in a window of the analyser: 2 s.
 *
 * Since: 0.2
 */
#define SAL_WINDOW_FRAMES 200

/**
 * SalScoreFunction:
 * @SAL_SCORE_LOG_ODDS: log-odds of the target against the cohort
 * @SAL_SCORE_POSTERIOR: posterior probability of the target, as in the paper
 * @SAL_SCORE_LOGIT: logit of the target alone
 *
 * The score that a map explains; score.h has the formulas.
 *
 * Since: 0.2
 */
typedef enum { SAL_SCORE_LOG_ODDS, SAL_SCORE_POSTERIOR, SAL_SCORE_LOGIT } SalScoreFunction;

/**
 * SalCamMethod:
 * @SAL_CAM_NONE: no map
 * @SAL_CAM_LAYER: Layer-CAM: evidence for the target
 * @SAL_CAM_SIGNED_LAYER: signed Layer-CAM: evidence for and against the target
 * @SAL_CAM_GRAD: Grad-CAM
 * @SAL_CAM_GRAD_PLUS_PLUS: Grad-CAM++
 * @SAL_CAM_SCORE: Score-CAM: a forward pass for each channel, slow
 *
 * How a class activation map is made; cam.h has the formulas.
 *
 * Since: 0.2
 */
typedef enum {
  SAL_CAM_NONE,
  SAL_CAM_LAYER,
  SAL_CAM_SIGNED_LAYER,
  SAL_CAM_GRAD,
  SAL_CAM_GRAD_PLUS_PLUS,
  SAL_CAM_SCORE
} SalCamMethod;

/**
 * SalCamLayers:
 * @SAL_CAM_S1: first stage, every frame and band
 * @SAL_CAM_S2: second stage, every 2nd frame and band
 * @SAL_CAM_S3: third stage, every 4th frame and band
 * @SAL_CAM_S4: fourth stage, every 8th frame and band
 *
 * Stages of the network whose maps are fused.
 *
 * Since: 0.2
 */
typedef enum {
  SAL_CAM_S1 = 1 << 0,
  SAL_CAM_S2 = 1 << 1,
  SAL_CAM_S3 = 1 << 2,
  SAL_CAM_S4 = 1 << 3
} SalCamLayers;

/**
 * SalCamFusion:
 * @SAL_CAM_FUSION_MEAN: mean over the layers
 * @SAL_CAM_FUSION_MAX: largest magnitude over the layers
 *
 * How the maps of several layers become one.
 *
 * Since: 0.2
 */
typedef enum { SAL_CAM_FUSION_MEAN, SAL_CAM_FUSION_MAX } SalCamFusion;

#define SAL_TYPE_SCORE_FUNCTION (sal_score_function_get_type ())
#define SAL_TYPE_CAM_LAYERS (sal_cam_layers_get_type ())
#define SAL_TYPE_CAM_FUSION (sal_cam_fusion_get_type ())

SAL_API GType sal_score_function_get_type (void);
SAL_API GType sal_cam_layers_get_type (void);
SAL_API GType sal_cam_fusion_get_type (void);

#ifndef __GI_SCANNER__ /* bindings name members by their nicks, and "grad-cam++" is no name */
#define SAL_TYPE_CAM_METHOD (sal_cam_method_get_type ())
SAL_API GType sal_cam_method_get_type (void);
#endif

G_END_DECLS
