/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cam.h: class activation maps (CAM) of a window
 *
 * For a layer's post-ReLU output A [K, H, W] and the gradient g of the score y by it, Z = H W:
 *
 *   Grad-CAM          w_k = 1/Z sum_ij g_kij,  S_ij = relu (sum_k w_k A_kij)            (2) (3)
 *   Grad-CAM++        w_k = 1/Z sum_ij alpha_kij relu (g_kij),  S_ij as above           (4)
 *                     alpha_kij = g_kij^2 / (2 g_kij^2 + g_kij^3 sum_ab A_kab),
 *                     0 where g_kij = 0
 *   Score-CAM         w_k = y (x M_k),  M_k = A_k resized to [F, T], then (8);
 *                     S as above                                                        (5)
 *   Layer-CAM         S_ij = relu (sum_k relu (g_kij) A_kij)                            (6) (7)
 *   signed Layer-CAM  S_ij = sum_k g_kij A_kij
 *
 * then resized to [F, T], normalised, (8) and (9), and the chosen layers fused.
 *
 * Grad-CAM and both kinds of Layer-CAM are homogeneous in g: log-odds give the map of the paper's
 * posterior, without its underflow.  Grad-CAM++ is not: its alpha is that of exp (y), for the y
 * whose gradient g is.  With 1/Z, as in the paper, peaks compare with those of Grad-CAM; published
 * code leaves it out, which (8) makes the same.
 *
 * Score-CAM masks the network's input x, the log-Mel after its normalisation, with the statistics
 * of the whole window: a 0 of M_k leaves the mean of its band, whatever the scale of the front end,
 * and touches no other bin.  (Before the normalisation a 0 would be a level, 1 in units of energy,
 * and the means that are taken away would move with each mask.)  Its weights are the score itself,
 * in the paper the posterior: choose %SAL_SCORE_POSTERIOR.  Log-odds and logits may be negative,
 * and a map whose weights are all negative is empty.  No baseline, no softmax over the channels; a
 * flat channel counts for nothing; the ReLU of S follows the resize.
 */
#pragma once

#include <saliency/score.h>

G_BEGIN_DECLS

/**
 * SAL_CAM_FEW_CHANNELS:
 *
 * Channels for Score-CAM where all of them, as in the paper, would take too long.
 *
 * Since: 0.2
 */
#define SAL_CAM_FEW_CHANNELS 32

/**
 * SalCamConfig:
 * @method: %SAL_CAM_NONE: no map, no backward pass
 * @layers: at least one
 * @fusion: %SAL_CAM_FUSION_MAX: of the magnitude, for signed maps
 * @gamma: of (9), (0, 100]; 5 in the paper
 * @score_function: the score that the map explains
 * @degrid: 2x2 mean of the gradient of S1..S3, which carry a grid of period 2
 * @channels: Score-CAM: channels of a layer, by mean activation; 0: all, as in the paper
 * @percentile: larger magnitudes are cut to this percentile of all before (8) and (9), (0, 100]
 *
 * How maps are made.  Begin with sal_cam_config_init(): later versions may use the reserved space.
 *
 * Since: 0.2
 */
typedef struct {
  SalCamMethod method;
  SalCamLayers layers;
  SalCamFusion fusion;
  float gamma;
  SalScoreFunction score_function;
  gboolean degrid;
  guint channels;
  float percentile;
  /*< private >*/
  gpointer reserved[4];
} SalCamConfig;

#define SAL_TYPE_CAM_CONFIG (sal_cam_config_get_type ())
SAL_API GType sal_cam_config_get_type (void);

/**
 * sal_cam_config_init:
 * @config: (out caller-allocates): filled in
 *
 * Signed Layer-CAM of S4, log-odds, gamma 5, no grid, all channels, percentile 100.
 *
 * Since: 0.2
 */
SAL_API void sal_cam_config_init (SalCamConfig *config);

/**
 * SalCam:
 *
 * Scratch memory to make maps with; one thread at a time.
 *
 * Since: 0.2
 */
typedef struct _SalCam SalCam;

#define SAL_TYPE_CAM (sal_cam_get_type ())
SAL_API GType sal_cam_get_type (void);

/**
 * sal_cam_new:
 * @model: a model with a head; a reference is taken
 * @max_frames: the longest window
 *
 * Returns: (transfer full): a maker of maps
 *
 * Since: 0.2
 */
SAL_API SalCam *sal_cam_new (SalModel *model, guint max_frames);

/**
 * sal_cam_free: (skip)
 * @self: (transfer full) (nullable): a maker of maps; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_cam_free (SalCam *self);

/**
 * sal_cam_compute: (skip)
 * @self: a maker of maps
 * @net: after a forward pass over T frames, made to go backward to the first of the layers; its
 * gradients are overwritten
 * @target: a target of its model
 * @config: how
 * @map: (out caller-allocates): [F, T], row-major, [0, 1), or (-1, 1) for the signed method
 * @peak: (out): largest magnitude over the layers before normalisation, after the cut of @config's
 * percentile
 *
 * Score-CAM runs masked windows through @net, and at last the whole one again: stages and embedding
 * are afterwards, to the bit, what they were.  No allocation, but for Score-CAM, when a layer is
 * first asked for.
 *
 * Returns: %FALSE if every layer's map was flat, or not finite: @map is zeros
 *
 * Since: 0.2
 */
SAL_API gboolean sal_cam_compute (SalCam *self, SalNet *net, const SalTarget *target,
    const SalCamConfig *config, float *map, float *peak);

/**
 * sal_cam_compute_bytes: (rename-to sal_cam_compute)
 * @self: a maker of maps
 * @net: after a forward pass over T frames, made to go backward to the first of the layers
 * @target: a target of its model
 * @config: how
 * @peak: (out): as of sal_cam_compute()
 * @error: return location for a #GError
 *
 * sal_cam_compute() for bindings.
 *
 * Returns: (transfer full) (nullable): the map, float32 [F, T], zeros if it is empty, or %NULL and
 * %SAL_ERROR_CONFIG if a field of @config is out of range or @net cannot go down to its layers, or
 * %SAL_ERROR_MISMATCH if @net had no forward pass or too long a window, or @target is of another
 * model
 *
 * Since: 0.2
 */
SAL_API GBytes *sal_cam_compute_bytes (SalCam *self, SalNet *net, const SalTarget *target,
    const SalCamConfig *config, float *peak, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalCam, sal_cam_free)

G_END_DECLS
