/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listener.c: the model hears every moment when it was
 *
 * How much of a click a frame holds depends on where in the frame it is: here
 * by 0.044 in the logarithm for one sample at 16 kHz.
 */
#include "analyser-input.h"

#include <math.h>

#include "fixture.h"
#include "sound.h"

#define CLICK_FRAME 50 /* of 10 ms: exact at all rates */

typedef struct {
  SalModel *model;
  SalTarget *target;
} Voice;

static Voice
load_voice (void)
{
  g_autofree char *path = test_data ("tiny.safetensors");
  g_autoptr (GError) error = NULL;
  Voice voice;
  voice.model = sal_model_load (path, &error);
  g_assert_no_error (error);
  voice.target = sal_target_load (voice.model, "spk0", &error);
  g_assert_no_error (error);
  return voice;
}

static GssAnalyserInput *
new_listener (const GstAudioInfo *info)
{
  Voice voice = load_voice ();
  SalAnalyserConfig config;
  sal_analyser_config_init (&config);
  config.cam.method = SAL_CAM_NONE;
  GssAnalyserInput *listener
      = gss_analyser_input_new (voice.model, voice.target, &config, NULL);
  g_assert_true (gss_analyser_input_set_format (listener, info));
  sal_target_unref (voice.target);
  sal_model_unref (voice.model);
  return listener;
}

static void
hear (GssAnalyserInput *listener, const GstAudioInfo *info, const double *pcm,
    gsize n_frames)
{
  g_autoptr (GstBuffer) buffer = sound_new_buffer (info, pcm, n_frames);
  GstAudioBuffer audio;
  g_assert_true (gst_audio_buffer_map (&audio, info, buffer, GST_MAP_READ));
  for (gsize n = 0; n < n_frames;)
    n += gss_analyser_input_push (listener, &audio, n, n_frames - n);
  gst_audio_buffer_unmap (&audio);
}

static GstAudioInfo
floats (guint rate, guint n_channels)
{
  GstAudioInfo info;
  gst_audio_info_set_format (&info, GST_AUDIO_FORMAT_F32, rate, n_channels,
      NULL);
  return info;
}

/* log-Mel [T] of one band around the click in a second of sound at that rate */
static void
hear_click (guint rate, guint band, float *log_mel, guint n)
{
  const GstAudioInfo info = floats (rate, 2);
  GssAnalyserInput *listener = new_listener (&info);
  g_autofree double *pcm = g_new0 (double, 2 * rate);
  guint at = rate * CLICK_FRAME / 100;
  pcm[2 * at] = pcm[2 * at + 1] = 0.9 * rate / 48000;
  hear (listener, &info, pcm, rate);
  gss_analyser_input_finish (listener);
  GssStretch stretch;
  guint first = CLICK_FRAME - n / 2;
  while (gss_analyser_input_pop (listener, &stretch)) {
    const SalMap *map = stretch.maps[0];
    for (guint i = 0; i < map->n_frames; i++) {
      guint64 t = map->first_frame + i;
      if (t >= first && t < first + n)
        log_mel[t - first] = map->log_mel[band * map->n_frames + i];
    }
    gss_stretch_clear (&stretch);
  }
  gss_analyser_input_free (listener);
}

static void
test_click (void)
{
  static const guint rates[] = { 8000, 22050, 32000, 44100, 48000, 96000 };
  enum { N = 5, BAND = 20 };
  float want[N], got[N];
  hear_click (16000, BAND, want, N);
  float most = want[0];
  for (guint i = 1; i < N; i++)
    most = MAX (most, want[i]);
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    hear_click (rates[r], BAND, got, N);
    double worst = 0;
    guint n_compared = 0;
    for (guint i = 1; i < N; i++) {
      if (MIN (want[i], want[i - 1]) < most - 4)
        continue; /* outside the frame or at its edge */
      worst
          = MAX (worst, fabs ((got[i] - got[i - 1]) - (want[i] - want[i - 1])));
      n_compared++;
    }
    g_test_message ("%u Hz: %g over %u", rates[r], worst, n_compared);
    g_assert_cmpuint (n_compared, >, 0);
    g_assert_cmpfloat (worst, <, 0.044);
  }
}

/* Sound that is over is forgotten to the last bit, whatever the phase of the
 * resampler was. */
static void
test_reset (void)
{
  const GstAudioInfo info = floats (44100, 1);
  GssAnalyserInput *listener = new_listener (&info);
  g_autofree double *pcm = g_new (double, 44100);
  for (guint i = 0; i < 44100; i++)
    pcm[i] = 0.5 * sin (0.05 * i) * sin (0.0003 * i);
  g_autofree float *want = NULL;
  gsize n_want = 0;
  for (guint round = 0; round < 3; round++) {
    GssStretch stretch;
    hear (listener, &info, pcm, 44100);
    gss_analyser_input_finish (listener);
    g_assert_true (gss_analyser_input_pop (listener, &stretch));
    gsize n = (gsize) stretch.maps[0]->n_bands * stretch.maps[0]->n_frames;
    if (round == 0) {
      n_want = n;
      want = g_memdup2 (stretch.maps[0]->log_mel, n * sizeof (float));
    }
    g_assert_cmpmem (stretch.maps[0]->log_mel, n * sizeof (float), want,
        n_want * sizeof (float));
    gss_stretch_clear (&stretch);
    gss_analyser_input_reset (listener);
    hear (listener, &info, pcm, 100 + 77 * round);
    gss_analyser_input_reset (listener);
  }
  gss_analyser_input_free (listener);
}

