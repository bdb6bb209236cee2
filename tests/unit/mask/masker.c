/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mask/masker.h"

#include <math.h>
#include <string.h>

#include "data.h"

#define BANDS 4

static const float bands_hz[BANDS] = { 200, 800, 2000, 6000 };
static const guint rates[] = { 8000, 11025, 16000, 44100, 48000, 192000 };
static const guint channels[] = { 1, 2, 6 };
static const gsize chunks[] = { 1, 7, 160, 441, 4096, 0 }; /* 0: random */

static SalMaskerConfig
config_of (guint rate, guint n_channels, guint n_bands)
{
  return (SalMaskerConfig){
    .rate = rate,
    .n_channels = n_channels,
    .n_bands = n_bands,
    .bands_hz = bands_hz,
    .frame_period = 0.01,
    .frame_centre = 0.0125,
  };
}

static SalMasker *
new_masker (const SalMaskerConfig *config)
{
  g_autoptr (GError) error = NULL;
  SalMasker *masker = sal_masker_new (config, &error);
  g_assert_no_error (error);
  g_assert_nonnull (masker);
  return masker;
}

/* Gain frames for n PCM frames and more. */
static guint
n_gain_frames (const SalMaskerConfig *config, gsize n)
{
  return (guint) (n / (config->rate * config->frame_period)) + 10;
}

static float *
constant_gains (const SalMaskerConfig *config, gsize n, float gain)
{
  gsize size = (gsize) n_gain_frames (config, n) * config->n_bands;
  float *gains = g_new (float, size);
  for (gsize i = 0; i < size; i++)
    gains[i] = gain;
  return gains;
}

/* Gains that wander in time, and differ by band. */
static float *
moving_gains (const SalMaskerConfig *config, gsize n)
{
  guint n_frames = n_gain_frames (config, n), B = config->n_bands;
  float *gains = g_new (float, (gsize) n_frames *B);
  for (guint t = 0; t < n_frames; t++)
    for (guint b = 0; b < B; b++)
      gains[t * B + b] = 0.5f + 0.5f * sinf (0.3f * t + b);
  return gains;
}

typedef enum { GAINS_FIRST, GAINS_LATE, GAINS_WITH } Order;

/* Appends what is ready to out. */
static void
pull (SalMasker *masker, guint n_channels, GArray *out)
{
  gsize n = sal_masker_get_n_ready (masker);
  guint at = out->len;
  g_array_set_size (out, at + (guint) (n * n_channels));
  sal_masker_pull (masker, (float *) out->data + at, n);
}

/* Everything through, PCM in chunks; gains before, after, or as they come. */
static float *
through (SalMasker *masker, const SalMaskerConfig *config, const float *pcm,
    gsize n, const float *gains, gsize chunk, Order order)
{
  guint n_gains = n_gain_frames (config, n), given = 0, C = config->n_channels;
  g_autoptr (GRand) rand = g_rand_new_with_seed (8);
  GArray *out = g_array_new (FALSE, FALSE, sizeof (float));
  if (order == GAINS_FIRST)
    sal_masker_push_gains (masker, gains, n_gains);
  for (gsize at = 0; at < n;) {
    gsize size = chunk > 0 ? chunk : (gsize) g_rand_int_range (rand, 0, 3000);
    size = MIN (size, n - at);
    sal_masker_push (masker, pcm + at * C, size);
    at += size;
    guint due = MIN (n_gains, (guint) ((double) at / config->rate / 0.01));
    if (order == GAINS_WITH && due > given) {
      sal_masker_push_gains (masker, gains + (gsize) given * config->n_bands,
          due - given);
      given = due;
    }
    pull (masker, C, out);
  }
  if (order == GAINS_LATE)
    sal_masker_push_gains (masker, gains, n_gains);
  sal_masker_finish (masker);
  pull (masker, C, out);
  g_assert_cmpuint (out->len, ==, n * C);
  return (float *) g_array_free (out, FALSE);
}

/* --- gains of 1, and constant ones --------------------------------------- */

