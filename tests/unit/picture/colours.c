/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture/colours.h"

static int
red (guint32 pixel)
{
  return (int) (pixel >> 16);
}

static int
green (guint32 pixel)
{
  return (int) (pixel >> 8 & 255);
}

static int
blue (guint32 pixel)
{
  return (int) (pixel & 255);
}

static void
test_without_saliency_is_grey (void)
{
  g_assert_cmphex (sal_colour_pixel (0, 0), ==, 0xffffff);
  for (int i = 0; i <= 10; i++) {
    guint32 pixel = sal_colour_pixel ((float) i / 10, 0);
    g_assert_cmpint (red (pixel), ==, green (pixel));
    g_assert_cmpint (green (pixel), ==, blue (pixel));
  }
}

static void
test_louder_is_darker (void)
{
  for (int s = -1; s <= 1; s++)
    for (int i = 0; i < 10; i++) {
      guint32 quiet = sal_colour_pixel ((float) i / 10, (float) s);
      guint32 loud = sal_colour_pixel ((float) (i + 1) / 10, (float) s);
      g_assert_cmpint (red (loud) + green (loud) + blue (loud), <,
          red (quiet) + green (quiet) + blue (quiet));
    }
}

static void
test_for_is_warm_and_against_is_cool (void)
{
  for (int i = 0; i <= 4; i++) {
    float level = (float) i / 4;
    int warm = 0, cool = 0;
    for (int s = 1; s <= 4; s++) { /* the stronger the more */
      guint32 a = sal_colour_pixel (level, (float) s / 4);
      guint32 b = sal_colour_pixel (level, (float) -s / 4);
      g_assert_cmpint (red (a) - blue (a), >, warm);
      g_assert_cmpint (blue (b) - red (b), >, cool);
      warm = red (a) - blue (a);
      cool = blue (b) - red (b);
    }
  }
}

static void
test_full_saliency_of_the_loudest_is_the_colour (void)
{
  guint32 pixel = sal_colour_pixel (1, 1);
  g_assert_cmpfloat_with_epsilon (red (pixel), 255 * sal_colour_for.r, 0.5);
  g_assert_cmpfloat_with_epsilon (green (pixel), 255 * sal_colour_for.g, 0.5);
  g_assert_cmpfloat_with_epsilon (blue (pixel), 255 * sal_colour_for.b, 0.5);
  pixel = sal_colour_pixel (1, -1);
  g_assert_cmpfloat_with_epsilon (red (pixel), 255 * sal_colour_against.r, 0.5);
}

static void
test_beyond_the_range_is_clamped (void)
{
  for (int s = -2; s <= 2; s++) {
    float saliency = (float) s / 2;
    g_assert_cmphex (sal_colour_pixel (-3, saliency), ==,
        sal_colour_pixel (0, saliency));
    g_assert_cmphex (sal_colour_pixel (1e30f, saliency), ==,
        sal_colour_pixel (1, saliency));
  }
  g_assert_cmphex (sal_colour_pixel (0.5f, 7), ==, sal_colour_pixel (0.5f, 1));
  g_assert_cmphex (sal_colour_pixel (0.5f, -7), ==,
      sal_colour_pixel (0.5f, -1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/colours/without-saliency-is-grey",
      test_without_saliency_is_grey);
  g_test_add_func ("/colours/louder-is-darker", test_louder_is_darker);
  g_test_add_func ("/colours/for-is-warm-and-against-is-cool",
      test_for_is_warm_and_against_is_cool);
  g_test_add_func ("/colours/full-saliency-of-the-loudest-is-the-colour",
      test_full_saliency_of_the_loudest_is_the_colour);
  g_test_add_func ("/colours/beyond-the-range-is-clamped",
      test_beyond_the_range_is_clamped);
  return g_test_run ();
}
