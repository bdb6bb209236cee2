/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contracts.c: what elements around it, applications and logs rely on */
#include "fixture.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include <glib/gstdio.h>

#include "sound.h"

#define RATE 16000

static GstMessage *
pop (Fixture *f, GstMessageType type)
{
  return gst_bus_pop_filtered (f->bus, type);
}

/* Pops a warning that has @words. */
static void
assert_warning (Fixture *f, const char *words)
{
  g_autoptr (GstMessage) message = pop (f, GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;
  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

/* --- targets ------------------------------------------------------------- */

static void
test_same_name (void)
{
  g_autofree char *a = new_speaker_file ("tiny.safetensors");
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, RATE, 1);
  GstElement *other = new_element ("");
  /* another voice of that name: enrolled from other sound */
  g_autofree char *b = g_strconcat (a, ".2", NULL);
  gboolean started;
  g_autoptr (GstStructure) advice = NULL;
  g_signal_emit_by_name (f->element, "enrol-start", "made up", &started);
  for (guint i = 0; i < 300; i++)
    fixture_push (f, RATE / 100);
  g_signal_emit_by_name (f->element, "enrol-finish", b, &advice);
  g_autofree char *targets = g_strdup_printf ("<%s, %s, %s>", b, a, b);
  g_ptr_array_unref (fixture_take_messages (f));
  g_object_set (f->element, "target", a, NULL);
  gst_util_set_object_arg (G_OBJECT (f->element), "targets", targets);
  assert_warning (f, b); /* given twice */
  for (guint i = 0; i < 300; i++)
    fixture_push (f, RATE / 100);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, >, 10);
  for (guint i = messages->len - 6; i < messages->len; i++) {
    guint id;
    g_assert_true (
        gst_structure_get_uint (messages->pdata[i], "target-id", &id));
    g_assert_cmpuint (id, <, 2);
    g_assert_cmpstr (gst_structure_get_string (messages->pdata[i], "target"),
        ==, id == 0 ? "made up" : "made up #2");
  }
  gst_object_unref (other);
  fixture_free (f);
  g_remove (a);
  g_remove (b);
}

/* Nobody is looked for any more: what comes from now on passes. */
static void
test_unset (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, RATE, 1);
  for (guint i = 0; i < 30; i++)
    fixture_push (f, RATE / 10);
  g_object_set (f->element, "target", NULL, NULL);
  g_ptr_array_unref (fixture_take_messages (f));
  for (guint i = 0; i < 30; i++)
    fixture_push (f, RATE / 10);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, ==, 0);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_assert_cmpuint (buffers->len, ==, 60);
  for (guint i = 31; i < 60; i++) {
    g_autoptr (GstBuffer) want
        = fixture_new_buffer (f, i * RATE / 10, RATE / 10);
    g_autofree float *pcm = g_new (float, RATE / 10);
    gsize size = RATE / 10 * sizeof (float);
    gst_buffer_extract (buffers->pdata[i], 0, pcm, size);
    g_assert_cmpint (gst_buffer_memcmp (want, 0, pcm, size), ==, 0);
  }
  fixture_free (f);
}

/* --- properties ---------------------------------------------------------- */

static void
test_waiting_properties (void)
{
  static const char *cases[][3] = {
    /* name, value, another */
    { "hop", "250000000", "100000000" },
    { "lookahead", "500000000", "300000000" },
    { "budget", "120000000", "200000000" },
    { "mask", "time", "none" },
    { "processing", "auto", "sync" },
    { "model", NULL, "/nowhere" },
  };
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, RATE, 1);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *name = cases[i][0];
    g_auto (GValue) before = G_VALUE_INIT;
    g_auto (GValue) after = G_VALUE_INIT;
    g_object_get_property (G_OBJECT (f->element), name, &before);
    gst_util_set_object_arg (G_OBJECT (f->element), name, cases[i][2]);
    assert_warning (f, name);
    g_object_get_property (G_OBJECT (f->element), name, &after);
    g_assert_cmpint (gst_value_compare (&before, &after), ==, GST_VALUE_EQUAL);
    g_object_set_property (G_OBJECT (f->element), name, &before);
    g_assert_null (pop (f, GST_MESSAGE_WARNING)); /* as it is */
  }
  g_object_set (f->element, "hop", 100 * GST_MSECOND, NULL);
  gst_element_set_state (f->element, GST_STATE_READY);
  guint64 hop;
  g_object_get (f->element, "hop", &hop, NULL);
  g_assert_cmpuint (hop, ==, 100 * GST_MSECOND);
  fixture_free (f);
}

