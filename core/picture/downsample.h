/* SPDX-License-Identifier: GPL-2.0-or-later */
/* downsample.h: a whole analysis at the resolution of a picture */
#pragma once

#include <saliency/map.h>

/**
 * SalColumns:
 *
 * A recording at the resolution of a picture: column j is the mean over its frames.
 */
typedef struct {
  guint n_columns, n_bands;
  float *level;    /* [C, F], log-Mel, ln */
  float *saliency; /* [C, F] */
  float *activity; /* [C] */
} SalColumns;

/**
 * sal_columns_new:
 * @maps: (array length=n_maps): one after the other, without holes; of equal bands
 * @max_columns: at least 1; there are fewer if there are fewer frames
 *
 * Returns: (transfer full) (nullable): the columns; %NULL if there is no frame
 */
SalColumns *sal_columns_new (SalMap *const *maps, guint n_maps, guint max_columns);
void sal_columns_free (SalColumns *self); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalColumns, sal_columns_free)

/**
 * sal_columns_paint:
 * @loudest: log-Mel drawn darkest
 * @range: log-Mel below @loudest drawn white, > 0
 * @pixels: (out caller-allocates): 0x00RRGGBB, highest band first, [F, stride]
 * @stride: pixels per row, at least C
 */
void sal_columns_paint (const SalColumns *self, float loudest, float range, guint32 *pixels,
    guint stride);