/* log-Mel [F, T] of what is settled first; @n_values of it */
static float *
log_mel_of (const GstAudioInfo *info, const double *pcm, gsize n_frames,
    gsize *n_values)
{
  GssAnalyserInput *listener = new_listener (info);
  GssStretch stretch;
  hear (listener, info, pcm, n_frames / 3);
  hear (listener, info, pcm + n_frames / 3 * info->channels,
      n_frames - n_frames / 3);
  gss_analyser_input_finish (listener);
  g_assert_true (gss_analyser_input_pop (listener, &stretch));
  const SalMap *map = stretch.maps[0];
  *n_values = (gsize) map->n_bands * map->n_frames;
  float *values = g_memdup2 (map->log_mel, *n_values * sizeof (float));
  gss_stretch_clear (&stretch);
  gss_analyser_input_free (listener);
  return values;
}

/* Tones of different channels, loud in all bands by a little noise */
static double *
new_pcm (guint n_channels, gsize n_frames, gboolean backwards)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  double *pcm = g_new (double, n_channels *n_frames);
  for (gsize i = 0; i < n_frames; i++)
    for (guint c = 0; c < n_channels; c++) {
      guint to = backwards ? n_channels - 1 - c : c;
      pcm[i * n_channels + to] = 0.4 * sin (0.05 * (c + 1) * (double) i)
          + g_rand_double_range (rand, -0.4, 0.4);
    }
  return pcm;
}

static double
largest_difference (const float *a, const float *b, gsize n)
{
  double worst = 0;
  for (gsize i = 0; i < n; i++)
    worst = MAX (worst, fabs (a[i] - b[i]));
  return worst;
}

/* One sound in any format and layout */
static void
test_formats (void)
{
  static const guint rates[] = { 16000, 44100 }, channels[] = { 1, 3 };
  for (guint k = 0; k < 2 * 2; k++) {
    GstAudioInfo info = floats (rates[k / 2], channels[k % 2]);
    gsize n_frames = info.rate * 3 / 10, n_want, n;
    g_autofree double *pcm = new_pcm (info.channels, n_frames, FALSE);
    g_autofree float *want = log_mel_of (&info, pcm, n_frames, &n_want);
    for (guint i = 0; i < 2 * G_N_ELEMENTS (sound_formats); i++) {
      gst_audio_info_set_format (&info, sound_formats[i / 2], info.rate,
          info.channels, NULL);
      if (i % 2 == 1)
        info.layout = GST_AUDIO_LAYOUT_NON_INTERLEAVED;
      g_autofree float *got = log_mel_of (&info, pcm, n_frames, &n);
      g_assert_cmpuint (n, ==, n_want);
      double worst = largest_difference (got, want, n);
      g_test_message ("%s%s at %d Hz: %g", GST_AUDIO_INFO_NAME (&info),
          i % 2 ? ", planar" : "", info.rate, worst);
      /* rounding to 16 bit moves a quiet band by so much */
      g_assert_cmpfloat (worst, <, i < 2 ? 0.005 : 1e-3);
    }
  }
}

/* As many channels as GStreamer mixes, in any order */
static void
test_many_channels (void)
{
  static const guint channels[] = { 2, 6, 63 };
  for (guint i = 0; i < 2 * G_N_ELEMENTS (channels); i++) {
    GstAudioInfo info = floats (16000, channels[i / 2]);
    gsize n_want, n;
    if (i % 2 == 1)
      info.layout = GST_AUDIO_LAYOUT_NON_INTERLEAVED;
    g_autofree double *pcm = new_pcm (info.channels, 4800, FALSE);
    g_autofree double *backwards = new_pcm (info.channels, 4800, TRUE);
    g_autofree float *want = log_mel_of (&info, pcm, 4800, &n_want);
    g_autofree float *got = log_mel_of (&info, backwards, 4800, &n);
    g_assert_cmpuint (n, ==, n_want);
    /* the order of a sum of floats */
    g_assert_cmpfloat (largest_difference (got, want, n), <, 1e-4);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listener/hears-a-click-when-it-was", test_click);
  g_test_add_func ("/listener/reset-forgets-to-the-bit", test_reset);
  g_test_add_func ("/listener/hears-one-sound-in-every-format-and-layout",
      test_formats);
  g_test_add_func ("/listener/mixes-channels-in-any-order", test_many_channels);
  return g_test_run ();
}
