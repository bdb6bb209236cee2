/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cam.c: class activation map (CAM) of a window; Score-CAM */
#include <saliency/cam.h>

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "map/cam-weights.h"
#include <saliency/map.h>
#include "network/model-internal.h"

struct _SalCam {
  SalScorer *scorer;
  guint max_frames;
  float *gradient; /* by the embedding, [E] */
  float *raw;      /* map of a layer, [H, W] */
  float *layer;    /* resized, [F, T] */
  float *scratch;  /* [F, T] */
  /* for Score-CAM, allocated when first needed: */
  float *input;                   /* normalised log-Mel, [F, T] */
  float *activations[SAL_STAGES]; /* [K, H, W] */
  float *means;                   /* of activations, [K] */
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
    .percentile = 100,
  };
}

static gboolean
check_number (const char *field, float value, GError **error)
{
  if (value > 0 && value <= 100)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG, "%s is %g, outside 0..100",
      field, value);
  return FALSE;
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
  if ((guint) config->method > SAL_CAM_SCORE
      || (guint) config->fusion > SAL_CAM_FUSION_MAX
      || (guint) config->score_function > SAL_SCORE_LOGIT) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "method %d, fusion %d or score_function %d is unknown", config->method,
        config->fusion, config->score_function);
    return FALSE;
  }
  return check_number ("gamma", config->gamma, error)
      && check_number ("percentile", config->percentile, error);
}

guint
sal_cam_config_deepest (const SalCamConfig *config)
{
  return config->method == SAL_CAM_NONE || config->method == SAL_CAM_SCORE
      ? SAL_STAGES - 1
      : (guint) g_bit_nth_lsf (config->layers, -1);
}

guint
sal_cam_config_forwards (const SalCamConfig *config, const SalModel *model)
{
  const guint *widths = sal_model_get_description (model)->topology.widths;
  guint n = 2; /* the whole window, before and after */
  if (config->method != SAL_CAM_SCORE)
    return 1;
  for (guint l = 0; l < SAL_STAGES; l++)
    if (config->layers & (1u << l))
      n += config->channels > 0 ? MIN (config->channels, widths[l]) : widths[l];
  return n;
}

SalCam *
sal_cam_new (SalModel *model, guint max_frames)
{
  SalCam *self = g_new0 (SalCam, 1);
  gsize size
      = (gsize) sal_model_get_description (model)->mel.n_bands * max_frames;
  self->scorer = sal_scorer_new (model);
  self->max_frames = max_frames;
  self->gradient = g_new (float, sal_model_get_embedding_size (model));
  self->raw = g_new (float, size);
  self->layer = g_new (float, size);
  self->scratch = g_new (float, size);
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
  g_free (self->scratch);
  g_free (self->input);
  for (guint l = 0; l < SAL_STAGES; l++)
    g_free (self->activations[l]);
  g_free (self->means);
  g_free (self);
}

void
sal_cam_layer (SalNet *net, guint layer, const SalCamConfig *config, float *map)
{
  guint shape[3];
  g_return_if_fail (
      config->method != SAL_CAM_NONE && config->method != SAL_CAM_SCORE);
  const float *activation = sal_net_get_stage (net, layer, shape);
  sal_cam_weights_combine (config->method, activation,
      sal_net_get_gradient (net, layer), shape,
      config->degrid && layer < SAL_STAGES - 1, map);
}

