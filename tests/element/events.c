/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.c: order, discontinuities, flushes, changes of format, new starts */
#include "fixture.h"

#include <gst/saliency/saliency.h>

/* What arrives downstream, in order: "b0 tag b1 .." with the PTS of buffers in
 * units of 100 ms */
static GstPadProbeReturn
note_arrival (GstPad *pad, GstPadProbeInfo *info, gpointer log)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
    g_string_append_printf (log, "b%" G_GUINT64_FORMAT " ",
        GST_BUFFER_PTS (buffer) / (100 * GST_MSECOND));
  } else {
    g_string_append_printf (log, "%s ",
        GST_EVENT_TYPE_NAME (GST_PAD_PROBE_INFO_EVENT (info)));
  }
  return GST_PAD_PROBE_OK;
}

static GString *
watch (Fixture *f)
{
  GString *log = g_string_new (NULL);
  gst_pad_add_probe (f->harness->sinkpad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      note_arrival, log, NULL);
  return log;
}

static void
test_order (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 16000, 1);
  GString *log = watch (f);
  fixture_push (f, 1600);
  fixture_push (f, 1600);
  gst_harness_push_event (f->harness,
      gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "a", NULL)));
  fixture_push (f, 1600);
  gst_harness_push_event (f->harness,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new_empty ("own")));
  gst_harness_push_event (f->harness,
      gst_event_new_gap (300 * GST_MSECOND, 1500 * GST_MSECOND));
  f->n_pushed = 18 * 1600;
  fixture_push (f, 1600);
  GstBuffer *silence = fixture_new_buffer (f, f->n_pushed, 1600);
  GST_BUFFER_FLAG_SET (silence, GST_BUFFER_FLAG_GAP);
  gst_harness_push (f->harness, silence);
  gst_harness_push_event (f->harness,
      gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "b", NULL)));
  f->n_pushed += 1600;
  fixture_push (f, 1600);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_assert_cmpstr (log->str, ==,
      "b0 b1 tag b2 custom-downstream gap b18 b19 "
      "tag b20 eos ");

  /* the gap counts as sound: the timeline has no hole */
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  guint64 end = 0;
  for (guint i = 0; i < messages->len; i++) {
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "timestamp"), ==, end);
    end += get_uint64 (messages->pdata[i], "duration");
  }
  g_assert_cmpuint (end, ==, 2100 * GST_MSECOND);
  fixture_free (f);
  g_string_free (log, TRUE);
}

static void
test_gap_buffer (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  GstBuffer *silence = gst_buffer_new_allocate (NULL, 3200, NULL);
  gst_buffer_memset (silence, 0, 0, 3200);
  GST_BUFFER_PTS (silence) = 0;
  GST_BUFFER_FLAG_SET (silence, GST_BUFFER_FLAG_GAP);
  gst_harness_push (f->harness, silence);
  f->n_pushed = 1600;
  fixture_play (f, 16000, 1600);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_assert_cmpuint (buffers->len, ==, 10);
  g_assert_true (buffers->pdata[0] == silence);
  g_assert_true (GST_BUFFER_FLAG_IS_SET (silence, GST_BUFFER_FLAG_GAP));
  g_assert_false (GST_BUFFER_FLAG_IS_SET (GST_BUFFER (buffers->pdata[1]),
      GST_BUFFER_FLAG_GAP));
  fixture_free (f);
}

/* While nothing but gaps comes no buffer takes the metas: of each stretch there
 * is a message, but only the newest are kept for the next buffer. */
static void
test_nothing_but_gaps (void)
{
  const guint n_gaps = 20, n_kept = 1024; /* s; 13 s of 8 targets */
  Fixture *f = fixture_new ("method=none hop=100000000 attach-meta=true "
                            "targets=<spk1,spk2,spk3,spk4,spk5,spk6,spk7>",
      GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_push (f, 16000);
  for (guint i = 1; i <= n_gaps; i++)
    gst_harness_push_event (f->harness,
        gst_event_new_gap (i * GST_SECOND, GST_SECOND));
  f->n_pushed = (n_gaps + 1) * 16000;
  fixture_push (f, 16000);

  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  GstBuffer *last = buffers->pdata[buffers->len - 1];
  g_assert_cmpuint (buffers->len, ==, 2);
  g_assert_cmpuint (messages->len, >, n_gaps * 80);
  g_assert_cmpuint (gst_buffer_get_n_saliency_meta (last), ==, n_kept);
  for (guint i = 0; i < n_kept; i++)
    g_assert_cmpuint (gst_buffer_get_nth_saliency_meta (last, i)->seqnum, ==,
        get_uint64 (messages->pdata[messages->len - n_kept + i], "seqnum"));
  fixture_free (f);
}

/* Every message of @messages lies between start and stop and they tile it. */
static void
assert_tile (GPtrArray *messages, GstClockTime start, GstClockTime stop)
{
  guint64 end = start;
  for (guint i = 0; i < messages->len; i++) {
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "timestamp"), ==, end);
    end += get_uint64 (messages->pdata[i], "duration");
  }
  g_assert_cmpuint (end, ==, stop);
}

