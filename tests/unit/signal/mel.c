/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/mel.h>

#include <math.h>
#include <string.h>

#include "data.h"

/* Our front end, and those of popular toolkits. */
static const SalMelConfig ours = {
  .sample_rate = 16000,
  .sample_scale = 32768,
  .preemphasis = SAL_PREEMPHASIS_SIGNAL,
  .preemphasis_coefficient = 0.97f,
  .window = SAL_TAPER_HAMMING_PERIODIC,
  .window_length = 400,
  .hop = 160,
  .fft_size = 512,
  .framing = SAL_FRAMING_NONE,
  .power = TRUE,
  .mel_formula = SAL_MEL_HTK,
  .f_min = 0,
  .f_max = 8000,
  .n_bands = 80,
  .log_floor = 1,
};
static SalMelConfig sunine, voxceleb, wespeaker;

static const struct {
  const char *name;
  const SalMelConfig *config;
} frontends[] = {
  { "ours", &ours },
  { "sunine", &sunine },
  { "voxceleb", &voxceleb },
  { "wespeaker", &wespeaker },
};

static void
fill_frontends (void)
{
  sunine = ours;
  sunine.window_centred = TRUE;
  sunine.framing = SAL_FRAMING_REFLECT;
  sunine.log_floor = 1e-6f;
  voxceleb = sunine;
  voxceleb.sample_scale = 1;
  voxceleb.n_bands = 64;
  wespeaker = ours;
  wespeaker.dc_removal = TRUE;
  wespeaker.preemphasis = SAL_PREEMPHASIS_FRAME;
  wespeaker.window = SAL_TAPER_HAMMING;
  wespeaker.mel_formula = SAL_MEL_KALDI;
  wespeaker.triangles_in_mel = TRUE;
  wespeaker.f_min = 20;
  wespeaker.log_floor = 1.1920929e-07f;
  wespeaker.floor_is_max = TRUE;
}

static SalMel *
new_mel (const SalMelConfig *config)
{
  g_autoptr (GError) error = NULL;
  SalMel *mel = sal_mel_new (config, &error);
  g_assert_no_error (error);
  g_assert_nonnull (mel);
  return mel;
}

/* L of the whole sound at once, [T, F]. */
static float *
whole (SalMel *mel, guint n_bands, const float *samples, gsize n,
    gsize *n_frames)
{
  gsize T = *n_frames = sal_mel_n_frames (mel, n);
  g_autofree float *out = g_new (float, n_bands *T + 1);
  sal_mel_process (mel, samples, n, out);
  float *frames = g_new (float, n_bands *T + 1);
  for (gsize t = 0; t < T; t++)
    for (guint f = 0; f < n_bands; f++)
      frames[t * n_bands + f] = out[f * T + t];
  return frames;
}

/* The same in chunks; 0: of random size. */
static float *
streamed (SalMel *mel, guint n_bands, const float *samples, gsize n,
    gsize chunk, gsize *n_frames)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  float *frames = g_new (float, (n / 64 + 64) * n_bands);
  gsize T = 0;
  for (gsize at = 0; at < n;) {
    gsize size = chunk > 0 ? chunk : (gsize) g_rand_int_range (rand, 0, 1500);
    size = MIN (size, n - at);
    T += sal_mel_push (mel, samples + at, size, frames + T * n_bands);
    at += size;
  }
  T += sal_mel_finish (mel, frames + T * n_bands);
  *n_frames = T;
  return frames;
}

/* --- values -------------------------------------------------------------- */

static void
test_golden (gconstpointer data)
{
  guint which = GPOINTER_TO_UINT (data);
  const SalMelConfig *config = frontends[which].config;
  g_autoptr (SalSafetensors) values = data_load_values ("mel");
  gsize n, shape[2];
  g_autofree float *samples = data_read (values, "samples", &n);
  g_autofree float *want
      = data_read_matrix (values, frontends[which].name, shape);
  g_autoptr (SalMel) mel = new_mel (config);
  g_assert_cmpuint (shape[0], ==, config->n_bands);
  g_assert_cmpuint (shape[1], ==, sal_mel_n_frames (mel, n));
  g_autofree float *got = g_new (float, shape[0] * shape[1]);
  sal_mel_process (mel, samples, n, got);
  /* 1e-3 in ln power is 0.004 dB; float32 FFTs lose most in nearly silent
   * frames with a small floor. */
  data_assert_close (frontends[which].name, got, want, shape[0] * shape[1],
      1e-3);
}

