/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot.c: line plot with two axes and a legend */
#include "picture/plot.h"

#include <math.h>

/* Pixels */
#define TICK 4
#define FONT 13
#define TITLE_FONT 17
#define TITLE_X 24
#define TITLE_Y 24
#define LINE_HEIGHT 20
#define SAMPLE_WIDTH 34 /* of a line in the legend */
#define PAD 10

static const SalColour ink = { 0.15, 0.15, 0.15 };

SalColour
sal_plot_colour (guint index)
{
  static const SalColour colours[]
      = { { 0.88, 0.27, 0.00 }, { 0.05, 0.38, 0.78 }, { 0.15, 0.55, 0.25 },
          { 0.55, 0.20, 0.65 }, { 0.80, 0.58, 0.00 }, { 0.30, 0.30, 0.30 },
          { 0.00, 0.60, 0.65 }, { 0.85, 0.35, 0.60 }, { 0.50, 0.35, 0.15 } };

  return colours[index % G_N_ELEMENTS (colours)];
}

static double
place_x (const SalRect *r, const SalPlotAxis *axis, double value)
{
  return r->x + r->w * (value - axis->low) / (axis->high - axis->low);
}

static double
place_y (const SalRect *r, const SalPlotAxis *axis, double value)
{
  return r->y + r->h * (axis->high - value) / (axis->high - axis->low);
}

static void
draw_line (cairo_t *cr, double x, double y, double dx, double dy)
{
  cairo_move_to (cr, floor (x) + 0.5, floor (y) + 0.5);
  cairo_rel_line_to (cr, dx, dy);
  cairo_stroke (cr);
}

static void
draw_grid (cairo_t *cr, const SalRect *r, const SalPlot *plot)
{
  cairo_set_line_width (cr, 1);
  cairo_set_source_rgb (cr, 0.88, 0.88, 0.88);
  for (guint i = 0; i < plot->x.n_marks; i++)
    draw_line (cr, place_x (r, &plot->x, plot->x.marks[i].at), r->y, 0, r->h);
  for (guint i = 0; i < plot->y.n_marks; i++)
    draw_line (cr, r->x, place_y (r, &plot->y, plot->y.marks[i].at), r->w, 0);
}

static void
draw_axes (cairo_t *cr, const SalRect *r, const SalPlot *plot)
{
  sal_axes_frame (cr, r);
  sal_axes_colour (cr, ink);
  sal_axes_font (cr, FONT, FALSE);
  for (guint i = 0; i < plot->x.n_marks; i++) {
    double x = place_x (r, &plot->x, plot->x.marks[i].at);
    draw_line (cr, x, r->y + r->h, 0, TICK);
    if (plot->x.marks[i].label != NULL)
      sal_axes_text (cr, x, r->y + r->h + 16, 0.5, plot->x.marks[i].label);
  }
  for (guint i = 0; i < plot->y.n_marks; i++) {
    double y = place_y (r, &plot->y, plot->y.marks[i].at);
    draw_line (cr, r->x - TICK, y, TICK, 0);
    if (plot->y.marks[i].label != NULL)
      sal_axes_text (cr, r->x - 8, y, 1, plot->y.marks[i].label);
  }
  sal_axes_text (cr, r->x + r->w / 2, r->y + r->h + 38, 0.5, plot->x.label);
  sal_axes_text_up (cr, r->x - 54, r->y + r->h / 2, plot->y.label);
}

static void
set_pen (cairo_t *cr, const SalPlotCurve *curve)
{
  static const double dashes[] = { 7, 4 };

  sal_axes_colour (cr, curve->colour);
  cairo_set_line_width (cr, curve->dashed ? 1.6 : 2.2);
  cairo_set_dash (cr, dashes, curve->dashed ? 2 : 0, 0);
}

static void
draw_dot (cairo_t *cr, double x, double y)
{
  cairo_arc (cr, x, y, 4, 0, 2 * G_PI);
  cairo_fill (cr);
}

static gboolean
lies_on (const SalPlotAxis *axis, double value)
{
  return value >= axis->low && value <= axis->high; /* FALSE for NAN */
}

static void
draw_band (cairo_t *cr, const SalRect *r, const SalPlot *plot,
    const SalPlotCurve *curve)
{
  cairo_new_path (cr);
  for (gsize i = 0; i < 2 * curve->n; i++) {
    gsize at = i < curve->n ? i : 2 * curve->n - 1 - i;
    double y = i < curve->n ? curve->low[at] : curve->high[at];
    if (isfinite (curve->x[at]) && isfinite (y))
      cairo_line_to (cr, place_x (r, &plot->x, curve->x[at]),
          place_y (r, &plot->y, y));
  }
  cairo_set_source_rgba (cr, curve->colour.r, curve->colour.g, curve->colour.b,
      0.12);
  cairo_fill (cr);
}

