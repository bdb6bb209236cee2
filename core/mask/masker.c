/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mask/masker.h"

#include <fftw3.h>
#include <math.h>
#include <string.h>

#include "base/fft.h"

#define BLOCK_SECONDS 0.02 /* at least: a gain frame fits in half of it */

/* PCM frames that are all plain, or all not */
typedef struct {
  gsize n;
  gboolean is_plain;
} Run;

struct _SalMasker {
  SalMaskerConfig config; /* bands_hz is ours */
  guint block, hop;       /* frames; hop = block/2 */
  float *taper;           /* root of a periodic Hann window, [block] */
  float *bin_gain;        /* [block/2 + 1] */
  float *samples;         /* one channel of a block, FFT input and output */
  fftwf_complex *spectrum;
  fftwf_plan forward, backward;
  GArray *pcm;   /* input from where the next block begins */
  GArray *gains; /* [.., n_bands] from gain frame first_gain on */
  guint64 first_gain;
  GArray *done;           /* output, */
  gsize n_pulled;         /* floats of it that were pulled */
  GQueue runs;            /* of Run, what was not */
  float *tail;            /* second half of the block before, [hop, channels] */
  gboolean tail_is_plain; /* its gain was 1 */
  guint64 n_blocks;       /* finished */
  guint64 n_in, n_out;    /* PCM frames pushed, and finished */
  GArray *replaced;   /* of guint64, frames with such samples, not finished */
  guint64 n_replaced; /* samples that were not finite */
  gboolean finished;
};

static gboolean
bands_rise (const SalMaskerConfig *config)
{
  for (guint b = 1; config->bands_hz != NULL && b < config->n_bands; b++)
    if (!(config->bands_hz[b] > config->bands_hz[b - 1]))
      return FALSE;
  return config->bands_hz != NULL;
}

static gboolean
check_config (const SalMaskerConfig *config, GError **error)
{
  const char *what = NULL;
  if (config->rate < 1000 || config->rate > 768000)
    what = "rate is outside 1000..768000 Hz";
  else if (config->n_channels == 0 || config->n_channels > 1024)
    what = "n_channels is outside 1..1024";
  else if (config->n_bands == 0 || config->n_bands > 65536)
    what = "n_bands is outside 1..65536";
  else if (!isfinite (config->frame_centre))
    what = "frame_centre is not a number of seconds";
  else if (config->n_bands > 1 && !bands_rise (config))
    what = "bands_hz does not rise from band to band";
  else if (!(config->frame_period > 0 && config->frame_period <= 0.0101))
    what = "frame_period is outside 0..10 ms";
  if (what != NULL)
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_CONFIG, what);
  return what == NULL;
}

SalMasker *
sal_masker_new (const SalMaskerConfig *config, GError **error)
{
  g_return_val_if_fail (config != NULL, NULL);
  if (!check_config (config, error))
    return NULL;
  SalMasker *self = g_new0 (SalMasker, 1);
  self->config = *config;
  self->config.bands_hz = config->n_bands == 1
      ? NULL
      : g_memdup2 (config->bands_hz, config->n_bands * sizeof (float));
  self->block = 2;
  while (self->block < BLOCK_SECONDS * config->rate)
    self->block *= 2;
  self->hop = self->block / 2;
  self->taper = g_new (float, self->block);
  for (guint i = 0; i < self->block; i++)
    self->taper[i] = (float) sin (G_PI * i / self->block);
  self->bin_gain = g_new (float, self->hop + 1);
  self->samples = fftwf_alloc_real (self->block);
  self->spectrum = fftwf_alloc_complex (self->hop + 1);
  sal_fft_planner_lock ();
  self->forward = fftwf_plan_dft_r2c_1d ((int) self->block, self->samples,
      self->spectrum, FFTW_ESTIMATE);
  self->backward = fftwf_plan_dft_c2r_1d ((int) self->block, self->spectrum,
      self->samples, FFTW_ESTIMATE);
  sal_fft_planner_unlock ();
  self->pcm = g_array_new (FALSE, TRUE, sizeof (float));
  self->gains = g_array_new (FALSE, FALSE, sizeof (float));
  self->done = g_array_new (FALSE, FALSE, sizeof (float));
  self->replaced = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->tail = g_new (float, (gsize) self->hop * config->n_channels);
  sal_masker_reset (self);
  return self;
}

void
sal_masker_free (SalMasker *self)
{
  if (self == NULL)
    return;
  sal_fft_planner_lock ();
  fftwf_destroy_plan (self->forward);
  fftwf_destroy_plan (self->backward);
  sal_fft_planner_unlock ();
  fftwf_free (self->samples);
  fftwf_free (self->spectrum);
  g_array_unref (self->pcm);
  g_array_unref (self->gains);
  g_array_unref (self->done);
  g_array_unref (self->replaced);
  g_queue_clear_full (&self->runs, g_free);
  g_free ((gpointer) self->config.bands_hz);
  g_free (self->taper);
  g_free (self->bin_gain);
  g_free (self->tail);
  g_free (self);
}