static void
test_tone_peaks_in_its_band (void)
{
  g_autoptr (SalMel) mel = new_mel (&ours);
  float hz[80], samples[400], out[80];
  sal_mel_config_bands (&ours, hz);
  for (guint band = 30; band < 80; band += 7) { /* wider than two bins */
    for (guint i = 0; i < 400; i++)
      samples[i] = 0.5f * (float) sin (2 * G_PI * hz[band] * i / 16000);
    sal_mel_process (mel, samples, 400, out);
    guint loudest = 0;
    for (guint f = 1; f < 80; f++)
      if (out[f] > out[loudest])
        loudest = f;
    g_assert_cmpuint (loudest, ==, band);
  }
}

static void
test_magnitude_is_root_of_power (void)
{
  /* |X| of a click is its height a at every bin, so that bands hold a^2 sum H
   * and a sum H. */
  SalMelConfig config = ours;
  config.preemphasis = SAL_PREEMPHASIS_NONE;
  config.log_floor = 1e-9f;
  g_autoptr (SalMel) power = new_mel (&config);
  config.power = FALSE;
  g_autoptr (SalMel) magnitude = new_mel (&config);
  float samples[400], a[80], b[80];
  for (guint i = 0; i < 400; i++)
    samples[i] = i == 200 ? 0.5f : 0;
  sal_mel_process (power, samples, 400, a);
  sal_mel_process (magnitude, samples, 400, b);
  float level = logf (0.5f * 32768); /* window is 1 at 200 */
  for (guint f = 0; f < 80; f++)
    if (b[f] > 0) /* the lowest triangles may be without a bin */
      g_assert_cmpfloat_with_epsilon (a[f] - b[f], level, 1e-3f);
}

static void
test_bands_are_even_in_mel (void)
{
  float hz[80];
  for (guint i = 0; i < G_N_ELEMENTS (frontends); i++) {
    const SalMelConfig *c = frontends[i].config;
    sal_mel_config_bands (c, hz);
    double low = 1127.0 * log (1 + c->f_min / 700.0);
    double high = 1127.0 * log (1 + c->f_max / 700.0);
    for (guint f = 0; f < c->n_bands; f++) {
      double mel = low + (high - low) * (f + 1) / (c->n_bands + 1);
      /* Hz near 8000 in float32 */
      g_assert_cmpfloat_with_epsilon (hz[f], 700 * (exp (mel / 1127) - 1),
          0.01);
    }
  }
}

static void
test_centre_of_frame_0 (void)
{
  g_assert_cmpuint (sal_mel_config_centre (&ours), ==, 200);
  g_assert_cmpuint (sal_mel_config_centre (&wespeaker), ==, 200);
  g_assert_cmpuint (sal_mel_config_centre (&sunine), ==, 0);
}

/* A click is loudest in the frame whose centre is nearest. */
static void
test_click_is_loudest_at_its_frame (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (frontends); i++) {
    const SalMelConfig *config = frontends[i].config;
    g_autoptr (SalMel) mel = new_mel (config);
    gsize n = 4000, T, at = sal_mel_config_centre (config) + 10 * 160;
    g_autofree float *samples = g_new0 (float, n);
    samples[at] = 0.9f;
    g_autofree float *frames = whole (mel, config->n_bands, samples, n, &T);
    gsize loudest = 0;
    for (gsize t = 0; t < T; t++)
      if (frames[t * config->n_bands + 40]
          > frames[loudest * config->n_bands + 40])
        loudest = t;
    g_assert_cmpuint (loudest, ==, 10);
  }
}

/* --- streaming ----------------------------------------------------------- */

static void
test_stream_equals_whole (gconstpointer data)
{
  const SalMelConfig *config = frontends[GPOINTER_TO_UINT (data)].config;
  const gsize chunks[] = { 1, 7, 160, 4096, 0 };
  gsize n = 12345, T, got_T;
  g_autofree float *samples = data_voice (2, n);
  g_autoptr (SalMel) mel = new_mel (config);
  g_autofree float *want = whole (mel, config->n_bands, samples, n, &T);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    g_autofree float *got
        = streamed (mel, config->n_bands, samples, n, chunks[i], &got_T);
    g_assert_cmpuint (got_T, ==, T);
    g_assert_cmpmem (got, T * config->n_bands * sizeof *got, want,
        T * config->n_bands * sizeof *want);
  }
}

