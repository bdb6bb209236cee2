/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/intervals.h"

#include <math.h>

#include "data.h"

/* 8 of 10, and none of 10, as in tables of the score interval. */
static void
test_wilson_matches_tables (void)
{
  EvalInterval rate = eval_interval_of_hits (8, 10),
               none = eval_interval_of_hits (0, 10);
  EvalInterval all = eval_interval_of_hits (10, 10);
  g_assert_cmpfloat_with_epsilon (rate.mean, 0.8, 1e-12);
  g_assert_cmpfloat_with_epsilon (rate.low, 0.4902, 1e-4);
  g_assert_cmpfloat_with_epsilon (rate.high, 0.9433, 1e-4);
  g_assert_cmpfloat_with_epsilon (none.low, 0, 1e-9);
  g_assert_cmpfloat_with_epsilon (none.high, 0.2775, 1e-4);
  g_assert_cmpfloat_with_epsilon (all.low, 1 - 0.2775, 1e-4);
  g_assert_cmpuint (rate.n, ==, 10);
}

static void
test_nothing_is_no_number (void)
{
  const float none[] = { NAN };
  g_assert_true (isnan (eval_interval_of_hits (0, 0).mean));
  g_assert_true (isnan (eval_interval_of_values (none, 1).mean));
  g_assert_cmpuint (eval_interval_of_values (none, 1).n, ==, 0);
}

/* 200 values of deviation 1/sqrt 12: their mean has deviation 0.0204,
 * times 1.96 is 0.04. */
static void
test_bootstrap_is_as_wide_as_it_should_be (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  float values[201];
  for (guint i = 0; i < 200; i++)
    values[i] = (float) g_rand_double (rand);
  values[200] = NAN;
  EvalInterval rate = eval_interval_of_values (values, 201);
  EvalInterval again = eval_interval_of_values (values, 200);
  g_assert_cmpuint (rate.n, ==, 200);
  g_assert_cmpfloat_with_epsilon (rate.high - rate.mean, 0.04, 0.006);
  g_assert_cmpfloat_with_epsilon (rate.mean - rate.low, 0.04, 0.006);
  g_assert_cmpfloat (rate.low, ==, again.low);
  g_assert_cmpfloat (rate.high, ==, again.high);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intervals/wilson-matches-tables",
      test_wilson_matches_tables);
  g_test_add_func ("/intervals/nothing-is-no-number",
      test_nothing_is_no_number);
  g_test_add_func ("/intervals/bootstrap-is-as-wide-as-it-should-be",
      test_bootstrap_is_as_wide_as_it_should_be);
  return g_test_run ();
}