/* What is refused is not read back. */
static void
test_refused_properties (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, RATE, 1);
  g_autofree char *target = NULL;
  guint layers;
  fixture_push (f, RATE);
  g_object_set (f->element, "target", "/nowhere/bob.speaker", NULL);
  assert_warning (f, "/nowhere/bob.speaker");
  g_object_get (f->element, "target", &target, NULL);
  g_assert_cmpstr (target, ==, "spk0");
  gst_util_set_object_arg (G_OBJECT (f->element), "targets", "<spk1, nobody>");
  assert_warning (f, "nobody");
  g_auto (GValue) targets = G_VALUE_INIT;
  g_object_get_property (G_OBJECT (f->element), "targets", &targets);
  g_assert_cmpuint (gst_value_array_get_size (&targets), ==, 0);
  g_object_set (f->element, "layers", 0, NULL);
  fixture_push (f, RATE);
  assert_warning (f, "layer");
  g_object_get (f->element, "layers", &layers, NULL);
  g_assert_cmpuint (layers, ==, 8);
  fixture_free (f);
}

static void
test_old_names (void)
{
  GstElement *element = new_element ("method=grad-cam++ hold-time=3000000000");
  gint method;
  guint64 hold;
  g_object_get (element, "method", &method, "late-hold", &hold, NULL);
  g_assert_cmpint (method, ==, 4);
  g_assert_cmpuint (hold, ==, 3 * GST_SECOND);
  gst_util_set_object_arg (G_OBJECT (element), "method", "none");
  gst_util_set_object_arg (G_OBJECT (element), "method", "grad-cam-plus-plus");
  g_object_get (element, "method", &method, NULL);
  g_assert_cmpint (method, ==, 4);
  gst_object_unref (element);
}

/* Nicks are what GStreamer allows. */
static void
test_nicks (void)
{
  guint n;
  GstElement *element = new_element ("");
  g_autofree GParamSpec **specs
      = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);
  for (guint i = 0; i < n; i++) {
    if (!G_IS_PARAM_SPEC_ENUM (specs[i])
        || specs[i]->owner_type != G_OBJECT_TYPE (element))
      continue;
    GEnumClass *klass = G_PARAM_SPEC_ENUM (specs[i])->enum_class;
    for (guint k = 0; k < klass->n_values; k++)
      g_assert_true (g_regex_match_simple ("^[a-z0-9-]+$",
          klass->values[k].value_nick, 0, 0));
  }
  gst_object_unref (element);
}

/* A sink that is late costs a window, if the element may react; never sound. */
static void
test_qos (gconstpointer qos)
{
  g_autofree char *properties
      = g_strdup_printf ("processing=async hop=100000000 qos=%s",
          (const char *) qos);
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, RATE, 1);
  g_autoptr (GstStructure) stats = NULL;
  for (guint i = 0; i < 300; i++) {
    fixture_push (f, RATE / 100);
    if (i % 100 == 50)
      gst_harness_push_upstream_event (f->harness,
          gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 2.0, GST_SECOND, 0));
  }
  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_cmpuint (get_uint64 (stats, "skipped"), ==,
      g_str_equal (qos, "true") ? 3 : 0);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 300);
  fixture_free (f);
}

/* --- errors and logs ----------------------------------------------------- */

static void
test_missing_meta (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_F32, RATE, 2);
  fixture_set_layout (f, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 6400, NULL);
  GST_BUFFER_PTS (buffer) = 0;
  g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_ERROR);
  g_autoptr (GstMessage) message = pop (f, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  fixture_free (f);
}

static void
test_error_says_where (void)
{
  GstElement *element = new_element ("model=/nowhere/at.all");
  GstBus *bus = gst_bus_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *debug = NULL;
  gst_element_set_bus (element, bus);
  /* where nobody waits for sound yet */
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_READY), ==,
      GST_STATE_CHANGE_FAILURE);
  g_autoptr (GstMessage) message
      = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, &debug);
  g_assert_nonnull (strstr (debug, "gstspeakersaliency.c"));
  g_assert_nonnull (strstr (debug, "libsaliency"));
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_object_unref (element);
}