static void
for_all_formats (void (*check) (const SalMaskerConfig *config))
{
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++)
    for (guint c = 0; c < G_N_ELEMENTS (channels); c++)
      for (guint n_bands = 1; n_bands <= BANDS; n_bands += BANDS - 1) {
        const SalMaskerConfig config
            = config_of (rates[r], channels[c], n_bands);
        check (&config);
      }
}

static void
check_gain_1 (const SalMaskerConfig *config)
{
  gsize n = config->rate / 5 + 3, size = n * config->n_channels;
  g_autofree float *pcm = data_noise (1, size);
  g_autofree float *gains = constant_gains (config, n, 1);
  g_autoptr (SalMasker) masker = new_masker (config);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    g_autofree float *got
        = through (masker, config, pcm, n, gains, chunks[i], GAINS_FIRST);
    data_assert_close ("gain 1", got, pcm, size, 1e-6);
    sal_masker_reset (masker);
  }
}

static void
test_gain_1_is_the_input (void)
{
  for_all_formats (check_gain_1);
}

/* A gain of 1/2 goes through taper and transform and is undone exactly, so that
 * the reconstruction is what is measured. */
static void
check_constant_gain (const SalMaskerConfig *config)
{
  gsize n = config->rate / 5 + 3, size = n * config->n_channels;
  g_autofree float *pcm = data_noise (1, size);
  g_autofree float *gains = constant_gains (config, n, 0.5f);
  g_autoptr (SalMasker) masker = new_masker (config);
  g_autofree float *got
      = through (masker, config, pcm, n, gains, 480, GAINS_FIRST);
  for (gsize i = 0; i < size; i++)
    got[i] *= 2;
  /* float32 FFT of up to 4096 points and back: a few 1e-7 of full scale */
  data_assert_close ("gain 1/2", got, pcm, size, 2e-6);
}

static void
test_constant_gain_scales (void)
{
  for_all_formats (check_constant_gain);
}

static void
test_gain_0_is_silence (void)
{
  const SalMaskerConfig config = config_of (48000, 2, BANDS);
  const gsize n = 9600;
  g_autofree float *pcm = data_noise (1, 2 * n);
  g_autofree float *gains = constant_gains (&config, n, 0);
  g_autoptr (SalMasker) masker = new_masker (&config);
  g_autofree float *got
      = through (masker, &config, pcm, n, gains, 480, GAINS_FIRST);
  g_assert_cmpfloat (data_magnitude (got, 2 * n), <=, 1e-7);
}

/* --- plain runs ---------------------------------------------------------- */

/* Open, closed for a while, open: one band is enough to close. */
static float *
gains_with_a_dip (const SalMaskerConfig *config, gsize n)
{
  guint n_frames = n_gain_frames (config, n), B = config->n_bands;
  float *gains = constant_gains (config, n, 1);
  for (guint t = n_frames / 3; t < n_frames / 2; t++)
    gains[t * B + B - 1] = 0.5f;
  return gains;
}

/* What is said to be plain is the input to the bit, the rest is not; pulled and
 * skipped in pieces of any size, the runs are the same. */
static void
check_runs (const SalMaskerConfig *config)
{
  gsize n = config->rate / 2, C = config->n_channels;
  g_autofree float *pcm = data_noise (4, n * C);
  g_autofree float *got = g_new (float, n *C);
  g_autofree float *gains = gains_with_a_dip (config, n);
  g_autoptr (SalMasker) masker = new_masker (config);
  sal_masker_push_gains (masker, gains, n_gain_frames (config, n));
  sal_masker_push (masker, pcm, n);
  sal_masker_finish (masker);
  gboolean plain, before = FALSE;
  gsize n_plain = 0;
  guint n_runs = 0;
  for (gsize at = 0, size = 1; at < n; at += size) {
    gsize run = sal_masker_get_run (masker, &plain);
    g_assert_cmpuint (run, >, 0);
    n_runs += at == 0 || plain != before;
    before = plain;
    size = MIN (run, 7 + at % 500);
    n_plain += plain ? size : 0;
    if (at % 3 == 0) {
      sal_masker_skip (masker, size);
      continue;
    }
    sal_masker_pull (masker, got, size);
    g_assert_cmpint (memcmp (got, pcm + at * C, size * C * sizeof *got) == 0,
        ==, plain);
  }
  g_assert_cmpuint (sal_masker_get_run (masker, &plain), ==, 0);
  g_assert_cmpuint (n_runs, ==, 3);
  /* a sixth of the gains is not 1, and a block at both ends counts with them */
  g_assert_cmpuint (n_plain, >, n * 5 / 6 - 3 * sal_masker_get_delay (masker));
  g_assert_cmpuint (n_plain, <, n * 5 / 6 + config->rate / 50);
}

