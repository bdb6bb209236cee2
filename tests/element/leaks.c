/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leaks.c: nothing of GStreamer's stays behind, however a stream ends (24) */
#include "fixture.h"

#include <glib/gstdio.h>

#define N_CYCLES 50

typedef struct {
  const char *model; /* of the test data; NULL: a file that is no model */
  gboolean starts, ends;
} End;

static const End with_eos = { "tiny.safetensors", TRUE, TRUE };
static const End without_eos = { "tiny.safetensors", TRUE, FALSE };
static const End broken_model = { NULL, FALSE, FALSE };
static const End wrong_model = { "wespeaker.safetensors", FALSE, FALSE };

static GstElement *
new_pipeline (const char *model, const char *target)
{
  g_autofree char *line = g_strdup_printf (
      "audiotestsrc num-buffers=100 "
      "samplesperbuffer=480 ! audio/x-raw,rate=48000 ! tee name=tee ! queue ! "
      "speakersaliency model=\"%s\" target=\"%s\" mask=time attach-meta=true "
      "! fakesink async=false tee. ! queue ! speakersaliency model=\"%s\" "
      "target=\"%s\" processing=async message-map=true ! fakesink async=false",
      model, target, model, target);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  return pipeline;
}

static void
cycle (GstElement *pipeline, const End *end)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_bus_set_flushing (bus, FALSE);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PLAYING)
          != GST_STATE_CHANGE_FAILURE,
      ==, end->starts);
  if (end->starts && !end->ends)
    g_usleep ((gulong) g_random_int_range (0, 10000));
  if (end->ends || !end->starts) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
        60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    g_assert_nonnull (message);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), ==,
        end->ends ? GST_MESSAGE_EOS : GST_MESSAGE_ERROR);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static void
run_cycles (const End *end)
{
  g_autofree char *target = new_speaker_file ("tiny.safetensors");
  g_autofree char *model
      = end->model != NULL ? test_data (end->model) : g_strdup (target);
  GstElement *pipeline = new_pipeline (model, target);
  for (guint i = 0; i < N_CYCLES; i++)
    cycle (pipeline, end);
  gst_object_unref (pipeline);
  g_remove (target);
}

/* GStreamer's tracer counts in a process of its own, until gst_deinit(). */
static void
test_leaks (gconstpointer end)
{
  if (g_test_subprocess ()) {
    run_cycles (end);
    gst_deinit ();
    return;
  }
  g_setenv ("GST_TRACERS", "leaks", TRUE);
  g_setenv ("GST_DEBUG", "GST_TRACER:7", TRUE);
  g_setenv ("G_DEBUG", "fatal-criticals", TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr_unmatched ("*Leaks detected*");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/speakersaliency/leaks/with-eos", &with_eos,
      test_leaks);
  g_test_add_data_func ("/speakersaliency/leaks/without-eos", &without_eos,
      test_leaks);
  g_test_add_data_func ("/speakersaliency/leaks/after-broken-model",
      &broken_model, test_leaks);
  g_test_add_data_func ("/speakersaliency/leaks/after-wrong-model",
      &wrong_model, test_leaks);
  return g_test_run ();
}
