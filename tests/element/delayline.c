/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delayline.c: what leaves, and when */
#include "delayline.h"

#include <math.h>
#include <string.h>

#include "sound.h"

#define RATE 16000
#define HOP 160       /* PCM frames per frame of the model */
#define BUFFER 400    /* PCM frames */
#define N_BUFFERS 40
#define N_BANDS 8

static const SalMelConfig mel = {
  .sample_rate = RATE, .window_length = 400, .hop = HOP, .fft_size = 512,
  .n_bands = N_BANDS, .f_min = 20, .f_max = 7600,
};

static SalGateConfig
gate_config (float floor_db)
{
  SalGateConfig gate;
  sal_gate_config_init (&gate);
  gate.floor_db = floor_db;
  gate.attack_ms = gate.release_ms = 0;
  return gate;
}

static SalDelayLine *
new_line (const SalGateConfig *gate, gboolean by_frequency,
    GstClockTime latency, const GstAudioInfo *info)
{
  g_autoptr (GError) error = NULL;
  SalDelayLine *line =
      sal_delay_line_new (gate, by_frequency, &mel, latency, &error);
  g_assert_no_error (error);
  sal_delay_line_set_format (line, info, &error);
  g_assert_no_error (error);
  return line;
}

static GstAudioInfo
info_of (GstAudioFormat format, guint n_channels, gboolean planar)
{
  GstAudioInfo info;
  gst_audio_info_set_format (&info, format, RATE, n_channels, NULL);
  info.layout = planar ? GST_AUDIO_LAYOUT_NON_INTERLEAVED
      : GST_AUDIO_LAYOUT_INTERLEAVED;
  return info;
}

static double *
sound (guint n_channels)
{
  gsize n = N_BUFFERS * BUFFER;
  double *pcm = g_new (double, n * n_channels);
  for (gsize i = 0; i < n; i++)
    for (guint c = 0; c < n_channels; c++)
      pcm[i * n_channels + c] = 0.3 * sin (0.1 * (c + 1) * i);
  return pcm;
}

static void
push_buffer (SalDelayLine *line, const GstAudioInfo *info, GstBuffer *buffer)
{
  GstAudioBuffer audio;
  g_assert_true (gst_audio_buffer_map (&audio, info, buffer, GST_MAP_READ));
  sal_delay_line_push (line, GST_MINI_OBJECT_CAST (gst_buffer_ref (buffer)),
      &audio, audio.n_samples);
  gst_audio_buffer_unmap (&audio);
}

/* All that the line needs to know of N_BUFFERS, and more. */
static SalMap *
new_map (float activity)
{
  SalMap *map = sal_map_new (N_BANDS, N_BUFFERS * BUFFER / HOP + 20);
  for (guint t = 0; t < map->n_frames; t++)
    map->activity[t] = activity;
  return map;
}

static GPtrArray *
push_sound (SalDelayLine *line, const GstAudioInfo *info, const double *pcm)
{
  GPtrArray *buffers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  guint n_channels = GST_AUDIO_INFO_CHANNELS (info);
  for (guint i = 0; i < N_BUFFERS; i++) {
    GstBuffer *buffer =
        sound_new_buffer (info, pcm + i * BUFFER * n_channels, BUFFER);
    push_buffer (line, info, buffer);
    g_ptr_array_add (buffers, buffer);
  }
  return buffers;
}

/* Buffer i leaves with the push after which one more like it would be too
 * late; events keep their places. */
static void
test_release (void)
{
  const SalGateConfig gate = gate_config (-20);
  const GstAudioInfo info = info_of (GST_AUDIO_FORMAT_S16, 1, FALSE);
  g_autoptr (SalDelayLine) line =
      new_line (&gate, FALSE, 100 * GST_MSECOND, &info);
  g_autoptr (SalMap) map = new_map (0);
  g_autofree double *pcm = sound (1);
  sal_delay_line_push_maps (line, &map, 1);
  for (guint i = 0; i < N_BUFFERS; i++) {
    GstMiniObject *object;
    guint n_out = 0;
    g_autoptr (GstBuffer) buffer =
        sound_new_buffer (&info, pcm + i * BUFFER, BUFFER);
    GST_BUFFER_OFFSET (buffer) = i;
    push_buffer (line, &info, buffer);
    sal_delay_line_push (line,
        GST_MINI_OBJECT_CAST (gst_event_new_sink_message ("x",
                gst_message_new_eos (NULL))), NULL, 0);
    while ((object = sal_delay_line_pop (line)) != NULL) {
      if (GST_IS_BUFFER (object))
        g_assert_cmpuint (GST_BUFFER_OFFSET (object), ==, i - 4);
      n_out++;
      gst_mini_object_unref (object);
    }
    /* 100 ms are four buffers */
    g_assert_cmpuint (n_out, ==, i >= 4 ? 2 : 0);
  }
}

static void
check_untouched (GstAudioFormat format, gboolean planar)
{
  SalGateConfig gate = gate_config (-20);
  const GstAudioInfo info = info_of (format, 2, planar);
  gate.bypass = TRUE;
  g_autoptr (SalDelayLine) line =
      new_line (&gate, planar, 100 * GST_MSECOND, &info);
  g_autoptr (SalMap) map = new_map (0);
  g_autofree double *pcm = sound (2);
  g_autoptr (GPtrArray) buffers = push_sound (line, &info, pcm);
  sal_delay_line_push_maps (line, &map, 1);
  sal_delay_line_finish (line);
  for (guint i = 0; i < buffers->len; i++) {
    g_autoptr (GstBuffer) buffer = GST_BUFFER_CAST (sal_delay_line_pop (line));
    g_assert_true (buffer == buffers->pdata[i]);
  }
}

