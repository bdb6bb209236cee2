/* SPDX-License-Identifier: GPL-2.0-or-later */
/* actions.c: a voice enrolled from what plays, and reset */
#include "fixture.h"

#include <glib/gstdio.h>

#define RATE 16000

static GstStructure *
finish (Fixture *f, const char *location)
{
  GstStructure *result = NULL;
  g_signal_emit_by_name (f->element, "enrol-finish", location, &result);
  g_assert_nonnull (result);
  g_assert_true (gst_structure_has_name (result, "speaker-enrolment"));
  return result;
}

static gboolean
start (Fixture *f, const char *name)
{
  gboolean started;
  g_signal_emit_by_name (f->element, "enrol-start", name, &started);
  return started;
}

static void
push_seconds (Fixture *f, guint n)
{
  for (guint i = 0; i < 100 * n; i++)
    g_assert_cmpint (fixture_push (f, RATE / 100), ==, GST_FLOW_OK);
}

static void
assert_fails (Fixture *f, const char *location, const char *word)
{
  g_autoptr (GstStructure) result = finish (f, location);
  const char *error = gst_structure_get_string (result, "error");
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error, word));
  g_assert_cmpint (gst_structure_n_fields (result), ==, 1);
}

/* One of the warnings has @words. */
static void
assert_warns (const GstStructure *advice, const char *words)
{
  const GValue *warnings = gst_structure_get_value (advice, "warnings");
  gboolean found = FALSE;
  g_assert_nonnull (warnings);
  for (guint i = 0; i < gst_value_array_get_size (warnings); i++) {
    const GValue *value = gst_value_array_get_value (warnings, i);
    found |= strstr (g_value_get_string (value), words) != NULL;
  }
  g_assert_true (found);
}

static void
assert_saves (Fixture *f, const char *name)
{
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "x.speaker", NULL);
  g_autoptr (GstStructure) result = finish (f, path);
  g_assert_cmpstr (gst_structure_get_string (result, "name"), ==, name);
  g_assert_cmpfloat_with_epsilon (get_double (result, "seconds"), 3, 0.02);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_remove (path);
  g_rmdir (folder);
}

/* The file is a target at once, while playing. */
static void
test_enrol (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, RATE, 1);
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "alice.speaker", NULL);
  push_seconds (f, 1);
  g_assert_true (start (f, "alice"));
  push_seconds (f, 4);
  g_autoptr (GstStructure) result = finish (f, path);
  g_assert_cmpstr (gst_structure_get_string (result, "name"), ==, "alice");
  g_assert_cmpstr (gst_structure_get_string (result, "location"), ==, path);
  g_assert_cmpfloat_with_epsilon (get_double (result, "seconds"), 4, 0.02);
  g_assert_cmpfloat (get_double (result, "speech-seconds"), >, 1);
  g_assert_false (gst_structure_has_field (result, "error"));
  assert_warns (result, "little speech");

  g_object_set (f->element, "target", path, NULL);
  push_seconds (f, 3);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  const GstStructure *first = messages->pdata[0];
  const GstStructure *last = messages->pdata[messages->len - 2];
  g_assert_cmpstr (gst_structure_get_string (first, "target"), ==, "spk0");
  g_assert_cmpstr (gst_structure_get_string (last, "target"), ==, "alice");
  g_assert_cmpfloat (get_double (last, "probability"), >, 0.9);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 800);
  fixture_free (f);
  g_remove (path);
  g_rmdir (folder);
}

