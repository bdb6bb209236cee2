/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/map.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "map/map-ops.h"

/* --- resize -------------------------------------------------------------- */

static float
pixel (const float *in, guint w, double i, double j)
{
  return in[(gsize) i * w + (gsize) j];
}

/* In double: place (i + 1/2) scale - 1/2, clamped, between four neighbours. */
static double
resized_at (const float *in, guint h, guint w, guint i, guint j, double sh,
    double sw)
{
  double y = CLAMP ((i + 0.5) * sh - 0.5, 0, h - 1.0);
  double x = CLAMP ((j + 0.5) * sw - 0.5, 0, w - 1.0);
  double y0 = floor (y), x0 = floor (x);
  double y1 = MIN (y0 + 1, h - 1.0), x1 = MIN (x0 + 1, w - 1.0);
  double v = y - y0, u = x - x0;
  return (1 - v) * (1 - u) * pixel (in, w, y0, x0)
      + (1 - v) * u * pixel (in, w, y0, x1)
      + v * (1 - u) * pixel (in, w, y1, x0) + v * u * pixel (in, w, y1, x1);
}

static void
test_resize_matches_the_formula (void)
{
  const struct {
    guint in_h, in_w, out_h, out_w;
    float sh, sw;
  } cases[] = {
    { 10, 25, 80, 200, 0.125f, 0.125f },
    { 10, 26, 80, 201, 0.125f, 0.125f },
    { 10, 18, 80, 137, 0.125f, 0.125f },
    { 20, 35, 80, 137, 0.25f, 0.25f },
    { 40, 69, 80, 137, 0.5f, 0.5f },
    { 1, 1, 7, 5, 0.125f, 0.125f },
    { 1, 9, 3, 70, 0.5f, 0.125f },
    { 5, 4, 3, 2, 1.7f, 2 },
    { 253, 1, 80, 1, 3.1f, 1 },
  };
  for (guint n = 0; n < G_N_ELEMENTS (cases); n++) {
    gsize in_size = cases[n].in_h * cases[n].in_w;
    gsize size = cases[n].out_h * cases[n].out_w;
    g_autofree float *in = data_noise (n, in_size);
    g_autofree float *got = g_new (float, size);
    g_autofree float *want = g_new (float, size);
    sal_map_resize (in, cases[n].in_h, cases[n].in_w, got, cases[n].out_h,
        cases[n].out_w, cases[n].sh, cases[n].sw);
    for (guint i = 0; i < cases[n].out_h; i++)
      for (guint j = 0; j < cases[n].out_w; j++)
        want[i * cases[n].out_w + j] = (float) resized_at (in, cases[n].in_h,
            cases[n].in_w, i, j, cases[n].sh, cases[n].sw);
    /* places up to 250 in float32 are off by 1e-5 of a step at most */
    data_assert_close ("resize", got, want, size, 1e-4);
  }
}

static void
test_resize_by_1_copies (void)
{
  g_autofree float *in = data_noise (1, 80 * 200);
  g_autofree float *out = g_new (float, 80 * 200);
  sal_map_resize (in, 80, 200, out, 80, 200, 1, 1);
  g_assert_cmpmem (out, 80 * 200 * 4, in, 80 * 200 * 4);
}

/* A ramp stays the same ramp inside, where nothing is clamped. */
static void
test_resize_keeps_places (void)
{
  float in[26], out[201];
  for (guint j = 0; j < 26; j++)
    in[j] = (float) (8 * j + 3.5); /* frame on which column j is centred */
  sal_map_resize (in, 1, 26, out, 1, 201, 1, 0.125f);
  for (guint t = 4; t < 200; t++)
    g_assert_cmpfloat_with_epsilon (out[t], (float) t, 1e-3f);
  g_assert_cmpfloat (out[0], ==, 3.5f); /* the edge value outside */
}

/* --- normalise ----------------------------------------------------------- */

static void
test_normalise_matches_8_and_9 (void)
{
  float map[5] = { 2, 4, 3, 10, 2.5f }, peak;
  const float want[5] = { 0, tanhf (5 * 0.25f), tanhf (5 * 0.125f), tanhf (5),
    tanhf (5 * 0.0625f) };
  g_assert_true (sal_map_normalise (map, 5, 5, FALSE, &peak));
  g_assert_cmpfloat (peak, ==, 10);
  data_assert_close ("normalise", map, want, 5, 1e-6); /* float32 */
}

