/* SPDX-License-Identifier: GPL-2.0-or-later */
/* downsample.h: maps of a whole recording, reduced to the columns of a picture */
#pragma once

#include <saliency/map.h>

/**
 * SalColumns:
 *
 * A recording at the resolution of a picture: a column is the mean over its frames.
 */
typedef struct {
  guint n_columns, n_bands;
  float *level;    /* [C, F], log-Mel, ln */
  float *saliency; /* [C, F] */
  float *activity; /* [C] */
} SalColumns;

/**
 * sal_columns_new:
 * @maps: (array length=n_maps): consecutive, without gaps, with equal bands
 * @max_columns: at least 1; the number of columns is at most the number of frames
 *
 * Returns: (transfer full) (nullable): the columns; %NULL without a frame
 */
SalColumns *sal_columns_new (SalMap *const *maps, guint n_maps, guint max_columns);
void sal_columns_free (SalColumns *self); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalColumns, sal_columns_free)

/**
 * sal_columns_paint:
 * @loudest: the log-Mel that is drawn darkest
 * @range: difference from @loudest to the log-Mel that is drawn white, > 0
 * @pixels: (out caller-allocates): 0x00RRGGBB, highest band first, [F, stride]
 * @stride: pixels per row, at least C
 */
void sal_columns_paint (const SalColumns *self, float loudest, float range, guint32 *pixels,
    guint stride);