static void
test_runs (void)
{
  for_all_formats (check_runs);
}

static void
test_skip_is_pull (void)
{
  const SalMaskerConfig config = config_of (44100, 2, BANDS);
  const gsize n = 8000;
  g_autofree float *pcm = data_noise (2, 2 * n);
  g_autofree float *gains = moving_gains (&config, n);
  g_autofree float *want = g_new (float, 2 * n), *got = g_new (float, 2 * n);
  for (guint round = 0; round < 2; round++) {
    g_autoptr (SalMasker) masker = new_masker (&config);
    sal_masker_push_gains (masker, gains, n_gain_frames (&config, n));
    sal_masker_push (masker, pcm, n);
    sal_masker_finish (masker);
    if (round == 0)
      sal_masker_pull (masker, want, 3001);
    else
      sal_masker_skip (masker, 3001);
    g_assert_cmpuint (sal_masker_get_n_ready (masker), ==, n - 3001);
    sal_masker_pull (masker, round == 0 ? want : got, n - 3001);
  }
  g_assert_cmpmem (got, (n - 3001) * 8, want, (n - 3001) * 8);
}

/* --- streams ------------------------------------------------------------- */

static void
check_cutting (const SalMaskerConfig *config)
{
  gsize n = config->rate / 4 + 1, size = n * config->n_channels;
  g_autofree float *pcm = data_noise (2, size);
  g_autofree float *gains = moving_gains (config, n);
  g_autoptr (SalMasker) masker = new_masker (config);
  g_autofree float *want
      = through (masker, config, pcm, n, gains, n, GAINS_FIRST);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++)
    for (guint order = GAINS_FIRST; order <= GAINS_WITH; order++) {
      sal_masker_reset (masker);
      g_autofree float *got
          = through (masker, config, pcm, n, gains, chunks[i], (Order) order);
      /* The last gains that come with the PCM are fewer: they hold. */
      gsize same = order == GAINS_WITH ? size * 8 / 10 : size;
      g_assert_cmpmem (got, same * sizeof *got, want, same * sizeof *want);
    }
}

static void
test_cutting_and_order_change_nothing (void)
{
  const SalMaskerConfig configs[]
      = { config_of (16000, 1, BANDS), config_of (44100, 2, BANDS),
          config_of (48000, 6, 1), config_of (8000, 1, 1) };
  for (guint i = 0; i < G_N_ELEMENTS (configs); i++)
    check_cutting (&configs[i]);
}

/* What was pushed `delay` frames ago is out, if gains are there. */
static void
check_delay_of_pcm (const SalMaskerConfig *config)
{
  gsize n = config->rate / 3, out = 0;
  g_autofree float *pcm = data_noise (2, n * config->n_channels);
  g_autofree float *scratch = g_new (float, n * config->n_channels);
  g_autofree float *gains = moving_gains (config, n);
  g_autoptr (SalMasker) masker = new_masker (config);
  guint delay = sal_masker_get_delay (masker);
  g_assert_cmpuint (delay, >, 0);
  g_assert_cmpuint (delay, <=, config->rate / 10); /* 100 ms would be absurd */
  sal_masker_push_gains (masker, gains, n_gain_frames (config, n));
  for (gsize at = 0; at < n; at++) {
    sal_masker_push (masker, pcm + at * config->n_channels, 1);
    gsize ready = sal_masker_get_n_ready (masker);
    sal_masker_pull (masker, scratch, ready);
    out += ready;
    /* frame at - delay had delay frames pushed after it */
    if (at >= delay)
      g_assert_cmpuint (out, >, at - delay);
    g_assert_cmpuint (out, <=, at + 1);
  }
}

