/* SPDX-License-Identifier: GPL-2.0-or-later */
/* picture.h: an analysis as a picture
 *
 * Above, the log-Mel spectrogram in grey with the saliency over it; then, if they
 * are known, who truly speaks; below, the probability that the target speaks.
 */
#pragma once

#include <cairo.h>

#include <saliency/map.h>
#include <saliency/mel.h>

typedef struct {
  const char *title;
  const char *target;      /* name of the target */
  const SalMelConfig *mel; /* the front end of the maps */
  SalMap *const *maps;     /* [n_maps], from frame 0 on, without holes */
  guint n_maps;
  const GPtrArray *turns; /* (nullable) (element-type SalTurn): a strip of true turns */
  float threshold;        /* drawn in the lower panel; 0: none */
  guint width;            /* pixels, at least 480; 0: 1200 */
} SalPicture;

/**
 * sal_picture_draw:
 *
 * Returns: (transfer full) (nullable): an image surface, or %NULL and %SAL_ERROR_CONFIG (too
 * narrow) or %SAL_ERROR_AUDIO (the maps have no frame)
 */
cairo_surface_t *sal_picture_draw (const SalPicture *self, GError **error);

/**
 * sal_picture_save:
 *
 * Writes a PNG file beside @path and renames, so that a failure leaves no part of a file.
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_picture_draw() or %SAL_ERROR_FILE
 */
gboolean sal_picture_save (const SalPicture *self, const char *path, GError **error);