typedef struct {
  GMutex lock;
  GString *text;
} Log;

static void
keep_log (GstDebugCategory *category, GstDebugLevel level, const char *file,
    const char *function, int line, GObject *object, GstDebugMessage *message,
    gpointer data)
{
  Log *self = data;
  const char *name = gst_debug_category_get_name (category);
  if (!g_str_equal (name, "speakersaliency") && !g_str_equal (name, "saliency"))
    return;
  g_mutex_lock (&self->lock);
  g_string_append_printf (self->text, "%s: %s\n", name,
      gst_debug_message_get (message));
  g_mutex_unlock (&self->lock);
}

static void
test_log (void)
{
  static const char *const wanted[] = { "speakersaliency: latency 0:00:00.97",
    "settings: model ", "hop 250 ms", "saliency: model ", "processing is async",
    "dispatched: window ", "late: stretch ", "superseded: window ",
    "enrolment of alice begins", "reset", "stopped: " };
  Log log = { .text = g_string_new (NULL) };
  g_mutex_init (&log.lock);
  /* a model that is in memory already is not read again */
  g_autofree char *from = test_data ("tiny.safetensors");
  g_autofree char *copy = NULL, *data = NULL;
  gsize n;
  g_close (g_file_open_tmp ("XXXXXX.safetensors", &copy, NULL), NULL);
  g_assert_true (g_file_get_contents (from, &data, &n, NULL));
  g_assert_true (g_file_set_contents (copy, data, (gssize) n, NULL));
  gst_debug_add_log_function (keep_log, &log, NULL);
  gst_debug_set_threshold_from_string ("speakersaliency:5,saliency:5", FALSE);
  g_autofree char *properties
      = g_strdup_printf ("model=%s mask=time processing=async", copy);
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, RATE, 1);
  gboolean started;
  g_signal_emit_by_name (f->element, "enrol-start", "alice", &started);
  g_signal_emit_by_name (f->element, "reset");
  for (guint i = 0; i < 1000; i++)
    fixture_push (f, RATE / 100);
  fixture_free (f);
  gst_debug_remove_log_function (keep_log);
  gst_debug_set_threshold_from_string ("", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if (strstr (log.text->str, wanted[i]) == NULL)
      g_error ("no \"%s\" in\n%s", wanted[i], log.text->str);
  g_string_free (log.text, TRUE);
  g_mutex_clear (&log.lock);
  g_remove (copy);
}

/* --- what is heard ------------------------------------------------------- */

/* @sign: of the second channel */
static void
push_stereo (Fixture *f, double sign, guint seconds)
{
  for (guint i = 0; i < 10 * seconds; i++) {
    g_autofree double *pcm = g_new (double, 2 * RATE / 10);
    for (guint k = 0; k < RATE / 10; k++) {
      double x = 0.3 * sin (0.05 * (f->n_pushed + k));
      pcm[2 * k] = x;
      pcm[2 * k + 1] = sign * x;
    }
    GstBuffer *buffer = sound_new_buffer (&f->info, pcm, RATE / 10);
    GST_BUFFER_PTS (buffer)
        = gst_util_uint64_scale (f->n_pushed, GST_SECOND, RATE);
    f->n_pushed += RATE / 10;
    gst_harness_push (f->harness, buffer);
  }
}

