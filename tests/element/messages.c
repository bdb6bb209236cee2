/* SPDX-License-Identifier: GPL-2.0-or-later */
/* messages.c: one message for each settled stretch */
#include "fixture.h"

#include <math.h>

#include <glib/gstdio.h>

#include <gst/saliency/saliency.h>

#include "sound.h"

static void
check_tiling (const char *properties, guint rate, guint n_channels)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, rate, n_channels);
  guint64 n_frames = rate * 27 / 10 + 11;
  fixture_play (f, n_frames, 0);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  guint64 end = 0, seqnum = 0;
  for (guint i = 0; i < messages->len; i++) {
    const GstStructure *structure = messages->pdata[i];
    g_assert_cmpuint (get_uint64 (structure, "seqnum"), ==, i);
    g_assert_cmpuint (get_uint64 (structure, "timestamp"), ==, end);
    g_assert_cmpuint (get_uint64 (structure, "duration"), >, 0);
    g_assert_cmpuint (get_uint64 (structure, "seqnum"), >=, seqnum);
    end += get_uint64 (structure, "duration");
    seqnum = get_uint64 (structure, "seqnum");
  }
  g_assert_cmpuint (end, ==,
      gst_util_uint64_scale_round (n_frames, GST_SECOND, rate));
  fixture_free (f);
}

static void
test_tiling (void)
{
  static const char *properties[] = {
    "",
    "mask=time",
    "hop=50000000",
    "lookahead=0",
    "hop=330000000 lookahead=1000000000",
  };
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++) {
    check_tiling (properties[i], 8000, 1);
    check_tiling (properties[i], 16000, 2);
    check_tiling (properties[i], 44100, 2);
    check_tiling (properties[i], 48000, 1);
  }
}

/* At whatever sample the stream ends, a hop or window ending there too */
static void
test_any_end (void)
{
  /* hops of 4000 samples; the last FFT of a hop ends 240 later */
  static const guint lengths[] = {
    3999,
    4000,
    4001,
    4160,
    4239,
    4240,
    4241,
    8000,
    8240,
    12000,
    12240,
  };
  for (guint l = 0; l < G_N_ELEMENTS (lengths); l++) {
    guint n = lengths[l];
    Fixture *f = fixture_new ("method=none", GST_AUDIO_FORMAT_S16, 16000, 1);
    fixture_play (f, n, 400);
    g_autoptr (GPtrArray) messages = fixture_take_messages (f);
    guint64 end = 0;
    for (guint i = 0; i < messages->len; i++) {
      const GstStructure *structure = messages->pdata[i];
      g_assert_cmpuint (get_uint64 (structure, "duration"), >, 0);
      g_assert_true (isfinite (get_double (structure, "score")));
      g_assert_true (isfinite (get_double (structure, "probability")));
      g_assert_true (isfinite (get_double (structure, "saliency")));
      end += get_uint64 (structure, "duration");
    }
    g_assert_cmpuint (end, ==, n * GST_SECOND / 16000);
    fixture_free (f);
  }
}

static void
test_types (void)
{
  static const struct {
    const char *field;
    GType type;
  } fields[] = {
    { "timestamp", G_TYPE_UINT64 },
    { "stream-time", G_TYPE_UINT64 },
    { "running-time", G_TYPE_UINT64 },
    { "duration", G_TYPE_UINT64 },
    { "target", G_TYPE_STRING },
    { "target-id", G_TYPE_UINT },
    { "score", G_TYPE_DOUBLE },
    { "probability", G_TYPE_DOUBLE },
    { "saliency", G_TYPE_DOUBLE },
    { "seqnum", G_TYPE_UINT64 },
    { "late", G_TYPE_BOOLEAN },
  };
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_F32, 16000, 1);
  fixture_play (f, 16000, 160);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  for (guint i = 0; i < messages->len; i++) {
    for (guint k = 0; k < G_N_ELEMENTS (fields); k++)
      g_assert_true (
          gst_structure_get_field_type (messages->pdata[i], fields[k].field)
          == fields[k].type);
    g_assert_true (gst_structure_get_field_type (messages->pdata[i], "flags")
        == GST_TYPE_SALIENCY_FLAGS);
    g_assert_cmpint (gst_structure_n_fields (messages->pdata[i]), ==,
        (int) G_N_ELEMENTS (fields) + 1);
  }
  fixture_free (f);
}

