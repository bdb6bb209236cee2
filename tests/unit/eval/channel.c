/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/channel.h"

#include <math.h>
#include <string.h>

#include "eval/codec.h"
#include "eval/music.h"

#define RATE 16000
#define N (2 * RATE)

static float *
tone (double hz)
{
  float *samples = g_new (float, N);
  for (gsize i = 0; i < N; i++)
    samples[i] = (float) (0.1 * sin (2 * G_PI * hz * (double) i / RATE));
  return samples;
}

/* RMS of the middle, dB. */
static double
level_db (const float *samples)
{
  double sum = 0;
  for (gsize i = N / 4; i < 3 * N / 4; i++)
    sum += (double) samples[i] * samples[i];
  return 10 * log10 (sum / (N / 2.0) + 1e-20);
}

/* What a tone of that frequency loses, dB. */
static double
telephone_loss (double hz)
{
  g_autofree float *samples = tone (hz);
  double before = level_db (samples);
  eval_channel_telephone (samples, N, RATE);
  return before - level_db (samples);
}

static void
test_telephone_passes_its_band (void)
{
  g_assert_cmpfloat (telephone_loss (1000), <, 0.2);
  g_assert_cmpfloat (telephone_loss (3300), <, 0.2);
  g_assert_cmpfloat (telephone_loss (300), >, 4);
  g_assert_cmpfloat (telephone_loss (100), >, 30);
  g_assert_cmpfloat (telephone_loss (4000), >, 80);
  g_assert_cmpfloat (telephone_loss (6000), >, 80);
}

static void
test_high_pass_takes_half_at_its_edge (void)
{
  g_autofree float *at = tone (100), *above = tone (400), *below = tone (25);
  double before = level_db (at);
  eval_channel_high_pass (at, N, RATE, 100, 2);
  eval_channel_high_pass (above, N, RATE, 100, 2);
  eval_channel_high_pass (below, N, RATE, 100, 2);
  g_assert_cmpfloat_with_epsilon (before - level_db (at), 6.02, 0.1);
  g_assert_cmpfloat (before - level_db (above), <, 0.1);
  g_assert_cmpfloat (before - level_db (below), >, 40);
}

/* The ratio of 8-bit A-law for speech levels is 38 dB. */
static void
test_a_law_has_its_noise (void)
{
  g_autofree float *coded = tone (1000), *band = tone (1000);
  eval_channel_a_law (coded, N, RATE);
  eval_channel_telephone (band, N, RATE);
  for (gsize i = 0; i < N; i++)
    coded[i] -= band[i];
  double ratio = level_db (band) - level_db (coded);
  g_assert_cmpfloat (ratio, >, 33);
  g_assert_cmpfloat (ratio, <, 48);
}

static void
test_hum_has_its_level (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree float *samples = g_new0 (float, N);
  eval_channel_hum (rand, samples, N, RATE, -40);
  g_assert_cmpfloat_with_epsilon (level_db (samples), -40, 0.1);
}

static void
test_room_has_its_energies_and_decay (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (2);
  gsize n;
  g_autofree float *taps = eval_channel_room (rand, RATE, 0.5, 6, &n);
  double direct = taps[0] * taps[0], rest = 0, early = 0, late = 0;
  g_assert_cmpuint (n, ==, RATE / 2 + 1);
  for (gsize i = 1; i < n; i++)
    rest += (double) taps[i] * taps[i];
  g_assert_cmpfloat_with_epsilon (direct + rest, 1, 1e-4);
  g_assert_cmpfloat_with_epsilon (10 * log10 (direct / rest), 6, 0.01);
  for (gsize i = 0; i < RATE / 20; i++) {
    early += (double) taps[RATE / 10 + i] * taps[RATE / 10 + i];
    late += (double) taps[3 * RATE / 10 + i] * taps[3 * RATE / 10 + i];
  }
  /* 60 dB in 0.5 s are 24 dB in 0.2 s; walls take a little more */
  g_assert_cmpfloat (10 * log10 (early / late), >, 20);
  g_assert_cmpfloat (10 * log10 (early / late), <, 34);
}