void
sal_masker_reset (SalMasker *self)
{
  gsize half = (gsize) self->hop * self->config.n_channels;
  g_array_set_size (self->pcm, 0);
  g_array_set_size (self->pcm, (guint) half); /* zeros before the stream */
  g_array_set_size (self->gains, 0);
  g_array_set_size (self->done, 0);
  g_array_set_size (self->replaced, 0);
  self->n_pulled = 0;
  g_queue_clear_full (&self->runs, g_free);
  memset (self->tail, 0, half * sizeof (float));
  self->first_gain = self->n_blocks = self->n_in = self->n_out = 0;
  self->n_replaced = 0;
  self->finished = self->tail_is_plain = FALSE;
}

guint
sal_masker_get_delay (const SalMasker *self)
{
  return self->block;
}

/* --- gains --------------------------------------------------------------- */

/* Where the middle of the next block lies, in gain frames. */
static double
gain_place (const SalMasker *self)
{
  double seconds = (double) self->n_blocks * self->hop / self->config.rate;
  return MAX (0,
      (seconds - self->config.frame_centre) / self->config.frame_period);
}

static guint64
n_gains (const SalMasker *self)
{
  return self->first_gain + self->gains->len / self->config.n_bands;
}

/* The gain of band b at a place between two gain frames; the last one holds,
 * and before the first the first. */
static float
band_gain (const SalMasker *self, double place, guint b)
{
  guint64 n = n_gains (self);
  if (n == 0)
    return 1;
  guint64 low = MIN ((guint64) place, n - 1), high = MIN (low + 1, n - 1);
  const float *gains = (const float *) self->gains->data;
  low = MAX (low, self->first_gain);
  high = MAX (high, self->first_gain);
  float a = gains[(low - self->first_gain) * self->config.n_bands + b];
  float c = gains[(high - self->first_gain) * self->config.n_bands + b];
  return a + (float) (place - floor (place)) * (c - a);
}

/* Gains of all bins, between the centres of the bands and flat outside. */
static void
fill_bins (SalMasker *self, double place)
{
  const float *hz = self->config.bands_hz;
  guint b = 0, last = self->config.n_bands - 1;
  for (guint k = 0; k <= self->hop; k++) {
    float at = (float) k * self->config.rate / self->block;
    while (b < last && hz[b + 1] <= at)
      b++;
    float low = band_gain (self, place, b);
    if (b == last || at <= hz[b]) {
      self->bin_gain[k] = low;
      continue;
    }
    float part = (at - hz[b]) / (hz[b + 1] - hz[b]);
    self->bin_gain[k] = low + part * (band_gain (self, place, b + 1) - low);
  }
}

static gboolean
all_bands_are_one (const SalMasker *self, double place)
{
  for (guint b = 0; b < self->config.n_bands; b++)
    if (band_gain (self, place, b) != 1)
      return FALSE;
  return TRUE;
}

static void
drop_old_gains (SalMasker *self)
{
  guint64 place = (guint64) gain_place (self), n = n_gains (self);
  guint64 keep = n > 0 ? MIN (place, n - 1) : 0;
  if (keep < self->first_gain + 256)
    return;
  g_array_remove_range (self->gains, 0,
      (guint) (keep - self->first_gain) * self->config.n_bands);
  self->first_gain = keep;
}

/* --- blocks -------------------------------------------------------------- */

/* One channel of a block, tapered twice and with its gain (by_bin: that of each
 * bin), into samples. */
static void
mask_channel (SalMasker *self, const float *pcm, guint channel, gboolean by_bin,
    float gain)
{
  guint C = self->config.n_channels;
  for (guint i = 0; i < self->block; i++)
    self->samples[i] = pcm[(gsize) i * C + channel] * self->taper[i];
  if (by_bin) {
    fftwf_execute (self->forward);
    for (guint k = 0; k <= self->hop; k++) {
      self->spectrum[k][0] *= self->bin_gain[k];
      self->spectrum[k][1] *= self->bin_gain[k];
    }
    fftwf_execute (self->backward);
    gain = 1.0f / (float) self->block;
  }
  for (guint i = 0; i < self->block; i++)
    self->samples[i] *= gain * self->taper[i];
}

/* Overlap-add of the block at pcm into `first`, the half it finishes; TRUE if
 * that is plain. */
static gboolean
mask_block (SalMasker *self, const float *pcm, float *first)
{
  guint C = self->config.n_channels, half = self->hop;
  double place = gain_place (self);
  gboolean plain = all_bands_are_one (self, place);
  gboolean by_bin = self->config.n_bands > 1 && !plain;
  if (by_bin)
    fill_bins (self, place);
  float gain = band_gain (self, place, 0);
  for (guint c = 0; c < C; c++) {
    mask_channel (self, pcm, c, by_bin, gain);
    for (guint i = 0; i < half; i++) {
      gsize at = (gsize) i * C + c;
      first[at] = self->tail[at] + self->samples[i];
      self->tail[at] = self->samples[half + i];
    }
  }
  gboolean first_is_plain = plain && self->tail_is_plain;
  if (first_is_plain)
    memcpy (first, pcm, (gsize) half * C * sizeof (float));
  self->tail_is_plain = plain;
  return first_is_plain;
}

