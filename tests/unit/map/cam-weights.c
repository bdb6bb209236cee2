/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "map/cam-weights.h"

#include <math.h>

#include "data.h"
#include <saliency/map.h>

/* Two channels of one row and two columns. */
static const guint shape[3] = { 2, 1, 2 };
static const float activation[4] = { 1, 3, 2, 0 };

static const SalCamMethod methods[] = { SAL_CAM_LAYER, SAL_CAM_SIGNED_LAYER,
  SAL_CAM_GRAD, SAL_CAM_GRAD_PLUS_PLUS };

static void
expect (SalCamMethod method, const float *gradient, float first, float second)
{
  const float want[2] = { first, second };
  float map[2];
  sal_cam_weights_combine (method, activation, gradient, shape, FALSE, map);
  data_assert_close ("map", map, want, 2, 1e-6); /* float32 */
}

/* Worked out by hand; for Grad-CAM++ sum A is 4 and 2, alpha 1/4 where g is
 * 1/2, 1/4 where it is 1 and 1/6 where it is 2. */
static void
test_combine_by_hand (void)
{
  const float gradient[4] = { 0.5f, -1, 1, 2 };
  expect (SAL_CAM_LAYER, gradient, 0.5f + 2, 0);
  expect (SAL_CAM_SIGNED_LAYER, gradient, 0.5f + 2, -3);
  expect (SAL_CAM_GRAD, gradient, -0.25f + 3, 0);
  float w1 = 0.5f / 4 / 2, w2 = (1.0f / 4 + 2.0f / 6) / 2;
  expect (SAL_CAM_GRAD_PLUS_PLUS, gradient, w1 + 2 * w2, 3 * w1);
}

static void
test_all_negative_is_flat (void)
{
  const float gradient[4] = { -0.5f, -1, -1e-20f, -2 };
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++) {
    float map[2], peak;
    if (methods[i] == SAL_CAM_SIGNED_LAYER)
      continue;
    expect (methods[i], gradient, 0, 0);
    sal_cam_weights_combine (methods[i], activation, gradient, shape, FALSE,
        map);
    g_assert_false (sal_map_normalise (map, 2, 5, FALSE, &peak));
    g_assert_cmpfloat (peak, ==, 0);
  }
}

/* Where g is 0, and where 2 g^2 + g^3 sum A is 0. */
static void
test_plus_plus_divides_by_nothing (void)
{
  const float zeros[4] = { 0, 0, 0, 0 }, poles[4] = { -0.5f, 0, -1, 0 };
  expect (SAL_CAM_GRAD_PLUS_PLUS, zeros, 0, 0);
  expect (SAL_CAM_GRAD_PLUS_PLUS, poles, 0, 0);
}

/* For a tiny gradient, whose cube is 0 in float32, alpha is 1/2; for a huge one
 * alpha g is 1 / sum A. */
static void
test_plus_plus_at_the_limits (void)
{
  const float small[4] = { 2e-30f, 0, 0, 0 }, large[4] = { 1e30f, 0, 0, 0 };
  float map[2];
  sal_cam_weights_combine (SAL_CAM_GRAD_PLUS_PLUS, activation, small, shape,
      FALSE, map);
  g_assert_cmpfloat_with_epsilon (map[1] / 1.5e-30f, 1, 1e-5f);
  expect (SAL_CAM_GRAD_PLUS_PLUS, large, 0.125f, 0.375f);
}

static void
test_homogeneous_but_plus_plus (void)
{
  const float gradient[4] = { 0.5f, -1, 1, 2 };
  float tenth[4], map[2], scaled[2];
  for (guint i = 0; i < 4; i++)
    tenth[i] = gradient[i] / 10;
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++) {
    sal_cam_weights_combine (methods[i], activation, gradient, shape, FALSE,
        map);
    sal_cam_weights_combine (methods[i], activation, tenth, shape, FALSE,
        scaled);
    double off = fabs (10 * scaled[0] / map[0] - 1);
    if (methods[i] == SAL_CAM_GRAD_PLUS_PLUS)
      g_assert_cmpfloat (off, >, 0.1);
    else
      g_assert_cmpfloat (off, <, 1e-6);
  }
}

static void
test_not_finite_stays_so (void)
{
  const float bad[] = { NAN, INFINITY };
  for (guint n = 0; n < G_N_ELEMENTS (methods) * G_N_ELEMENTS (bad); n++) {
    SalCamMethod method = methods[n / 2];
    float gradient[4] = { 1, bad[n % 2], 1, 1 }, map[2], peak;
    if (method == SAL_CAM_GRAD_PLUS_PLUS && isinf (gradient[1]))
      continue; /* alpha g has a limit there */
    sal_cam_weights_combine (method, activation, gradient, shape, FALSE, map);
    g_assert_false (sal_map_normalise (map, 2, 5, FALSE, &peak));
    data_assert_finite ("map", map, 2);
    g_assert_cmpfloat (peak, ==, 0);
  }
}

static void
test_degrid_takes_means (void)
{
  const guint square[3] = { 1, 2, 2 };
  const float ones[4] = { 1, 1, 1, 1 }, gradient[4] = { 4, 0, 0, 8 };
  const float want[4] = { 3, 4, 4, 8 };
  const float grad[4] = { 4.75f, 4.75f, 4.75f, 4.75f };
  float map[4];
  sal_cam_weights_combine (SAL_CAM_LAYER, ones, gradient, square, TRUE, map);
  data_assert_close ("degrid", map, want, 4, 0);
  sal_cam_weights_combine (SAL_CAM_GRAD, ones, gradient, square, TRUE, map);
  data_assert_close ("degrid", map, grad, 4, 0);
}

static void
test_strongest_channels (void)
{
  const float planes[6] = { 1, 3, 5, 5, 0, 4 };
  const guint three[3] = { 3, 2, 1 };
  const float want[3] = { 2, 5, 2 };
  float means[3];
  sal_cam_weights_means (planes, three, means);
  data_assert_close ("means", means, want, 3, 0);
  const gboolean among[5][3] = {
    /* by how many */
    { TRUE, TRUE, TRUE },
    { FALSE, TRUE, FALSE },
    { TRUE, TRUE, FALSE },
    { TRUE, TRUE, TRUE },
    { TRUE, TRUE, TRUE },
  };
  for (guint most = 0; most < 5; most++)
    for (guint k = 0; k < 3; k++)
      g_assert_cmpint (sal_cam_weights_is_among (means, 3, most, k), ==,
          among[most][k]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cam-weights/combine/by-hand", test_combine_by_hand);
  g_test_add_func ("/cam-weights/combine/all-negative-is-flat",
      test_all_negative_is_flat);
  g_test_add_func ("/cam-weights/combine/plus-plus-divides-by-nothing",
      test_plus_plus_divides_by_nothing);
  g_test_add_func ("/cam-weights/combine/plus-plus-at-the-limits",
      test_plus_plus_at_the_limits);
  g_test_add_func ("/cam-weights/combine/homogeneous-but-plus-plus",
      test_homogeneous_but_plus_plus);
  g_test_add_func ("/cam-weights/combine/not-finite-stays-so",
      test_not_finite_stays_so);
  g_test_add_func ("/cam-weights/combine/degrid-takes-means",
      test_degrid_takes_means);
  g_test_add_func ("/cam-weights/strongest", test_strongest_channels);
  return g_test_run ();
}
