/* SPDX-License-Identifier: GPL-2.0-or-later */
/* png.h: a picture as a file, PNG or SVG */
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

/**
 * sal_svg_new:
 * @text: gets the file; must outlive the surface
 *
 * Returns: (transfer full): a surface of @width x @height pixels to draw on
 */
cairo_surface_t *sal_svg_new (GByteArray *text, double width, double height);

/**
 * sal_svg_save:
 * @surface: (transfer full): of sal_svg_new()
 * @text: the same
 *
 * As sal_png_save() does.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean sal_svg_save (cairo_surface_t *surface, const GByteArray *text, const char *path,
    GError **error);