static void
test_fields (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_F32, 16000, 1);
  fixture_play (f, 48000, 160);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, >, 8);
  for (guint i = 0; i < messages->len; i++) {
    const GstStructure *structure = messages->pdata[i];
    gboolean late;
    GstSaliencyFlags flags;
    g_assert_cmpstr (gst_structure_get_string (structure, "target"), ==,
        "spk0");
    g_assert_true (isfinite (get_double (structure, "score")));
    g_assert_cmpfloat (get_double (structure, "probability"), >=, 0);
    g_assert_cmpfloat (get_double (structure, "probability"), <=, 1);
    g_assert_cmpfloat (fabs (get_double (structure, "saliency")), <=, 1);
    g_assert_true (gst_structure_get_boolean (structure, "late", &late));
    g_assert_false (late);
    g_assert_true (gst_structure_get (structure, "flags",
        GST_TYPE_SALIENCY_FLAGS, &flags, NULL));
    g_assert_cmpint (flags & GST_SALIENCY_FLAG_PARTIAL ? 1 : 0, ==,
        get_uint64 (structure, "seqnum") < 5); /* windows 2 to 6 */
    g_assert_false (gst_structure_has_field (structure, "map"));
    g_autofree char *text = gst_structure_to_string (structure);
    g_assert_cmpuint (strlen (text), <, 1000);
  }
  fixture_free (f);
}

static void
test_segment_times (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, 16000, 1);
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = 2;
  segment.start = segment.position = 10 * GST_SECOND;
  segment.time = 100 * GST_SECOND;
  segment.base = GST_SECOND;
  gst_harness_push_event (f->harness, gst_event_new_segment (&segment));
  f->n_pushed = 160000;
  fixture_play (f, 160000 + 32000, 160);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, >, 4);
  for (guint i = 0; i < messages->len; i++) {
    const GstStructure *structure = messages->pdata[i];
    guint64 at = get_uint64 (structure, "timestamp") - 10 * GST_SECOND;
    g_assert_cmpuint (get_uint64 (structure, "stream-time"), ==,
        100 * GST_SECOND + at);
    g_assert_cmpuint (get_uint64 (structure, "running-time"), ==,
        GST_SECOND + at / 2);
  }
  fixture_free (f);
}

static void
test_no_timestamps (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, 16000, 1);
  for (guint i = 0; i < 20; i++) {
    GstBuffer *buffer = fixture_new_buffer (f, i * 1600, 1600);
    GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
    gst_harness_push (f->harness, buffer);
  }
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  const GstStructure *last = messages->pdata[messages->len - 1];
  g_assert_cmpuint (get_uint64 (last, "timestamp")
          + get_uint64 (last, "duration"),
      ==, 2 * GST_SECOND);
  fixture_free (f);
}

static void
test_map (void)
{
  Fixture *f = fixture_new ("message-map=true", GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_play (f, 32000, 1000);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  for (guint i = 0; i < messages->len; i++) {
    guint n_bands, n_frames;
    GBytes *map;
    g_assert_true (
        gst_structure_get (messages->pdata[i], "bands", G_TYPE_UINT, &n_bands,
            "frames", G_TYPE_UINT, &n_frames, "map", G_TYPE_BYTES, &map, NULL));
    g_assert_cmpuint (g_bytes_get_size (map), ==, 4 * n_bands * n_frames);
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "frame-duration"), ==,
        10 * GST_MSECOND);
    g_bytes_unref (map);
  }
  fixture_free (f);
}

static void
test_trust (void)
{
  Fixture *f = fixture_new ("trust-interval=2", GST_AUDIO_FORMAT_S16, 16000, 1);
  guint n_tried = 0;
  fixture_play (f, 48000, 1000);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  for (guint i = 0; i < messages->len; i++) {
    double trust;
    if (!gst_structure_get_double (messages->pdata[i], "trust", &trust))
      continue;
    g_assert_cmpfloat (fabs (trust), <=, 1);
    n_tried++;
  }
  g_assert_cmpuint (n_tried, >=, messages->len / 2 - 1);
  g_assert_cmpuint (n_tried, <=, messages->len / 2 + 1);
  fixture_free (f);
}