static void
test_discont (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, 48000, 1);
  GString *log = watch (f);
  for (guint i = 0; i < 10; i++)
    fixture_push (f, 4800);
  f->n_pushed = 20 * 4800;
  GstBuffer *buffer = fixture_new_buffer (f, f->n_pushed, 4800);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  gst_harness_push (f->harness, buffer);
  g_assert_cmpuint (gst_harness_buffers_received (f->harness), >=,
      10); /* drained */
  g_autoptr (GPtrArray) before = fixture_take_messages (f);
  assert_tile (before, 0, GST_SECOND);
  f->n_pushed = 21 * 4800;
  fixture_play (f, 30 * 4800, 4800);
  g_autoptr (GPtrArray) after = fixture_take_messages (f);
  assert_tile (after, 2 * GST_SECOND, 3 * GST_SECOND);
  g_assert_cmpstr (log->str, ==,
      "b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 "
      "b20 b21 b22 b23 b24 b25 b26 b27 b28 b29 eos ");
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  for (guint i = 0; i < buffers->len; i++)
    g_assert_cmpint (GST_BUFFER_IS_DISCONT (GST_BUFFER (buffers->pdata[i])), ==,
        i == 0 || i == 10);
  fixture_free (f);
  g_string_free (log, TRUE);
}

/* A jump without the flag is found, too. */
static void
test_silent_jump (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  for (guint i = 0; i < 10; i++)
    fixture_push (f, 1600);
  f->n_pushed += 10 * 16000;
  fixture_play (f, f->n_pushed + 20 * 1600, 1600);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_assert_cmpuint (buffers->len, ==, 30);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  const GstStructure *last = messages->pdata[messages->len - 1];
  g_assert_cmpuint (get_uint64 (last, "timestamp")
          + get_uint64 (last, "duration"),
      ==, 13 * GST_SECOND);
  fixture_free (f);
}

static GBytes *
play_second (Fixture *f)
{
  fixture_play (f, f->n_pushed + 20000, 1000);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  return join_buffers (buffers);
}

static void
test_flush (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_F32, 44100, 2);
  g_autoptr (GBytes) want = play_second (f);
  g_autoptr (GPtrArray) first = fixture_take_messages (f);
  fixture_free (f);

  f = fixture_new ("mask=time", GST_AUDIO_FORMAT_F32, 44100, 2);
  for (guint i = 0; i < 17; i++)
    fixture_push (f, 999);
  gst_harness_push_event (f->harness,
      gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "kept", NULL)));
  g_autoptr (GPtrArray) old = fixture_take_buffers (f);
  gst_harness_push_event (f->harness, gst_event_new_flush_start ());
  gst_harness_push_event (f->harness, gst_event_new_flush_stop (TRUE));
  g_autoptr (GPtrArray) late = fixture_take_messages (f);
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (f->harness, gst_event_new_segment (&segment));
  f->n_pushed = 0;
  g_autoptr (GBytes) got = play_second (f);
  g_autoptr (GPtrArray) second = fixture_take_messages (f);
  g_assert_true (g_bytes_equal (got, want));
  g_assert_cmpuint (second->len, ==, first->len);
  for (guint i = 0; i < first->len; i++)
    g_assert_true (gst_structure_is_equal (first->pdata[i], second->pdata[i]));
  g_autoptr (GstEvent) tag
      = gst_pad_get_sticky_event (f->harness->sinkpad, GST_EVENT_TAG, 0);
  g_assert_nonnull (tag);
  fixture_free (f);
}

static void
test_start_again (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 48000, 1);
  g_autoptr (GBytes) want = play_second (f);
  for (guint i = 0; i < 3; i++) {
    gst_element_set_state (f->element, GST_STATE_READY);
    g_assert_cmpint (gst_element_set_state (f->element, GST_STATE_PLAYING), !=,
        GST_STATE_CHANGE_FAILURE);
    gst_harness_push_event (f->harness, gst_event_new_stream_start ("again"));
    fixture_set_format (f, GST_AUDIO_FORMAT_S16, 48000, 1);
    f->n_pushed = 0;
    g_autoptr (GBytes) got = play_second (f);
    g_assert_true (g_bytes_equal (got, want));
  }
  fixture_free (f);
}

static void
test_many_starts (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 48000, 1);
  for (guint i = 0; i < 50; i++) {
    fixture_set_format (f, GST_AUDIO_FORMAT_S16, 48000, 1);
    fixture_push (f, i * 700);
    gst_element_set_state (f->element,
        i % 2 ? GST_STATE_NULL : GST_STATE_READY);
    gst_element_set_state (f->element, GST_STATE_PLAYING);
    gst_harness_push_event (f->harness, gst_event_new_stream_start ("again"));
    f->n_pushed = 0;
  }
  fixture_free (f);
}