static void
test_normalise_signed (void)
{
  float map[4] = { 1, -4, 0, 2 }, peak;
  const float want[4] = { tanhf (0.5f), tanhf (-2), 0, tanhf (1) };
  g_assert_true (sal_map_normalise (map, 4, 2, TRUE, &peak));
  g_assert_cmpfloat (peak, ==, 4);
  data_assert_close ("signed", map, want, 4, 1e-6);
}

/* The scale of the gradient must not matter, however small: a posterior's may
 * be 1e-20. */
static void
test_normalise_forgets_the_scale (gconstpointer data)
{
  gboolean is_signed = GPOINTER_TO_INT (data);
  g_autofree float *one = data_noise (1, 1000);
  float peak;
  for (int exponent = -60; exponent <= 60; exponent += 30) {
    g_autofree float *scaled = g_memdup2 (one, 1000 * sizeof *one);
    g_autofree float *plain = g_memdup2 (one, 1000 * sizeof *one);
    for (guint i = 0; i < 1000; i++)
      scaled[i] = ldexpf (scaled[i], exponent);
    g_assert_true (sal_map_normalise (plain, 1000, 5, is_signed, &peak));
    g_assert_true (sal_map_normalise (scaled, 1000, 5, is_signed, &peak));
    data_assert_close ("scaled", scaled, plain, 1000, 1e-6);
  }
}

static void
expect_flat (float *map, gsize n, gboolean is_signed)
{
  float peak = NAN;
  g_assert_false (sal_map_normalise (map, n, 5, is_signed, &peak));
  g_assert_true (isfinite (peak));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (map[i], ==, 0);
}

static void
test_flat_becomes_zeros (void)
{
  for (int is_signed = 0; is_signed < 2; is_signed++) {
    float zeros[3] = { 0, 0, 0 }, negative_zeros[2] = { -0.0f, 0 };
    expect_flat (zeros, 3, is_signed);
    expect_flat (negative_zeros, 2, is_signed);
  }
  float sevens[3] = { 7, 7, 7 }, one[1] = { 3 };
  expect_flat (sevens, 3, FALSE);
  expect_flat (one, 1, FALSE);
}

static void
test_not_finite_becomes_zeros (void)
{
  const float bad[] = { NAN, INFINITY, -INFINITY };
  for (guint k = 0; k < G_N_ELEMENTS (bad); k++)
    for (guint at = 0; at < 4; at++)
      for (int is_signed = 0; is_signed < 2; is_signed++) {
        float map[4] = { 1, 2, -3, 4 };
        map[at] = bad[k];
        expect_flat (map, 4, is_signed);
      }
}

static void
test_result_stays_in_range (void)
{
  float map[3] = { -3e38f, 0, 3e38f }, peak; /* their span overflows */
  sal_map_normalise (map, 3, 5, FALSE, &peak);
  data_assert_finite ("unsigned", map, 3);
  float other[3] = { -3e38f, 1, 3e38f };
  g_assert_true (sal_map_normalise (other, 3, 5, TRUE, &peak));
  data_assert_finite ("signed", other, 3);
  g_assert_cmpfloat (other[2], <=, 1);
  g_assert_cmpfloat (other[0], >=, -1);
}

/* --- stretch and cut ----------------------------------------------------- */

static void
test_stretch_matches_8 (void)
{
  float map[4] = { -2, 6, 0, 2 }, flat[3] = { 7, 7, 7 };
  float bad[2] = { 1, NAN };
  const float want[4] = { 0, 1, 0.25f, 0.5f }, zeros[3] = { 0, 0, 0 };
  g_assert_true (sal_map_stretch (map, 4));
  data_assert_close ("stretched", map, want, 4, 0);
  g_assert_false (sal_map_stretch (flat, 3));
  data_assert_close ("flat", flat, zeros, 3, 0);
  g_assert_false (sal_map_stretch (bad, 2));
  data_assert_close ("not finite", bad, zeros, 2, 0);
}

static int
rising (gconstpointer a, gconstpointer b)
{
  float x = *(const float *) a, y = *(const float *) b;
  return (x > y) - (x < y);
}

