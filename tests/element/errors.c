/* SPDX-License-Identifier: GPL-2.0-or-later */
/* errors.c: whatever is wrong is said on the bus, once, and nothing starts */
#include "fixture.h"

#include <glib/gstdio.h>

/* Setting up @element fails with @code, and the message names @word. */
static void
assert_fails (GstElement *element, GstResourceError code, const char *word)
{
  GstBus *bus = gst_bus_new ();
  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  g_autoptr (GstMessage) message
      = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_autoptr (GError) error = NULL;
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_error (error, GST_RESOURCE_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, word));
  g_assert_null (gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR));
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_object_unref (element);
}

static void
test_model_missing (void)
{
  GstElement *element = new_element ("");
  g_object_set (element, "model", "/nowhere/at.all", NULL);
  assert_fails (element, GST_RESOURCE_ERROR_NOT_FOUND, "/nowhere/at.all");
}

static void
test_model_is_directory (void)
{
  GstElement *element = new_element ("");
  g_object_set (element, "model", g_get_tmp_dir (), NULL);
  assert_fails (element, GST_RESOURCE_ERROR_READ, g_get_tmp_dir ());
}

static char *
write_temporary (const char *data, gsize n)
{
  char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_close (g_file_open_tmp ("XXXXXX.part", &path, &error), NULL);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, data, (gssize) n, NULL));
  return path;
}

static void
test_model_truncated (void)
{
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autofree char *data = NULL;
  gsize n;
  g_assert_true (g_file_get_contents (model, &data, &n, NULL));
  const gsize lengths[] = { 0, 7, 100, n / 2, n - 1 };
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autofree char *part = write_temporary (data, lengths[i]);
    GstElement *element = new_element ("");
    g_object_set (element, "model", part, NULL);
    assert_fails (element, GST_RESOURCE_ERROR_READ, part);
    g_remove (part);
  }
}

/* Everything passes, and a warning says so. */
static void
test_target_unset (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, 16000, 1);
  gst_element_set_state (f->element, GST_STATE_READY);
  g_object_set (f->element, "target", NULL, NULL);
  g_assert_cmpint (gst_element_set_state (f->element, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  g_autoptr (GstMessage) message
      = gst_bus_pop_filtered (f->bus, GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;
  gst_message_parse_warning (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "target"));
  gst_harness_push_event (f->harness, gst_event_new_stream_start ("again"));
  fixture_set_format (f, GST_AUDIO_FORMAT_F32, 16000, 1);
  fixture_play (f, 64000, 1600);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_autoptr (GBytes) got = join_buffers (buffers);
  g_autoptr (GstBuffer) want = fixture_new_buffer (f, 0, 64000);
  g_assert_cmpuint (g_bytes_get_size (got), ==, gst_buffer_get_size (want));
  g_assert_cmpint (gst_buffer_memcmp (want, 0, g_bytes_get_data (got, NULL),
                       g_bytes_get_size (got)),
      ==, 0);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, ==, 0);
  g_autoptr (GstStructure) stats = NULL;
  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_cmpuint (get_uint64 (stats, "windows"), ==, 0);
  g_assert_cmpuint (get_uint64 (stats, "late"), ==, 0);
  fixture_free (f);
}

static void
test_target_missing (void)
{
  GstElement *element = new_element ("");
  g_object_set (element, "target", "/nowhere/alice.speaker", NULL);
  assert_fails (element, GST_RESOURCE_ERROR_NOT_FOUND,
      "/nowhere/alice.speaker");
}

static void
test_target_broken (void)
{
  g_autofree char *path = write_temporary ("no speaker", 10);
  GstElement *element = new_element ("");
  g_object_set (element, "target", path, NULL);
  assert_fails (element, GST_RESOURCE_ERROR_READ, path);
  g_remove (path);
}

static void
test_target_of_other_model (void)
{
  g_autofree char *path = new_speaker_file ("wespeaker.safetensors");
  GstElement *element = new_element ("");
  g_object_set (element, "target", path, NULL);
  assert_fails (element, GST_RESOURCE_ERROR_SETTINGS, "model");
  g_remove (path);
}

static void
test_no_layers (void)
{
  GstElement *element = new_element ("");
  g_object_set (element, "layers", 0, NULL);
  assert_fails (element, GST_RESOURCE_ERROR_SETTINGS, "layer");
}

static void
test_new_target_missing (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_push (f, 16000);
  g_object_set (f->element, "target", "/nowhere/bob.speaker", NULL);
  g_autoptr (GstMessage) message
      = gst_bus_pop_filtered (f->bus, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  g_assert_cmpint (fixture_push (f, 16000), ==, GST_FLOW_OK);
  g_assert_null (gst_bus_pop_filtered (f->bus, GST_MESSAGE_ERROR));
  fixture_free (f);
}

static void
test_before_caps (void)
{
  GstElement *element = new_element ("");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "sink");
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  gst_pad_send_event (pad, gst_event_new_stream_start ("id"));
  gst_pad_send_event (pad, gst_event_new_segment (&segment));
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 64, NULL);
  g_assert_cmpint (gst_pad_chain (pad, buffer), ==, GST_FLOW_NOT_NEGOTIATED);
  gst_pad_send_event (pad, gst_event_new_gap (0, GST_SECOND));
  gst_pad_send_event (pad, gst_event_new_eos ());
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

