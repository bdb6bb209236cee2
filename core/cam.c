/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cam.h"

#include <math.h>
#include <string.h>

#include "map.h"
#include "model-private.h"

struct _SalCam {
  SalScorer *scorer;
  float *gradient; /* by the embedding, [E] */
  float *raw;      /* map of a layer, [H, W] */
  float *layer;    /* resized, [F, T] */
};

void
sal_cam_config_init (SalCamConfig *config)
{
  *config = (SalCamConfig){
    .method = SAL_CAM_SIGNED_LAYER,
    .layers = SAL_CAM_S4,
    .fusion = SAL_CAM_FUSION_MEAN,
    .gamma = 5,
    .score_function = SAL_SCORE_LOG_ODDS,
  };
}

gboolean
sal_cam_config_check (const SalCamConfig *config, GError **error)
{
  const guint all = SAL_CAM_S1 | SAL_CAM_S2 | SAL_CAM_S3 | SAL_CAM_S4;
  if (config->layers == 0 || (config->layers & ~all) != 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "layers is 0x%x, not some of S1..S4 (0x1..0xf)", config->layers);
    return FALSE;
  }
  if ((guint) config->method > SAL_CAM_SIGNED_LAYER
      || (guint) config->fusion > SAL_CAM_FUSION_MAX
      || (guint) config->score_function > SAL_SCORE_LOGIT) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "method %d, fusion %d or score_function %d is unknown",
        config->method, config->fusion, config->score_function);
    return FALSE;
  }
  if (!(config->gamma > 0 && config->gamma <= 100)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "gamma is %g, outside 0..100", config->gamma);
    return FALSE;
  }
  return TRUE;
}

guint
sal_cam_config_deepest (const SalCamConfig *config)
{
  return config->method == SAL_CAM_NONE
      ? SAL_NET_STAGES - 1 : (guint) g_bit_nth_lsf (config->layers, -1);
}

SalCam *
sal_cam_new (SalModel *model, guint max_frames)
{
  SalCam *self = g_new0 (SalCam, 1);
  gsize size = (gsize) sal_model_get_record (model)->mel.n_bands * max_frames;
  self->scorer = sal_scorer_new (model);
  self->gradient = g_new (float, sal_model_get_embedding_size (model));
  self->raw = g_new (float, size);
  self->layer = g_new (float, size);
  return self;
}

void
sal_cam_free (SalCam *self)
{
  if (self == NULL)
    return;
  sal_scorer_free (self->scorer);
  g_free (self->gradient);
  g_free (self->raw);
  g_free (self->layer);
  g_free (self);
}

/* Mean over the 2x2 neighbours right and below: averages a grid out. */
static float
smoothed (const float *plane, guint h, guint w, guint i, guint j)
{
  guint down = MIN (i + 1, h - 1), right = MIN (j + 1, w - 1);
  return (plane[i * w + j] + plane[i * w + right] + plane[down * w + j]
             + plane[down * w + right]) / 4;
}

void
sal_cam_layer (SalNet *net, guint layer, const SalCamConfig *config,
    float *map)
{
  guint shape[3];
  const float *A = sal_net_get_stage (net, layer, shape);
  const float *g = sal_net_get_gradient (net, layer);
  guint h = shape[1], w = shape[2];
  gsize plane = (gsize) h * w;
  gboolean degrid = config->degrid && layer < SAL_NET_STAGES - 1;
  gboolean is_signed = config->method == SAL_CAM_SIGNED_LAYER;
  memset (map, 0, plane * sizeof (float));
  for (guint k = 0; k < shape[0]; k++, A += plane, g += plane)
    for (guint i = 0; i < h; i++)
      for (guint j = 0; j < w; j++) {
        float weight = degrid ? smoothed (g, h, w, i, j) : g[i * w + j];
        if (!is_signed)
          weight = MAX (weight, 0); /* (6) */
        map[i * w + j] += weight * A[i * w + j]; /* (7); A >= 0, so no relu */
      }
}

/* Input rows, or columns, per output row: the strides so far. */
static float
layer_scale (const SalModel *model, guint layer)
{
  float scale = 1;
  for (guint i = 0; i <= layer; i++)
    scale /= sal_model_get_record (model)->topology.strides[i];
  return scale;
}

static void
fuse (const float *layer, gsize n, guint n_before, const SalCamConfig *config,
    float *map)
{
  for (gsize i = 0; i < n; i++) {
    if (config->fusion == SAL_CAM_FUSION_MEAN)
      map[i] = (map[i] * n_before + layer[i]) / (n_before + 1);
    else if (fabsf (layer[i]) > fabsf (map[i]))
      map[i] = layer[i];
  }
}

gboolean
sal_cam_compute (SalCam *self, SalNet *net, const SalTarget *target,
    const SalCamConfig *config, float *map, float *peak)
{
  const SalModel *model = sal_net_get_model (net);
  guint F = sal_model_get_record (model)->mel.n_bands;
  guint T = sal_net_get_n_frames (net), n_fused = 0, shape[3];
  gboolean any = FALSE;
  memset (map, 0, (gsize) F * T * sizeof (float));
  *peak = 0;
  if (config->method == SAL_CAM_NONE)
    return FALSE;
  sal_scorer_gradient (self->scorer, target, config->score_function,
      sal_net_get_embedding (net), self->gradient);
  guint shallowest = sal_cam_config_deepest (config);
  sal_net_backward (net, self->gradient, shallowest);
  for (guint l = shallowest; l < SAL_NET_STAGES; l++) {
    if (!(config->layers & (1u << l)))
      continue;
    float layer_peak, scale = layer_scale (model, l);
    sal_net_get_stage (net, l, shape);
    sal_cam_layer (net, l, config, self->raw);
    sal_map_resize (self->raw, shape[1], shape[2], self->layer, F, T, scale,
        scale);
    any |= sal_map_normalise (self->layer, (gsize) F * T, config->gamma,
        config->method == SAL_CAM_SIGNED_LAYER, &layer_peak);
    fuse (self->layer, (gsize) F * T, n_fused++, config, map);
    *peak = MAX (*peak, layer_peak);
  }
  return any;
}
