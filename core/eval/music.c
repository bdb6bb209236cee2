/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/music.h"

#include <math.h>
#include <string.h>

#define MOST_HARMONICS 24

typedef struct {
  double hz, size;
  double decay;   /* per second; 0: bowed */
  double slope;   /* of the harmonics: size k^-slope */
  double vibrato; /* part of the frequency */
} Tone;

typedef struct {
  GRand *rand;
  guint rate;
  float *samples;
  gsize n;
} Score;

static void
play (const Score *self, const Tone *tone, gsize begin, gsize length)
{
  double phase = g_rand_double (self->rand), step = 2 * G_PI / self->rate;
  gsize end = MIN (begin + length, self->n);

  for (gsize i = begin; i < end; i++) {
    double t = (double) (i - begin) / self->rate, sum = 0;
    double rest = (double) (end - i) / self->rate;
    double bend = tone->vibrato * sin (2 * G_PI * 5.5 * t);
    double envelope
        = MIN (1, t / 0.01) * MIN (1, rest / 0.03) * exp (-tone->decay * t);
    phase += step * tone->hz * (1 + bend);
    for (guint k = 1; k <= MOST_HARMONICS && k * tone->hz < 0.45 * self->rate;
         k++)
      sum += sin (k * phase) * pow (k, -tone->slope);
    self->samples[i] += (float) (tone->size * envelope * sum);
  }
}

static void
drum (const Score *self, gsize begin)
{
  gsize end = MIN (begin + self->rate / 5, self->n);

  for (gsize i = begin; i < end; i++) {
    double t = (double) (i - begin) / self->rate;
    self->samples[i] += (float) (0.5 * exp (-25 * t)
        * g_rand_double_range (self->rand, -1, 1));
  }
}

/* A bar of four beats on one chord of a key. */
static void
play_bar (const Score *self, double key_hz, gsize begin, gsize beat)
{
  static const int roots[] = { 0, 5, 7, 9 }, scale[] = { 0, 2, 4, 7, 9, 12 };
  GRand *rand = self->rand;
  int root = roots[g_rand_int_range (rand, 0, G_N_ELEMENTS (roots))];
  const int chord[] = { root, root + (root == 9 ? 3 : 4), root + 7 };
  gboolean bowed = g_rand_boolean (rand);

  for (guint i = 0; i < G_N_ELEMENTS (chord); i++) {
    const Tone tone = { key_hz * pow (2, chord[i] / 12.0), 0.3, bowed ? 0 : 1.5,
      1.2, bowed ? 0.003 : 0 };
    play (self, &tone, begin, 4 * beat);
  }
  const Tone bass = { key_hz / 2 * pow (2, root / 12.0), 0.5, 0.8, 1.6, 0 };
  play (self, &bass, begin, 4 * beat);
  for (guint i = 0; i < 4; i++) {
    int step = scale[g_rand_int_range (rand, 0, G_N_ELEMENTS (scale))];
    const Tone melody = { 2 * key_hz * pow (2, step / 12.0), 0.5,
      g_rand_double_range (rand, 0, 4), 0.9,
      g_rand_boolean (rand) ? 0.006 : 0 };
    play (self, &melody, begin + i * beat, beat);
    drum (self, begin + i * beat);
  }
}

void
eval_music_make (GRand *rand, guint rate, float *samples, gsize n)
{
  const Score score = { rand, rate, samples, n };
  double key_hz = g_rand_double_range (rand, 130, 260), sum = 0;
  gsize beat = (gsize) (g_rand_double_range (rand, 0.4, 0.7) * rate);

  memset (samples, 0, n * sizeof (float));
  for (gsize at = 0; at < n; at += 4 * beat)
    play_bar (&score, key_hz, at, beat);
  for (gsize i = 0; i < n; i++)
    sum += (double) samples[i] * samples[i];
  float scale = (float) sqrt ((double) n / MAX (sum, 1e-30));
  for (gsize i = 0; i < n; i++)
    samples[i] *= scale;
}
