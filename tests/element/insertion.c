/* SPDX-License-Identifier: GPL-2.0-or-later */
/* insertion.c: put into a pipeline that plays, and taken out of it
 *
 * Live sound to a sink that throws away what comes too late.  The application
 * does what the LATENCY message asks for, and nothing else.
 */
#include "fixture.h"

#define N_TIMES 30
#define LATENCY 400 /* ms: look-ahead 100, hop 100, budget 100, masking 100 */

typedef struct {
  GstElement *pipeline, *before, *after, *sink, *element;
  gint n_latency; /* LATENCY messages of the element */
  GMutex lock;
  GCond changed;
  gboolean done; /* under the lock */
  gint n_out;    /* likewise: buffers that passed */
} Running;

/* What an application does with its messages. */
static void
take_messages (Running *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  GstMessage *message;
  while ((message = gst_bus_pop_filtered (bus,
              GST_MESSAGE_LATENCY | GST_MESSAGE_ERROR))
      != NULL) {
    GstObject *source = GST_MESSAGE_SRC (message);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_LATENCY);
    self->n_latency += source == GST_OBJECT (self->element);
    gst_bin_recalculate_latency (GST_BIN (self->pipeline));
    gst_message_unref (message);
  }
}

static GstPadProbeReturn
count_out (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Running *self = data;
  g_mutex_lock (&self->lock);
  self->n_out++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

static void
count_on (Running *self, GstElement *element)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_out, self, NULL);
}

static void
link_element (Running *self)
{
  gst_element_unlink (self->before, self->after);
  gst_bin_add (GST_BIN (self->pipeline), self->element);
  g_assert_true (
      gst_element_link_many (self->before, self->element, self->after, NULL));
  g_assert_true (gst_element_sync_state_with_parent (self->element));
}

static void
unlink_element (Running *self)
{
  gst_element_unlink_many (self->before, self->element, self->after, NULL);
  g_assert_true (gst_element_link (self->before, self->after));
}

/* Between two buffers, in the thread of the source */
static GstPadProbeReturn
change (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Running *self = data;
  if (GST_OBJECT_PARENT (self->element) == NULL)
    link_element (self);
  else
    unlink_element (self);
  g_mutex_lock (&self->lock);
  self->done = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_REMOVE;
}

static void
change_now (Running *self)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (self->before, "src");
  self->done = FALSE;
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_IDLE, change, self, NULL);
  g_mutex_lock (&self->lock);
  while (!self->done)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

static gint
get_n_out (Running *self)
{
  g_mutex_lock (&self->lock);
  g_cond_wait_until (&self->changed, &self->lock,
      g_get_monotonic_time () + 10000);
  gint n = self->n_out;
  g_mutex_unlock (&self->lock);
  return n;
}

static void
wait_for_buffers (Running *self, gint n)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  gint n_before = get_n_out (self);
  while (get_n_out (self) < n_before + n) {
    take_messages (self);
    g_assert_cmpint (g_get_monotonic_time (), <, end);
  }
  take_messages (self);
}

static Running *
start (void)
{
  Running *self = g_new0 (Running, 1);
  g_autoptr (GError) error = NULL;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->pipeline = gst_parse_launch (
      "audiotestsrc is-live=true wave=pink-noise samplesperbuffer=160 ! "
      "audio/x-raw,rate=16000,channels=1 ! identity name=before ! "
      "identity name=after ! fakesink name=sink sync=true qos=true "
      /* a busy machine may be late by that, but less than by the latency */
      "max-lateness=200000000",
      &error);
  g_assert_no_error (error);
  self->before = gst_bin_get_by_name (GST_BIN (self->pipeline), "before");
  self->after = gst_bin_get_by_name (GST_BIN (self->pipeline), "after");
  self->sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "sink");
  count_on (self, self->after);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  wait_for_buffers (self, 20);
  return self;
}

static guint64
stop (Running *self)
{
  g_autoptr (GstStructure) stats = NULL;
  g_object_get (self->sink, "stats", &stats, NULL);
  guint64 n_dropped = get_uint64 (stats, "dropped");
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->before);
  gst_object_unref (self->after);
  gst_object_unref (self->sink);
  gst_object_unref (self->pipeline);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
  return n_dropped;
}

static void
test_masked (void)
{
  Running *self = start ();
  for (guint i = 0; i < N_TIMES; i++) {
    self->element = new_element ("mask=time method=none hop=100000000 "
                                 "lookahead=100000000 budget=100000000");
    /* READY costs the load of the model */
    gst_element_set_state (self->element, GST_STATE_READY);
    gint n_latency = self->n_latency;
    change_now (self);
    wait_for_buffers (self, LATENCY / 10 + 5);
    g_assert_cmpint (self->n_latency, >=, n_latency + 1);
    change_now (self);
    wait_for_buffers (self, 5);
    gst_bin_remove (GST_BIN (self->pipeline), self->element);
    gst_element_set_state (self->element, GST_STATE_NULL);
    gst_object_unref (self->element);
  }
  guint64 n_dropped = stop (self);
  g_test_message ("%u dropped", (guint) n_dropped);
  g_assert_cmpuint (n_dropped, ==, 0);
}

/* Nothing is said where there is no latency, or the pipeline starts with it. */
static void
test_no_message (void)
{
  Running *self = start ();
  self->element = new_element ("method=none");
  gst_element_set_state (self->element, GST_STATE_READY);
  change_now (self);
  wait_for_buffers (self, 20);
  g_assert_cmpint (self->n_latency, ==, 0);
  gst_element_set_state (self->pipeline, GST_STATE_READY);
  g_object_set (self->element, "mask", 1, NULL);
  self->n_latency = 0;
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  wait_for_buffers (self, 20);
  g_assert_cmpint (self->n_latency, <=, 1);
  gst_object_unref (self->element);
  stop (self);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/insertion/nothing-is-dropped",
      test_masked);
  g_test_add_func ("/speakersaliency/insertion/no-news-no-message",
      test_no_message);
  return g_test_run ();
}
