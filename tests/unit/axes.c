/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "axes.h"

#include <math.h>

/* --- steps of time ------------------------------------------------------- */

static void
test_time_step_is_the_finest_with_room (void)
{
  const struct {
    double seconds, pixels, min_pixels, step;
  } cases[] = {
    { 10, 1000, 70, 1 },     /* 100 px each; 0.5 s would have 50 */
    { 10, 700, 70, 1 },      /* exactly enough */
    { 10, 699, 70, 2 },      /* a pixel too few */
    { 0.5, 1000, 70, 0.05 },
    { 60, 1000, 70, 5 },
    { 142, 1000, 70, 10 },
    { 143, 1000, 70, 15 },   /* where 10 s become too narrow */
    { 1800, 1000, 70, 300 }, /* 126 s needed; no 200 s on a clock */
    { 36000, 1000, 70, 3600 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpfloat (sal_axes_time_step (cases[i].seconds, cases[i].pixels,
        cases[i].min_pixels), ==, cases[i].step);
}

/* From a second to a fortnight: labels have room, and no step was passed over:
 * neighbours in the list differ by 2.5 at most. */
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
    g_assert_cmpfloat (sal_axes_band_at (bands, G_N_ELEMENTS (bands),
        bands[f]), ==, f);
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
  return g_test_run ();
}
