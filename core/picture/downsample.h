/* SPDX-License-Identifier: GPL-2.0-or-later */
/* downsample.h: downsampling of an analysis to the resolution of a picture
 *
 * Frames are summed in cells; when there are too many cells, they are merged in pairs, so that
 * memory does not grow with the recording.
 */
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

typedef struct _SalDownsampler SalDownsampler; /* one thread at a time */

/**
 * sal_downsampler_new:
 * @n_bands: F, at least 1
 * @max_cells: at least 2; twice as many as columns that will be wanted, or more; each takes 8 F + 4
 * bytes
 *
 * Returns: (transfer full): a downsampler without a frame
 */
SalDownsampler *sal_downsampler_new (guint n_bands, guint max_cells);
void sal_downsampler_free (SalDownsampler *self); /* NULL is a no-op */

/**
 * sal_downsampler_push:
 * @map: the next one, without a hole; of as many bands
 */
void sal_downsampler_push (SalDownsampler *self, const SalMap *map);
guint64 sal_downsampler_get_n_frames (const SalDownsampler *self);

/**
 * sal_downsampler_get_columns:
 * @max_columns: at least 1; there are fewer if there are fewer cells
 *
 * A column is the mean over the frames of its cells: exact as long as each cell is a frame, else
 * its ends lie within one cell of where they should.
 *
 * Returns: (transfer full) (nullable): the columns; %NULL if there is no frame
 */
SalColumns *sal_downsampler_get_columns (const SalDownsampler *self, guint max_columns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalDownsampler, sal_downsampler_free)

/**
 * sal_columns_paint:
 * @loudest: the log-Mel that is drawn darkest
 * @range: difference from @loudest to the log-Mel that is drawn white, > 0
 * @pixels: (out caller-allocates): 0x00RRGGBB, highest band first, [F, stride]
 * @stride: pixels per row, at least C
 */
void sal_columns_paint (const SalColumns *self, float loudest, float range, guint32 *pixels,
    guint stride);
