/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cam.h: class activation maps of a window
 *
 * For a layer's post-ReLU output A [K, H, W] and the gradient g of the score y by it, Z = H W:
 *
 *   Grad-CAM          w_k = 1/Z sum_ij g_kij,  S_ij = relu (sum_k w_k A_kij) (2) (3) Grad-CAM++ w_k
 * = 1/Z sum_ij alpha_kij relu (g_kij),  S_ij as above                     (4) alpha_kij = g_kij^2 /
 * (2 g_kij^2 + g_kij^3 sum_ab A_kab), 0 where g_kij = 0 Score-CAM         w_k = y (x M_k),  M_k =
 * A_k resized to [F, T], then (8);  S as above        (5) Layer-CAM         S_ij = relu (sum_k relu
 * (g_kij) A_kij)                                      (6) (7) signed Layer-CAM  S_ij = sum_k g_kij
 * A_kij
 *
 * then resized to [F, T], normalised, (8) and (9), and the chosen layers fused.
 *
 * Grad-CAM and both kinds of Layer-CAM are homogeneous in g: log-odds give the map of the paper's
 * posterior, without its underflow.  Grad-CAM++ is not: its alpha is that of exp (y), for the y
 * whose gradient g is.  With 1/Z, as in the paper, peaks compare with those of Grad-CAM; published
 * code leaves it out, which (8) makes the same.
 *
 * Score-CAM masks what the network takes in, x, the log-Mel after its normalisation, with the
 * statistics of the whole window: a 0 of M_k leaves the mean of its band, whatever the scale of the
 * front end, and touches no other bin. (Before the normalisation a 0 would be a level, 1 in units
 * of energy, and the means that are taken away would move with each mask.)  Its weights are the
 * score itself, in the paper the posterior: choose SAL_SCORE_POSTERIOR. Log-odds and logits may be
 * negative, and a map of nothing but those is empty.  No baseline, no softmax over the channels; a
 * flat channel counts for nothing; the ReLU of S follows the resize.
 */
#pragma once

#include <saliency/score.h>

#define SAL_CAM_FEW_CHANNELS                                                                       \
  32 /* for Score-CAM where the paper's, all of them, would take too long */

typedef struct {
  SalCamMethod method; /* NONE: no map, no backward pass */
  SalCamLayers layers; /* at least one */
  SalCamFusion fusion; /* MAX: of the magnitude, for signed maps */
  float gamma;         /* (0, 100]; 5 in the paper */
  SalScoreFunction score_function;
  gboolean degrid;  /* 2x2 mean of the gradient of S1..S3, which carry a period-2 grid; FALSE in
                       the paper */
  guint channels;   /* Score-CAM: so many of a layer, by mean activation; 0: all, as in the paper */
  float percentile; /* (0, 100]: what counts as the largest before (8) and (9): sal_map_cut() */
} SalCamConfig;

/**
 * sal_cam_config_init:
 *
 * Signed Layer-CAM of S4, log-odds, gamma 5, no grid, all channels, percentile 100.
 */
SAL_API void sal_cam_config_init (SalCamConfig *config);
SAL_API gboolean sal_cam_config_check (const SalCamConfig *config,
    GError **error); /* SAL_ERROR_CONFIG */

/**
 * sal_cam_config_deepest:
 *
 * Returns: the layer nearest to the input that the backward pass must reach, 0..3; 3 where there is
 * none
 */
guint sal_cam_config_deepest (const SalCamConfig *config);

/**
 * sal_cam_config_forwards:
 *
 * Returns: forward passes that a window costs at most, its own among them: 1, but for Score-CAM
 */
SAL_API guint sal_cam_config_forwards (const SalCamConfig *config, const SalModel *model);

typedef struct _SalCam SalCam; /* scratch, one thread at a time */

SAL_API SalCam *sal_cam_new (SalModel *model, guint max_frames);
SAL_API void sal_cam_free (SalCam *self); /* NULL is a no-op */

/**
 * sal_cam_layer:
 * @net: after a forward pass and a backward pass down to this layer
 * @layer: 0 for S1 .. 3 for S4
 * @config: its method is one that takes gradients, not Score-CAM
 * @map: (out caller-allocates): [H, W] of that layer, neither resized nor normalised
 */
SAL_API void sal_cam_layer (SalNet *net, guint layer, const SalCamConfig *config, float *map);

/**
 * sal_cam_compute:
 * @net: after a forward pass over T frames; its gradients are overwritten
 * @target: whose evidence
 * @map: (out caller-allocates): [F, T]
 * @peak: (out): largest magnitude over the layers before normalisation, after the cut of @config's
 * percentile
 *
 * Score-CAM runs masked windows through @net, and at last the whole one again: stages and embedding
 * are afterwards, to the bit, what they were.
 *
 * No allocation, but for Score-CAM, when a layer is first asked for.
 *
 * Returns: %FALSE if every layer's map was flat, or not finite: @map is zeros
 */
SAL_API gboolean sal_cam_compute (SalCam *self, SalNet *net, const SalTarget *target,
    const SalCamConfig *config, float *map, float *peak);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalCam, sal_cam_free)
