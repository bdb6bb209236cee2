/* SPDX-License-Identifier: GPL-2.0-or-later */
/* axes.h: axes of a picture: text, ticks and scales */
#pragma once

#include <cairo.h>

#include "picture/colours.h"
#include <saliency/error.h>

typedef struct {
  double x, y, w, h; /* pixels, y downwards */
} SalRect;

/**
 * sal_axes_time_step:
 * @min_pixels: least distance between two ticks
 *
 * Returns: seconds between ticks: 1, 2 or 5 times a power of ten up to 10 s, then parts and
 * multiples of a minute
 */
double sal_axes_time_step (double seconds, double pixels, double min_pixels);

/**
 * sal_axes_band_at:
 * @bands_hz: [n], rising
 *
 * Returns: the position of @hz among the bands, interpolated linearly; negative outside
 */
double sal_axes_band_at (const float *bands_hz, guint n_bands, double hz);

/**
 * sal_axes_text:
 * @align: 0: x is the left end, 0.5: the middle, 1: the right end; y is the vertical middle
 */
void sal_axes_text (cairo_t *cr, double x, double y, double align, const char *text);
void sal_axes_text_up (cairo_t *cr, double x, double y,
    const char *text); /* turned by 90 degrees, centred */
void sal_axes_font (cairo_t *cr, double size, gboolean bold);
void sal_axes_colour (cairo_t *cr, SalColour colour); /* for the next drawing */
void sal_axes_fill (cairo_t *cr, const SalRect *r, SalColour colour);
void sal_axes_frame (cairo_t *cr, const SalRect *r);

void sal_axes_draw_time (cairo_t *cr, const SalRect *r, double seconds); /* below @r */
void sal_axes_draw_bands (cairo_t *cr, const SalRect *r, const float *bands_hz,
    guint n_bands); /* left of @r */

/**
 * sal_axes_draw_levels:
 * @labels: (array length=n): from the bottom of @r to its top, evenly spaced
 * @right: labels beside the right edge, else beside the left edge
 */
void sal_axes_draw_levels (cairo_t *cr, const SalRect *r, const char *const *labels, guint n,
    gboolean right);
