/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture/plot.h"

#include <math.h>

#include "data.h"
#include "picture/png.h"

static const SalRect panel = { 100, 50, 400, 200 };
static const SalColour red = { 1, 0, 0 };

/* A red curve over axes from 0 to 10 and 0 to 1, without marks. */
static cairo_surface_t *
draw (const SalPlotCurve *curve, const char *legend)
{
  cairo_surface_t *surface = sal_plot_paper (700, 320, "title");
  cairo_t *cr = cairo_create (surface);
  SalPlot plot = { { "x", 0, 10, NULL, 0 }, { "y", 0, 1, NULL, 0 }, curve, 1,
    legend, TRUE };
  sal_plot_draw (cr, &panel, &plot);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

static gboolean
is_red (cairo_surface_t *surface, int x, int y)
{
  const guint8 *p = cairo_image_surface_get_data (surface)
      + y * cairo_image_surface_get_stride (surface) + 4 * x;
  return p[2] > 200 && p[1] < 80 && p[0] < 80;
}

static guint
count_red (cairo_surface_t *surface, const SalRect *r)
{
  guint n = 0;
  for (int y = (int) r->y; y < r->y + r->h; y++)
    for (int x = (int) r->x; x < r->x + r->w; x++)
      n += is_red (surface, x, y);
  return n;
}

static const SalRect everything = { 0, 0, 700, 320 };

static void
test_curve_goes_through_its_points (void)
{
  const double x[] = { 0, 5, 10 }, y[] = { 0.5, 0.5, 1 };
  SalPlotCurve curve = { NULL, red, FALSE, FALSE, x, y, 3 };
  cairo_surface_t *surface = draw (&curve, NULL);
  g_assert_true (is_red (surface, 200, 150));
  g_assert_true (is_red (surface, 280, 150));
  g_assert_true (is_red (surface, 400, 100)); /* half of the second part */
  g_assert_false (is_red (surface, 400, 150));
  cairo_surface_destroy (surface);
}

static void
test_curve_is_cut_at_the_frame (void)
{
  const double x[] = { -100, 100 }, y[] = { 0.25, 0.25 };
  SalPlotCurve curve = { NULL, red, FALSE, TRUE, x, y, 2 };
  cairo_surface_t *surface = draw (&curve, NULL);
  g_assert_cmpuint (count_red (surface, &panel), >, 600);
  g_assert_cmpuint (count_red (surface, &everything), ==,
      count_red (surface, &panel)); /* no dot outside either */
  cairo_surface_destroy (surface);
}

static void
test_band_is_tinted (void)
{
  const double x[] = { 0, 10 }, y[] = { 0.5, 0.5 };
  const double low[] = { 0.25, 0.25 }, high[] = { 0.75, 0.75 };
  SalPlotCurve curve = { NULL, red, FALSE, FALSE, x, y, 2, low, high };
  cairo_surface_t *surface = draw (&curve, NULL);
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  for (int at = 60; at < 240; at += 6) {
    const guint8 *p = data + at * stride + 4 * 300;
    gboolean inside = at > 100 && at < 200;
    if (ABS (at - 150) > 4)
      g_assert_cmpint (p[2] > p[1] + 20, ==, inside);
  }
  cairo_surface_destroy (surface);
}

static void
test_points_that_are_no_numbers_are_left_out (void)
{
  const double x[] = { 1, 5, 9 }, y[] = { 0.5, NAN, 0.5 };
  SalPlotCurve curve = { NULL, red, FALSE, TRUE, x, y, 3 };
  cairo_surface_t *surface = draw (&curve, NULL);
  g_assert_true (is_red (surface, 300, 150));
  cairo_surface_destroy (surface);
}

static void
test_dashes_have_gaps (void)
{
  const double x[] = { 0, 10 }, y[] = { 0.5, 0.5 };
  SalPlotCurve curve = { NULL, red, FALSE, FALSE, x, y, 2 };
  cairo_surface_t *solid = draw (&curve, NULL);
  curve.dashed = TRUE;
  cairo_surface_t *dashed = draw (&curve, NULL);
  guint n = count_red (solid, &panel), m = count_red (dashed, &panel);
  g_assert_cmpuint (m, >, n / 3);
  g_assert_cmpuint (m, <, 3 * n / 4);
  cairo_surface_destroy (solid);
  cairo_surface_destroy (dashed);
}

static void
test_legend_shows_labelled_curves (void)
{
  const SalRect right = { 510, 0, 190, 320 };
  const double x[] = { 0, 10 }, y[] = { 0.5, 0.5 };
  SalPlotCurve curve = { NULL, red, FALSE, FALSE, x, y, 2 };
  cairo_surface_t *without = draw (&curve, "legend");
  curve.label = "ours";
  cairo_surface_t *with = draw (&curve, "legend");
  g_assert_cmpuint (count_red (without, &right), ==, 0);
  g_assert_cmpuint (count_red (with, &right), >, 20);
  cairo_surface_destroy (without);
  cairo_surface_destroy (with);
}

/* A curve that is not there has no sample of its colour in the legend. */
static void
test_legend_shows_no_line_of_an_unseen_curve (void)
{
  const SalRect right = { 510, 0, 190, 320 };
  const double x[] = { 0, 10 }, above[] = { 7, 7 }, across[] = { -7, 7 };
  SalPlotCurve curves[] = { { "none", red, FALSE, FALSE, x, above, 0 },
    { "above", red, FALSE, FALSE, x, above, 2 },
    { "across", red, FALSE, FALSE, x, across, 2 } };
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
    cairo_surface_t *surface = draw (&curves[i], "legend");
    g_assert_cmpint (count_red (surface, &right) > 20, ==, i == 2);
    cairo_surface_destroy (surface);
  }
}

static void
test_save_that_fails_names_the_path (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (
      sal_png_save (sal_plot_paper (10, 10, ""), "/no/where.png", &error));
  data_assert_error (error, SAL_ERROR_FILE, "/no/where.png", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/curve-goes-through-its-points",
      test_curve_goes_through_its_points);
  g_test_add_func ("/plot/curve-is-cut-at-the-frame",
      test_curve_is_cut_at_the_frame);
  g_test_add_func ("/plot/band-is-tinted", test_band_is_tinted);
  g_test_add_func ("/plot/points-that-are-no-numbers-are-left-out",
      test_points_that_are_no_numbers_are_left_out);
  g_test_add_func ("/plot/dashes-have-gaps", test_dashes_have_gaps);
  g_test_add_func ("/plot/legend-shows-labelled-curves",
      test_legend_shows_labelled_curves);
  g_test_add_func ("/plot/legend/shows-no-line-of-an-unseen-curve",
      test_legend_shows_no_line_of_an_unseen_curve);
  g_test_add_func ("/plot/save-that-fails-names-the-path",
      test_save_that_fails_names_the_path);
  return g_test_run ();
}
