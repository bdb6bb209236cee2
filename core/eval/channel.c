/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/channel.h"

#include <fftw3.h>
#include <math.h>
#include <string.h>

#include "base/fft.h"

#define EARLY 6            /* reflections */
#define EARLY_SECONDS 0.04 /* within which they come */
#define HUM_HZ 50.0
#define HUM_HARMONICS 20 /* up to 1 kHz */
#define A_LAW 87.6       /* ITU-T G.711 */

/* --- spectra ------------------------------------------------------------- */

/* Real samples and their spectrum, with room for a filter's tail. */
typedef struct {
  gsize size;
  float *samples;          /* [size] */
  fftwf_complex *spectrum; /* [size / 2 + 1] */
  fftwf_plan forward, backward;
} Transform;

/* The next size of factors 2, 3, 5, even. */
static gsize
good_size (gsize n)
{
  for (gsize size = n + n % 2;; size += 2) {
    gsize rest = size;
    while (rest % 2 == 0)
      rest /= 2;
    while (rest % 3 == 0)
      rest /= 3;
    while (rest % 5 == 0)
      rest /= 5;
    if (rest == 1)
      return size;
  }
}

static void
transform_init (Transform *self, gsize n)
{
  self->size = good_size (MAX (n, 2));
  self->samples = fftwf_alloc_real (self->size);
  self->spectrum = fftwf_alloc_complex (self->size / 2 + 1);
  sal_fft_planner_lock ();
  self->forward = fftwf_plan_dft_r2c_1d ((int) self->size, self->samples,
      self->spectrum, FFTW_ESTIMATE);
  self->backward = fftwf_plan_dft_c2r_1d ((int) self->size, self->spectrum,
      self->samples, FFTW_ESTIMATE);
  sal_fft_planner_unlock ();
}

static void
transform_clear (Transform *self)
{
  sal_fft_planner_lock ();
  fftwf_destroy_plan (self->forward);
  fftwf_destroy_plan (self->backward);
  sal_fft_planner_unlock ();
  fftwf_free (self->samples);
  fftwf_free (self->spectrum);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Transform, transform_clear)

static void
transform_load (Transform *self, const float *samples, gsize n)
{
  memcpy (self->samples, samples, n * sizeof (float));
  memset (self->samples + n, 0, (self->size - n) * sizeof (float));
  fftwf_execute (self->forward);
}

static void
transform_store (Transform *self, float *samples, gsize n)
{
  float scale = 1 / (float) self->size;

  fftwf_execute (self->backward);
  for (gsize i = 0; i < n; i++)
    samples[i] = scale * self->samples[i];
}

/* --- filters ------------------------------------------------------------- */

/* A real gain for each frequency. */
typedef struct {
  double (*gain) (double hz, double edge, guint order);
  double edge;
  guint order;
} Filter;

static void
filter (const Filter *self, float *samples, gsize n, guint rate)
{
  g_auto (Transform) transform = { 0 };

  transform_init (&transform, n + rate); /* a second for what rings */
  transform_load (&transform, samples, n);
  for (gsize k = 0; k <= transform.size / 2; k++) {
    double hz = (double) k * rate / (double) transform.size;
    float gain = (float) self->gain (hz, self->edge, self->order);
    transform.spectrum[k][0] *= gain;
    transform.spectrum[k][1] *= gain;
  }
  transform_store (&transform, samples, n);
}

/* Of a Butterworth filter forward and backward: |H|^2. */
static double
high_pass_gain (double hz, double edge, guint order)
{
  return hz > 0 ? 1 / (1 + pow (edge / hz, 2.0 * order)) : 0;
}

/* 300 Hz at 24 dB an octave; above 3400 Hz down to nothing at 3900 Hz. */
static double
telephone_gain (double hz, double edge, guint order)
{
  double low = high_pass_gain (hz, 300, 2);

  if (hz >= 3900)
    return 0;
  return hz <= 3400 ? low : low * 0.5 * (1 + cos (G_PI * (hz - 3400) / 500));
}

void
eval_channel_telephone (float *samples, gsize n, guint rate)
{
  const Filter telephone = { telephone_gain, 0, 0 };

  filter (&telephone, samples, n, rate);
}

void
eval_channel_high_pass (float *samples, gsize n, guint rate, double hz,
    guint order)
{
  const Filter high_pass = { high_pass_gain, hz, order };

  filter (&high_pass, samples, n, rate);
}

