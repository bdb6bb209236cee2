/* SPDX-License-Identifier: GPL-2.0-or-later */
/* continuity.c: lost buffers, clock skew and gaps do not end a stream
 *
 * Nor do flags, where nothing is missing.
 */
#include "fixture.h"

#define RATE 16000

static guint64
end_of (const GstStructure *message, const char *field)
{
  return get_uint64 (message, field) + get_uint64 (message, "duration");
}

static void
assert_tile (GPtrArray *messages, GstClockTime start, GstClockTime stop)
{
  guint64 end = start;
  for (guint i = 0; i < messages->len; i++) {
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "seqnum"), ==, i);
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "timestamp"), ==, end);
    end = end_of (messages->pdata[i], "timestamp");
  }
  g_assert_cmpuint (end, ==, stop);
}

/* --- discontinuities ----------------------------------------------------- */

static void
push_flagged (Fixture *f, gsize n, gint64 late)
{
  GstBuffer *buffer = fixture_new_buffer (f, f->n_pushed, n);
  GST_BUFFER_PTS (buffer) += late;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  f->n_pushed += n;
  g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
}

/* A flag without a hole changes nothing, to the bit. */
static void
test_flag_alone (gconstpointer properties)
{
  g_autoptr (GBytes) want = NULL;
  for (guint flagged = 0; flagged < 2; flagged++) {
    Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, RATE, 1);
    for (guint i = 0; i < 400; i++)
      if (flagged && i % 20 == 7)
        push_flagged (f, RATE / 100, 0);
      else
        fixture_push (f, RATE / 100);
    gst_harness_push_event (f->harness, gst_event_new_eos ());
    g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
    g_autoptr (GBytes) got = join_buffers (buffers);
    g_autoptr (GPtrArray) messages = fixture_take_messages (f);
    assert_tile (messages, 0, 4 * GST_SECOND);
    if (flagged)
      g_assert_true (g_bytes_equal (got, want));
    else
      want = g_steal_pointer (&got);
    fixture_free (f);
  }
}

/* Every tenth buffer is lost: one stream all the same, with as many windows. */
static void
test_lost_buffers (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, RATE, 1);
  for (guint i = 0; i < 400; i++)
    if (i % 10 == 3)
      f->n_pushed += RATE / 100;
    else if (i % 10 == 4)
      push_flagged (f, RATE / 100, 0);
    else
      fixture_push (f, RATE / 100);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 360);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  assert_tile (messages, 0, 4 * GST_SECOND);
  g_assert_cmpuint (messages->len, >=, 14); /* a hop each */
  g_assert_cmpuint (messages->len, <=, 17);
  fixture_free (f);
}

/* A clock that is 100 ppm off, for twenty minutes: no restart, times follow. */
static void
test_skew (gconstpointer data)
{
  gint ppm = GPOINTER_TO_INT (data);
  Fixture *f = fixture_new ("method=none hop=2000000000", GST_AUDIO_FORMAT_S16,
      1000, 1);
  g_autofree char *zeros = g_malloc0 (2000);
  for (gint64 i = 0; i < 1200; i++) {
    GstBuffer *buffer = gst_buffer_new_memdup (zeros, 2000);
    GST_BUFFER_PTS (buffer) = i * GST_SECOND + i * ppm * 1000;
    gst_harness_push (f->harness, buffer);
  }
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  for (guint i = 0; i < messages->len; i++)
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "seqnum"), ==, i);
  gint64 off = (gint64) end_of (messages->pdata[messages->len - 1], "timestamp")
      - (gint64) (1200 * GST_SECOND) - (gint64) 1200 * ppm * 1000;
  g_assert_cmpint (ABS (off), <, 5 * (gint64) GST_MSECOND);
  fixture_free (f);
}

/* Buffers with and without timestamps are one stream. */
static void
test_mixed_timestamps (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, RATE, 1);
  for (guint i = 0; i < 400; i++) {
    GstBuffer *buffer = fixture_new_buffer (f, f->n_pushed, RATE / 100);
    f->n_pushed += RATE / 100;
    if (i % 150 != 0)
      GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
    gst_harness_push (f->harness, buffer);
  }
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  assert_tile (messages, 0, 4 * GST_SECOND);
  fixture_free (f);
}

/* Timestamps that come later count from then on. */
static void
test_late_timestamps (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, RATE, 1);
  for (guint i = 0; i < 300; i++) {
    GstBuffer *buffer = fixture_new_buffer (f, f->n_pushed, RATE / 100);
    GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_DISCONT);
    f->n_pushed += RATE / 100;
    if (i < 50)
      GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
    else
      GST_BUFFER_PTS (buffer) += 10 * GST_SECOND;
    gst_harness_push (f->harness, buffer);
  }
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  for (guint i = 0; i < messages->len; i++)
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "seqnum"), ==, i);
  g_assert_cmpuint (end_of (messages->pdata[messages->len - 1], "timestamp"),
      ==, 13 * GST_SECOND);
  fixture_free (f);
}