/* Likewise when PCM is there and gains come: a frame is out once gains reach
 * `delay` beyond it. */
static void
check_delay_of_gains (const SalMaskerConfig *config)
{
  gsize n = config->rate / 3;
  guint n_gains = n_gain_frames (config, n);
  g_autofree float *pcm = data_noise (2, n * config->n_channels);
  g_autofree float *gains = moving_gains (config, n);
  g_autoptr (SalMasker) masker = new_masker (config);
  guint delay = sal_masker_get_delay (masker);
  sal_masker_push (masker, pcm, n);
  for (guint t = 0; t < n_gains; t++) {
    sal_masker_push_gains (masker, gains + (gsize) t * config->n_bands, 1);
    double reach
        = (config->frame_centre + t * config->frame_period) * config->rate
        - delay;
    /* the end of the PCM needs sal_masker_finish() */
    reach = MIN (reach, (double) n - delay);
    gsize ready = sal_masker_get_n_ready (masker);
    if (reach > 0)
      g_assert_cmpuint (ready, >=, (gsize) reach);
    g_assert_cmpuint (ready, <=, n);
  }
}

static void
test_delay_of_pcm (void)
{
  for_all_formats (check_delay_of_pcm);
}

static void
test_delay_of_gains (void)
{
  for_all_formats (check_delay_of_gains);
}

static void
test_waits_for_gains (void)
{
  const SalMaskerConfig config = config_of (48000, 1, BANDS);
  g_autofree float *pcm = data_noise (2, 48000);
  g_autofree float *got = g_new (float, 48000);
  g_autoptr (SalMasker) masker = new_masker (&config);
  sal_masker_push (masker, pcm, 48000);
  g_assert_cmpuint (sal_masker_get_n_ready (masker), ==, 0);
  sal_masker_finish (masker); /* none ever came: nothing to change it by */
  g_assert_cmpuint (sal_masker_get_n_ready (masker), ==, 48000);
  sal_masker_pull (masker, got, 48000);
  data_assert_finite ("without gains", got, 48000);
}

static void
test_last_gain_holds (void)
{
  const SalMaskerConfig config = config_of (16000, 1, 1);
  const gsize n = 32000;
  const float gains[3] = { 1, 1, 0.25f };
  g_autofree float *pcm = data_noise (2, n);
  g_autofree float *got = g_new (float, n);
  g_autoptr (SalMasker) masker = new_masker (&config);
  sal_masker_push (masker, pcm, n);
  sal_masker_push_gains (masker, gains, 3);
  sal_masker_finish (masker);
  g_assert_cmpuint (sal_masker_get_n_ready (masker), ==, n);
  sal_masker_pull (masker, got, n);
  for (gsize i = 3200; i < n; i++)
    pcm[i] *= 0.25f;
  data_assert_close ("held", got + 3200, pcm + 3200, n - 3200, 1e-6);
}

static void
test_reset_forgets (void)
{
  const SalMaskerConfig config = config_of (44100, 2, BANDS);
  const gsize n = 8000;
  g_autofree float *pcm = data_noise (2, 2 * n);
  g_autofree float *gains = moving_gains (&config, n);
  g_autoptr (SalMasker) masker = new_masker (&config);
  g_autofree float *want
      = through (masker, &config, pcm, n, gains, 500, GAINS_FIRST);
  sal_masker_reset (masker);
  sal_masker_push (masker, pcm, 3333);
  sal_masker_push_gains (masker, gains, 2);
  sal_masker_reset (masker);
  g_assert_cmpuint (sal_masker_get_n_ready (masker), ==, 0);
  g_autofree float *got
      = through (masker, &config, pcm, n, gains, 500, GAINS_FIRST);
  g_assert_cmpmem (got, 8 * n, want, 8 * n);
}

/* --- where a gain acts --------------------------------------------------- */