/* With many equal values, as a map has, and with none. */
static void
test_cut_matches_sorting (void)
{
  const float percentiles[] = { 0.01f, 3, 50, 90, 99, 99.5f, 100 };
  for (guint n = 1; n < 300; n += n < 20 ? 1 : 93)
    for (guint i = 0; i < G_N_ELEMENTS (percentiles); i++) {
      g_autofree float *got = data_noise (n, n);
      g_autofree float *scratch = g_new (float, n);
      for (guint j = 0; j < n && n % 2; j++)
        got[j] = roundf (4 * got[j]);
      g_autofree float *want = g_memdup2 (got, n * sizeof (float));
      g_autofree float *sorted = g_new (float, n);
      for (guint j = 0; j < n; j++)
        sorted[j] = fabsf (got[j]);
      qsort (sorted, n, sizeof (float), rising);
      float limit = sorted[lrint (percentiles[i] / 100.0 * (n - 1))];
      float low = INFINITY, high = -INFINITY;
      for (guint j = 0; j < n; j++) {
        low = MIN (low, CLAMP (want[j], -limit, limit));
        high = MAX (high, CLAMP (want[j], -limit, limit));
      }
      for (guint j = 0; j < n && high > low; j++)
        want[j] = CLAMP (want[j], -limit, limit);
      sal_map_cut (got, n, percentiles[i], scratch);
      g_assert_cmpmem (got, n * sizeof (float), want, n * sizeof (float));
    }
}

static void
test_cut_takes_outliers (void)
{
  float map[11] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000 }, scratch[11], peak;
  const float want[11] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9 };
  sal_map_cut (map, 11, 90, scratch);
  data_assert_close ("cut", map, want, 11, 0);
  g_assert_true (sal_map_normalise (map, 11, 1, FALSE, &peak));
  g_assert_cmpfloat (peak, ==, 9);
  g_assert_cmpfloat_with_epsilon (map[3], tanhf (1 / 3.0f), 1e-6f);
  float with_signs[5] = { 1, -2, 3, -40, 0.5f };
  const float kept_signs[5] = { 1, -2, 3, -3, 0.5f };
  sal_map_cut (with_signs, 5, 75, scratch);
  data_assert_close ("signed", with_signs, kept_signs, 5, 0);
}

static void
test_cut_leaves_something (void)
{
  float one_bin[4] = { 0, 0, 5, 0 }, bad[3] = { 1, NAN, 7 }, scratch[4];
  sal_map_cut (one_bin, 4, 50, scratch);
  g_assert_cmpfloat (one_bin[2], ==, 5);
  sal_map_cut (bad, 3, 50, scratch);
  g_assert_true (bad[0] == 1 && isnan (bad[1]) && bad[2] == 7);
}

/* --- the object ---------------------------------------------------------- */

static void
test_new_is_zeros (void)
{
  SalMap *map = sal_map_new (80, 25);
  g_assert_cmpuint (map->n_bands, ==, 80);
  g_assert_cmpuint (map->n_frames, ==, 25);
  for (guint i = 0; i < 80 * 25; i++)
    g_assert_true (map->saliency[i] == 0 && map->log_mel[i] == 0);
  for (guint t = 0; t < 25; t++)
    g_assert_true (map->activity[t] == 0 && map->log_odds[t] == 0);
  SalMap *again = sal_map_ref (map);
  g_assert_true (again == map);
  sal_map_unref (map);
  g_assert_cmpuint (again->n_bands, ==, 80);
  sal_map_unref (again);
  sal_map_unref (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/map/resize/matches-the-formula",
      test_resize_matches_the_formula);
  g_test_add_func ("/map/resize/by-1-copies", test_resize_by_1_copies);
  g_test_add_func ("/map/resize/keeps-places", test_resize_keeps_places);
  g_test_add_func ("/map/normalise/matches-8-and-9",
      test_normalise_matches_8_and_9);
  g_test_add_func ("/map/normalise/signed-divides-by-the-magnitude",
      test_normalise_signed);
  g_test_add_data_func ("/map/normalise/forgets-the-scale",
      GINT_TO_POINTER (FALSE), test_normalise_forgets_the_scale);
  g_test_add_data_func ("/map/normalise/signed-forgets-the-scale",
      GINT_TO_POINTER (TRUE), test_normalise_forgets_the_scale);
  g_test_add_func ("/map/normalise/flat-becomes-zeros",
      test_flat_becomes_zeros);
  g_test_add_func ("/map/normalise/not-finite-becomes-zeros",
      test_not_finite_becomes_zeros);
  g_test_add_func ("/map/normalise/result-stays-in-range",
      test_result_stays_in_range);
  g_test_add_func ("/map/stretch/matches-8", test_stretch_matches_8);
  g_test_add_func ("/map/cut/matches-sorting", test_cut_matches_sorting);
  g_test_add_func ("/map/cut/takes-outliers", test_cut_takes_outliers);
  g_test_add_func ("/map/cut/leaves-something", test_cut_leaves_something);
  g_test_add_func ("/map/new-is-zeros", test_new_is_zeros);
  return g_test_run ();
}