/* --- gaps ---------------------------------------------------------------- */

static void
test_gap_is_clipped (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, RATE, 1);
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.stop = 3 * GST_SECOND;
  gst_harness_push_event (f->harness, gst_event_new_segment (&segment));
  for (guint i = 0; i < 20; i++)
    fixture_push (f, RATE / 10);
  gst_harness_push_event (f->harness,
      gst_event_new_gap (2 * GST_SECOND, 4 * GST_SECOND));
  gst_harness_push_event (f->harness,
      gst_event_new_gap (6 * GST_SECOND, GST_SECOND));
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  assert_tile (messages, 0, 3 * GST_SECOND);
  for (guint i = 0; i < messages->len; i++)
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "running-time"), ==,
        get_uint64 (messages->pdata[i], "timestamp"));
  fixture_free (f);
}

/* Gaps of any length: about as many messages, and no hole between them. */
static void
test_long_gaps (void)
{
  static const guint lengths[] = { 20, 599, 601, 36000 };
  guint n[G_N_ELEMENTS (lengths)];
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, RATE, 1);
    fixture_push (f, RATE);
    gst_harness_push_event (f->harness,
        gst_event_new_gap (GST_SECOND, lengths[i] * GST_SECOND));
    f->n_pushed += (guint64) lengths[i] * RATE;
    fixture_push (f, RATE);
    gst_harness_push_event (f->harness, gst_event_new_eos ());
    g_autoptr (GPtrArray) messages = fixture_take_messages (f);
    assert_tile (messages, 0, (lengths[i] + 2) * GST_SECOND);
    n[i] = messages->len;
    g_assert_cmpuint (n[i], ==, n[0]);
    fixture_free (f);
  }
}

/* A gap that frees buffers does not make the next one a discontinuity. */
static void
test_no_spurious_discont (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, RATE, 1);
  for (guint i = 0; i < 5; i++)
    fixture_push (f, RATE / 10);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 0);
  gst_harness_push_event (f->harness,
      gst_event_new_gap (GST_SECOND / 2, 3 * GST_SECOND / 2));
  f->n_pushed = 2 * RATE;
  for (guint i = 0; i < 20; i++)
    fixture_push (f, RATE / 10);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_assert_cmpuint (buffers->len, ==, 25);
  for (guint i = 0; i < buffers->len; i++)
    g_assert_cmpint (GST_BUFFER_IS_DISCONT (GST_BUFFER (buffers->pdata[i])), ==,
        i == 0);
  fixture_free (f);
}

/* Whatever is all zeros after masking is flagged. */
static void
test_muted_is_gap (void)
{
  Fixture *f = fixture_new ("mask=time floor=-120 threshold=0.999 hysteresis=0",
      GST_AUDIO_FORMAT_S16, RATE, 2);
  fixture_play (f, 4 * RATE, RATE / 10);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  for (guint i = 0; i < buffers->len; i++) {
    g_autofree guint8 *zeros
        = g_malloc0 (gst_buffer_get_size (buffers->pdata[i]));
    gboolean silent = gst_buffer_memcmp (buffers->pdata[i], 0, zeros,
                          gst_buffer_get_size (buffers->pdata[i]))
        == 0;
    g_assert_true (silent);
    g_assert_true (GST_BUFFER_FLAG_IS_SET (GST_BUFFER (buffers->pdata[i]),
        GST_BUFFER_FLAG_GAP));
  }
  fixture_free (f);
}

int
main (int argc, char **argv)
{
  static const char *const modes[]
      = { "mask=none", "mask=time", "mask=time processing=async" };
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/speakersaliency/discont/flag-alone", modes[0],
      test_flag_alone);
  g_test_add_data_func ("/speakersaliency/discont/flag-alone-masked", modes[1],
      test_flag_alone);
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autofree char *lost
        = g_strdup_printf ("/speakersaliency/discont/lost/%s", modes[i]);
    g_autofree char *gap
        = g_strdup_printf ("/speakersaliency/gap/clipped/%s", modes[i]);
    g_test_add_data_func (lost, modes[i], test_lost_buffers);
    g_test_add_data_func (gap, modes[i], test_gap_is_clipped);
  }
  g_test_add_data_func ("/speakersaliency/discont/skew/fast",
      GINT_TO_POINTER (100), test_skew);
  g_test_add_data_func ("/speakersaliency/discont/skew/slow",
      GINT_TO_POINTER (-100), test_skew);
  g_test_add_func ("/speakersaliency/discont/mixed-timestamps",
      test_mixed_timestamps);
  g_test_add_func ("/speakersaliency/discont/late-timestamps",
      test_late_timestamps);
  g_test_add_func ("/speakersaliency/gap/of-any-length", test_long_gaps);
  g_test_add_func ("/speakersaliency/gap/no-spurious-discont",
      test_no_spurious_discont);
  g_test_add_func ("/speakersaliency/gap/muted-buffer-is-one",
      test_muted_is_gap);
  return g_test_run ();
}
