/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listener.c: the model hears every moment when it was
 *
 * How much of a click a frame holds depends on where in the frame it is: here
 * by 0.044 in the logarithm for one sample at 16 kHz.
 */
#include "listener.h"

#include <math.h>

#include "fixture.h"

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

static SalListener *
new_listener (GstAudioFormat format, guint rate, guint n_channels)
{
  Voice voice = load_voice ();
  SalAnalyserConfig config;
  sal_analyser_config_init (&config);
  config.cam.method = SAL_CAM_NONE;
  GstAudioInfo info;
  gst_audio_info_set_format (&info, format, rate, n_channels, NULL);
  SalListener *listener =
      sal_listener_new (voice.model, voice.target, &config, NULL);
  g_assert_true (sal_listener_set_format (listener, &info));
  sal_target_unref (voice.target);
  sal_model_unref (voice.model);
  return listener;
}

/* log-Mel [T] of one band around the click in a second of sound at that rate */
static void
hear_click (guint rate, guint band, float *log_mel, guint n)
{
  SalListener *listener = new_listener (GST_AUDIO_FORMAT_F32, rate, 2);
  g_autofree float *pcm = g_new0 (float, 2 * rate);
  guint at = rate * CLICK_FRAME / 100;
  pcm[2 * at] = pcm[2 * at + 1] = 0.9f * (float) rate / 48000;
  sal_listener_push (listener, (guint8 *) pcm, rate);
  sal_listener_finish (listener);
  SalStretch stretch;
  guint first = CLICK_FRAME - n / 2;
  while (sal_listener_pop (listener, &stretch)) {
    const SalMap *map = stretch.map;
    for (guint i = 0; i < map->n_frames; i++) {
      guint64 t = map->first_frame + i;
      if (t >= first && t < first + n)
        log_mel[t - first] = map->log_mel[band * map->n_frames + i];
    }
    sal_stretch_clear (&stretch);
  }
  sal_listener_free (listener);
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
      worst = MAX (worst,
          fabs ((got[i] - got[i - 1]) - (want[i] - want[i - 1])));
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
  SalListener *listener = new_listener (GST_AUDIO_FORMAT_F32, 44100, 1);
  g_autofree float *pcm = g_new (float, 44100);
  for (guint i = 0; i < 44100; i++)
    pcm[i] = 0.5f * sinf (0.05f * (float) i) * sinf (0.0003f * (float) i);
  g_autofree float *want = NULL;
  gsize n_want = 0;
  for (guint round = 0; round < 3; round++) {
    SalStretch stretch;
    sal_listener_push (listener, (guint8 *) pcm, 44100);
    sal_listener_finish (listener);
    g_assert_true (sal_listener_pop (listener, &stretch));
    gsize n = (gsize) stretch.map->n_bands * stretch.map->n_frames;
    if (round == 0) {
      n_want = n;
      want = g_memdup2 (stretch.map->log_mel, n * sizeof (float));
    }
    g_assert_cmpmem (stretch.map->log_mel, n * sizeof (float), want,
        n_want * sizeof (float));
    sal_stretch_clear (&stretch);
    sal_listener_reset (listener);
    sal_listener_push (listener, (guint8 *) pcm, 100 + 77 * round);
    sal_listener_reset (listener);
  }
  sal_listener_free (listener);
}

/* As many channels as GStreamer mixes, in any order */
static void
test_many_channels (void)
{
  enum { C = 63, N = 16000 };
  g_autofree float *pcm = g_new (float, C * N);
  float heard[2];
  for (guint round = 0; round < 2; round++) {
    SalListener *listener = new_listener (GST_AUDIO_FORMAT_F32, 16000, C);
    for (guint i = 0; i < N; i++)
      for (guint c = 0; c < C; c++)
        pcm[i * C + c] = (c == (round ? 62 : 2)) * sinf (0.3f * (float) i);
    SalStretch stretch;
    sal_listener_push (listener, (guint8 *) pcm, N);
    g_assert_true (sal_listener_pop (listener, &stretch));
    heard[round] = stretch.map->log_mel[20];
    sal_stretch_clear (&stretch);
    sal_listener_free (listener);
  }
  g_assert_cmpfloat (heard[0], ==, heard[1]);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listener/hears-a-click-when-it-was", test_click);
  g_test_add_func ("/listener/reset-forgets-to-the-bit", test_reset);
  g_test_add_func ("/listener/mixes-any-channels", test_many_channels);
  return g_test_run ();
}
