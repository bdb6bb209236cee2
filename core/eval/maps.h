/* SPDX-License-Identifier: GPL-2.0-or-later */
/* maps.h: the maps of all methods and layers of one window
 *
 * sal_cam_compute() makes one map; here one backward pass down to S1 serves every method that
 * takes the gradient of the same score, and every choice of layers.
 */
#pragma once

#include <saliency/cam.h>

typedef struct {
  const char *name;
  SalCamMethod method;
  SalScoreFunction score;
  guint channels;  /* of Score-CAM */
  gboolean every;  /* in Table 2 with every setting; else with S4 and with all layers */
  gboolean degrid; /* in every style; the same for S4, which is left out */
} EvalMapMethod;

#define EVAL_MAP_SIGNED 5 /* among the methods */

extern const EvalMapMethod eval_map_methods[]; /* [eval_n_map_methods] */
extern const guint eval_n_map_methods;

/* Of the paper */
enum {
  EVAL_MAP_S1,
  EVAL_MAP_S2,
  EVAL_MAP_S3,
  EVAL_MAP_S4,
  EVAL_MAP_S4_S3,
  EVAL_MAP_S4_S3_S2,
  EVAL_MAP_ALL,
  EVAL_MAP_SETTINGS
};

typedef struct {
  const char *name;
  SalCamLayers layers;
} EvalMapSetting;

extern const EvalMapSetting eval_map_settings[EVAL_MAP_SETTINGS];

typedef struct _EvalMaps EvalMaps; /* one thread at a time */

/* How maps are normalised and fused; the rest of a configuration is that of the method. */
typedef struct {
  float gamma;      /* of (9) */
  float percentile; /* sal_map_cut() */
  gboolean degrid;
  SalCamFusion fusion;
} EvalMapStyle;

void eval_map_style_init (EvalMapStyle *style); /* the paper's: 5, 100, no, mean */

/**
 * eval_maps_new:
 * @style: copied
 */
EvalMaps *eval_maps_new (SalModel *model, guint max_frames, const EvalMapStyle *style);
void eval_maps_free (EvalMaps *self); /* NULL is a no-op */

/**
 * eval_maps_begin:
 * @net: after a forward pass, made to go backward to S1; kept until the next call
 * @target: likewise
 */
void eval_maps_begin (EvalMaps *self, SalNet *net, const SalTarget *target);

/**
 * eval_maps_draw:
 * @method: index of eval_map_methods
 * @layers: those that will be asked for
 *
 * Draws the maps of these layers, as sal_cam_compute() would: the paper's, log-odds in place of the
 * posterior where that makes no difference.
 */
void eval_maps_draw (EvalMaps *self, guint method, SalCamLayers layers);

/**
 * eval_maps_fuse:
 * @layers: some of those drawn last
 * @map: (out caller-allocates): their mean, or of each bin the one of largest magnitude, [F, T]
 *
 * Returns: %FALSE if all of them are flat: @map is zeros
 */
gboolean eval_maps_fuse (const EvalMaps *self, SalCamLayers layers, float *map);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalMaps, eval_maps_free)
