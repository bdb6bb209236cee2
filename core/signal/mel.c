/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mel.c: log-Mel front end (short-time Fourier transform, mel filter bank) */
#include <saliency/mel.h>

#include <fftw3.h>
#include <math.h>
#include <string.h>

#include "base/fft.h"

#define MAX_FFT_SIZE 65536

#define fail(error, ...) sal_error_set (error, SAL_ERROR_CONFIG, __VA_ARGS__)

struct _SalMel {
  SalMelConfig config;
  guint n_bins;            /* K */
  guint span;              /* samples of padded signal a frame needs */
  guint offset;            /* of the window in those, and in the FFT */
  guint pad;               /* samples mirrored at each end */
  float *taper;            /* [window_length] */
  float *bank;             /* H, the parts that are not 0, band after band */
  guint *first_bin;        /* [F] */
  guint *n_weights;        /* [F] */
  float *frame;            /* [fft_size], FFT input */
  fftwf_complex *spectrum; /* [K] */
  float *energy;           /* [K] */
  fftwf_plan plan;
  /* state of the stream */
  guint64 n_pushed;  /* samples */
  float previous;    /* sample, for the pre-emphasis */
  guint64 n_samples; /* after the pre-emphasis */
  float *recent;     /* the last of those, a ring of [pad + 1] */
  float *history;    /* of the padded signal, since the frame began, [span] */
  guint n_history;
  guint skip; /* samples of it until the next frame begins */
};

gboolean
sal_mel_config_check (const SalMelConfig *config, GError **error)
{
  float nyquist = config->sample_rate / 2.0f;
  if (config->sample_rate == 0)
    return fail (error, "sample_rate is 0 Hz");
  if (!(config->sample_scale > 0 && isfinite (config->sample_scale)))
    return fail (error, "sample_scale is %g, not a number above 0",
        config->sample_scale);
  if (!(config->preemphasis_coefficient >= 0
          && config->preemphasis_coefficient < 1))
    return fail (error, "preemphasis_coefficient is %g, outside 0..1",
        config->preemphasis_coefficient);
  if (config->fft_size < 2 || config->fft_size > MAX_FFT_SIZE
      || config->fft_size % 2 != 0)
    return fail (error, "fft_size is %u, not an even number in 2..%d",
        config->fft_size, MAX_FFT_SIZE);
  if (config->framing == SAL_FRAMING_REFLECT && !config->window_centred
      && config->window_length != config->fft_size)
    return fail (error,
        "window_placement is left of %u samples, but framing "
        "is reflect, whose frames are centred",
        config->fft_size);
  if (config->window_length < 2 || config->window_length > config->fft_size)
    return fail (error, "window_length is %u, outside 2..fft_size %u",
        config->window_length, config->fft_size);
  if (config->hop == 0 || config->hop > config->fft_size)
    return fail (error, "hop is %u, outside 1..fft_size %u", config->hop,
        config->fft_size);
  if (!(config->f_max <= nyquist))
    return fail (error, "f_max is %g Hz, above the Nyquist frequency %g Hz",
        config->f_max, nyquist);
  if (!(config->f_min >= 0 && config->f_min < config->f_max))
    return fail (error, "f_min is %g Hz, outside 0..f_max %g Hz", config->f_min,
        config->f_max);
  if (config->n_bands == 0 || config->n_bands > config->fft_size)
    return fail (error, "n_bands is %u, outside 1..fft_size %u",
        config->n_bands, config->fft_size);
  if (!(config->log_floor > 0 && isfinite (config->log_floor)))
    return fail (error, "log_floor is %g, not a number above 0",
        config->log_floor);
  return TRUE;
}

/* --- tables -------------------------------------------------------------- */

static double
mel_from_hz (double hz, SalMelFormula formula)
{
  return formula == SAL_MEL_HTK ? 2595.0 * log10 (1.0 + hz / 700.0)
                                : 1127.0 * log (1.0 + hz / 700.0);
}

static double
hz_from_mel (double mel, SalMelFormula formula)
{
  return 700.0
      * (formula == SAL_MEL_HTK ? pow (10.0, mel / 2595.0) - 1.0
                                : exp (mel / 1127.0) - 1.0);
}

/* Corner i of the triangles, in mel: band f has corners f, f + 1, f + 2. */
static double
corner (const SalMelConfig *config, guint i)
{
  double low = mel_from_hz (config->f_min, config->mel_formula);
  double high = mel_from_hz (config->f_max, config->mel_formula);
  return low + (high - low) * i / (config->n_bands + 1);
}

void
sal_mel_config_bands (const SalMelConfig *config, float *hz)
{
  for (guint f = 0; f < config->n_bands; f++)
    hz[f] = (float) hz_from_mel (corner (config, f + 1), config->mel_formula);
}

guint
sal_mel_config_centre (const SalMelConfig *config)
{
  if (config->framing == SAL_FRAMING_REFLECT)
    return 0;
  return config->window_length / 2;
}

