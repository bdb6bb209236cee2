/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture/axes.h"

#include <math.h>

/* --- steps of time ------------------------------------------------------- */

static void
test_time_step_is_the_finest_with_room (void)
{
  const struct {
    double seconds, pixels, min_pixels, step;
  } cases[] = {
    { 10, 1000, 70, 1 }, /* 100 px each; 0.5 s would have 50 */
    { 10, 700, 70, 1 },  /* exactly enough */
    { 10, 699, 70, 2 },  /* a pixel too few */
    { 0.5, 1000, 70, 0.05 },
    { 60, 1000, 70, 5 },
    { 142, 1000, 70, 10 },
    { 143, 1000, 70, 15 },   /* where 10 s become too narrow */
    { 1800, 1000, 70, 300 }, /* 126 s needed; no 200 s on a clock */
    { 36000, 1000, 70, 3600 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpfloat (sal_axes_time_step (cases[i].seconds, cases[i].pixels,
                           cases[i].min_pixels),
        ==, cases[i].step);
}

/* From a second to a fortnight labels have room, and the step is the smallest
 * possible one: neighbouring steps differ by a factor of 2.5 at most. */
static void
test_time_step_never_wastes_room (void)
{
  for (double seconds = 1; seconds < 14 * 86400; seconds *= 1.07) {
    double step = sal_axes_time_step (seconds, 994, 70);
    double spacing = step / seconds * 994;
    g_assert_cmpfloat (spacing, >=, 70 * (1 - 1e-9));
    g_assert_cmpfloat (spacing, <, 70 * 2.5 + 1e-6);
  }
}

static void
test_time_step_of_days_is_whole_hours (void)
{
  double step = sal_axes_time_step (7 * 86400, 1000, 70);
  g_assert_cmpfloat (step, >, 3600);
  g_assert_cmpfloat (fmod (step, 3600), ==, 0);
}

/* --- places among bands -------------------------------------------------- */

static const float bands[] = { 100, 200, 400, 800 };

static void
test_band_at_a_centre_is_its_index (void)
{
  for (guint f = 0; f < G_N_ELEMENTS (bands); f++)
    g_assert_cmpfloat (sal_axes_band_at (bands, G_N_ELEMENTS (bands), bands[f]),
        ==, f);
}

static void
test_band_between_is_in_proportion (void)
{
  g_assert_cmpfloat (sal_axes_band_at (bands, 4, 125), ==, 0.25);
  g_assert_cmpfloat (sal_axes_band_at (bands, 4, 300), ==, 1.5);
  g_assert_cmpfloat (sal_axes_band_at (bands, 4, 700), ==, 2.75);
}

static void
test_band_outside_is_negative (void)
{
  g_assert_cmpfloat (sal_axes_band_at (bands, 4, 99.9), <, 0);
  g_assert_cmpfloat (sal_axes_band_at (bands, 4, 800.1), <, 0);
  g_assert_cmpfloat (sal_axes_band_at (bands, 3, 500), <, 0);
  g_assert_cmpfloat (sal_axes_band_at (bands, 4, NAN), <, 0);
}

/* The lowest bands of a model may share a centre; no division by 0. */
static void
test_band_among_equal_ones (void)
{
  const float equal[] = { 100, 100, 300 };
  g_assert_cmpfloat (sal_axes_band_at (equal, 3, 100), ==, 0);
  g_assert_cmpfloat (sal_axes_band_at (equal, 3, 200), ==, 1.5);
}

/* Ticks of a panel of this height; *closest: their least distance. */
static guint
count_ticks (int height, int *closest)
{
  float hz[80];
  for (guint i = 0; i < 80; i++)
    hz[i] = 700 * (powf (10, 2840.f * (i + 1) / 81 / 2595) - 1);
  cairo_surface_t *surface
      = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 100, height);
  cairo_t *cr = cairo_create (surface);
  SalRect panel = { 80, 0, 20, height };
  guint n = 0;
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  sal_axes_draw_bands (cr, &panel, hz, 80);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface), last = -height;
  *closest = height;
  for (int y = 0; y < height; y++) {
    if (data[y * stride + 4 * 78] > 128)
      continue;
    *closest = MIN (*closest, y - last);
    last = y;
    n++;
  }
  cairo_surface_destroy (surface);
  return n;
}

static void
test_bands_leave_out_what_has_no_room (void)
{
  int closest;
  g_assert_cmpuint (count_ticks (320, &closest), ==, 7);
  g_assert_cmpuint (count_ticks (118, &closest), ==, 6);
  g_assert_cmpint (closest, >=, 13);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/axes/time-step/is-the-finest-with-room",
      test_time_step_is_the_finest_with_room);
  g_test_add_func ("/axes/time-step/never-wastes-room",
      test_time_step_never_wastes_room);
  g_test_add_func ("/axes/time-step/of-days-is-whole-hours",
      test_time_step_of_days_is_whole_hours);
  g_test_add_func ("/axes/band-at/a-centre-is-its-index",
      test_band_at_a_centre_is_its_index);
  g_test_add_func ("/axes/band-at/between-is-in-proportion",
      test_band_between_is_in_proportion);
  g_test_add_func ("/axes/band-at/outside-is-negative",
      test_band_outside_is_negative);
  g_test_add_func ("/axes/band-at/equal-bands-do-not-divide-by-0",
      test_band_among_equal_ones);
  g_test_add_func ("/axes/bands/leave-out-what-has-no-room",
      test_bands_leave_out_what_has_no_room);
  return g_test_run ();
}
