/* SPDX-License-Identifier: GPL-2.0-or-later */
/* picture.h: an analysis as a picture, PNG or SVG
 *
 * The upper panel is the log-Mel spectrogram in grey, tinted by the saliency; the strip below shows
 * the true turns, if known; the lower panel is the probability that the target speaks.
 */
#pragma once

#include <cairo.h>

#include <saliency/map.h>
#include <saliency/mel.h>

#include "picture/downsample.h"

typedef struct {
  const char *title;
  const char *target;      /* name of the target */
  const SalMelConfig *mel; /* the front end of the maps */
  SalMap *const *maps;     /* [n_maps], from frame 0 on, without holes; */
  guint n_maps;
  const SalDownsampler *frames; /* or, in their place, all of them downsampled */
  const GPtrArray *turns;       /* (nullable) (element-type SalTurn): a strip of true turns */
  float threshold;              /* drawn in the lower panel; 0: none */
  guint width; /* pixels, 480 to 32767; 0: 1200 for two minutes, 8 for each second of a
                  longer recording, at most 16000 */
} SalPicture;

/**
 * sal_picture_draw:
 *
 * The legend shows what is drawn: the colours of evidence only if a map has some.
 *
 * Returns: (transfer full) (nullable): an image surface, or %NULL and %SAL_ERROR_CONFIG (too
 * narrow, too wide) or %SAL_ERROR_AUDIO (the maps have no frame)
 */
cairo_surface_t *sal_picture_draw (const SalPicture *self, GError **error);

/**
 * sal_picture_save:
 *
 * @path: SVG if it ends in .svg, else PNG
 *
 * Writes a file beside @path and renames, so that a failure leaves no part of a file.
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_picture_draw() or %SAL_ERROR_FILE
 */
gboolean sal_picture_save (const SalPicture *self, const char *path, GError **error);
