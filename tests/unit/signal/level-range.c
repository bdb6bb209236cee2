/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/level-range.h"

#include <math.h>

#include "data.h"

#define F 4 /* bands */

/* Pushes n frames of this level. */
static void
push (SalLevelRange *contrast, guint n, float level)
{
  float frame[F];
  for (guint f = 0; f < F; f++)
    frame[f] = level - logf (F);
  for (guint i = 0; i < n; i++)
    sal_level_range_push (contrast, frame, F);
}

static void
test_pauses (void)
{
  g_autoptr (SalLevelRange) contrast = sal_level_range_new ();
  push (contrast, 100, -3);
  push (contrast, 100, 4);
  g_assert_cmpfloat_with_epsilon (sal_level_range_get (contrast), 7, 1e-5);
}

/* A rare click or hole is neither speech nor pause. */
static void
test_outliers (void)
{
  g_autoptr (SalLevelRange) contrast = sal_level_range_new ();
  push (contrast, 5, 40);
  push (contrast, 5, -40);
  push (contrast, 200, 1);
  push (contrast, 200, 3);
  g_assert_cmpfloat_with_epsilon (sal_level_range_get (contrast), 2, 1e-5);
}

static void
test_bands_add (void)
{
  g_autoptr (SalLevelRange) contrast = sal_level_range_new ();
  const float low[F] = { 0, 0, 0, 0 }, high[F] = { 9, -30, -30, -30 };
  for (guint i = 0; i < 10; i++) {
    sal_level_range_push (contrast, low, F);
    sal_level_range_push (contrast, high, F);
  }
  g_assert_cmpfloat_with_epsilon (sal_level_range_get (contrast), 9 - log (F),
      1e-5);
}

static void
test_forgets (void)
{
  g_autoptr (SalLevelRange) contrast = sal_level_range_new ();
  push (contrast, 300, 9);
  push (contrast, 300, 2);
  g_assert_cmpfloat_with_epsilon (sal_level_range_get (contrast), 7, 1e-5);
  push (contrast, 400, 2);
  g_assert_cmpfloat (sal_level_range_get (contrast), ==, 0);
}

static void
test_nothing_heard (void)
{
  g_autoptr (SalLevelRange) contrast = sal_level_range_new ();
  g_assert_cmpfloat (sal_level_range_get (contrast), ==, 0);
  push (contrast, 1, 5);
  g_assert_cmpfloat (sal_level_range_get (contrast), ==, 0);
  push (contrast, 100, 9);
  push (contrast, 100, 2);
  sal_level_range_reset (contrast);
  g_assert_cmpfloat (sal_level_range_get (contrast), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/level-range/is-between-speech-and-pauses", test_pauses);
  g_test_add_func ("/level-range/leaves-outliers-out", test_outliers);
  g_test_add_func ("/level-range/bands-add", test_bands_add);
  g_test_add_func ("/level-range/forgets", test_forgets);
  g_test_add_func ("/level-range/nothing-heard", test_nothing_heard);
  return g_test_run ();
}