static void
build_taper (SalMel *self)
{
  guint n = self->config.window_length;
  gboolean periodic = self->config.window == SAL_TAPER_HAMMING_PERIODIC
      || self->config.window == SAL_TAPER_HANN_PERIODIC;
  gboolean hamming = self->config.window == SAL_TAPER_HAMMING
      || self->config.window == SAL_TAPER_HAMMING_PERIODIC;
  for (guint i = 0; i < n; i++) {
    double c = cos (2.0 * G_PI * i / (periodic ? n : n - 1));
    double w = hamming ? 0.54 - 0.46 * c : 0.5 - 0.5 * c;
    if (self->config.window == SAL_TAPER_POVEY)
      w = pow (w, 0.85); /* Kaldi's */
    self->taper[i] = (float) w;
  }
}

/* Height at bin k of the triangle of band f. */
static double
triangle (const SalMelConfig *config, guint f, guint k)
{
  double at = (double) k * config->sample_rate / config->fft_size;
  double side[3];
  for (guint i = 0; i < 3; i++) {
    side[i] = corner (config, f + i);
    if (!config->triangles_in_mel)
      side[i] = hz_from_mel (side[i], config->mel_formula);
  }
  if (config->triangles_in_mel)
    at = mel_from_hz (at, config->mel_formula);
  double rise = (at - side[0]) / (side[1] - side[0]);
  double fall = (side[2] - at) / (side[2] - side[1]);
  return MAX (0.0, MIN (rise, fall));
}

static void
build_bank (SalMel *self)
{
  GArray *weights = g_array_new (FALSE, FALSE, sizeof (float));
  for (guint f = 0; f < self->config.n_bands; f++) {
    for (guint k = 0; k < self->n_bins; k++) {
      float weight = (float) triangle (&self->config, f, k);
      if (weight <= 0)
        continue;
      if (self->n_weights[f]++ == 0)
        self->first_bin[f] = k;
      g_array_append_val (weights, weight);
    }
  }
  self->bank = (float *) g_array_free (weights, FALSE);
}

SalMel *
sal_mel_new (const SalMelConfig *config, GError **error)
{
  g_return_val_if_fail (config != NULL, NULL);
  if (!sal_mel_config_check (config, error))
    return NULL;
  SalMel *self = g_new0 (SalMel, 1);
  self->config = *config;
  gboolean reflect = config->framing == SAL_FRAMING_REFLECT;
  self->n_bins = config->fft_size / 2 + 1;
  self->pad = reflect ? config->fft_size / 2 : 0;
  self->span = reflect ? config->fft_size : config->window_length;
  self->offset = config->window_centred
      ? (config->fft_size - config->window_length) / 2
      : 0;
  self->taper = g_new (float, config->window_length);
  self->first_bin = g_new0 (guint, config->n_bands);
  self->n_weights = g_new0 (guint, config->n_bands);
  self->energy = g_new (float, self->n_bins);
  self->history = g_new (float, self->span);
  self->recent = g_new (float, self->pad + 1);
  self->frame = fftwf_alloc_real (config->fft_size);
  self->spectrum = fftwf_alloc_complex (self->n_bins);
  build_taper (self);
  build_bank (self);
  sal_fft_planner_lock ();
  /* FFTW_ESTIMATE: measured plans differ between runs, and so would results. */
  self->plan = fftwf_plan_dft_r2c_1d ((int) config->fft_size, self->frame,
      self->spectrum, FFTW_ESTIMATE);
  sal_fft_planner_unlock ();
  return self;
}

void
sal_mel_free (SalMel *self)
{
  if (self == NULL)
    return;
  sal_fft_planner_lock ();
  fftwf_destroy_plan (self->plan);
  sal_fft_planner_unlock ();
  fftwf_free (self->frame);
  fftwf_free (self->spectrum);
  g_free (self->taper);
  g_free (self->bank);
  g_free (self->first_bin);
  g_free (self->n_weights);
  g_free (self->energy);
  g_free (self->history);
  g_free (self->recent);
  g_free (self);
}

/* --- one frame ----------------------------------------------------------- */

static float
mean_of (const float *x, guint n)
{
  double sum = 0;
  for (guint i = 0; i < n; i++)
    sum += x[i];
  return (float) (sum / n);
}

/* FFT input from window_length samples at x: DC, pre-emphasis, taper. */
static void
fill_frame (SalMel *self, const float *x)
{
  guint n = self->config.window_length;
  float *out = self->frame + self->offset;
  float dc = self->config.dc_removal ? mean_of (x, n) : 0;
  float a = self->config.preemphasis == SAL_PREEMPHASIS_FRAME
      ? self->config.preemphasis_coefficient
      : 0;
  memset (self->frame, 0, self->config.fft_size * sizeof (float));
  for (guint i = 0; i < n; i++) {
    float before = x[i > 0 ? i - 1 : 0] - dc;
    out[i] = (x[i] - dc - a * before) * self->taper[i];
  }
}

