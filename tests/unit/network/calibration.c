/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network/calibration.h"

#include <math.h>

static const SalCurve curve = {
  .n = 3,
  .at = { 0.5f, 1, 4 },
  .lines = { { 1, -8 }, { 2, -4 }, { 4, 0 } },
};

static void
check (double seconds, double scale, double offset)
{
  SalLine line = sal_curve_at (&curve, seconds);
  g_assert_cmpfloat_with_epsilon (line.scale, scale, 1e-5);
  g_assert_cmpfloat_with_epsilon (line.offset, offset, 1e-5);
}

static void
test_points (void)
{
  check (0.5, 1, -8);
  check (1, 2, -4);
  check (4, 4, 0);
}

/* Half way in the logarithm: the geometric mean. */
static void
test_between (void)
{
  check (sqrt (0.5), 1.5, -6);
  check (2, 3, -2);
  check (pow (4, 0.25), 2.5, -3);
}

static void
test_beyond (void)
{
  check (0, 1, -8);
  check (-1, 1, -8);
  check (NAN, 1, -8);
  check (0.4, 1, -8);
  check (5, 4, 0);
  check (INFINITY, 4, 0);
}

static void
test_empty (void)
{
  const SalCurve empty = { 0 };
  SalLine line = sal_curve_at (&empty, 2);
  g_assert_cmpfloat (line.scale, ==, 1);
  g_assert_cmpfloat (line.offset, ==, 0);
}

static void
test_contrast (void)
{
  const SalLinePair pair = { { 1, 2 }, { 3, -2 }, 2, 6 };
  const float at[] = { -1, 2, 3, 4, 6, 9, NAN };
  const float scale[] = { 1, 1, 1.5f, 2, 3, 3, 3 };
  for (guint i = 0; i < G_N_ELEMENTS (at); i++) {
    SalLine line = sal_line_pair_at (&pair, at[i]);
    g_assert_cmpfloat_with_epsilon (line.scale, scale[i], 1e-6);
    g_assert_cmpfloat_with_epsilon (line.offset, 4 - 2 * scale[i], 1e-6);
  }
}

static void
test_one_line (void)
{
  const SalLinePair pair = { .clean = { 3, -2 } };
  for (float contrast = 0; contrast < 2; contrast += 0.5f)
    g_assert_cmpfloat (sal_line_pair_at (&pair, contrast).scale, ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibration/points", test_points);
  g_test_add_func ("/calibration/between", test_between);
  g_test_add_func ("/calibration/beyond", test_beyond);
  g_test_add_func ("/calibration/empty", test_empty);
  g_test_add_func ("/calibration/contrast", test_contrast);
  g_test_add_func ("/calibration/one-line", test_one_line);
  return g_test_run ();
}