static void
test_untouched (void)
{
  for (guint f = 0; f < G_N_ELEMENTS (sound_formats); f++) {
    check_untouched (sound_formats[f], FALSE);
    check_untouched (sound_formats[f], TRUE);
  }
}

static void
check_scaled (GstAudioFormat format, gboolean planar, guint n_channels)
{
  const SalGateConfig gate = gate_config (-20);
  const GstAudioInfo info = info_of (format, n_channels, planar);
  g_autoptr (SalDelayLine) line =
      new_line (&gate, FALSE, 100 * GST_MSECOND, &info);
  g_autoptr (SalMap) map = new_map (0);
  g_autofree double *pcm = sound (n_channels);
  g_autoptr (GPtrArray) buffers = push_sound (line, &info, pcm);
  double allowed = 2 * sound_step (format) + 1e-7;
  sal_delay_line_push_maps (line, &map, 1);
  sal_delay_line_finish (line);
  for (guint i = 0; i < buffers->len; i++) {
    gsize n;
    g_autoptr (GstBuffer) buffer = GST_BUFFER_CAST (sal_delay_line_pop (line));
    g_assert_true (buffer != buffers->pdata[i]); /* somebody else has it */
    g_autofree double *out = sound_read (&info, buffer, &n);
    g_assert_cmpuint (n, ==, BUFFER);
    const double *in = pcm + (gsize) i * BUFFER * n_channels;
    for (gsize k = 0; k < n * n_channels; k++)
      g_assert_cmpfloat_with_epsilon (out[k], 0.1 * in[k], allowed);
  }
}

static void
test_scaled (void)
{
  for (guint f = 0; f < G_N_ELEMENTS (sound_formats); f++)
    for (guint n = 1; n <= 3; n++) {
      check_scaled (sound_formats[f], FALSE, n);
      check_scaled (sound_formats[f], TRUE, n);
    }
}

/* Amplitude of the part of frequency w, over the middle of the sound */
static double
amplitude (SalDelayLine *line, const GstAudioInfo *info, double w)
{
  double re = 0, im = 0;
  gsize at = 0, n_used = 0;
  for (guint i = 0; i < N_BUFFERS; i++) {
    gsize n;
    g_autoptr (GstBuffer) buffer = GST_BUFFER_CAST (sal_delay_line_pop (line));
    g_autofree double *out = sound_read (info, buffer, &n);
    for (gsize k = 0; k < n; k++, at++)
      if (i >= 5 && i < N_BUFFERS - 5) {
        re += out[k] * cos (w * at);
        im += out[k] * sin (w * at);
        n_used++;
      }
  }
  return 2 * sqrt (re * re + im * im) / n_used;
}

/* Where it is uncertain who speaks, bands with evidence pass, others do not. */
static double
pass (gboolean by_frequency, double hz)
{
  const SalGateConfig gate = gate_config (-40);
  const GstAudioInfo info = info_of (GST_AUDIO_FORMAT_F64, 1, FALSE);
  g_autoptr (SalDelayLine) line =
      new_line (&gate, by_frequency, 100 * GST_MSECOND, &info);
  g_autoptr (SalMap) map = new_map (0.5f);
  g_autofree double *pcm = sound (1);
  double w = 2 * G_PI * hz / RATE;
  for (gsize i = 0; i < N_BUFFERS * BUFFER; i++)
    pcm[i] = sin (w * i);
  for (guint f = 0; f < N_BANDS; f++)
    for (guint t = 0; t < map->n_frames; t++)
      map->saliency[f * map->n_frames + t] = f < N_BANDS / 2 ? 0.5f : -0.5f;
  g_autoptr (GPtrArray) buffers = push_sound (line, &info, pcm);
  sal_delay_line_push_maps (line, &map, 1);
  sal_delay_line_finish (line);
  return amplitude (line, &info, w);
}

static void
test_by_frequency (void)
{
  g_assert_cmpfloat_with_epsilon (pass (TRUE, 300), 1, 0.01);
  g_assert_cmpfloat_with_epsilon (pass (TRUE, 6000), 0.01, 0.01);
  g_assert_cmpfloat_with_epsilon (pass (FALSE, 6000), 1, 0.01);
}

/* With several targets the likeliest of them counts. */
static void
test_several_maps (void)
{
  const SalGateConfig gate = gate_config (-40);
  const GstAudioInfo info = info_of (GST_AUDIO_FORMAT_F64, 1, FALSE);
  g_autoptr (SalDelayLine) line =
      new_line (&gate, FALSE, 100 * GST_MSECOND, &info);
  SalMap *maps[] = { new_map (0.1f), new_map (0.9f), new_map (0) };
  g_autofree double *pcm = sound (1);
  g_autoptr (GPtrArray) buffers = push_sound (line, &info, pcm);
  sal_delay_line_push_maps (line, maps, 3);
  sal_delay_line_finish (line);
  g_assert_cmpfloat_with_epsilon (amplitude (line, &info, 0.1), 0.3, 0.003);
  for (guint i = 0; i < 3; i++)
    sal_map_unref (maps[i]);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/delay-line/releases-by-what-was-pushed", test_release);
  g_test_add_func ("/delay-line/gain-1-is-the-very-same-buffer",
      test_untouched);
  g_test_add_func ("/delay-line/masks-every-format-and-layout", test_scaled);
  g_test_add_func ("/delay-line/masks-by-frequency", test_by_frequency);
  g_test_add_func ("/delay-line/keeps-whoever-is-likeliest",
      test_several_maps);
  return g_test_run ();
}
