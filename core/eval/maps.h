/* SPDX-License-Identifier: GPL-2.0-or-later */
/* maps.h: class activation maps of all methods and layers of one window
 *
 * sal_cam_compute() computes one map.  Here one backward pass down to S1 serves all methods with
 * the gradient of the same score, and every choice of layers.
 */
#pragma once

#include <saliency/cam.h>

typedef struct {
  const char *name;
  SalCamMethod method;
  SalScoreFunction score;
  guint channels;  /* for Score-CAM */
  gboolean every;  /* Table 2 has every setting; else S4 and all layers */
  gboolean degrid; /* whatever the style; no row for S4, where it changes nothing */
} EvalMapMethod;

#define EVAL_MAP_SIGNED 5 /* index of eval_map_methods */

extern const EvalMapMethod eval_map_methods[]; /* [eval_n_map_methods] */
extern const guint eval_n_map_methods;

/* Layers of the paper's Table 2. */
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

/* Normalisation and fusion of maps; the method decides the other fields of a configuration. */
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
 * @net: after a forward pass, with room for the backward pass to S1; kept until the next call
 * @target: kept until the next call
 */
void eval_maps_begin (EvalMaps *self, SalNet *net, const SalTarget *target);

/**
 * eval_maps_draw:
 * @method: index of eval_map_methods
 * @layers: layers of the later calls of eval_maps_fuse()
 *
 * Draws the maps of these layers as sal_cam_compute() would with the paper's score, or with
 * log-odds where that makes no difference.
 */
void eval_maps_draw (EvalMaps *self, guint method, SalCamLayers layers);

/**
 * eval_maps_fuse:
 * @layers: some of the layers drawn last
 * @map: (out caller-allocates): mean of their maps, or in each bin the value of largest magnitude,
 * [F, T]
 *
 * Returns: %FALSE if all maps are flat: @map is zeros
 */
gboolean eval_maps_fuse (const EvalMaps *self, SalCamLayers layers, float *map);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalMaps, eval_maps_free)