static void
draw_curve (cairo_t *cr, const SalRect *r, const SalPlot *plot,
    const SalPlotCurve *curve)
{
  cairo_save (cr);
  cairo_rectangle (cr, r->x, r->y, r->w, r->h);
  cairo_clip (cr);
  if (curve->low != NULL && curve->high != NULL)
    draw_band (cr, r, plot, curve);
  set_pen (cr, curve);
  cairo_new_path (cr);
  for (gsize i = 0; i < curve->n; i++)
    if (isfinite (curve->x[i]) && isfinite (curve->y[i]))
      cairo_line_to (cr, place_x (r, &plot->x, curve->x[i]),
          place_y (r, &plot->y, curve->y[i]));
  cairo_stroke (cr);
  cairo_restore (cr);
  sal_axes_colour (cr, curve->colour);
  for (gsize i = 0; curve->dots && i < curve->n; i++)
    if (lies_on (&plot->x, curve->x[i]) && lies_on (&plot->y, curve->y[i]))
      draw_dot (cr, place_x (r, &plot->x, curve->x[i]),
          place_y (r, &plot->y, curve->y[i]));
}

/* Width of the longest text of the legend, and its number of lines. */
static double
measure_legend (cairo_t *cr, const SalPlot *plot, guint *n_lines)
{
  cairo_text_extents_t size = { 0 };
  double width = 0;

  *n_lines = plot->legend != NULL;
  if (plot->legend != NULL) {
    cairo_text_extents (cr, plot->legend, &size);
    width = size.x_advance - SAMPLE_WIDTH - 8;
  }
  for (guint i = 0; i < plot->n_curves; i++) {
    if (plot->curves[i].label == NULL)
      continue;
    cairo_text_extents (cr, plot->curves[i].label, &size);
    width = MAX (width, size.x_advance);
    (*n_lines)++;
  }
  return width + SAMPLE_WIDTH + 8;
}

static void
draw_sample (cairo_t *cr, double x, double y, const SalPlotCurve *curve)
{
  set_pen (cr, curve);
  cairo_move_to (cr, x, y);
  cairo_rel_line_to (cr, SAMPLE_WIDTH, 0);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
  if (curve->dots)
    draw_dot (cr, x + SAMPLE_WIDTH / 2.0, y);
  sal_axes_colour (cr, ink);
  sal_axes_text (cr, x + SAMPLE_WIDTH + 8, y, 0, curve->label);
}

static void
draw_legend (cairo_t *cr, const SalRect *r, const SalPlot *plot)
{
  guint n_lines;

  sal_axes_font (cr, FONT, FALSE);
  double width = measure_legend (cr, plot, &n_lines);
  double x = r->x + r->w + (plot->legend_right ? 18 : -PAD - width - 6);
  double y = r->y + (plot->legend_right ? 10 : PAD + LINE_HEIGHT / 2.0 + 4);
  if (!plot->legend_right) {
    cairo_set_source_rgba (cr, 1, 1, 1, 0.9);
    cairo_rectangle (cr, x - PAD, r->y + 6, width + 2 * PAD - 2,
        n_lines * LINE_HEIGHT + PAD);
    cairo_fill (cr);
  }
  if (plot->legend != NULL) {
    sal_axes_colour (cr, ink);
    sal_axes_font (cr, FONT, TRUE);
    sal_axes_text (cr, x, y, 0, plot->legend);
    sal_axes_font (cr, FONT, FALSE);
    y += LINE_HEIGHT;
  }
  for (guint i = 0; i < plot->n_curves; i++) {
    if (plot->curves[i].label == NULL)
      continue;
    draw_sample (cr, x, y, &plot->curves[i]);
    y += LINE_HEIGHT;
  }
}

void
sal_plot_draw (cairo_t *cr, const SalRect *r, const SalPlot *plot)
{
  draw_grid (cr, r, plot);
  for (guint i = 0; i < plot->n_curves; i++)
    draw_curve (cr, r, plot, &plot->curves[i]);
  draw_axes (cr, r, plot);
  draw_legend (cr, r, plot);
}

cairo_surface_t *
sal_plot_paper (guint width, guint height, const char *title)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24,
      (int) width, (int) height);
  cairo_t *cr = cairo_create (surface);

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  sal_axes_colour (cr, ink);
  sal_axes_font (cr, TITLE_FONT, TRUE);
  sal_axes_text (cr, TITLE_X, TITLE_Y, 0, title);
  cairo_destroy (cr);
  return surface;
}