static void
test_stream_of_any_length (gconstpointer data)
{
  const SalMelConfig *config = frontends[GPOINTER_TO_UINT (data)].config;
  g_autofree float *samples = data_noise (3, 900);
  g_autoptr (SalMel) mel = new_mel (config);
  for (gsize n = 0; n < 900; n += 1 + n / 300) {
    gsize T, got_T;
    g_autofree float *want = whole (mel, config->n_bands, samples, n, &T);
    g_autofree float *got
        = streamed (mel, config->n_bands, samples, n, 33, &got_T);
    if (got_T != T)
      g_error ("%" G_GSIZE_FORMAT " samples: %" G_GSIZE_FORMAT
               " frames, not %" G_GSIZE_FORMAT,
          n, got_T, T);
    g_assert_cmpmem (got, T * config->n_bands * sizeof *got, want,
        T * config->n_bands * sizeof *want);
  }
}

static void
test_reset_forgets (gconstpointer data)
{
  const SalMelConfig *config = frontends[GPOINTER_TO_UINT (data)].config;
  gsize n = 3000, T, got_T;
  g_autofree float *samples = data_voice (1, n);
  g_autofree float *other = data_noise (9, 777);
  g_autofree float *rubbish = g_new (float, 100 * config->n_bands);
  g_autoptr (SalMel) mel = new_mel (config);
  g_autofree float *want = whole (mel, config->n_bands, samples, n, &T);
  sal_mel_push (mel, other, 777, rubbish);
  sal_mel_reset (mel);
  g_autofree float *got
      = streamed (mel, config->n_bands, samples, n, 100, &got_T);
  g_assert_cmpuint (got_T, ==, T);
  g_assert_cmpmem (got, T * config->n_bands * sizeof *got, want,
      T * config->n_bands * sizeof *want);
}

static void
test_process_forgets_the_stream (void)
{
  gsize n = 3000, T;
  g_autofree float *samples = data_voice (1, n);
  float rubbish[100 * 80];
  g_autoptr (SalMel) mel = new_mel (&sunine);
  g_autofree float *want = whole (mel, 80, samples, n, &T);
  sal_mel_push (mel, samples + 500, 777, rubbish);
  g_autofree float *got = whole (mel, 80, samples, n, &T);
  g_assert_cmpmem (got, T * 80 * sizeof *got, want, T * 80 * sizeof *want);
}

static void
test_too_short_gives_no_frames (void)
{
  g_autoptr (SalMel) plain = new_mel (&ours);
  g_assert_cmpuint (sal_mel_n_frames (plain, 0), ==, 0);
  g_assert_cmpuint (sal_mel_n_frames (plain, 399), ==, 0);
  g_assert_cmpuint (sal_mel_n_frames (plain, 400), ==, 1);
  g_assert_cmpuint (sal_mel_n_frames (plain, 559), ==, 1);
  g_assert_cmpuint (sal_mel_n_frames (plain, 560), ==, 2);
  g_autoptr (SalMel) mirrored = new_mel (&sunine);
  g_assert_cmpuint (sal_mel_n_frames (mirrored, 0), ==, 0);
  g_assert_cmpuint (sal_mel_n_frames (mirrored, 256), ==, 0);
  g_assert_cmpuint (sal_mel_n_frames (mirrored, 257), ==, 2);
  g_assert_cmpuint (sal_mel_n_frames (mirrored, 32240), ==, 202);
  float samples[400] = { 0 };
  sal_mel_process (plain, samples, 399, NULL);
  sal_mel_process (mirrored, samples, 256, NULL);
}

/* --- settings ------------------------------------------------------------ */

typedef struct {
  const char *path, *field;
  void (*spoil) (SalMelConfig *config);
} BadConfig;

#define BAD(name, statement)                                                   \
  static void spoil_##name (SalMelConfig *c) { statement; }
BAD (rate, c->sample_rate = 0)
BAD (scale, c->sample_scale = 0)
BAD (scale_nan, c->sample_scale = NAN)
BAD (scale_inf, c->sample_scale = INFINITY)
BAD (coefficient, c->preemphasis_coefficient = 1)
BAD (coefficient_low, c->preemphasis_coefficient = -0.1f)
BAD (coefficient_nan, c->preemphasis_coefficient = NAN)
BAD (window, c->window_length = 0)
BAD (window_long, c->window_length = 513)
BAD (hop, c->hop = 0)
BAD (fft, c->fft_size = 0)
BAD (fft_odd, c->fft_size = 511)
BAD (f_max, c->f_max = 9000)
BAD (f_max_nan, c->f_max = NAN)
BAD (f_min, c->f_min = 8000)
BAD (f_min_low, c->f_min = -1)
BAD (f_min_nan, c->f_min = NAN)
BAD (bands, c->n_bands = 0)
BAD (bands_many, c->n_bands = 100000)
BAD (floor, c->log_floor = 0)
BAD (floor_nan, c->log_floor = NAN)
BAD (floor_inf, c->log_floor = INFINITY)
#undef BAD