static void
test_convolution_is_the_sum_over_taps (void)
{
  const float taps[] = { 0.5f, 0, -0.25f };
  float samples[] = { 1, 2, 3, 4, 5 };
  const float expected[] = { 0.5f, 1, 1.25f, 1.5f, 1.75f };
  eval_channel_convolve (samples, 5, taps, 3);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpfloat_with_epsilon (samples[i], expected[i], 1e-5);
}

static void
test_lost_packets_are_silent_and_as_many (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  g_autofree float *samples = g_new (float, 320000);
  guint n_lost = 0;
  for (gsize i = 0; i < 320000; i++)
    samples[i] = 1;
  eval_channel_lose (rand, samples, 320000, 320, 0.1);
  for (gsize at = 0; at < 320000; at += 320) {
    for (gsize i = 0; i < 320; i++)
      g_assert_cmpfloat (samples[at + i], ==, samples[at]);
    n_lost += samples[at] == 0;
  }
  g_assert_cmpuint (n_lost, >, 70);
  g_assert_cmpuint (n_lost, <, 130);
}

/* Low bit rates, no delay, and what comes out resembles what went in. */
static void
test_codecs_code (void)
{
  for (guint codec = EVAL_CODEC_OPUS_12; codec <= EVAL_CODEC_MP3_32; codec++) {
    g_autoptr (GRand) rand = g_rand_new_with_seed (4);
    g_autofree float *before = g_new (float, N), *after = NULL;
    g_autoptr (GError) error = NULL;
    double rate = 0, product = 0, power = 0, other = 0;
    eval_music_make (rand, RATE, before, N);
    for (gsize i = 0; i < N; i++)
      before[i] *= 0.05f;
    after = g_memdup2 (before, N * sizeof (float));
    if (!eval_codec_run (codec, after, N, RATE, &rate, &error)) {
      g_test_skip (error->message);
      continue;
    }
    g_assert_cmpfloat (rate, <, codec == EVAL_CODEC_OPUS_12 ? 16 : 40);
    g_assert_cmpfloat (rate, >, codec == EVAL_CODEC_OPUS_12 ? 8 : 28);
    for (gsize i = 0; i < N; i++) {
      product += (double) before[i] * after[i];
      power += (double) before[i] * before[i];
      other += (double) after[i] * after[i];
    }
    g_assert_cmpfloat (product / sqrt (power * other), >, 0.8);
    g_assert_cmpint (memcmp (before, after, N * sizeof (float)), !=, 0);
  }
}

static void
test_music_moves_and_is_loud (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autofree float *samples = g_new (float, 8 * RATE);
  double sum = 0, most = 0, least = INFINITY;
  eval_music_make (rand, RATE, samples, 8 * RATE);
  for (gsize at = 0; at < 8 * RATE; at += RATE / 10) {
    double part = 0;
    for (gsize i = 0; i < RATE / 10; i++)
      part += (double) samples[at + i] * samples[at + i];
    sum += part;
    most = MAX (most, part);
    least = MIN (least, part);
  }
  g_assert_cmpfloat_with_epsilon (sum / (8 * RATE), 1, 1e-3);
  g_assert_cmpfloat (10 * log10 (most / least), >, 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/telephone/passes-its-band",
      test_telephone_passes_its_band);
  g_test_add_func ("/channel/high-pass/takes-half-at-its-edge",
      test_high_pass_takes_half_at_its_edge);
  g_test_add_func ("/channel/a-law/has-its-noise", test_a_law_has_its_noise);
  g_test_add_func ("/channel/hum/has-its-level", test_hum_has_its_level);
  g_test_add_func ("/channel/room/has-its-energies-and-decay",
      test_room_has_its_energies_and_decay);
  g_test_add_func ("/channel/convolution-is-the-sum-over-taps",
      test_convolution_is_the_sum_over_taps);
  g_test_add_func ("/channel/lost-packets-are-silent-and-as-many",
      test_lost_packets_are_silent_and_as_many);
  g_test_add_func ("/codec/codes-at-low-rates", test_codecs_code);
  g_test_add_func ("/music/moves-and-is-loud", test_music_moves_and_is_loud);
  return g_test_run ();
}
