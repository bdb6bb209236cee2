/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/noise-floor.h"

#include <math.h>

#include "data.h"
#include "signal/speech-activity.h"

#define HOP 160

static float *
energy_of (const float *samples, gsize n, gsize *n_frames)
{
  *n_frames = n / HOP;
  float *energy = g_new (float, *n_frames);
  sal_speech_activity_energy (samples, n, 0, HOP, *n_frames, energy);
  return energy;
}

static double
mean_square (const float *samples, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += (double) samples[i] * samples[i];
  return sum / (double) n;
}

static double
db (double power)
{
  return 10 * log10 (power);
}

/* Bursts of half a second, a pause of 0.3 s after each. */
static float *
make_bursts (gsize n)
{
  float *bursts = data_noise (11, n);
  for (gsize i = 0; i < n; i++)
    bursts[i] *= i % (gsize) (0.8 * DATA_RATE) < DATA_RATE / 2 ? 0.3f : 0;
  return bursts;
}

static double
measured_snr (const float *samples, gsize n)
{
  gsize T, n_signal;
  g_autofree float *energy = energy_of (samples, n, &T);
  g_autofree gboolean *speech = g_new (gboolean, T);
  sal_speech_activity_find (energy, T, speech);
  double noise = sal_noise_floor_find (energy, T);
  double sum = sal_noise_floor_remove (energy, speech, T, noise, &n_signal);
  return n_signal > 0 ? db (sum / (double) n_signal / noise) : 0;
}

static void
test_finds_the_ratio (void)
{
  const gsize n = 10 * DATA_RATE;
  g_autofree float *bursts = make_bursts (n);
  g_autofree float *hiss = data_noise (12, n);
  g_autofree float *mix = g_new (float, n);
  double power = 0.3 * 0.3 / 3; /* of a uniform distribution */
  for (int snr = 5; snr <= 60; snr += 5) {
    double gain = sqrt (power / mean_square (hiss, n) * pow (10, -snr / 10.));
    for (gsize i = 0; i < n; i++)
      mix[i] = bursts[i] + (float) gain * hiss[i];
    double got = measured_snr (mix, n);
    g_test_message ("%d dB: %.2f", snr, got);
    /* The quietest twentieth of 100 ms of noise is 0.3 dB below its mean. */
    g_assert_cmpfloat_with_epsilon (got, snr, 0.6);
  }
}

/* The level must not matter. */
static void
test_ratio_is_free_of_level (void)
{
  const gsize n = 5 * DATA_RATE;
  g_autofree float *bursts = make_bursts (n);
  g_autofree float *hiss = data_noise (12, n);
  for (gsize i = 0; i < n; i++)
    bursts[i] += 0.02f * hiss[i];
  double loud = measured_snr (bursts, n);
  for (gsize i = 0; i < n; i++)
    bursts[i] *= 0.05f;
  g_assert_cmpfloat_with_epsilon (measured_snr (bursts, n), loud, 0.01);
}

static void
test_steady_noise_has_no_speech_above_it (void)
{
  const gsize n = 3 * DATA_RATE;
  g_autofree float *hiss = data_noise (3, n);
  g_assert_cmpfloat (measured_snr (hiss, n), <, 3.5);
}

static void
test_noise_of_silence (void)
{
  float energy[40] = { 0 };
  g_assert_cmpfloat_with_epsilon (db (sal_noise_floor_find (energy, 40)), -98,
      0.1);
  g_assert_cmpfloat_with_epsilon (db (sal_noise_floor_find (energy, 3)), -98,
      0.1);
  g_assert_cmpfloat_with_epsilon (db (sal_noise_floor_find (energy, 0)), -98,
      0.1);
}

/* One pause of 100 ms shows the noise; one of 50 ms does not. */
static void
test_shortest_pause (void)
{
  float energy[100];
  for (guint t = 0; t < 100; t++)
    energy[t] = 1;
  for (guint t = 40; t < 50; t++)
    energy[t] = 1e-3f;
  /* 91 stretches, of which the 5 quietest: one of the pause alone, two with
   * one loud frame, two with two */
  double want = (5 * 1e-3 + (0 + 1 + 1 + 2 + 2) * (1 - 1e-3) / 10) / 5;
  g_assert_cmpfloat_with_epsilon (sal_noise_floor_find (energy, 100), want,
      1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/noise-floor/ratio-is-that-of-the-mix",
      test_finds_the_ratio);
  g_test_add_func ("/noise-floor/ratio-is-free-of-level",
      test_ratio_is_free_of_level);
  g_test_add_func ("/noise-floor/alone-is-no-speech",
      test_steady_noise_has_no_speech_above_it);
  g_test_add_func ("/noise-floor/of-silence-is-that-of-16-bits",
      test_noise_of_silence);
  g_test_add_func ("/noise-floor/is-that-of-the-pauses", test_shortest_pause);
  return g_test_run ();
}
