/* SPDX-License-Identifier: GPL-2.0-or-later */
/* axes.c: axes of a picture: text, ticks and scales */
#include "picture/axes.h"

#include <math.h>

#define TICK 4.0        /* pixels */
#define LABEL_SIZE 12.0 /* pixels */
#define TIME_SPACING 70 /* pixels between labels, at least */
#define BAND_SPACING 14 /* pixels between labels of bands, at least */

double
sal_axes_time_step (double seconds, double pixels, double min_pixels)
{
  static const double steps[] = { 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
    15, 30, 60, 120, 300, 600, 900, 1800, 3600 };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    if (steps[i] * pixels >= min_pixels * seconds)
      return steps[i];
  }
  return 3600 * ceil (min_pixels * seconds / pixels / 3600);
}

double
sal_axes_band_at (const float *bands_hz, guint n_bands, double hz)
{
  for (guint f = 1; f < n_bands; f++) {
    if (hz >= bands_hz[f - 1] && hz <= bands_hz[f]) {
      double width = bands_hz[f] - bands_hz[f - 1];
      return f - 1 + (width > 0 ? (hz - bands_hz[f - 1]) / width : 0);
    }
  }
  return -1;
}

void
sal_axes_font (cairo_t *cr, double size, gboolean bold)
{
  cairo_select_font_face (cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
      bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (cr, size);
}

void
sal_axes_text (cairo_t *cr, double x, double y, double align, const char *text)
{
  cairo_text_extents_t size;
  cairo_font_extents_t font;

  cairo_text_extents (cr, text, &size);
  cairo_font_extents (cr, &font);
  cairo_move_to (cr, x - align * size.x_advance,
      y + (font.ascent - font.descent) / 2);
  cairo_show_text (cr, text);
}

void
sal_axes_text_up (cairo_t *cr, double x, double y, const char *text)
{
  cairo_save (cr);
  cairo_translate (cr, x, y);
  cairo_rotate (cr, -G_PI / 2);
  sal_axes_text (cr, 0, 0, 0.5, text);
  cairo_restore (cr);
}

void
sal_axes_colour (cairo_t *cr, SalColour colour)
{
  cairo_set_source_rgb (cr, colour.r, colour.g, colour.b);
}

void
sal_axes_fill (cairo_t *cr, const SalRect *r, SalColour colour)
{
  sal_axes_colour (cr, colour);
  cairo_rectangle (cr, r->x, r->y, r->w, r->h);
  cairo_fill (cr);
}

void
sal_axes_frame (cairo_t *cr, const SalRect *r)
{
  cairo_set_line_width (cr, 1);
  cairo_set_source_rgb (cr, 0.35, 0.35, 0.35);
  cairo_rectangle (cr, r->x - 0.5, r->y - 0.5, r->w + 1, r->h + 1);
  cairo_stroke (cr);
}

/* A tick by (dx, dy) at (x, y), on whole pixels. */
static void
draw_tick (cairo_t *cr, double x, double y, double dx, double dy)
{
  cairo_set_line_width (cr, 1);
  cairo_move_to (cr, floor (x) + 0.5, floor (y) + 0.5);
  cairo_rel_line_to (cr, dx, dy);
  cairo_stroke (cr);
}

static void
set_ink (cairo_t *cr)
{
  cairo_set_source_rgb (cr, 0.15, 0.15, 0.15);
  sal_axes_font (cr, LABEL_SIZE, FALSE);
}

/* "12", "0.25", or "1:30" when the axis has minutes. */
static char *
time_label (double t, double step, double seconds)
{
  if (seconds >= 120)
    return g_strdup_printf ("%d:%02d", (int) (t / 60), (int) fmod (t, 60));
  return g_strdup_printf ("%.*f", step >= 1 ? 0 : step >= 0.1 ? 1 : 2, t);
}

void
sal_axes_draw_time (cairo_t *cr, const SalRect *r, double seconds)
{
  double step = sal_axes_time_step (seconds, r->w, TIME_SPACING);
  double bottom = r->y + r->h;

  set_ink (cr);
  for (guint i = 0; i * step <= seconds; i++) {
    double x = r->x + i * step / seconds * r->w;
    g_autofree char *label = time_label (i * step, step, seconds);
    draw_tick (cr, x, bottom, 0, TICK);
    sal_axes_text (cr, x, bottom + 14, 0.5, label);
  }
  sal_axes_text (cr, r->x + r->w / 2, bottom + 32, 0.5,
      seconds >= 120 ? "time, min:s" : "time, s");
}

void
sal_axes_draw_bands (cairo_t *cr, const SalRect *r, const float *bands_hz,
    guint n_bands)
{
  static const double ticks[] = { 125, 250, 500, 1000, 2000, 4000, 7000 };
  double last = G_MAXDOUBLE;

  set_ink (cr);
  for (guint i = 0; i < G_N_ELEMENTS (ticks); i++) {
    double band = sal_axes_band_at (bands_hz, n_bands, ticks[i]);
    if (band < 0)
      continue;
    double y = r->y + r->h * (1 - (band + 0.5) / n_bands);
    if (last - y < BAND_SPACING)
      continue;
    last = y;
    g_autofree char *label = g_strdup_printf ("%g", ticks[i]);
    draw_tick (cr, r->x - TICK, y, TICK, 0);
    sal_axes_text (cr, r->x - 8, y, 1, label);
  }
  sal_axes_text_up (cr, r->x - 52, r->y + r->h / 2, "frequency, Hz");
}

void
sal_axes_draw_levels (cairo_t *cr, const SalRect *r, const char *const *labels,
    guint n, gboolean right)
{
  double x = right ? r->x + r->w : r->x - TICK;

  set_ink (cr);
  for (guint i = 0; i < n; i++) {
    double y = r->y + r->h * (1 - i / (double) (n - 1));
    draw_tick (cr, x, MIN (y, r->y + r->h - 0.5), TICK, 0);
    sal_axes_text (cr, right ? x + 8 : x - 4, y, right ? 0 : 1, labels[i]);
  }
}
