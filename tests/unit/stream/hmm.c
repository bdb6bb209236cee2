/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/hmm.h"

#include <math.h>

#include "data.h"

#define N 9        /* frames: 2^9 histories can be summed one by one */
#define PERIOD 0.1 /* seconds */

static const SalHmmConfig config = { .prior = 0.3f, .rate = 2, .weight = 5 };

static double
chance (guint before, guint now)
{
  double change = config.rate * PERIOD;
  double drawn = now ? config.prior : 1 - config.prior;
  return change * drawn + (1 - change) * (before == now);
}

/* P(speaks at frame t | n ratios), by summing over all histories of the states.
 */
static double
truth (const float *llr, guint n, guint t)
{
  double speaks = 0, all = 0;
  for (guint history = 0; history < 1u << n; history++) {
    double p = 0;
    for (guint before = 0; before < 2; before++) {
      double q = before ? config.prior : 1 - config.prior;
      guint last = before;
      for (guint i = 0; i < n; i++) {
        guint now = history >> i & 1;
        q *= chance (last, now)
            * (now ? exp (llr[i] * config.weight * PERIOD) : 1);
        last = now;
      }
      p += q;
    }
    all += p;
    speaks += history >> t & 1 ? p : 0;
  }
  return speaks / all;
}

static float *
ratios (guint32 seed)
{
  float *llr = data_noise (seed, N);
  for (guint i = 0; i < N; i++)
    llr[i] *= 6;
  return llr;
}

static void
test_all_histories (void)
{
  for (guint32 seed = 1; seed <= 20; seed++) {
    g_autofree float *llr = ratios (seed);
    g_autoptr (SalHmm) hmm = sal_hmm_new (&config, PERIOD, N);
    float probability[N];
    sal_hmm_settle (hmm, llr, N, N, probability);
    for (guint t = 0; t < N; t++)
      g_assert_cmpfloat_with_epsilon (probability[t], truth (llr, N, t), 1e-6);
  }
}

/* Settled in steps, each frame knows what was known when it was settled. */
static void
test_steps (void)
{
  for (guint lookahead = 0; lookahead < 4; lookahead++) {
    g_autofree float *llr = ratios (lookahead + 50);
    g_autoptr (SalHmm) hmm = sal_hmm_new (&config, PERIOD, N);
    for (guint t = 0; t + lookahead < N; t++) {
      float probability;
      sal_hmm_settle (hmm, llr + t, lookahead + 1, 1, &probability);
      g_assert_cmpfloat_with_epsilon (probability,
          truth (llr, t + lookahead + 1, t), 1e-6);
    }
  }
}

static void
test_cut_does_not_matter (void)
{
  g_autofree float *llr = ratios (7);
  g_autoptr (SalHmm) whole = sal_hmm_new (&config, PERIOD, N);
  g_autoptr (SalHmm) cut = sal_hmm_new (&config, PERIOD, N);
  float a[N], b[N];
  sal_hmm_settle (whole, llr, N, N, a);
  sal_hmm_settle (cut, llr, N, 4, b);
  sal_hmm_settle (cut, llr + 4, N - 4, N - 4, b + 4);
  for (guint t = 0; t < N; t++)
    g_assert_cmpfloat_with_epsilon (a[t], b[t], 1e-6);
}

static void
test_no_evidence_is_the_prior (void)
{
  g_autoptr (SalHmm) hmm = sal_hmm_new (&config, PERIOD, 400);
  float strong[] = { 30, 30, 30 }, quiet[400] = { 0 }, probability[400];
  sal_hmm_settle (hmm, strong, 3, 3, probability);
  g_assert_cmpfloat (probability[2], >, 0.99);
  sal_hmm_settle (hmm, quiet, 400, 400, probability);
  g_assert_cmpfloat_with_epsilon (probability[399], config.prior, 1e-4);
  for (guint t = 1; t < 400; t++)
    g_assert_cmpfloat (probability[t], <=, probability[t - 1] + 1e-6);
}

static void
test_reset (void)
{
  g_autoptr (SalHmm) hmm = sal_hmm_new (&config, PERIOD, N);
  float strong[] = { -30, -30, -30 }, first, again, probability[3];
  float little = 0.5;
  sal_hmm_settle (hmm, &little, 1, 1, &first);
  sal_hmm_settle (hmm, strong, 3, 3, probability);
  sal_hmm_reset (hmm);
  sal_hmm_settle (hmm, &little, 1, 1, &again);
  g_assert_cmpfloat (first, ==, again);
}

/* However long one state was certain, the other is found again at once. */
static void
test_never_stuck (void)
{
  g_autoptr (SalHmm) hmm = sal_hmm_new (&config, PERIOD, 2000);
  g_autofree float *llr = g_new (float, 2000);
  for (guint t = 0; t < 2000; t++)
    llr[t] = t < 1990 ? -1e30f : 1e30f;
  sal_hmm_settle (hmm, llr, 2000, 2000, llr);
  g_assert_cmpfloat (llr[1980], <, 1e-6);
  g_assert_cmpfloat (llr[1992], >, 0.99);
  g_assert_cmpfloat (llr[1999], >, 0.99);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hmm/all-histories", test_all_histories);
  g_test_add_func ("/hmm/steps", test_steps);
  g_test_add_func ("/hmm/cut", test_cut_does_not_matter);
  g_test_add_func ("/hmm/prior", test_no_evidence_is_the_prior);
  g_test_add_func ("/hmm/reset", test_reset);
  g_test_add_func ("/hmm/never-stuck", test_never_stuck);
  return g_test_run ();
}