/* Compressed, rounded to 7 bits and sign, expanded. */
static double
a_law (double x)
{
  double size = MIN (fabs (x), 1), scale = 1 + log (A_LAW);
  double y = size < 1 / A_LAW ? A_LAW * size / scale
                              : (1 + log (A_LAW * size)) / scale;

  y = MIN ((floor (y * 128) + 0.5) / 128, 1);
  size = y < 1 / scale ? y * scale / A_LAW : exp (y * scale - 1) / A_LAW;
  return x < 0 ? -size : size;
}

void
eval_channel_a_law (float *samples, gsize n, guint rate)
{
  eval_channel_telephone (samples, n, rate);
  for (gsize i = 0; i < n; i++)
    samples[i] = (float) a_law (samples[i]);
  eval_channel_telephone (samples, n, rate);
}

void
eval_channel_hum (GRand *rand, float *samples, gsize n, guint rate,
    double level_db)
{
  double power = 0, phases[HUM_HARMONICS];

  for (guint k = 1; k <= HUM_HARMONICS; k++) {
    power += 0.5 / (k * k);
    phases[k - 1] = g_rand_double_range (rand, 0, 2 * G_PI);
  }
  double scale = pow (10, level_db / 20) / sqrt (power);
  for (gsize i = 0; i < n; i++) {
    double angle = 2 * G_PI * HUM_HZ * (double) i / rate, sum = 0;
    for (guint k = 1; k <= HUM_HARMONICS; k++)
      sum += sin (k * angle + phases[k - 1]) / k;
    samples[i] += (float) (scale * sum);
  }
}

/* --- rooms --------------------------------------------------------------- */

/* Noise of a normal distribution. */
static double
draw_normal (GRand *rand)
{
  double u = 1 - g_rand_double (rand), v = g_rand_double (rand);

  return sqrt (-2 * log (u)) * cos (2 * G_PI * v);
}

float *
eval_channel_room (GRand *rand, guint rate, double t60, double direct_db,
    gsize *n_taps)
{
  gsize n = (gsize) (t60 * rate) + 1;
  float *taps = g_new0 (float, n);
  double decay = log (1000) / (t60 * rate), late = 0, sum = 0;
  gsize begin = (gsize) (0.1 * EARLY_SECONDS * rate);

  for (guint k = 0; k < EARLY; k++) {
    gsize at
        = (gsize) (g_rand_double_range (rand, 0.1, 1) * EARLY_SECONDS * rate);
    if (at < n)
      taps[at] += (float) (2 * draw_normal (rand) * exp (-decay * (double) at));
  }
  for (gsize i = begin; i < n; i++) {
    /* walls take the treble: a low-pass that closes with time */
    double damp = 0.7 * MIN (1, (double) i / (0.5 * t60 * rate));
    late = damp * late + (1 - damp) * draw_normal (rand);
    taps[i] += (float) (0.4 * late * exp (-decay * (double) i));
  }
  for (gsize i = 1; i < n; i++)
    sum += (double) taps[i] * taps[i];
  double direct = pow (10, direct_db / 10), all = 1 + direct;
  for (gsize i = 1; i < n && sum > 0; i++)
    taps[i] = (float) (taps[i] / sqrt (sum * all));
  taps[0] = (float) sqrt (direct / all);
  *n_taps = n;
  return taps;
}

void
eval_channel_convolve (float *samples, gsize n, const float *taps, gsize n_taps)
{
  g_auto (Transform) sound = { 0 }, room = { 0 };

  transform_init (&sound, n + n_taps);
  transform_init (&room, n + n_taps);
  transform_load (&sound, samples, n);
  transform_load (&room, taps, n_taps);
  for (gsize k = 0; k <= sound.size / 2; k++) {
    float re = sound.spectrum[k][0], im = sound.spectrum[k][1];
    const float *h = room.spectrum[k];
    sound.spectrum[k][0] = re * h[0] - im * h[1];
    sound.spectrum[k][1] = re * h[1] + im * h[0];
  }
  transform_store (&sound, samples, n);
}

/* --- packets ------------------------------------------------------------- */

void
eval_channel_lose (GRand *rand, float *samples, gsize n, gsize packet,
    double part)
{
  for (gsize at = 0; at < n; at += packet)
    if (g_rand_double (rand) < part)
      memset (samples + at, 0, MIN (packet, n - at) * sizeof (float));
}