/* The first voice of all: nobody is looked for yet. */
static void
test_first (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, RATE, 1);
  gst_element_set_state (f->element, GST_STATE_READY);
  g_object_set (f->element, "target", NULL, NULL);
  gst_element_set_state (f->element, GST_STATE_PLAYING);
  gst_harness_push_event (f->harness, gst_event_new_stream_start ("again"));
  fixture_set_format (f, GST_AUDIO_FORMAT_S16, RATE, 1);
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "first.speaker", NULL);
  g_assert_true (start (f, "first"));
  push_seconds (f, 4);
  g_signal_emit_by_name (f->element, "enrol-finish-async", path);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (f->bus,
      60 * GST_SECOND, GST_MESSAGE_ELEMENT);
  g_assert_nonnull (message);
  const GstStructure *result = gst_message_get_structure (message);
  g_assert_true (gst_structure_has_name (result, "speaker-enrolment"));
  g_assert_cmpstr (gst_structure_get_string (result, "name"), ==, "first");
  assert_warns (result, "little speech");

  g_object_set (f->element, "target", path, NULL);
  push_seconds (f, 3);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  const GstStructure *last = messages->pdata[messages->len - 2];
  g_assert_cmpuint (get_uint64 (messages->pdata[0], "timestamp"), >=,
      3 * GST_SECOND);
  g_assert_cmpstr (gst_structure_get_string (last, "target"), ==, "first");
  g_assert_cmpfloat (get_double (last, "probability"), >, 0.9);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 700);
  fixture_free (f);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_failures (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, RATE, 1);
  assert_fails (f, "/tmp/x.speaker", "under way");
  g_assert_false (start (f, NULL));
  g_assert_true (start (f, "bob"));
  fixture_push (f, RATE / 10);
  assert_fails (f, "/tmp/x.speaker", "speech");
  g_assert_true (start (f, "bob"));
  push_seconds (f, 3);
  assert_fails (f, "/nowhere/at/all.speaker", "/nowhere/at/all.speaker");
  assert_fails (f, NULL, "location");
  assert_saves (f, "bob"); /* what was heard is not lost */
  assert_fails (f, "/tmp/x.speaker", "under way");
  g_assert_true (start (f, "bob"));
  gst_element_set_state (f->element, GST_STATE_READY);
  g_assert_false (start (f, "bob"));
  assert_fails (f, "/tmp/x.speaker", "under way");
  fixture_free (f);
}

/* Sound, events and times are those without it. */
static void
test_reset (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, RATE, 1);
  for (guint i = 0; i < 8; i++) {
    push_seconds (f, 1);
    g_signal_emit_by_name (f->element, "reset");
  }
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_assert_cmpuint (buffers->len, ==, 800);
  for (guint i = 0; i < buffers->len; i++) {
    g_assert_cmpuint (GST_BUFFER_PTS (buffers->pdata[i]), ==,
        i * 10 * GST_MSECOND);
    g_assert_cmpint (GST_BUFFER_IS_DISCONT (GST_BUFFER (buffers->pdata[i])), ==,
        i == 0);
  }
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  guint64 end = 0;
  for (guint i = 0; i < messages->len; i++) {
    g_assert_cmpuint (get_uint64 (messages->pdata[i], "timestamp"), ==, end);
    end += get_uint64 (messages->pdata[i], "duration");
  }
  g_assert_cmpuint (end, ==, 8 * GST_SECOND);
  fixture_free (f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/speakersaliency/actions/enrol", "", test_enrol);
  g_test_add_data_func ("/speakersaliency/actions/enrol-async",
      "processing=async", test_enrol);
  g_test_add_data_func ("/speakersaliency/actions/enrol-the-first", "",
      test_first);
  g_test_add_data_func ("/speakersaliency/actions/enrol-the-first-masked",
      "mask=time", test_first);
  g_test_add_data_func ("/speakersaliency/actions/enrol-the-first-async",
      "mask=time processing=async", test_first);
  g_test_add_func ("/speakersaliency/actions/enrol-says-what-is-wrong",
      test_failures);
  g_test_add_data_func ("/speakersaliency/actions/reset-keeps-time", "",
      test_reset);
  g_test_add_data_func ("/speakersaliency/actions/reset-keeps-time-masked",
      "mask=time", test_reset);
  g_test_add_data_func ("/speakersaliency/actions/reset-keeps-time-async",
      "mask=time processing=async", test_reset);
  return g_test_run ();
}