/* L[:, t] from the span of padded signal at x. */
static void
compute_frame (SalMel *self, const float *x, float *out)
{
  fill_frame (self, self->pad > 0 ? x + self->offset : x);
  fftwf_execute (self->plan);
  for (guint k = 0; k < self->n_bins; k++) {
    float re = self->spectrum[k][0], im = self->spectrum[k][1];
    float power = re * re + im * im;
    self->energy[k] = self->config.power ? power : sqrtf (power);
  }
  const float *weight = self->bank;
  for (guint f = 0; f < self->config.n_bands; f++) {
    const float *energy = self->energy + self->first_bin[f];
    float sum = 0;
    for (guint i = 0; i < self->n_weights[f]; i++)
      sum += *weight++ * energy[i];
    out[f] = logf (self->config.floor_is_max ? MAX (sum, self->config.log_floor)
                                             : sum + self->config.log_floor);
  }
}

/* --- the stream ---------------------------------------------------------- */

/* Samples pass three stations: pre-emphasis, mirrored beginning, history.  Each
 * takes one sample and returns how many frames it completed at `frames`. */

static guint
push_history (SalMel *self, float sample, float *frames)
{
  guint hop = self->config.hop;
  if (self->skip > 0) {
    self->skip--;
    return 0;
  }
  self->history[self->n_history++] = sample;
  if (self->n_history < self->span)
    return 0;
  compute_frame (self, self->history, frames);
  self->n_history = self->span - MIN (hop, self->span);
  self->skip = hop - MIN (hop, self->span);
  memmove (self->history, self->history + self->span - self->n_history,
      self->n_history * sizeof (float));
  return 1;
}

/* The last pad + 1 samples are kept for the end, the first for the beginning:
 * y[pad] .. y[1] y[0] y[1] .. */
static guint
push_mirrored (SalMel *self, float sample, float *frames)
{
  guint n = 0, F = self->config.n_bands;
  if (self->pad == 0)
    return push_history (self, sample, frames);
  self->recent[self->n_samples++ % (self->pad + 1)] = sample;
  if (self->n_samples > self->pad + 1)
    return push_history (self, sample, frames);
  if (self->n_samples < self->pad + 1)
    return 0;
  for (guint i = self->pad; i >= 1; i--)
    n += push_history (self, self->recent[i], frames + n * F);
  for (guint i = 0; i <= self->pad; i++)
    n += push_history (self, self->recent[i], frames + n * F);
  return n;
}

/* y[t] = x[t] - a x[t-1], y[0] = x[0] - a x[1] */
static guint
push_sample (SalMel *self, float sample, float *frames)
{
  float a = self->config.preemphasis_coefficient, before = self->previous;
  if (self->config.preemphasis != SAL_PREEMPHASIS_SIGNAL)
    return push_mirrored (self, sample, frames);
  self->previous = sample;
  if (self->n_pushed == 0)
    return 0;
  guint n = 0;
  if (self->n_pushed == 1)
    n = push_mirrored (self, before - a * sample, frames);
  return n
      + push_mirrored (self, sample - a * before,
          frames + n * self->config.n_bands);
}

void
sal_mel_reset (SalMel *self)
{
  self->n_pushed = self->n_samples = 0;
  self->n_history = self->skip = 0;
  self->previous = 0;
}

gsize
sal_mel_push (SalMel *self, const float *samples, gsize n_samples,
    float *frames)
{
  gsize n = 0;
  for (gsize i = 0; i < n_samples; i++) {
    n += push_sample (self, samples[i] * self->config.sample_scale,
        frames + n * self->config.n_bands);
    self->n_pushed++;
  }
  return n;
}

/* .. y[N-2] y[N-1] y[N-2] .. y[N-1-pad] */
gsize
sal_mel_finish (SalMel *self, float *frames)
{
  gsize n = 0;
  if (self->pad > 0 && self->n_samples > self->pad)
    for (guint i = 1; i <= self->pad; i++)
      n += push_history (self,
          self->recent[(self->n_samples - 1 - i) % (self->pad + 1)],
          frames + n * self->config.n_bands);
  sal_mel_reset (self);
  return n;
}

gsize
sal_mel_n_frames (const SalMel *self, gsize n_samples)
{
  gsize padded = n_samples + 2 * (gsize) self->pad;
  if (n_samples <= self->pad || padded < self->span)
    return 0;
  return 1 + (padded - self->span) / self->config.hop;
}

void
sal_mel_process (SalMel *self, const float *samples, gsize n_samples,
    float *out)
{
  gsize F = self->config.n_bands, T = sal_mel_n_frames (self, n_samples);
  g_autofree float *frames
      = g_new (float, (T + sal_mel_max_frames (self, 1)) * F);
  sal_mel_reset (self);
  gsize n = sal_mel_push (self, samples, n_samples, frames);
  n += sal_mel_finish (self, frames + n * F);
  for (gsize f = 0; f < F; f++)
    for (gsize t = 0; t < T; t++)
      out[f * T + t] = frames[t * F + f];
}

gsize
sal_mel_max_frames (const SalMel *self, gsize n_samples)
{
  return (n_samples + self->config.fft_size) / self->config.hop + 1;
}
