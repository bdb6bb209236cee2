/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/speech-activity.h"

#include <math.h>

#include "data.h"

#define HOP 160

static void
test_energy_is_the_mean_square_of_a_step (void)
{
  const gsize n = 10 * HOP;
  g_autofree float *noise = data_noise (1, n);
  float energy[10];
  sal_speech_activity_energy (noise, n, 0, HOP, 10, energy);
  for (guint t = 0; t < 10; t++) {
    double sum = 0;
    for (guint i = 0; i < HOP; i++)
      sum += (double) noise[t * HOP + i] * noise[t * HOP + i];
    g_assert_cmpfloat_with_epsilon (energy[t], sum / HOP, 1e-6);
  }
}

static void
test_energy_outside_is_silence (void)
{
  const float one[HOP] = { [0 ... HOP - 1] = 1 };
  float energy[4];
  sal_speech_activity_energy (one, HOP, -HOP / 4, HOP, 4, energy);
  g_assert_cmpfloat_with_epsilon (energy[0], 0.75, 1e-6);
  g_assert_cmpfloat_with_epsilon (energy[1], 0.25, 1e-6);
  g_assert_cmpfloat (energy[2], ==, 0);
  g_assert_cmpfloat (energy[3], ==, 0);
  sal_speech_activity_energy (one, HOP, -2 * HOP, HOP, 4, energy);
  g_assert_cmpfloat (energy[0], ==, 0);
  g_assert_cmpfloat (energy[1], ==, 0);
  g_assert_cmpfloat_with_epsilon (energy[2], 1, 1e-6);
}

/* 0 dB, and 29, 31, 61 dB below it. */
static void
test_find_wants_30_db (void)
{
  float energy[40];
  gboolean speech[40];
  for (guint t = 0; t < 40; t++)
    energy[t] = powf (10,
        t % 4 == 0       ? 0
            : t % 4 == 1 ? -2.9f
            : t % 4 == 2 ? -3.1f
                         : -6.1f);
  g_assert_cmpuint (sal_speech_activity_find (energy, 40, speech), ==, 20);
  for (guint t = 0; t < 40; t++)
    g_assert_cmpint (speech[t], ==, t % 4 < 2);
  g_assert_cmpuint (sal_speech_activity_count (speech + 1, 4), ==, 2);
}

static void
test_find_takes_no_silence (void)
{
  float energy[8] = { 0 };
  gboolean speech[8];
  g_assert_cmpuint (sal_speech_activity_find (energy, 8, speech), ==, 0);
  for (guint t = 0; t < 8; t++)
    energy[t] = 0.9e-6f; /* just below -60 dB */
  g_assert_cmpuint (sal_speech_activity_find (energy, 8, speech), ==, 0);
  energy[3] = 1.1e-6f;
  g_assert_cmpuint (sal_speech_activity_find (energy, 8, speech), ==, 1);
  g_assert_true (speech[3]);
  g_assert_cmpuint (sal_speech_activity_find (energy, 0, speech), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speech-activity/energy/is-the-mean-square-of-a-step",
      test_energy_is_the_mean_square_of_a_step);
  g_test_add_func ("/speech-activity/energy/outside-is-silence",
      test_energy_outside_is_silence);
  g_test_add_func ("/speech-activity/find/wants-30-db", test_find_wants_30_db);
  g_test_add_func ("/speech-activity/find/takes-no-silence",
      test_find_takes_no_silence);
  return g_test_run ();
}