static void
test_off (void)
{
  Fixture *f
      = fixture_new ("post-messages=false", GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_push (f, 32000);
  g_autoptr (GPtrArray) none = fixture_take_messages (f);
  g_assert_cmpuint (none->len, ==, 0);
  g_object_set (f->element, "post-messages", TRUE, NULL);
  fixture_play (f, 48000, 160);
  g_autoptr (GPtrArray) some = fixture_take_messages (f);
  g_assert_cmpuint (some->len, >, 0);
  fixture_free (f);
}

static void
test_silence (void)
{
  Fixture *f = fixture_new ("message-map=true", GST_AUDIO_FORMAT_S16, 16000, 1);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 96000, NULL);
  gst_buffer_memset (buffer, 0, 0, 96000);
  GST_BUFFER_PTS (buffer) = 0;
  gst_harness_push (f->harness, buffer);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, >, 8);
  for (guint i = 0; i < messages->len; i++) {
    GstSaliencyFlags flags;
    gst_structure_get (messages->pdata[i], "flags", GST_TYPE_SALIENCY_FLAGS,
        &flags, NULL);
    g_assert_true (flags & GST_SALIENCY_FLAG_SILENCE);
    g_assert_cmpfloat (get_double (messages->pdata[i], "saliency"), ==, 0);
  }
  fixture_free (f);
}

/* The scores of the same sound */
static GArray *
scores (GstAudioFormat format, guint rate, guint n_channels)
{
  Fixture *f = fixture_new ("", format, rate, n_channels);
  fixture_play (f, 3 * rate, 1000);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  GArray *values = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < messages->len; i++) {
    double score = get_double (messages->pdata[i], "score");
    g_array_append_val (values, score);
  }
  fixture_free (f);
  return values;
}

static double
largest_difference (GArray *a, GArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  double worst = 0;
  for (guint i = 0; i < a->len; i++)
    worst = MAX (worst,
        fabs (g_array_index (a, double, i) - g_array_index (b, double, i)));
  return worst;
}

static void
test_formats_agree (void)
{
  static const GstAudioFormat formats[]
      = { GST_AUDIO_FORMAT_S16, GST_AUDIO_FORMAT_S32, GST_AUDIO_FORMAT_F64 };
  g_autoptr (GArray) want = scores (GST_AUDIO_FORMAT_F32, 16000, 1);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autoptr (GArray) got = scores (formats[i], 16000, 1);
    double worst = largest_difference (got, want);
    g_test_message ("%s: %g", gst_audio_format_to_string (formats[i]), worst);
    /* of scores around -20; the noise of S16 is heard in its pauses */
    g_assert_cmpfloat (worst, <,
        formats[i] == GST_AUDIO_FORMAT_S16 ? 0.2 : 1e-3);
  }
}

/* Sixty tones below 7 kHz that come and go: the same at every rate */
static double
tones (double t)
{
  double sum = 0;
  for (guint k = 1; k <= 60; k++)
    sum += sin (2 * G_PI * (113 * k * t + 0.31 * k * k))
        * (0.6 + 0.4 * sin (2 * G_PI * (0.7 + 0.05 * k) * t));
  return 0.02 * sum;
}

/* Scores of tones on channel @at alone, as loud as there are channels: what is
 * heard, the mean of all, is always the same. */
static GArray *
tone_scores (GstAudioFormat format, guint rate, guint n_channels, guint at,
    GstAudioLayout layout)
{
  Fixture *f = fixture_new ("method=none", format, rate, n_channels);
  guint n = 2 * rate;
  g_autofree double *pcm = g_new0 (double, (gsize) n *n_channels);
  for (guint i = 0; i < n; i++)
    pcm[(gsize) i * n_channels + at]
        = n_channels / 8.0 * tones ((double) i / rate);
  fixture_set_layout (f, layout);
  GstBuffer *buffer = sound_new_buffer (&f->info, pcm, n);
  GST_BUFFER_PTS (buffer) = 0;
  gst_harness_push (f->harness, buffer);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  GArray *values = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < messages->len; i++) {
    double score = get_double (messages->pdata[i], "score");
    g_array_append_val (values, score);
  }
  fixture_free (f);
  return values;
}

