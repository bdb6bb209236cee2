/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "presence.h"

#include <math.h>

#include "data.h"

#define N 5         /* frames: 4^5 histories can be summed one by one */
#define PERIOD 0.1  /* seconds */

static const SalPresenceConfig config = { .prior = 0.3f, .rate = 2, .weight = 5,
  .around = 0.2f, .memory = 0.5f, .rival = 1.5f, .doubt = 0.25f };

static double
draw (double prior, guint state)
{
  return state ? prior : 1 - prior;
}

/* Of a state: bit 0, such a voice speaks; bit 1, the target is around. */
static double
chance (guint before, guint now)
{
  double turn = config.rate * PERIOD, coming = PERIOD / config.memory;
  return (turn * draw (config.prior, now & 1)
          + (1 - turn) * ((before & 1) == (now & 1)))
      * (coming * draw (config.around, now >> 1)
          + (1 - coming) * (before >> 1 == now >> 1));
}

static double
likelihood (guint state, float llr)
{
  double heard = state == 1 ? MIN (llr, config.rival) : llr;
  return state & 1 ? exp (heard * config.weight * PERIOD) : 1;
}

/* The probability of frame t given n ratios, by summing over all histories of
 * the states. */
static double
truth (const float *llr, guint n, guint t)
{
  double speaks = 0, all = 0;
  for (guint history = 0; history < 1u << 2 * n; history++) {
    double p = 0;
    for (guint before = 0; before < 4; before++) {
      double q = draw (config.prior, before & 1)
          * draw (config.around, before >> 1);
      guint last = before;
      for (guint i = 0; i < n; i++) {
        guint now = history >> 2 * i & 3;
        q *= chance (last, now) * likelihood (now, llr[i]);
        last = now;
      }
      p += q;
    }
    guint state = history >> 2 * t & 3;
    all += p;
    speaks += state == 3 ? p : state == 1 ? config.doubt * p : 0;
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
    g_autoptr (SalPresence) presence = sal_presence_new (&config, PERIOD, N);
    float probability[N];
    sal_presence_settle (presence, llr, N, N, probability);
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
    g_autoptr (SalPresence) presence = sal_presence_new (&config, PERIOD, N);
    for (guint t = 0; t + lookahead < N; t++) {
      float probability;
      sal_presence_settle (presence, llr + t, lookahead + 1, 1, &probability);
      g_assert_cmpfloat_with_epsilon (probability,
          truth (llr, t + lookahead + 1, t), 1e-6);
    }
  }
}

static void
test_cut_does_not_matter (void)
{
  g_autofree float *llr = ratios (7);
  g_autoptr (SalPresence) whole = sal_presence_new (&config, PERIOD, N);
  g_autoptr (SalPresence) cut = sal_presence_new (&config, PERIOD, N);
  float a[N], b[N];
  sal_presence_settle (whole, llr, N, N, a);
  sal_presence_settle (cut, llr, N, 2, b);
  sal_presence_settle (cut, llr + 2, N - 2, N - 2, b + 2);
  for (guint t = 0; t < N; t++)
    g_assert_cmpfloat_with_epsilon (a[t], b[t], 1e-6);
}

static void
test_no_evidence_is_the_prior (void)
{
  double prior = config.prior
      * (config.around + (1 - config.around) * config.doubt);
  g_autoptr (SalPresence) presence = sal_presence_new (&config, PERIOD, 400);
  float strong[] = { 30, 30, 30 }, quiet[400] = { 0 }, probability[400];
  sal_presence_settle (presence, strong, 3, 3, probability);
  g_assert_cmpfloat (probability[2], >, 0.99);
  sal_presence_settle (presence, quiet, 400, 400, probability);
  g_assert_cmpfloat_with_epsilon (probability[399], prior, 1e-4);
  for (guint t = 1; t < 400; t++)
    g_assert_cmpfloat (probability[t], <=, probability[t - 1] + 1e-6);
}

