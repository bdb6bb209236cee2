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
} SalMapMethod;

#define SAL_MAP_SIGNED 5 /* among the methods */

extern const SalMapMethod sal_map_methods[]; /* [sal_n_map_methods] */
extern const guint sal_n_map_methods;

/* Of the paper */
enum {
  SAL_MAP_S1,
  SAL_MAP_S2,
  SAL_MAP_S3,
  SAL_MAP_S4,
  SAL_MAP_S4_S3,
  SAL_MAP_S4_S3_S2,
  SAL_MAP_ALL,
  SAL_MAP_SETTINGS
};

typedef struct {
  const char *name;
  SalCamLayers layers;
} SalMapSetting;

extern const SalMapSetting sal_map_settings[SAL_MAP_SETTINGS];

typedef struct _SalMaps SalMaps; /* one thread at a time */

/* How maps are normalised and fused; the rest of a configuration is that of the method. */
typedef struct {
  float gamma;         /* of (9) */
  float percentile;    /* sal_map_cut() */
  gboolean degrid;
  SalCamFusion fusion;
} SalMapStyle;

void sal_map_style_init (SalMapStyle *style); /* the paper's: 5, 100, no, mean */

/**
 * sal_maps_new:
 * @style: copied
 */
SalMaps *sal_maps_new (SalModel *model, guint max_frames, const SalMapStyle *style);
void sal_maps_free (SalMaps *self); /* NULL is a no-op */

/**
 * sal_maps_begin:
 * @net: after a forward pass, made to go backward to S1; kept until the next call
 * @target: likewise
 */
void sal_maps_begin (SalMaps *self, SalNet *net, const SalTarget *target);

/**
 * sal_maps_draw:
 * @method: index of sal_map_methods
 * @layers: those that will be asked for
 *
 * Draws the maps of these layers, as sal_cam_compute() would: the paper's, log-odds in place of the posterior where that
 * makes no difference.
 */
void sal_maps_draw (SalMaps *self, guint method, SalCamLayers layers);

/**
 * sal_maps_fuse:
 * @layers: some of those drawn last
 * @map: (out caller-allocates): their mean, or of each bin the one of largest magnitude, [F, T]
 *
 * Returns: %FALSE if all of them are flat: @map is zeros
 */
gboolean sal_maps_fuse (const SalMaps *self, SalCamLayers layers, float *map);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalMaps, sal_maps_free)
