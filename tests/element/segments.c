/* SPDX-License-Identifier: GPL-2.0-or-later */
/* segments.c: flushes, times and rates of segments, seeks in loops */
#include "fixture.h"

#include <gst/saliency/saliency.h>

#include "slow.h"

#define RATE 16000

static const char *modes[] = {
  "processing=sync",
  "processing=sync mask=time",
  "processing=async",
  "processing=async mask=time",
};

static void
push_segment (Fixture *f, GstClockTime start, GstClockTime stop, double rate,
    GstClockTime time, GstClockTime base)
{
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = rate;
  segment.start = segment.position = start;
  segment.stop = stop;
  segment.time = time;
  segment.base = base;
  g_assert_true (
      gst_harness_push_event (f->harness, gst_event_new_segment (&segment)));
}

/* Frames [first, first + n) without any DISCONT */
static void
push_frames (Fixture *f, guint64 first, guint64 n, gsize size)
{
  for (guint64 at = first; at < first + n; at += size) {
    gsize n_frames = MIN (size, first + n - at);
    GstBuffer *buffer = fixture_new_buffer (f, at, n_frames);
    GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_DISCONT);
    g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
  }
}

/* Each begins where the one before ends. */
static void
assert_tile (GPtrArray *messages, const char *field, GstClockTime start,
    GstClockTime stop)
{
  guint64 end = start;
  for (guint i = 0; i < messages->len; i++) {
    g_assert_cmpuint (get_uint64 (messages->pdata[i], field), ==, end);
    end += get_uint64 (messages->pdata[i], "duration");
  }
  g_assert_cmpuint (end, ==, stop);
}

/* Returns how many PCM frames the buffers have. */
static guint64
assert_not_before (Fixture *f, GstClockTime start)
{
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  guint64 n_bytes = 0;
  for (guint i = 0; i < buffers->len; i++) {
    GstBuffer *buffer = buffers->pdata[i];
    n_bytes += gst_buffer_get_size (buffer);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), >=, start);
    for (guint k = 0; k < gst_buffer_get_n_saliency_meta (buffer); k++) {
      GstSaliencyMeta *meta = gst_buffer_get_nth_saliency_meta (buffer, k);
      g_assert_cmpuint (meta->start, >=, start);
      g_assert_cmpuint (meta->window_start, >=, start);
    }
  }
  return n_bytes / GST_AUDIO_INFO_BPF (&f->info);
}

/* Where windows are dear the worker still has an old one when the new segment
 * begins. */
static void
test_flush (gconstpointer mode)
{
  g_autofree char *properties
      = g_strdup_printf ("%s attach-meta=true", (const char *) mode);
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, RATE, 1);
  if (strstr (mode, "async") != NULL)
    slow_set_cost (200000);
  push_frames (f, 0, 2 * RATE, 160);
  gst_harness_push_event (f->harness, gst_event_new_flush_start ());
  gst_harness_push_event (f->harness, gst_event_new_flush_stop (TRUE));
  g_ptr_array_unref (fixture_take_buffers (f));
  g_ptr_array_unref (fixture_take_messages (f));

  push_segment (f, 20 * GST_SECOND, GST_CLOCK_TIME_NONE, 1, 20 * GST_SECOND, 0);
  push_frames (f, 20 * RATE, RATE, 160);
  g_usleep (strstr (mode, "async") != NULL ? 250000 : 0);
  push_frames (f, 21 * RATE, 2 * RATE, 160);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  slow_set_cost (0);
  g_assert_cmpuint (assert_not_before (f, 20 * GST_SECOND), ==, 3 * RATE);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  assert_tile (messages, "timestamp", 20 * GST_SECOND, 23 * GST_SECOND);
  fixture_free (f);
}

/* Sound from 9.5 s to 13.5 s in a segment from 10 s to 13 s */
static void
test_times (gconstpointer mode)
{
  Fixture *f = fixture_new (mode, GST_AUDIO_FORMAT_S16, 44100, 2);
  push_segment (f, 10 * GST_SECOND, 13 * GST_SECOND, 2.0, 100 * GST_SECOND,
      GST_SECOND);
  push_frames (f, 44100 * 19 / 2, 4 * 44100, 1000);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  guint64 n_frames = assert_not_before (f, 10 * GST_SECOND);
  g_assert_cmpuint (n_frames, >=, 3 * 44100 - 1);
  g_assert_cmpuint (n_frames, <=, 3 * 44100 + 1);

  const guint64 frame = GST_SECOND / 44100 + 1;
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  guint64 end = get_uint64 (messages->pdata[0], "timestamp");
  g_assert_cmpuint (end, <=, 10 * GST_SECOND + frame);
  for (guint i = 0; i < messages->len; i++) {
    const GstStructure *message = messages->pdata[i];
    guint64 at = get_uint64 (message, "timestamp") - 10 * GST_SECOND;
    g_assert_cmpuint (at + 10 * GST_SECOND, ==, end);
    g_assert_cmpuint (get_uint64 (message, "stream-time"), ==,
        100 * GST_SECOND + at);
    g_assert_cmpuint (get_uint64 (message, "running-time"), ==,
        GST_SECOND + at / 2);
    end += get_uint64 (message, "duration");
  }
  g_assert_cmpuint (end, <=, 13 * GST_SECOND + frame);
  g_assert_cmpuint (end, >=, 13 * GST_SECOND - frame);
  fixture_free (f);
}