static void
assert_hears (GArray *want, GArray *got, const char *what, double tolerance)
{
  double worst = largest_difference (got, want);
  g_test_message ("%s: %g", what, worst);
  g_assert_cmpfloat (worst, <, tolerance);
  g_array_unref (got);
}

static void
test_rates_agree (void)
{
  const GstAudioLayout layout = GST_AUDIO_LAYOUT_INTERLEAVED;
  g_autoptr (GArray) want
      = tone_scores (GST_AUDIO_FORMAT_F32, 16000, 1, 0, layout);
  /* of scores around -20; above 7 kHz is only what the resampler leaves */
  assert_hears (want, tone_scores (GST_AUDIO_FORMAT_F32, 44100, 1, 0, layout),
      "44.1 kHz", 0.6);
  assert_hears (want, tone_scores (GST_AUDIO_FORMAT_F32, 48000, 1, 0, layout),
      "48 kHz", 0.6);
  for (guint i = 0; i < G_N_ELEMENTS (sound_formats); i++)
    assert_hears (want, tone_scores (sound_formats[i], 16000, 1, 0, layout),
        gst_audio_format_to_string (sound_formats[i]), 0.05);
}

static void
test_channels_agree (void)
{
  static const guint n_channels[] = { 2, 3, 6, 8 };
  g_autoptr (GArray) want = tone_scores (GST_AUDIO_FORMAT_F32, 16000, 1, 0,
      GST_AUDIO_LAYOUT_INTERLEAVED);
  for (guint i = 0; i < G_N_ELEMENTS (n_channels); i++)
    for (guint at = 0; at < n_channels[i]; at += 1 + at) {
      g_autofree char *what = g_strdup_printf ("%u of %u", at, n_channels[i]);
      assert_hears (want,
          tone_scores (GST_AUDIO_FORMAT_F32, 16000, n_channels[i], at,
              at % 2 ? GST_AUDIO_LAYOUT_NON_INTERLEAVED
                     : GST_AUDIO_LAYOUT_INTERLEAVED),
          what, 1e-3);
    }
}

static void
test_target_changes (void)
{
  g_autofree char *speaker = new_speaker_file ("tiny.safetensors");
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_push (f, 32000);
  g_object_set (f->element, "target", speaker, NULL);
  fixture_play (f, 5 * 16000, 160);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  const GstStructure *first = messages->pdata[0];
  const GstStructure *last = messages->pdata[messages->len - 2];
  g_assert_cmpstr (gst_structure_get_string (first, "target"), ==, "spk0");
  g_assert_cmpstr (gst_structure_get_string (last, "target"), ==, "made up");
  g_assert_cmpfloat (get_double (last, "score"), >,
      get_double (first, "score"));
  fixture_free (f);
  g_remove (speaker);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/messages/tile-the-timeline", test_tiling);
  g_test_add_func ("/speakersaliency/messages/have-all-fields", test_fields);
  g_test_add_func ("/speakersaliency/messages/have-the-types-documented",
      test_types);
  g_test_add_func ("/speakersaliency/messages/last-anything-but-0-ns",
      test_any_end);
  g_test_add_func ("/speakersaliency/messages/agree-for-all-rates",
      test_rates_agree);
  g_test_add_func ("/speakersaliency/messages/agree-for-all-channels",
      test_channels_agree);
  g_test_add_func ("/speakersaliency/messages/follow-the-segment",
      test_segment_times);
  g_test_add_func ("/speakersaliency/messages/count-where-nobody-stamps",
      test_no_timestamps);
  g_test_add_func ("/speakersaliency/messages/carry-the-map", test_map);
  g_test_add_func ("/speakersaliency/messages/say-trust-at-times", test_trust);
  g_test_add_func ("/speakersaliency/messages/can-be-turned-off", test_off);
  g_test_add_func ("/speakersaliency/messages/say-silence", test_silence);
  g_test_add_func ("/speakersaliency/messages/agree-for-all-formats",
      test_formats_agree);
  g_test_add_func ("/speakersaliency/messages/follow-a-new-target",
      test_target_changes);
  return g_test_run ();
}
