/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/ranking.h"

#include <math.h>

#include "data.h"
#include "eval/deletion.h"

#define N EVAL_DELETION_STEPS

static void
test_ties_go_by_time_then_band (void)
{
  /* three bands, two frames */
  const float values[] = { 1, 5, 1, NAN, 2, 1 };
  const guint want[] = { 1, 4, 0, 2, 5, 3 };
  guint order[6];
  eval_ranking_order (values, 3, 2, order);
  g_assert_cmpmem (order, sizeof order, want, sizeof want);
}

static void
test_masks_keep_what_they_should (void)
{
  const float values[] = { 1, 5, 1, NAN, 2, 1 };
  const float want[] = { 1, 1, 0, 0, 1, 0 };
  float mask[6], profile[2], spread[6];
  eval_mask_largest (values, 3, 2, 3, mask);
  g_assert_cmpmem (mask, sizeof mask, want, sizeof want);
  g_assert_cmpfloat_with_epsilon (eval_mask_mass (mask, 6), 0.5, 1e-6);
  eval_mask_profile (mask, 3, 2, profile);
  g_assert_cmpfloat_with_epsilon (profile[0], 2.0 / 3, 1e-6);
  g_assert_cmpfloat_with_epsilon (profile[1], 1.0 / 3, 1e-6);
  eval_mask_spread (profile, 3, 2, spread);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpfloat (spread[i], ==, profile[i % 2]);
}

static void
test_random_mask_keeps_as_many_as_asked (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (2);
  float mask[40], sums[40] = { 0 };
  for (guint n = 0; n <= 40; n++) {
    eval_mask_random (rand, 40, n, mask);
    g_assert_cmpfloat_with_epsilon (eval_mask_mass (mask, 40), n / 40.0, 1e-6);
  }
  for (guint k = 0; k < 400; k++) {
    eval_mask_random (rand, 40, 10, mask);
    for (guint i = 0; i < 40; i++)
      sums[i] += mask[i];
  }
  for (guint i = 0; i < 40; i++) /* 100 expected, deviation 9 */
    g_assert_cmpfloat_with_epsilon (sums[i], 100, 40);
}

/* The score is sum w x, a deleted bin is 0. */
static double
deletion_area (const float *evidence, const float *map)
{
  float part[N + 1], score[N + 1];
  guint order[10 * 20];
  eval_ranking_order (map, 10, 20, order);
  for (guint i = 0; i <= N; i++) {
    guint n = 200 * i / N;
    part[i] = (float) i / N;
    score[i] = 0;
    for (guint k = n; k < 200; k++)
      score[i] += evidence[order[k]];
  }
  return eval_deletion_area (part, score);
}

static void
test_a_scores_own_weights_delete_best (void)
{
  g_autofree float *evidence = data_noise (1, 200);
  double best = deletion_area (evidence, evidence);
  for (guint32 seed = 2; seed < 60; seed++) {
    g_autofree float *map = data_noise (seed, 200);
    g_assert_cmpfloat (best, <, deletion_area (evidence, map));
  }
}

static void
test_area_is_that_of_known_curves (void)
{
  float part[N + 1], one[N + 1], line[N + 1];
  for (guint i = 0; i <= N; i++) {
    part[i] = (float) i / N;
    one[i] = 1;
    line[i] = 1 - part[i];
  }
  g_assert_cmpfloat_with_epsilon (eval_deletion_area (part, one), 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (eval_deletion_area (part, line), 0.5, 1e-6);
  part[1] = part[2]; /* uneven steps count by their width */
  g_assert_cmpfloat_with_epsilon (eval_deletion_area (part, one), 1, 1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ranking/ties-go-by-time-then-band",
      test_ties_go_by_time_then_band);
  g_test_add_func ("/ranking/masks-keep-what-they-should",
      test_masks_keep_what_they_should);
  g_test_add_func ("/ranking/random-mask-keeps-as-many-as-asked",
      test_random_mask_keeps_as_many_as_asked);
  g_test_add_func ("/ranking/a-scores-own-weights-delete-best",
      test_a_scores_own_weights_delete_best);
  g_test_add_func ("/ranking/area-is-that-of-known-curves",
      test_area_is_that_of_known_curves);
  return g_test_run ();
}