static void
set_extremes (GstElement *element, GParamSpec *spec)
{
  if (G_IS_PARAM_SPEC_UINT64 (spec)) {
    g_object_set (element, spec->name, G_PARAM_SPEC_UINT64 (spec)->minimum,
        NULL);
    g_object_set (element, spec->name, G_PARAM_SPEC_UINT64 (spec)->maximum,
        NULL);
  } else if (G_IS_PARAM_SPEC_FLOAT (spec)) {
    g_object_set (element, spec->name,
        (double) G_PARAM_SPEC_FLOAT (spec)->minimum, NULL);
    g_object_set (element, spec->name,
        (double) G_PARAM_SPEC_FLOAT (spec)->maximum, NULL);
  } else if (G_IS_PARAM_SPEC_ENUM (spec)) {
    GEnumClass *klass = G_PARAM_SPEC_ENUM (spec)->enum_class;
    for (guint i = 0; i < klass->n_values; i++)
      g_object_set (element, spec->name, klass->values[i].value, NULL);
  } else if (G_IS_PARAM_SPEC_BOOLEAN (spec)) {
    g_object_set (element, spec->name, TRUE, NULL);
    g_object_set (element, spec->name, FALSE, NULL);
  }
}

/* Every property takes its smallest and largest value and its default. */
static void
set_all_properties (GstElement *element)
{
  guint n;
  g_autofree GParamSpec **specs
      = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);
  for (guint i = 0; i < n; i++) {
    if (specs[i]->owner_type != G_OBJECT_TYPE (element)
        || G_IS_PARAM_SPEC_STRING (specs[i]))
      continue;
    g_auto (GValue) value = G_VALUE_INIT;
    g_object_get_property (G_OBJECT (element), specs[i]->name, &value);
    g_assert_true (G_VALUE_HOLDS (&value, specs[i]->value_type));
    if (!(specs[i]->flags & G_PARAM_WRITABLE))
      continue;
    set_extremes (element, specs[i]);
    g_object_set_property (G_OBJECT (element), specs[i]->name,
        g_param_spec_get_default_value (specs[i]));
    g_object_set_property (G_OBJECT (element), specs[i]->name, &value);
  }
}

static void
test_properties (void)
{
  GstElement *element = new_element ("");
  for (GstState state = GST_STATE_NULL; state <= GST_STATE_PLAYING; state++) {
    gst_element_set_state (element, state);
    set_all_properties (element);
  }
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

typedef struct {
  GstElement *element;
  gint stop; /* atomic */
} Storm;

static gpointer
storm (gpointer data)
{
  Storm *self = data;
  for (guint i = 0; !g_atomic_int_get (&self->stop); i++) {
    g_autofree char *target = NULL;
    g_object_set (self->element, "target", i % 2 ? "spk1" : "spk0",
        "post-messages", i % 3 > 0, "message-map", i % 5 > 2, "attach-meta",
        i % 7 > 3, NULL);
    g_object_get (self->element, "target", &target, NULL);
    g_autoptr (GstQuery) query = gst_query_new_latency ();
    gst_element_query (self->element, query);
  }
  return NULL;
}

static void
test_storm (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 48000, 1);
  Storm data = { f->element, 0 };
  GThread *thread = g_thread_new ("storm", storm, &data);
  fixture_play (f, 10 * 48000, 480);
  g_atomic_int_set (&data.stop, 1);
  g_thread_join (thread);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 1000);
  fixture_free (f);
}

/* Extremes of the settings can all be used. */
static void
test_extremes (void)
{
  static const char *settings[] = {
    "hop=50000000 lookahead=0",
    "hop=2000000000 lookahead=2000000000",
    "threshold=0.001 floor=-120 attack=0 release=0 hold=0",
    "threshold=0.999 attack=10000000000 release=10000000000 hold=10000000000",
    "method=none",
    "method=layer-cam layers=s1+s2+s3+s4 fusion=max degrid=true",
    "gamma=0.01",
    "gamma=100 score-function=posterior",
    "score-function=logit layers=s1",
    "method=grad-cam percentile=0.01",
    "method=grad-cam++ percentile=100",
    "method=score-cam score-channels=0",
    "method=score-cam score-channels=4294967295 layers=s1+s4",
  };
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autofree char *properties = g_strdup_printf ("mask=time %s", settings[i]);
    Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 16000, 1);
    fixture_play (f, 40000, 800);
    g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 50);
    fixture_free (f);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/errors/model-missing", test_model_missing);
  g_test_add_func ("/speakersaliency/errors/model-is-a-directory",
      test_model_is_directory);
  g_test_add_func ("/speakersaliency/errors/model-truncated",
      test_model_truncated);
  static const char *modes[]
      = { "mask=none", "mask=time", "mask=time-frequency",
          "processing=async mask=time", "mask=time lookahead=0 hop=50000000" };
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autofree char *path
        = g_strdup_printf ("/speakersaliency/targets/none-passes-everything/%s",
            modes[i]);
    g_test_add_data_func (path, modes[i], test_target_unset);
  }
  g_test_add_func ("/speakersaliency/errors/target-missing",
      test_target_missing);
  g_test_add_func ("/speakersaliency/errors/target-broken", test_target_broken);
  g_test_add_func ("/speakersaliency/errors/target-of-another-model",
      test_target_of_other_model);
  g_test_add_func ("/speakersaliency/errors/no-layers", test_no_layers);
  g_test_add_func ("/speakersaliency/errors/new-target-missing-is-a-warning",
      test_new_target_missing);
  g_test_add_func ("/speakersaliency/errors/buffer-before-caps",
      test_before_caps);
  g_test_add_func ("/speakersaliency/properties/can-be-set-in-every-state",
      test_properties);
  g_test_add_func ("/speakersaliency/properties/can-change-while-playing",
      test_storm);
  g_test_add_func ("/speakersaliency/properties/extremes-can-be-used",
      test_extremes);
  return g_test_run ();
}
