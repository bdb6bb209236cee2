/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/spearman.h"

#include <math.h>

static void
test_ties_share_their_mean (void)
{
  const float values[] = { 3, -1, 3, 7, -1, 3 };
  const float want[] = { 3, 0.5f, 3, 5, 0.5f, 3 };
  float ranks[6];
  g_assert_true (eval_spearman_find (values, 6, ranks));
  for (guint i = 0; i < 6; i++)
    g_assert_cmpfloat (ranks[i], ==, want[i]);
}

static void
test_equal_values_are_flat (void)
{
  const float flat[] = { 2, 2, 2 }, other[] = { 1, 2, 3 };
  float ranks[3];
  g_assert_false (eval_spearman_find (flat, 3, ranks));
  g_assert_false (eval_spearman_find (flat, 0, ranks));
  g_assert_cmpfloat (eval_spearman (flat, other, 3), ==, 0);
  g_assert_cmpfloat (eval_spearman (other, flat, 3), ==, 0);
}

/* By hand: without ties 1 - 6 sum d^2 / (n (n^2 - 1)); with ties Pearson's
 * correlation of the ranks 0.5 0.5 2 3 and 1 0 2 3. */
static void
test_correlation_is_spearmans (void)
{
  const float a[] = { 1, 2, 3, 4, 5 }, b[] = { 2, 1, 4, 3, 5 };
  const float cubes[] = { 1, 8, 27, 64, 125 }, falling[] = { 9, 7, 3, 1, 0 };
  const float tied[] = { 1, 1, 2, 3 }, whole[] = { 5, 4, 6, 7 };
  g_assert_cmpfloat_with_epsilon (eval_spearman (a, b, 5), 0.8, 1e-12);
  g_assert_cmpfloat_with_epsilon (eval_spearman (a, cubes, 5), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (eval_spearman (a, falling, 5), -1, 1e-12);
  g_assert_cmpfloat_with_epsilon (eval_spearman (tied, whole, 4),
      4.5 / sqrt (4.5 * 5), 1e-12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spearman/ties-share-their-mean",
      test_ties_share_their_mean);
  g_test_add_func ("/spearman/equal-values-are-flat",
      test_equal_values_are_flat);
  g_test_add_func ("/spearman/correlation-is-spearmans",
      test_correlation_is_spearmans);
  return g_test_run ();
}
