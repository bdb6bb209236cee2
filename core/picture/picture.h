/* SPDX-License-Identifier: GPL-2.0-or-later */
/* picture.h: picture of an analysis: spectrogram, saliency, turns, probability
 *
 * The upper panel is the log-Mel spectrogram in grey, tinted by the saliency; the strip below shows
 * the true turns, if known; the lower panel is the probability that the target speaks.
 */
#pragma once

#include <cairo.h>

#include <saliency/map.h>
#include <saliency/mel.h>

typedef struct {
  const char *title;
  const char *target;      /* name of the target */
  const SalMelConfig *mel; /* front end of the maps */
  SalMap *const *maps;     /* [n_maps], from frame 0 on, without gaps */
  guint n_maps;
  const GPtrArray *turns; /* (nullable) (element-type SalTurn): true turns */
  float threshold;        /* drawn in the lower panel; 0: none */
  guint width;            /* pixels, at least 480; 0: 1200 */
} SalPicture;

/**
 * sal_picture_draw:
 *
 * Returns: (transfer full) (nullable): an image surface, or %NULL and %SAL_ERROR_CONFIG (width too
 * small) or %SAL_ERROR_AUDIO (maps without a frame)
 */
cairo_surface_t *sal_picture_draw (const SalPicture *self, GError **error);

/**
 * sal_picture_save:
 *
 * Writes a temporary PNG file beside @path and renames it: a failure leaves no partial file.
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_picture_draw() or %SAL_ERROR_FILE
 */
gboolean sal_picture_save (const SalPicture *self, const char *path, GError **error);
