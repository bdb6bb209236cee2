/* SPDX-License-Identifier: GPL-2.0-or-later */
/* png.h: a picture as a file */
#pragma once

#include <cairo.h>

#include <saliency/error.h>

/**
 * sal_png_save:
 * @surface: (transfer full): an image
 *
 * Writes a PNG file beside @path and renames, so that a failure leaves no part of a file.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean sal_png_save (cairo_surface_t *surface, const char *path, GError **error);