static void
test_cancelling_channels (gconstpointer data)
{
  GstAudioFormat format = GPOINTER_TO_INT (data);
  for (guint planar = 0; planar < 2; planar++) {
    Fixture *f = fixture_new ("method=none", format, RATE, 2);
    if (planar)
      fixture_set_layout (f, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
    push_stereo (f, 1, 6);
    push_stereo (f, 0, 6); /* half of it is there */
    g_assert_null (pop (f, GST_MESSAGE_WARNING));
    push_stereo (f, -0.99, 20);
    assert_warning (f, "cancel");
    g_assert_null (pop (f, GST_MESSAGE_WARNING)); /* once */
    fixture_free (f);
  }
}

/* Not finite samples never leave, and are counted in one warning. */
static void
test_samples_not_finite (void)
{
  Fixture *f = fixture_new ("method=none mask=time bypass=true processing=sync",
      GST_AUDIO_FORMAT_F32, RATE, 1);
  g_autofree float *pcm = g_new (float, RATE);
  for (guint i = 0; i < 4; i++) {
    for (guint k = 0; k < RATE; k++)
      pcm[k] = 0.3f * sinf (0.05f * k);
    pcm[77] = i == 1 ? NAN : 0;
    pcm[78] = i == 1 ? INFINITY : 0;
    GstBuffer *buffer = gst_buffer_new_memdup (pcm, RATE * sizeof (float));
    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    gst_harness_push (f->harness, buffer);
  }
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  assert_warning (f, "2 samples are not finite");
  g_assert_null (pop (f, GST_MESSAGE_WARNING)); /* once */
  gsize n = 0;
  GstBuffer *out;
  while ((out = gst_harness_try_pull (f->harness)) != NULL) {
    GstMapInfo map;
    g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
    for (gsize k = 0; k < map.size / sizeof (float); k++)
      g_assert_true (isfinite (((float *) map.data)[k]));
    n += map.size / sizeof (float);
    gst_buffer_unmap (out, &map);
    gst_buffer_unref (out);
  }
  g_assert_cmpuint (n, ==, 4 * RATE);
  fixture_free (f);
}

static double
cpu (void)
{
  return (double) clock () / CLOCKS_PER_SEC;
}

/* Seconds of the processor for ten of sound of that amplitude */
static double
cost_of (const char *properties, guint rate, double amplitude)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, rate, 1);
  g_autofree float *pcm = g_new (float, rate);
  for (guint i = 0; i < rate; i++)
    pcm[i] = (float) (amplitude * ((i * 7919 % 1009) / 504.5 - 1));
  double since = cpu ();
  for (guint i = 0; i < 10; i++) {
    GstBuffer *buffer = gst_buffer_new_memdup (pcm, rate * sizeof (float));
    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    gst_harness_push (f->harness, buffer);
  }
  double cost = cpu () - since;
  fixture_free (f);
  return cost;
}

/* Beside zeros in the same minute; the best of some, as others work, too */
static void
test_denormals (gconstpointer properties)
{
  static const guint rates[] = { 16000, 44100, 48000 };
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    double best = G_MAXDOUBLE;
    for (guint i = 0; i < 9 && best > 1.5; i++) {
      double zeros = cost_of (properties, rates[r], 0);
      double tiny = cost_of (properties, rates[r], 1e-39);
      best = MIN (best, tiny / zeros);
    }
    g_test_message ("%u Hz: %.2f times the cost of zeros", rates[r], best);
    g_assert_cmpfloat (best, <=, 1.5);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/targets/of-one-name", test_same_name);
  g_test_add_data_func ("/speakersaliency/targets/unset", "mask=time",
      test_unset);
  g_test_add_data_func ("/speakersaliency/targets/unset-async",
      "mask=time processing=async", test_unset);
  g_test_add_func ("/speakersaliency/properties/that-wait-for-the-start",
      test_waiting_properties);
  g_test_add_func ("/speakersaliency/properties/refused-are-not-read-back",
      test_refused_properties);
  g_test_add_func ("/speakersaliency/properties/old-names", test_old_names);
  g_test_add_func ("/speakersaliency/properties/nicks", test_nicks);
  g_test_add_data_func ("/speakersaliency/qos/on", "true", test_qos);
  g_test_add_data_func ("/speakersaliency/qos/off", "false", test_qos);
  g_test_add_func ("/speakersaliency/errors/missing-audio-meta",
      test_missing_meta);
  g_test_add_func ("/speakersaliency/errors/say-where", test_error_says_where);
  g_test_add_func ("/speakersaliency/log/says-what-happens", test_log);
  g_test_add_data_func ("/speakersaliency/channels/cancel/s16",
      GINT_TO_POINTER (GST_AUDIO_FORMAT_S16), test_cancelling_channels);
  g_test_add_data_func ("/speakersaliency/channels/cancel/f32",
      GINT_TO_POINTER (GST_AUDIO_FORMAT_F32), test_cancelling_channels);
  g_test_add_func ("/speakersaliency/samples/not-finite",
      test_samples_not_finite);
  g_test_add_data_func ("/speakersaliency/denormals/cost",
      "method=none post-messages=false", test_denormals);
  g_test_add_data_func ("/speakersaliency/denormals/cost-masked",
      "method=none post-messages=false mask=time", test_denormals);
  return g_test_run ();
}
