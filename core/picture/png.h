/* SPDX-License-Identifier: GPL-2.0-or-later */
/* png.h: writing a PNG file */
#pragma once

#include <cairo.h>

#include <saliency/error.h>

/**
 * sal_png_save:
 * @surface: (transfer full): an image
 *
 * Writes a temporary PNG file beside @path and renames it: a failure leaves no partial file.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean sal_png_save (cairo_surface_t *surface, const char *path, GError **error);