static const BadConfig bad_configs[] = {
  { "sample-rate-0", "sample_rate", spoil_rate },
  { "sample-scale-0", "sample_scale", spoil_scale },
  { "sample-scale-nan", "sample_scale", spoil_scale_nan },
  { "sample-scale-infinite", "sample_scale", spoil_scale_inf },
  { "preemphasis-of-1", "preemphasis_coefficient", spoil_coefficient },
  { "negative-preemphasis", "preemphasis_coefficient", spoil_coefficient_low },
  { "preemphasis-nan", "preemphasis_coefficient", spoil_coefficient_nan },
  { "empty-window", "window_length", spoil_window },
  { "window-longer-than-fft", "window_length", spoil_window_long },
  { "hop-0", "hop", spoil_hop },
  { "fft-size-0", "fft_size", spoil_fft },
  { "odd-fft-size", "fft_size", spoil_fft_odd },
  { "f-max-above-nyquist", "f_max", spoil_f_max },
  { "f-max-nan", "f_max", spoil_f_max_nan },
  { "f-min-not-below-f-max", "f_min", spoil_f_min },
  { "negative-f-min", "f_min", spoil_f_min_low },
  { "f-min-nan", "f_min", spoil_f_min_nan },
  { "no-bands", "n_bands", spoil_bands },
  { "more-bands-than-can-be", "n_bands", spoil_bands_many },
  { "log-floor-0", "log_floor", spoil_floor },
  { "log-floor-nan", "log_floor", spoil_floor_nan },
  { "log-floor-infinite", "log_floor", spoil_floor_inf },
};

static void
test_rejects (gconstpointer data)
{
  const BadConfig *bad = data;
  SalMelConfig config = ours;
  bad->spoil (&config);
  g_autoptr (GError) error = NULL;
  if (sal_mel_config_check (&config, &error)) {
    g_test_fail_printf ("accepted");
    return;
  }
  data_assert_error (error, SAL_ERROR_CONFIG, bad->field, NULL);
  g_clear_error (&error);
  g_assert_null (sal_mel_new (&config, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_CONFIG);
}

static void
test_accepts_the_known_ones (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (frontends); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_true (sal_mel_config_check (frontends[i].config, &error));
    g_assert_no_error (error);
  }
  sal_mel_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fill_frontends ();
  for (guint i = 0; i < G_N_ELEMENTS (frontends); i++) {
    const struct {
      const char *format;
      GTestDataFunc test;
    } each[] = {
      { "/mel/process/matches-golden-of-%s", test_golden },
      { "/mel/push/equals-process-to-the-bit/%s", test_stream_equals_whole },
      { "/mel/push/agrees-for-any-length/%s", test_stream_of_any_length },
      { "/mel/reset/forgets-the-stream/%s", test_reset_forgets },
    };
    for (guint k = 0; k < G_N_ELEMENTS (each); k++) {
      g_autoptr (GString) path = g_string_new (each[k].format);
      g_string_replace (path, "%s", frontends[i].name, 0);
      g_test_add_data_func (path->str, GUINT_TO_POINTER (i), each[k].test);
    }
  }
  g_test_add_func ("/mel/process/tone-peaks-in-its-band",
      test_tone_peaks_in_its_band);
  g_test_add_func ("/mel/process/magnitude-is-root-of-power",
      test_magnitude_is_root_of_power);
  g_test_add_func ("/mel/process/click-is-loudest-at-its-frame",
      test_click_is_loudest_at_its_frame);
  g_test_add_func ("/mel/process/forgets-the-stream",
      test_process_forgets_the_stream);
  g_test_add_func ("/mel/n-frames/too-short-gives-none",
      test_too_short_gives_no_frames);
  g_test_add_func ("/mel/config/bands-are-even-in-mel",
      test_bands_are_even_in_mel);
  g_test_add_func ("/mel/config/centre-of-frame-0", test_centre_of_frame_0);
  g_test_add_func ("/mel/config/accepts-the-known-ones",
      test_accepts_the_known_ones);
  for (guint i = 0; i < G_N_ELEMENTS (bad_configs); i++) {
    g_autofree char *path
        = g_strconcat ("/mel/config/rejects-", bad_configs[i].path, NULL);
    g_test_add_data_func (path, &bad_configs[i], test_rejects);
  }
  return g_test_run ();
}
