/* SPDX-License-Identifier: GPL-2.0-or-later */
/* types.h: the export mark, and the enumerations and sizes that several headers share */
#pragma once

#include <glib.h>

#define SAL_API __attribute__ ((visibility ("default")))

#define SAL_STAGES 4          /* residual stages of a network, S1..S4 */
#define SAL_WINDOW_FRAMES 200 /* of log-Mel in a window: 2 s */

typedef enum { SAL_SCORE_LOG_ODDS, SAL_SCORE_POSTERIOR, SAL_SCORE_LOGIT } SalScoreFunction;

typedef enum {
  SAL_CAM_NONE,
  SAL_CAM_LAYER,
  SAL_CAM_SIGNED_LAYER,
  SAL_CAM_GRAD,
  SAL_CAM_GRAD_PLUS_PLUS,
  SAL_CAM_SCORE, /* a forward pass for each channel: sal_cam_config_forwards() */
} SalCamMethod;
typedef enum {
  SAL_CAM_S1 = 1 << 0,
  SAL_CAM_S2 = 1 << 1,
  SAL_CAM_S3 = 1 << 2,
  SAL_CAM_S4 = 1 << 3
} SalCamLayers;
typedef enum { SAL_CAM_FUSION_MEAN, SAL_CAM_FUSION_MAX } SalCamFusion;
