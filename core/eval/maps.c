/* SPDX-License-Identifier: GPL-2.0-or-later */
/* maps.c: class activation maps of all methods and layers of one window */
#include "eval/maps.h"

#include <math.h>
#include <string.h>

#include <saliency/map.h>
#include "network/model-internal.h"

#define NO_SCORE -1

/* Grad-CAM++ is defined for exp (logit), Score-CAM for the posterior; for other
 * methods log-odds and the posterior give the same map (cam.h). */
const EvalMapMethod eval_map_methods[] = {
  { "grad-cam", SAL_CAM_GRAD, SAL_SCORE_LOG_ODDS, 0, FALSE },
  { "grad-cam++", SAL_CAM_GRAD_PLUS_PLUS, SAL_SCORE_LOGIT, 0, TRUE },
  { "score-cam", SAL_CAM_SCORE, SAL_SCORE_POSTERIOR, SAL_CAM_FEW_CHANNELS,
      TRUE },
  { "layer-cam", SAL_CAM_LAYER, SAL_SCORE_LOG_ODDS, 0, TRUE },
  { "layer-cam-degrid", SAL_CAM_LAYER, SAL_SCORE_LOG_ODDS, 0, TRUE, TRUE },
  [EVAL_MAP_SIGNED]
  = { "signed-layer-cam", SAL_CAM_SIGNED_LAYER, SAL_SCORE_LOG_ODDS, 0, TRUE },
};
const guint eval_n_map_methods = G_N_ELEMENTS (eval_map_methods);

const EvalMapSetting eval_map_settings[EVAL_MAP_SETTINGS] = {
  [EVAL_MAP_S1] = { "S1", SAL_CAM_S1 },
  [EVAL_MAP_S2] = { "S2", SAL_CAM_S2 },
  [EVAL_MAP_S3] = { "S3", SAL_CAM_S3 },
  [EVAL_MAP_S4] = { "S4", SAL_CAM_S4 },
  [EVAL_MAP_S4_S3] = { "S4+S3", SAL_CAM_S4 | SAL_CAM_S3 },
  [EVAL_MAP_S4_S3_S2] = { "S4+S3+S2", SAL_CAM_S4 | SAL_CAM_S3 | SAL_CAM_S2 },
  [EVAL_MAP_ALL]
  = { "S4+S3+S2+S1", SAL_CAM_S4 | SAL_CAM_S3 | SAL_CAM_S2 | SAL_CAM_S1 },
};

struct _EvalMaps {
  SalModel *model;
  SalCam *cam;
  SalScorer *scorer;
  EvalMapStyle style;
  guint n_bands;
  float *gradient;            /* [E] */
  float *raw;                 /* [H, W] of a layer */
  float *scratch;             /* [F, T] */
  float *maps[SAL_STAGES];    /* [F, T], normalised */
  gboolean drawn[SAL_STAGES]; /* not flat */
  SalNet *net;
  const SalTarget *target;
  int score; /* score of the gradients in net, or NO_SCORE */
};

void
eval_map_style_init (EvalMapStyle *style)
{
  SalCamConfig config;

  sal_cam_config_init (&config);
  *style = (EvalMapStyle){ config.gamma, config.percentile, config.degrid,
    config.fusion };
}

EvalMaps *
eval_maps_new (SalModel *model, guint max_frames, const EvalMapStyle *style)
{
  EvalMaps *self = g_new0 (EvalMaps, 1);
  self->n_bands = sal_model_get_mel_config (model)->n_bands;
  gsize size = (gsize) self->n_bands * max_frames;

  self->model = sal_model_ref (model);
  self->style = *style;
  self->cam = sal_cam_new (model, max_frames);
  self->scorer = sal_scorer_new (model);
  self->gradient = g_new (float, sal_model_get_embedding_size (model));
  self->raw = g_new (float, size);
  self->scratch = g_new (float, size);
  for (guint l = 0; l < SAL_STAGES; l++)
    self->maps[l] = g_new (float, size);
  return self;
}

