/* SPDX-License-Identifier: GPL-2.0-or-later */
/* messages.c: one message for each settled stretch */
#include "fixture.h"

#include <math.h>

#include <glib/gstdio.h>

#include <gst/saliency/saliency.h>

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
    "", "mask=time", "hop=50000000", "lookahead=0",
    "hop=330000000 lookahead=1000000000",
  };
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++) {
    check_tiling (properties[i], 8000, 1);
    check_tiling (properties[i], 16000, 2);
    check_tiling (properties[i], 44100, 2);
    check_tiling (properties[i], 48000, 1);
  }
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
        get_uint64 (structure, "seqnum") < 7);
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
      + get_uint64 (last, "duration"), ==, 2 * GST_SECOND);
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
    g_assert_true (gst_structure_get (messages->pdata[i],
            "bands", G_TYPE_UINT, &n_bands, "frames", G_TYPE_UINT, &n_frames,
            "map", G_TYPE_BYTES, &map, NULL));
    g_assert_cmpuint (g_bytes_get_size (map), ==, 4 * n_bands * n_frames);
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "frame-duration"), ==,
        10 * GST_MSECOND);
    g_bytes_unref (map);
  }
  fixture_free (f);
}

static void
test_off (void)
{
  Fixture *f =
      fixture_new ("post-messages=false", GST_AUDIO_FORMAT_S16, 16000, 1);
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
    worst = MAX (worst, fabs (g_array_index (a, double, i)
            - g_array_index (b, double, i)));
  return worst;
}

static void
test_formats_agree (void)
{
  static const GstAudioFormat formats[] = { GST_AUDIO_FORMAT_S16,
    GST_AUDIO_FORMAT_S32, GST_AUDIO_FORMAT_F64 };
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
  g_test_add_func ("/speakersaliency/messages/follow-the-segment",
      test_segment_times);
  g_test_add_func ("/speakersaliency/messages/count-where-nobody-stamps",
      test_no_timestamps);
  g_test_add_func ("/speakersaliency/messages/carry-the-map", test_map);
  g_test_add_func ("/speakersaliency/messages/can-be-turned-off", test_off);
  g_test_add_func ("/speakersaliency/messages/say-silence", test_silence);
  g_test_add_func ("/speakersaliency/messages/agree-for-all-formats",
      test_formats_agree);
  g_test_add_func ("/speakersaliency/messages/follow-a-new-target",
      test_target_changes);
  return g_test_run ();
}