static void
add_run (SalMasker *self, gsize n, gboolean is_plain)
{
  Run *last = g_queue_peek_tail (&self->runs);
  if (n == 0)
    return;
  if (last == NULL || last->is_plain != is_plain) {
    last = g_new0 (Run, 1);
    last->is_plain = is_plain;
    g_queue_push_tail (&self->runs, last);
  }
  last->n += n;
}

/* Whether the PCM and the gains of the next block are there. */
static gboolean
block_is_ready (const SalMasker *self, guint used)
{
  gsize have = (self->pcm->len - used) / self->config.n_channels;
  if (self->finished)
    return self->n_out < self->n_in;
  guint64 n = n_gains (self);
  return have >= self->block && n > 0 && gain_place (self) <= (double) (n - 1);
}

/* Forgets the frames before end; TRUE if one of them had its samples replaced.
 */
static gboolean
drop_replaced (SalMasker *self, guint64 end)
{
  guint n = 0;

  while (n < self->replaced->len
      && g_array_index (self->replaced, guint64, n) < end)
    n++;
  if (n > 0)
    g_array_remove_range (self->replaced, 0, n);
  return n > 0;
}

static void
run (SalMasker *self)
{
  guint C = self->config.n_channels;
  guint used = 0; /* floats of pcm that blocks are done with */
  while (block_is_ready (self, used)) {
    if (self->pcm->len - used < self->block * C) /* at the end: zeros */
      g_array_set_size (self->pcm, used + self->block * C);
    guint at = self->done->len;
    g_array_set_size (self->done, at + self->hop * C);
    gboolean is_plain
        = mask_block (self, (const float *) self->pcm->data + used,
            (float *) self->done->data + at);
    /* What block 0 finishes lies before the stream. */
    guint64 left = self->n_blocks > 0 ? self->n_in - self->n_out : 0;
    guint n = (guint) MIN (left, self->hop);
    g_array_set_size (self->done, at + n * C);
    gboolean replaced = drop_replaced (self, self->n_out + n);
    add_run (self, n, is_plain && !replaced);
    self->n_out += n;
    self->n_blocks++;
    used += self->hop * C;
    drop_old_gains (self);
  }
  if (used > 0)
    g_array_remove_range (self->pcm, 0, used);
}

void
sal_masker_push_gains (SalMasker *self, const float *gains, guint n_frames)
{
  g_array_append_vals (self->gains, gains, n_frames * self->config.n_bands);
  run (self);
}

/* Samples from a place in pcm on become 0 where they are not finite. */
static void
replace_samples (SalMasker *self, guint first)
{
  float *pcm = (float *) self->pcm->data;

  for (guint i = first; i < self->pcm->len; i++) {
    guint64 frame = self->n_in + (i - first) / self->config.n_channels;
    if (isfinite (pcm[i]))
      continue;
    pcm[i] = 0;
    self->n_replaced++;
    if (self->replaced->len == 0
        || g_array_index (self->replaced, guint64, self->replaced->len - 1)
            != frame)
      g_array_append_val (self->replaced, frame);
  }
}

void
sal_masker_push (SalMasker *self, const float *pcm, gsize n_frames)
{
  guint first = self->pcm->len;

  g_array_append_vals (self->pcm, pcm,
      (guint) (n_frames * self->config.n_channels));
  replace_samples (self, first);
  self->n_in += n_frames;
  run (self);
}

guint64
sal_masker_get_n_replaced (const SalMasker *self)
{
  return self->n_replaced;
}

void
sal_masker_finish (SalMasker *self)
{
  self->finished = TRUE;
  run (self);
}

gsize
sal_masker_get_n_ready (const SalMasker *self)
{
  return (self->done->len - self->n_pulled) / self->config.n_channels;
}

gsize
sal_masker_get_run (const SalMasker *self, gboolean *is_plain)
{
  const Run *run = g_queue_peek_head ((GQueue *) &self->runs);
  *is_plain = run != NULL && run->is_plain;
  return run != NULL ? run->n : 0;
}

void
sal_masker_skip (SalMasker *self, gsize n_frames)
{
  g_return_if_fail (n_frames <= sal_masker_get_n_ready (self));
  self->n_pulled += n_frames * self->config.n_channels;
  /* what is there is not moved each time */
  if (self->n_pulled > self->done->len / 2) {
    g_array_remove_range (self->done, 0, (guint) self->n_pulled);
    self->n_pulled = 0;
  }
  while (n_frames > 0) {
    Run *run = g_queue_peek_head (&self->runs);
    gsize n = MIN (n_frames, run->n);
    n_frames -= n;
    run->n -= n;
    if (run->n == 0)
      g_free (g_queue_pop_head (&self->runs));
  }
}

void
sal_masker_pull (SalMasker *self, float *pcm, gsize n_frames)
{
  g_return_if_fail (n_frames <= sal_masker_get_n_ready (self));
  if (n_frames == 0)
    return;
  memcpy (pcm, (const float *) self->done->data + self->n_pulled,
      n_frames * self->config.n_channels * sizeof (float));
  sal_masker_skip (self, n_frames);
}