/* Input rows, or columns, per output row: the product of the strides. */
static float
layer_scale (const SalModel *model, guint layer)
{
  float scale = 1;
  for (guint i = 0; i <= layer; i++)
    scale /= sal_model_get_description (model)->topology.strides[i];
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

/* --- Score-CAM ----------------------------------------------------------- */

/* Memory for the output of a layer, for the longest window. */
static float *
new_activation (const SalCam *self, const SalDescription *record, guint layer)
{
  gsize h = record->mel.n_bands, w = self->max_frames;
  for (guint i = 0; i <= layer; i++) {
    h = (h - 1) / record->topology.strides[i] + 1;
    w = (w - 1) / record->topology.strides[i] + 1;
  }
  return g_new (float, record->topology.widths[layer] * h * w);
}

/* Keeps the arrays that the masked passes will overwrite. */
static void
keep_pass (SalCam *self, SalNet *net, const SalCamConfig *config)
{
  const SalDescription *record
      = sal_model_get_description (sal_net_get_model (net));
  const guint *widths = record->topology.widths;
  guint shape[3];
  if (self->input == NULL) {
    guint most = MAX (MAX (widths[0], widths[1]), MAX (widths[2], widths[3]));
    self->input = g_new (float, (gsize) record->mel.n_bands * self->max_frames);
    self->means = g_new (float, most);
  }
  sal_net_get_input (net, self->input);
  for (guint l = 0; l < SAL_STAGES; l++) {
    if (!(config->layers & (1u << l)))
      continue;
    if (self->activations[l] == NULL)
      self->activations[l] = new_activation (self, record, l);
    const float *activation = sal_net_get_stage (net, l, shape);
    memcpy (self->activations[l], activation,
        (gsize) shape[0] * shape[1] * shape[2] * sizeof (float));
  }
}

static float
score_now (SalCam *self, const SalNet *net, const SalTarget *target,
    SalScoreFunction function)
{
  SalScore score;
  sal_scorer_score (self->scorer, target, sal_net_get_embedding (net), &score);
  return function == SAL_SCORE_LOGIT    ? score.logit
      : function == SAL_SCORE_POSTERIOR ? score.posterior
                                        : score.log_odds;
}

/* Score-CAM (5) without its ReLU, into raw, one masked window at a time.
 * Several windows side by side along time would see each other across the
 * borders of 3x3 convolutions and share the means of squeeze-and-excitation:
 * their scores would differ from the formula.  Little speed would be gained, as
 * one window fills the matrix products. */
static void
score_layer (SalCam *self, SalNet *net, const SalTarget *target,
    const SalCamConfig *config, guint layer, float scale)
{
  guint shape[3], T = sal_net_get_n_frames (net);
  guint F = sal_model_get_description (sal_net_get_model (net))->mel.n_bands;
  sal_net_get_stage (net, layer, shape);
  gsize plane = (gsize) shape[1] * shape[2], size = (gsize) F * T;
  memset (self->raw, 0, plane * sizeof (float));
  sal_cam_weights_means (self->activations[layer], shape, self->means);
  for (guint k = 0; k < shape[0]; k++) {
    const float *A = self->activations[layer] + k * plane;
    if (!sal_cam_weights_is_among (self->means, shape[0], config->channels, k))
      continue;
    sal_map_resize (A, shape[1], shape[2], self->layer, F, T, scale, scale);
    if (!sal_map_stretch (self->layer, size)) /* M_k */
      continue;
    for (gsize i = 0; i < size; i++)
      self->layer[i] *= self->input[i];
    sal_net_forward_input (net, self->layer);
    sal_vector_add_scaled (self->raw,
        score_now (self, net, target, config->score_function), A, plane);
  }
}

/* --- all layers ---------------------------------------------------------- */

/* Gradients, or copies for Score-CAM, for the maps of all layers. */
static void
prepare (SalCam *self, SalNet *net, const SalTarget *target,
    const SalCamConfig *config)
{
  if (config->method == SAL_CAM_SCORE) {
    keep_pass (self, net, config);
    return;
  }
  sal_scorer_gradient (self->scorer, target, config->score_function,
      sal_net_get_embedding (net), self->gradient);
  sal_net_backward (net, self->gradient, sal_cam_config_deepest (config));
}

/* Computes the map of a layer, resized, into self->layer. */
static void
compute_layer (SalCam *self, SalNet *net, const SalTarget *target,
    const SalCamConfig *config, guint layer)
{
  const SalModel *model = sal_net_get_model (net);
  guint F = sal_model_get_description (model)->mel.n_bands;
  guint T = sal_net_get_n_frames (net), shape[3];
  float scale = layer_scale (model, layer);
  if (config->method == SAL_CAM_SCORE)
    score_layer (self, net, target, config, layer, scale);
  else
    sal_cam_layer (net, layer, config, self->raw);
  sal_net_get_stage (net, layer, shape);
  sal_map_resize (self->raw, shape[1], shape[2], self->layer, F, T, scale,
      scale);
  /* The paper resizes, then weighs channels, then applies the ReLU. */
  for (gsize i = 0; config->method == SAL_CAM_SCORE && i < (gsize) F * T; i++)
    self->layer[i] = self->layer[i] < 0 ? 0 : self->layer[i];
}

gboolean
sal_cam_compute (SalCam *self, SalNet *net, const SalTarget *target,
    const SalCamConfig *config, float *map, float *peak)
{
  const SalModel *model = sal_net_get_model (net);
  guint F = sal_model_get_description (model)->mel.n_bands, n_fused = 0;
  gsize size = (gsize) F * sal_net_get_n_frames (net);
  gboolean any = FALSE;
  memset (map, 0, size * sizeof (float));
  *peak = 0;
  if (config->method == SAL_CAM_NONE)
    return FALSE;
  prepare (self, net, target, config);
  for (guint l = 0; l < SAL_STAGES; l++) {
    if (!(config->layers & (1u << l)))
      continue;
    float layer_peak;
    compute_layer (self, net, target, config, l);
    sal_map_cut (self->layer, size, config->percentile, self->scratch);
    any |= sal_map_normalise (self->layer, size, config->gamma,
        config->method == SAL_CAM_SIGNED_LAYER, &layer_peak);
    fuse (self->layer, size, n_fused++, config, map);
    *peak = MAX (*peak, layer_peak);
  }
  if (config->method == SAL_CAM_SCORE)
    sal_net_forward_input (net, self->input); /* restores the caller's pass */
  return any;
}