/* Amplitude of a tone in the middle of a signal. */
static double
tone (const float *x, gsize n, double hz, guint rate)
{
  double re = 0, im = 0, weight = 0;
  for (gsize i = n / 4; i < 3 * n / 4; i++) {
    double w = 0.5 - 0.5 * cos (4 * G_PI * (double) (i - n / 4) / (double) n);
    re += w * x[i] * cos (2 * G_PI * hz * (double) i / rate);
    im += w * x[i] * sin (2 * G_PI * hz * (double) i / rate);
    weight += w / 2;
  }
  return hypot (re, im) / weight;
}

static void
check_bands (guint rate)
{
  SalMaskerConfig config = config_of (rate, 1, BANDS);
  gsize n = rate;
  const double hz[] = { 100, 200, 800, 2000, 3700 };
  const float band_gains[BANDS] = { 0.8f, 0.1f, 1, 0.3f };
  const double want[]
      = { 0.8, 0.8, 0.1, 1, 1 + (3700 - 2000.0) / 4000 * (0.3 - 1) };
  g_autofree float *pcm = g_new0 (float, n);
  guint n_gains = n_gain_frames (&config, n);
  g_autofree float *gains = g_new (float, n_gains *BANDS);
  for (guint t = 0; t < n_gains; t++)
    memcpy (gains + t * BANDS, band_gains, sizeof band_gains);
  for (gsize i = 0; i < n; i++)
    for (guint k = 0; k < G_N_ELEMENTS (hz); k++)
      pcm[i] += 0.1f * (float) sin (2 * G_PI * hz[k] * (double) i / rate);
  g_autoptr (SalMasker) masker = new_masker (&config);
  g_autofree float *got
      = through (masker, &config, pcm, n, gains, 0, GAINS_FIRST);
  for (guint k = 0; k < G_N_ELEMENTS (hz); k++) {
    double gain = tone (got, n, hz[k], rate) / tone (pcm, n, hz[k], rate);
    g_test_message ("%u Hz, tone of %g Hz: %.3f, want %.3f", rate, hz[k], gain,
        want[k]);
    /* a bin is up to 47 Hz wide, and the taper mixes it with its neighbours:
     * that moves the gain by the slope between bands over about two bins */
    g_assert_cmpfloat_with_epsilon (gain, want[k], 0.12);
  }
}

static void
test_gains_act_on_their_bands (void)
{
  check_bands (16000);
  check_bands (44100);
  check_bands (48000);
}

/* A gate that opens at 0.5 s opens there, not elsewhere. */
static void
test_gains_act_at_their_time (void)
{
  const SalMaskerConfig config = config_of (16000, 1, 1);
  const gsize n = 16000;
  g_autofree float *pcm = g_new (float, n);
  g_autofree float *gains = constant_gains (&config, n, 0);
  for (guint t = 0; t < n_gain_frames (&config, n); t++)
    gains[t] = config.frame_centre + t * config.frame_period > 0.5 ? 1 : 0;
  for (gsize i = 0; i < n; i++)
    pcm[i] = 0.5f;
  g_autoptr (SalMasker) masker = new_masker (&config);
  g_autofree float *got
      = through (masker, &config, pcm, n, gains, 0, GAINS_FIRST);
  gsize half = 0;
  while (half < n && got[half] < 0.25f)
    half++;
  /* the step lies between gain frames at 492.5 and 502.5 ms, and a block is at
   * most 32 ms long here */
  g_assert_cmpfloat_with_epsilon (half / 16000.0, 0.4975, 0.010);
  g_assert_cmpfloat (got[n / 2 - 800], <=, 1e-6);
  g_assert_cmpfloat_with_epsilon (got[n / 2 + 800], 0.5, 1e-6);
}

static void
test_channels_do_not_mix (void)
{
  const SalMaskerConfig config = config_of (48000, 2, BANDS);
  const gsize n = 9600;
  g_autofree float *pcm = data_noise (2, 2 * n);
  for (gsize i = 0; i < n; i++)
    pcm[2 * i + 1] = 0;
  g_autofree float *gains = moving_gains (&config, n);
  g_autoptr (SalMasker) masker = new_masker (&config);
  g_autofree float *got
      = through (masker, &config, pcm, n, gains, 0, GAINS_FIRST);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (got[2 * i + 1], ==, 0);
}