typedef struct {
  guint64 n_bytes;
  guint n_done; /* SEGMENT_DONE so far */
} Loop;

/* Every round is out before its end is. */
static GstPadProbeReturn
count_rounds (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Loop *loop = data;
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    loop->n_bytes += gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));
  } else if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info))
      == GST_EVENT_SEGMENT_DONE) {
    loop->n_done++;
    g_assert_cmpuint (loop->n_bytes, ==, 2 * RATE * loop->n_done);
  }
  return GST_PAD_PROBE_OK;
}

static void
test_loop (gconstpointer mode)
{
  Fixture *f = fixture_new (mode, GST_AUDIO_FORMAT_S16, RATE, 1);
  Loop loop = { 0, 0 };
  gst_pad_add_probe (f->harness->sinkpad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      count_rounds, &loop, NULL);
  for (guint i = 0; i < 3; i++) {
    push_segment (f, 5 * GST_SECOND, 6 * GST_SECOND, 1, 5 * GST_SECOND,
        i * GST_SECOND);
    push_frames (f, 5 * RATE, RATE, 777);
    gst_harness_push_event (f->harness,
        gst_event_new_segment_done (GST_FORMAT_TIME, 6 * GST_SECOND));
  }
  g_assert_cmpuint (loop.n_done, ==, 3);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  assert_tile (messages, "running-time", 0, 3 * GST_SECOND);
  fixture_free (f);
}

static void
test_backwards_and_back (gconstpointer mode)
{
  Fixture *f = fixture_new (mode, GST_AUDIO_FORMAT_S16, RATE, 1);
  push_frames (f, 0, 2 * RATE, 1600);
  push_segment (f, 0, 2 * GST_SECOND, -1, 0, 2 * GST_SECOND);
  g_autoptr (GPtrArray) before = fixture_take_messages (f);
  assert_tile (before, "timestamp", 0, 2 * GST_SECOND);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 20);
  for (guint i = 0; i < 20; i++) {
    GstBuffer *buffer = fixture_new_buffer (f, (19 - i) * 1600, 1600);
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    gst_harness_push (f->harness, buffer);
    g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 21 + i);
  }
  g_autoptr (GPtrArray) none = fixture_take_messages (f);
  g_assert_cmpuint (none->len, ==, 0);

  push_segment (f, 0, GST_CLOCK_TIME_NONE, 1, 0, 4 * GST_SECOND);
  push_frames (f, 0, 2 * RATE, 1600);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) after = fixture_take_messages (f);
  assert_tile (after, "running-time", 4 * GST_SECOND, 6 * GST_SECOND);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 60);
  fixture_free (f);
}

/* Sound without times, from a file */
static void
test_bytes (gconstpointer mode)
{
  Fixture *f = fixture_new (mode, GST_AUDIO_FORMAT_S16, RATE, 1);
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (f->harness, gst_event_new_segment (&segment));
  for (guint i = 0; i < 20; i++) {
    GstBuffer *buffer = fixture_new_buffer (f, i * 1600, 1600);
    if (i > 0)
      GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
    gst_harness_push (f->harness, buffer);
  }
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 20);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  assert_tile (messages, "timestamp", 0, 2 * GST_SECOND);
  fixture_free (f);
}

static void
add (const char *path, GTestDataFunc test)
{
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autofree char *full
        = g_strdup_printf ("/speakersaliency/%s/%s", path, modes[i]);
    g_test_add_data_func (full, modes[i], test);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  add ("check14/nothing-old-after-a-flush", test_flush);
  add ("check16/times-follow-the-segment", test_times);
  add ("check16/loops-lose-nothing", test_loop);
  add ("check17/backwards-and-back", test_backwards_and_back);
  add ("check16/sound-without-times", test_bytes);
  return g_test_run ();
}
