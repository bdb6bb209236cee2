/* SPDX-License-Identifier: GPL-2.0-or-later */
/* latency.c: what is answered is what happens */
#include "fixture.h"

static void
query (Fixture *f, gboolean *live, GstClockTime *min, GstClockTime *max)
{
  g_autoptr (GstQuery) latency = gst_query_new_latency ();
  g_assert_true (gst_pad_peer_query (f->harness->sinkpad, latency));
  gst_query_parse_latency (latency, live, min, max);
}

static guint
count_latency_messages (Fixture *f)
{
  GstMessage *message;
  for (guint n = 0;; n++) {
    message = gst_bus_pop_filtered (f->bus, GST_MESSAGE_LATENCY);
    if (message == NULL)
      return n;
    gst_message_unref (message);
  }
}

static void
test_none_without_mask (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, 48000, 1);
  gboolean live;
  GstClockTime min, max;
  gst_harness_set_upstream_latency (f->harness, 5 * GST_MSECOND);
  query (f, &live, &min, &max);
  g_assert_false (live);
  g_assert_cmpuint (min, ==, 5 * GST_MSECOND);
  g_assert_cmpuint (max, ==, GST_CLOCK_TIME_NONE);
  g_assert_cmpuint (count_latency_messages (f), ==, 0);
  fixture_free (f);
}

static void
test_is_added (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 48000, 1);
  gboolean live;
  GstClockTime alone, before, after, max;
  query (f, &live, &alone, &max);
  g_assert_false (live);
  g_assert_cmpuint (max, ==, GST_CLOCK_TIME_NONE);
  /* look-ahead, hop, budget, and what masking itself takes */
  g_assert_cmpuint (alone, ==, (500 + 250 + 120 + 100) * GST_MSECOND);
  gst_harness_set_upstream_latency (f->harness, 5 * GST_MSECOND);
  gst_harness_set_live (f->harness, TRUE);
  query (f, &live, &before, &max);
  g_assert_true (live);
  g_assert_cmpuint (before, ==, alone + 5 * GST_MSECOND);
  g_assert_cmpuint (max, ==, GST_CLOCK_TIME_NONE);
  for (guint i = 0; i < 300; i++)
    fixture_push (f, 480);
  query (f, &live, &after, &max);
  g_assert_cmpuint (after, ==, before);
  g_assert_cmpuint (count_latency_messages (f), ==, 0);
  fixture_free (f);
}

static gboolean
answer_finite (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_latency (query, TRUE, 10 * GST_MSECOND, 30 * GST_MSECOND);
  return TRUE;
}

static void
test_finite_maximum (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  gboolean live;
  GstClockTime min, max;
  gst_pad_set_query_function (f->harness->srcpad, answer_finite);
  query (f, &live, &min, &max);
  g_assert_cmpuint (max - min, ==, 20 * GST_MSECOND);
  g_assert_cmpuint (min, >, 750 * GST_MSECOND);
  fixture_free (f);
}

static void
restart (Fixture *f, guint64 lookahead)
{
  gst_element_set_state (f->element, GST_STATE_READY);
  g_object_set (f->element, "lookahead", lookahead, NULL);
  gst_element_set_state (f->element, GST_STATE_PLAYING);
}

static void
test_message (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  gboolean live;
  GstClockTime min, max;
  restart (f, 500 * GST_MSECOND);
  g_assert_cmpuint (count_latency_messages (f), ==, 0);
  restart (f, 300 * GST_MSECOND);
  g_assert_cmpuint (count_latency_messages (f), ==, 1);
  query (f, &live, &min, &max);
  g_assert_cmpuint (min, ==, (300 + 250 + 120 + 100) * GST_MSECOND);
  restart (f, 300 * GST_MSECOND);
  g_assert_cmpuint (count_latency_messages (f), ==, 0);
  /* what is set while it plays counts from the next start on */
  g_object_set (f->element, "lookahead", 200 * GST_MSECOND, NULL);
  query (f, &live, &min, &max);
  g_assert_cmpuint (min, ==, (300 + 250 + 120 + 100) * GST_MSECOND);
  g_assert_cmpuint (count_latency_messages (f), ==, 0);
  restart (f, 200 * GST_MSECOND);
  g_assert_cmpuint (count_latency_messages (f), ==, 1);
  fixture_free (f);
}

/* The most PCM frames that were in and not yet out, pushed one by one; it is
 * never less once the first has left */
static guint64
measure (const char *properties, guint rate, GstClockTime *answered)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, rate, 1);
  gboolean live;
  GstClockTime max;
  query (f, &live, answered, &max);
  guint64 most = 0;
  while (f->n_pushed < 2 * rate) {
    fixture_push (f, 1);
    guint n_out = gst_harness_buffers_received (f->harness);
    guint64 waiting = f->n_pushed - n_out;
    most = MAX (most, waiting);
    if (n_out > 0)
      g_assert_cmpuint (waiting, ==, most);
  }
  fixture_free (f);
  return most;
}

static void
test_is_the_worst_case (void)
{
  static const guint rates[] = { 8000, 11025, 16000, 44100, 48000 };
  static const char *properties[] = {
    "processing=async mask=time method=none",
    "processing=async mask=time method=none hop=70000000 lookahead=30000000",
  };
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++)
    for (guint i = 0; i < G_N_ELEMENTS (properties); i++) {
      GstClockTime answered;
      guint64 most = measure (properties[i], rates[r], &answered);
      guint64 limit = gst_util_uint64_scale (answered, rates[r], GST_SECOND);
      g_test_message ("%u Hz: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
          rates[r], most, limit);
      g_assert_cmpuint (most, ==, limit);
    }
}

/* Where windows are waited for sound leaves once it is masked: not later than
 * without the budget. */
static void
test_prompt_in_sync (void)
{
  static const guint rates[] = { 8000, 16000, 44100, 48000 };
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    guint rate = rates[r], most = 0;
    Fixture *f = fixture_new ("processing=sync mask=time method=none",
        GST_AUDIO_FORMAT_S16, rate, 1);
    while (f->n_pushed < 4 * rate) {
      fixture_push (f, rate / 100);
      guint n_out = gst_harness_buffers_received (f->harness);
      most = MAX (most, (guint) (f->n_pushed / (rate / 100)) - n_out);
    }
    g_test_message ("%u Hz: %u ms", rate, 10 * most);
    g_assert_cmpuint (10 * most, <=, 500 + 250 + 100);
    fixture_free (f);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/latency/none-without-mask",
      test_none_without_mask);
  g_test_add_func ("/speakersaliency/latency/is-added-to-that-of-upstream",
      test_is_added);
  g_test_add_func ("/speakersaliency/latency/is-added-to-a-finite-maximum",
      test_finite_maximum);
  g_test_add_func ("/speakersaliency/latency/message-when-it-changes",
      test_message);
  g_test_add_func ("/speakersaliency/latency/is-the-worst-case",
      test_is_the_worst_case);
  g_test_add_func ("/speakersaliency/latency/prompt-in-sync",
      test_prompt_in_sync);
  return g_test_run ();
}