static void
test_new_format (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 44100, 1);
  GString *log = watch (f);
  fixture_push (f, 4410);
  fixture_push (f, 4410);
  fixture_set_format (f, GST_AUDIO_FORMAT_F32, 48000, 2);
  f->n_pushed = 2 * 4800;
  fixture_push (f, 4800);
  fixture_set_format (f, GST_AUDIO_FORMAT_F32, 48000, 2); /* nothing new */
  fixture_push (f, 4800);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_assert_cmpuint (gst_buffer_get_size (buffers->pdata[1]), ==, 8820);
  g_assert_cmpuint (gst_buffer_get_size (buffers->pdata[3]), ==, 38400);
  g_assert_cmpuint (buffers->len, ==, 4);
  g_assert_true (g_str_has_prefix (log->str, "b0 b1 caps segment b2 "));
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, ==, 2);
  g_assert_cmpuint (get_uint64 (messages->pdata[1], "timestamp"), ==,
      200 * GST_MSECOND);
  g_assert_cmpuint (get_uint64 (messages->pdata[1], "duration"), ==,
      200 * GST_MSECOND);
  fixture_free (f);
  g_string_free (log, TRUE);
}

static void
test_reconfigure (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 44100, 1);
  for (guint i = 0; i < 40; i++) {
    fixture_push (f, 4410);
    gst_harness_push_upstream_event (f->harness, gst_event_new_reconfigure ());
  }
  g_assert_true (gst_harness_push_event (f->harness, gst_event_new_eos ()));
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  assert_tile (messages, 0, 4 * GST_SECOND);
  /* a hop each, but for the first and the last */
  for (guint i = 1; i + 1 < messages->len; i++)
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "duration"), ==,
        250 * GST_MSECOND);
  fixture_free (f);
}

static void
test_backwards (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = segment.position = 10 * GST_SECOND;
  gst_harness_push_event (f->harness, gst_event_new_segment (&segment));
  for (guint i = 0; i < 20; i++) {
    GstBuffer *buffer = fixture_new_buffer (f, (19 - i) * 1600, 1600);
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    GstBuffer *got = gst_harness_push_and_pull (f->harness, buffer);
    g_assert_true (got == buffer);
    gst_buffer_unref (got);
  }
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, ==, 0);
  fixture_free (f);
}

static void
test_qos (void)
{
  Fixture *f = fixture_new ("qos=true", GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_push (f, 1600);
  gst_harness_push_upstream_event (f->harness,
      gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 2.0, 5 * GST_SECOND, 0));
  for (guint i = 0; i < 20; i++)
    fixture_push (f, 1600);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 21);
  fixture_free (f);
}

static void
test_segment_clips (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.position = 150 * GST_MSECOND;
  segment.stop = 950 * GST_MSECOND;
  gst_harness_push_event (f->harness, gst_event_new_segment (&segment));
  fixture_play (f, 16000, 1600);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_autoptr (GBytes) got = join_buffers (buffers);
  g_assert_cmpuint (g_bytes_get_size (got), ==, 2 * 800 * 16);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  assert_tile (messages, 150 * GST_MSECOND, 950 * GST_MSECOND);
  fixture_free (f);
}

static void
add_all (const char *path, GTestDataFunc test)
{
  static const char *modes[] = {
    "mask=none",
    "mask=time",
    "mask=time-frequency",
    "mask=none processing=async",
    "mask=time processing=async",
  };
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autofree char *full = g_strdup_printf ("%s/%s", path, modes[i]);
    g_test_add_data_func (full, modes[i], test);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  add_all ("/speakersaliency/events/keep-their-place", test_order);
  add_all ("/speakersaliency/events/discont-drains", test_discont);
  add_all ("/speakersaliency/events/caps-drain", test_new_format);
  g_test_add_func ("/speakersaliency/events/gap-buffer-stays-one",
      test_gap_buffer);
  g_test_add_func ("/speakersaliency/events/nothing-but-gaps",
      test_nothing_but_gaps);
  g_test_add_func ("/speakersaliency/events/jump-is-a-discontinuity",
      test_silent_jump);
  g_test_add_func ("/speakersaliency/events/flush-forgets", test_flush);
  add_all ("/speakersaliency/events/reconfigure-changes-nothing",
      test_reconfigure);
  g_test_add_func ("/speakersaliency/events/segment-clips", test_segment_clips);
  g_test_add_func ("/speakersaliency/events/backwards-passes-untouched",
      test_backwards);
  g_test_add_func ("/speakersaliency/events/qos-drops-nothing", test_qos);
  g_test_add_func ("/speakersaliency/states/start-again-is-a-new-start",
      test_start_again);
  g_test_add_func ("/speakersaliency/states/many-starts", test_many_starts);
  return g_test_run ();
}