void
eval_maps_free (EvalMaps *self)
{
  if (self == NULL)
    return;
  sal_cam_free (self->cam);
  sal_scorer_free (self->scorer);
  g_free (self->gradient);
  g_free (self->raw);
  g_free (self->scratch);
  for (guint l = 0; l < SAL_STAGES; l++)
    g_free (self->maps[l]);
  sal_model_unref (self->model);
  g_free (self);
}

void
eval_maps_begin (EvalMaps *self, SalNet *net, const SalTarget *target)
{
  self->net = net;
  self->target = target;
  self->score = NO_SCORE;
}

static void
go_back (EvalMaps *self, SalScoreFunction score)
{
  if (self->score == (int) score)
    return;
  sal_scorer_gradient (self->scorer, self->target, score,
      sal_net_get_embedding (self->net), self->gradient);
  sal_net_backward (self->net, self->gradient, 0);
  self->score = (int) score;
}

static float
layer_scale (const EvalMaps *self, guint layer)
{
  const SalTopology *topology
      = &sal_model_get_description (self->model)->topology;
  float scale = 1;

  for (guint i = 0; i <= layer; i++)
    scale /= (float) topology->strides[i];
  return scale;
}

/* Draws a layer's map from the present gradients. */
static gboolean
draw_layer (EvalMaps *self, const SalCamConfig *config, guint layer)
{
  guint shape[3], F = self->n_bands, T = sal_net_get_n_frames (self->net);
  float peak, scale = layer_scale (self, layer);

  sal_net_get_stage (self->net, layer, shape);
  sal_cam_layer (self->net, layer, config, self->raw);
  sal_map_resize (self->raw, shape[1], shape[2], self->maps[layer], F, T, scale,
      scale);
  sal_map_cut (self->maps[layer], (gsize) F * T, config->percentile,
      self->scratch);
  return sal_map_normalise (self->maps[layer], (gsize) F * T, config->gamma,
      config->method == SAL_CAM_SIGNED_LAYER, &peak);
}

void
eval_maps_draw (EvalMaps *self, guint method, SalCamLayers layers)
{
  const EvalMapMethod *row = &eval_map_methods[method];
  SalCamConfig config;
  float peak;

  sal_cam_config_init (&config);
  config.method = row->method;
  config.score_function = row->score;
  config.channels = row->channels;
  config.gamma = self->style.gamma;
  config.percentile = self->style.percentile;
  config.degrid = self->style.degrid || row->degrid;
  if (row->method != SAL_CAM_SCORE)
    go_back (self, row->score);
  for (guint l = 0; l < SAL_STAGES; l++) {
    config.layers = 1u << l;
    if ((layers & config.layers) == 0)
      continue;
    if (row->method != SAL_CAM_SCORE) {
      self->drawn[l] = draw_layer (self, &config, l);
      continue;
    }
    self->drawn[l] = sal_cam_compute (self->cam, self->net, self->target,
        &config, self->maps[l], &peak);
    self->score = NO_SCORE;
  }
}

gboolean
eval_maps_fuse (const EvalMaps *self, SalCamLayers layers, float *map)
{
  gsize size = (gsize) self->n_bands * sal_net_get_n_frames (self->net);
  guint n = 0;
  gboolean any = FALSE;

  memset (map, 0, size * sizeof (float));
  for (guint l = 0; l < SAL_STAGES; l++) {
    if ((layers & (1u << l)) == 0)
      continue;
    for (gsize i = 0; i < size; i++) {
      float value = self->maps[l][i];
      if (self->style.fusion == SAL_CAM_FUSION_MEAN)
        map[i] = (map[i] * (float) n + value) / (float) (n + 1);
      else if (fabsf (value) > fabsf (map[i]))
        map[i] = value;
    }
    any |= self->drawn[l];
    n++;
  }
  return any;
}