/* Whoever is as like the target as rivals are stays one. */
static void
test_rival_is_doubted (void)
{
  SalPresenceConfig rare = config;
  rare.around = 1e-4f;
  rare.memory = 60;
  g_autoptr (SalPresence) presence = sal_presence_new (&rare, PERIOD, 600);
  g_autofree float *llr = g_new (float, 600);
  for (guint t = 0; t < 600; t++)
    llr[t] = rare.rival;
  sal_presence_settle (presence, llr, 600, 600, llr);
  g_assert_cmpfloat_with_epsilon (llr[300], rare.doubt, 0.01);
}

/* Once the target was heard, the same evidence is enough. */
static void
test_target_is_known_again (void)
{
  SalPresenceConfig rare = config;
  rare.around = 1e-4f;
  rare.memory = 60;
  g_autoptr (SalPresence) presence = sal_presence_new (&rare, PERIOD, 200);
  float llr[200];
  for (guint t = 0; t < 200; t++)
    llr[t] = t < 20 ? 6 : t < 100 ? -6 : rare.rival;
  sal_presence_settle (presence, llr, 200, 200, llr);
  g_assert_cmpfloat (llr[10], >, 0.95);
  g_assert_cmpfloat (llr[60], <, 0.05);
  g_assert_cmpfloat (llr[150], >, 0.8);
}

/* Around always: a chain of two states. */
static void
test_always_around (void)
{
  SalPresenceConfig always = config, other = config;
  g_autofree float *llr = ratios (9);
  float a[N], b[N];
  always.around = other.around = 1;
  other.rival = 0;
  other.doubt = 1;
  g_autoptr (SalPresence) first = sal_presence_new (&always, PERIOD, N);
  g_autoptr (SalPresence) second = sal_presence_new (&other, PERIOD, N);
  sal_presence_settle (first, llr, N, N, a);
  sal_presence_settle (second, llr, N, N, b);
  for (guint t = 0; t < N; t++)
    g_assert_cmpfloat_with_epsilon (a[t], b[t], 1e-6);
}

static void
test_reset (void)
{
  g_autoptr (SalPresence) presence = sal_presence_new (&config, PERIOD, N);
  float strong[] = { -30, -30, -30 }, first, again, probability[3];
  float little = 0.5;
  sal_presence_settle (presence, &little, 1, 1, &first);
  sal_presence_settle (presence, strong, 3, 3, probability);
  sal_presence_reset (presence);
  sal_presence_settle (presence, &little, 1, 1, &again);
  g_assert_cmpfloat (first, ==, again);
}

/* However long one state was certain, the other is found again at once. */
static void
test_never_stuck (void)
{
  g_autoptr (SalPresence) presence = sal_presence_new (&config, PERIOD, 2000);
  g_autofree float *llr = g_new (float, 2000);
  for (guint t = 0; t < 2000; t++)
    llr[t] = t < 1990 ? -1e30f : 1e30f;
  sal_presence_settle (presence, llr, 2000, 2000, llr);
  g_assert_cmpfloat (llr[1980], <, 1e-6);
  g_assert_cmpfloat (llr[1992], >, 0.99);
  g_assert_cmpfloat (llr[1999], >, 0.99);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/presence/all-histories", test_all_histories);
  g_test_add_func ("/presence/steps", test_steps);
  g_test_add_func ("/presence/cut", test_cut_does_not_matter);
  g_test_add_func ("/presence/prior", test_no_evidence_is_the_prior);
  g_test_add_func ("/presence/rival", test_rival_is_doubted);
  g_test_add_func ("/presence/known-again", test_target_is_known_again);
  g_test_add_func ("/presence/always-around", test_always_around);
  g_test_add_func ("/presence/reset", test_reset);
  g_test_add_func ("/presence/never-stuck", test_never_stuck);
  return g_test_run ();
}