/* --- samples that are not finite ----------------------------------------- */

/* Samples that are not finite become 0, however PCM is cut; nothing else
 * changes, and no run that holds one passes for the input. */
static void
test_replaces_what_is_not_finite (void)
{
  const SalMaskerConfig config = config_of (16000, 2, 1);
  const gsize n = 4800, bad[] = { 0, 1, 777, 778, 6001, 2 * n - 1 };
  const float values[] = { NAN, INFINITY, -INFINITY };
  g_autofree float *want = data_noise (1, 2 * n);
  g_autofree float *pcm = NULL;
  g_autofree float *gains = constant_gains (&config, n, 1);
  g_autoptr (SalMasker) masker = new_masker (&config);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    want[bad[i]] = 0;
  pcm = g_memdup2 (want, 2 * n * sizeof (float));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    pcm[bad[i]] = values[i % 3];
  for (guint c = 0; c < G_N_ELEMENTS (chunks); c++) {
    g_assert_cmpuint (sal_masker_get_n_replaced (masker), ==, 0);
    g_autofree float *got
        = through (masker, &config, pcm, n, gains, chunks[c], GAINS_FIRST);
    data_assert_close ("replaced", got, want, 2 * n, 1e-6);
    g_assert_cmpuint (sal_masker_get_n_replaced (masker), ==,
        G_N_ELEMENTS (bad));
    sal_masker_reset (masker);
  }
}

static void
test_replaced_samples_are_not_plain (void)
{
  const SalMaskerConfig config = config_of (16000, 1, 1);
  const gsize n = 4800, bad = 2000;
  g_autofree float *pcm = data_noise (1, n);
  g_autofree float *gains = constant_gains (&config, n, 1);
  g_autoptr (SalMasker) masker = new_masker (&config);
  gboolean found = FALSE;
  pcm[bad] = NAN;
  sal_masker_push_gains (masker, gains, n_gain_frames (&config, n));
  sal_masker_push (masker, pcm, n);
  sal_masker_finish (masker);
  for (gsize at = 0; at < n;) {
    gboolean is_plain;
    gsize run = sal_masker_get_run (masker, &is_plain);
    gboolean has_it = at <= bad && bad < at + run;
    g_assert_true (!has_it || !is_plain);
    g_assert_true (at + run < 1000 || at > 3000 || has_it || is_plain);
    found |= has_it;
    sal_masker_skip (masker, run);
    at += run;
  }
  g_assert_true (found);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/masker/gain-1-is-the-input", test_gain_1_is_the_input },
    { "/masker/constant-gain-scales", test_constant_gain_scales },
    { "/masker/gain-0-is-silence", test_gain_0_is_silence },
    { "/masker/gains-act-on-their-bands", test_gains_act_on_their_bands },
    { "/masker/gains-act-at-their-time", test_gains_act_at_their_time },
    { "/masker/channels-do-not-mix", test_channels_do_not_mix },
    { "/masker/plain-runs-are-the-input-to-the-bit", test_runs },
    { "/masker/skipping-is-pulling-without-looking", test_skip_is_pull },
    { "/masker/stream/cutting-and-order-change-nothing",
        test_cutting_and_order_change_nothing },
    { "/masker/stream/pcm-comes-out-after-the-delay", test_delay_of_pcm },
    { "/masker/stream/gains-are-needed-to-the-delay", test_delay_of_gains },
    { "/masker/stream/waits-for-gains", test_waits_for_gains },
    { "/masker/stream/last-gain-holds", test_last_gain_holds },
    { "/masker/stream/reset-forgets", test_reset_forgets },
    { "/masker/replaces-what-is-not-finite", test_replaces_what_is_not_finite },
    { "/masker/replaced-samples-are-not-plain",
        test_replaced_samples_are_not_plain },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  return g_test_run ();
}
