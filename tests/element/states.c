/* SPDX-License-Identifier: GPL-2.0-or-later */
/* states.c: starts, stops and flushes at any time, whatever others do */
#include "fixture.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "slow.h"

#define COST 300   /* ms, of a window */
#define MARGIN 100 /* ms, of whatever a busy machine does beside */

/* --- EOS first (5) ------------------------------------------------------- */

static void
test_eos_first (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_play (f, 0, 160);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, ==, 0);
  g_assert_cmpuint (gst_harness_buffers_received (f->harness), ==, 0);
  g_autoptr (GstEvent) eos
      = gst_pad_get_sticky_event (f->harness->sinkpad, GST_EVENT_EOS, 0);
  g_assert_nonnull (eos);
  fixture_free (f);
}

static void
test_eos_on_a_hop (void)
{
  Fixture *f = fixture_new ("hop=100000000", GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_play (f, 16000, 160);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, >, 0);
  for (guint i = 0; i < messages->len; i++) {
    const GstStructure *message = messages->pdata[i];
    g_assert_cmpuint (get_uint64 (message, "duration"), >, 0);
    g_assert_true (isfinite (get_double (message, "score")));
    g_assert_true (isfinite (get_double (message, "probability")));
    g_assert_true (isfinite (get_double (message, "saliency")));
  }
  fixture_free (f);
}

/* --- while a window is computed (15) ------------------------------------- */

typedef struct {
  const char *properties;
  gboolean ends; /* with EOS, which waits for windows */
} Busy;

static const Busy busy_worker = { "processing=async mask=time", FALSE };
static const Busy busy_stream = { "processing=sync mask=time", FALSE };
static const Busy busy_drain = { "processing=async mask=time", TRUE };

typedef struct {
  Fixture *f;
  const Busy *busy;
  gint64 end; /* monotonic */
} Run;

static gpointer
push_second (gpointer data)
{
  Run *run = data;
  fixture_push (run->f, 16000);
  if (run->busy->ends)
    gst_harness_push_event (run->f->harness, gst_event_new_eos ());
  run->end = g_get_monotonic_time ();
  return NULL;
}

/* A fixture whose next window takes COST; @limit: ms that it may take */
static Fixture *
new_slow (const Busy *busy, guint *limit)
{
  guint64 cost;
  g_autoptr (GstStructure) stats = NULL;
  Fixture *f = fixture_new ("processing=sync", GST_AUDIO_FORMAT_F32, 16000, 1);
  fixture_push (f, 32000);
  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, "max-cost", &cost));
  fixture_free (f);
  *limit = COST + (guint) (cost / GST_MSECOND) + MARGIN;
  f = fixture_new (busy->properties, GST_AUDIO_FORMAT_F32, 16000, 1);
  slow_set_cost (1000 * COST);
  return f;
}

static void
free_slow (Fixture *f)
{
  slow_set_cost (0);
  fixture_free (f);
}

/* The streaming thread, 50 ms after it got a second of sound. */
static GThread *
make_busy (Run *run)
{
  GThread *thread = g_thread_new ("push", push_second, run);
  g_usleep (50000);
  return thread;
}

static guint
ms_since (gint64 since)
{
  return (guint) ((g_get_monotonic_time () - since) / 1000);
}

/* The best of some: a busy machine may delay any of them, but not all. */
static void
test_flush_start (gconstpointer data)
{
  guint limit, best = G_MAXUINT, best_end = G_MAXUINT;
  Run run = { new_slow (data, &limit), data, 0 };
  for (guint i = 0; i < 5; i++) {
    GThread *thread = make_busy (&run);
    gint64 since = g_get_monotonic_time ();
    gst_harness_push_event (run.f->harness, gst_event_new_flush_start ());
    best = MIN (best, ms_since (since));
    g_thread_join (thread);
    best_end = MIN (best_end, (guint) (MAX (run.end - since, 0) / 1000));
    gst_harness_push_event (run.f->harness, gst_event_new_flush_stop (TRUE));
    GstSegment segment;
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (run.f->harness, gst_event_new_segment (&segment));
  }
  g_test_message ("FLUSH_START %u ms, streaming thread %u ms", best, best_end);
  g_assert_cmpuint (best, <, 10);
  g_assert_cmpuint (best_end, <, run.busy->ends ? MARGIN : limit);
  free_slow (run.f);
}

/* From async to sync, which waits for the worker first */
static void
test_flush_while_switching (void)
{
  guint limit;
  Run run = { new_slow (&busy_worker, &limit), &busy_worker, 0 };
  fixture_push (run.f, 16000);
  gst_util_set_object_arg (G_OBJECT (run.f->element), "processing", "sync");
  gst_harness_push_upstream_event (run.f->harness, gst_event_new_latency (0));
  GThread *thread = make_busy (&run);
  gint64 since = g_get_monotonic_time ();
  gst_harness_push_event (run.f->harness, gst_event_new_flush_start ());
  g_thread_join (thread);
  g_assert_cmpuint (ms_since (since), <, COST / 2);
  free_slow (run.f);
}

static void
start_again (Fixture *f)
{
  g_assert_cmpint (gst_element_set_state (f->element, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  gst_harness_push_event (f->harness, gst_event_new_stream_start ("again"));
  fixture_set_format (f, GST_AUDIO_FORMAT_F32, 16000, 1);
  f->n_pushed = 0;
}

static void
test_stop (gconstpointer data)
{
  guint limit, best = G_MAXUINT;
  Run run = { new_slow (data, &limit), data, 0 };
  for (guint i = 0; i < 3; i++) {
    GThread *thread = make_busy (&run);
    gint64 since = g_get_monotonic_time ();
    gst_element_set_state (run.f->element, GST_STATE_NULL);
    best = MIN (best, ms_since (since));
    g_thread_join (thread);
    start_again (run.f);
  }
  g_test_message ("PLAYING to NULL %u ms", best);
  g_assert_cmpuint (best, <, limit);
  free_slow (run.f);
}

/* --- cycles in a storm (15) ---------------------------------------------- */

#define BRANCH                                                                 \
  " tee. ! queue ! speakersaliency model=\"%s\" target=spk0 "                  \
  "score-channels=2 %s ! fakesink name=%s async=false"

/* Some of these windows would take seconds. */
#define SLOW_PROPERTY "score-channels"

typedef struct {
  GstElement *pipeline, *elements[2];
  char *speaker, *enrolled; /* paths */
  gint stop;                /* atomic; so is the next */
  gint n_buffers;           /* that reached a sink */
} Storm;

static void
set_random (GstElement *element, GParamSpec *spec)
{
  GObject *object = G_OBJECT (element);
  const char *name = spec->name;
  guint some = g_random_int_range (0, 3); /* least, most, usual */
  if (G_IS_PARAM_SPEC_UINT64 (spec)) {
    GParamSpecUInt64 *range = G_PARAM_SPEC_UINT64 (spec);
    g_object_set (object, name,
        some == 0       ? range->minimum
            : some == 1 ? MIN (range->maximum, GST_SECOND)
                        : range->default_value,
        NULL);
  } else if (G_IS_PARAM_SPEC_UINT (spec)) {
    GParamSpecUInt *range = G_PARAM_SPEC_UINT (spec);
    g_object_set (object, name,
        some == 0       ? range->minimum
            : some == 1 ? range->maximum
                        : range->default_value,
        NULL);
  } else if (G_IS_PARAM_SPEC_FLOAT (spec)) {
    GParamSpecFloat *range = G_PARAM_SPEC_FLOAT (spec);
    g_object_set (object, name,
        (double) (some == 0 ? range->minimum
                : some == 1 ? range->maximum
                            : range->default_value),
        NULL);
  } else if (G_IS_PARAM_SPEC_ENUM (spec)) {
    GEnumClass *klass = G_PARAM_SPEC_ENUM (spec)->enum_class;
    guint i = (guint) g_random_int_range (0, (gint) klass->n_values);
    g_object_set (object, name, klass->values[i].value, NULL);
  } else if (G_IS_PARAM_SPEC_FLAGS (spec)) {
    g_object_set (object, name, (guint) g_random_int_range (1, 16), NULL);
  } else if (G_IS_PARAM_SPEC_BOOLEAN (spec)) {
    g_object_set (object, name, some == 0, NULL);
  }
}

static gpointer
storm_properties (gpointer data)
{
  Storm *self = data;
  guint n;
  g_autofree GParamSpec **specs
      = g_object_class_list_properties (G_OBJECT_GET_CLASS (self->elements[0]),
          &n);
  for (guint i = 0; !g_atomic_int_get (&self->stop); i++) {
    GstElement *element = self->elements[i / n % 2];
    GParamSpec *spec = specs[i % n];
    if (spec->owner_type != G_OBJECT_TYPE (element))
      continue;
    g_auto (GValue) value = G_VALUE_INIT;
    g_object_get_property (G_OBJECT (element), spec->name, &value);
    if (spec->flags & G_PARAM_WRITABLE
        && !g_str_equal (spec->name, SLOW_PROPERTY))
      set_random (element, spec);
    g_usleep (1000);
  }
  return NULL;
}

static gpointer
storm_targets (gpointer data)
{
  Storm *self = data;
  for (guint i = 0; !g_atomic_int_get (&self->stop); i++) {
    const char *targets[] = { "spk0", self->speaker, "spk2" };
    GObject *element = G_OBJECT (self->elements[i % 2]);
    g_autofree char *name = NULL;
    g_object_set (element, "target", targets[i / 2 % 3], NULL);
    gst_util_set_object_arg (element, "targets", i % 3 ? "<spk3, spk4>" : "<>");
    g_object_get (element, "target", &name, NULL);
    g_usleep (1000);
  }
  return NULL;
}

static gpointer
storm_actions (gpointer data)
{
  Storm *self = data;
  for (guint i = 0; !g_atomic_int_get (&self->stop); i++) {
    GstElement *element = self->elements[i % 2];
    gboolean started;
    g_autoptr (GstStructure) advice = NULL;
    g_signal_emit_by_name (element, "reset");
    g_signal_emit_by_name (element, "enrol-start", "somebody", &started);
    g_usleep ((gulong) g_random_int_range (0, 5000));
    g_signal_emit_by_name (element, "enrol-finish", self->enrolled, &advice);
    g_assert_nonnull (advice);
  }
  return NULL;
}

static gpointer
storm_seeks (gpointer data)
{
  Storm *self = data;
  while (!g_atomic_int_get (&self->stop)) {
    gst_element_seek_simple (self->pipeline, GST_FORMAT_TIME,
        GST_SEEK_FLAG_FLUSH, g_random_int_range (0, 10) * GST_SECOND);
    g_autoptr (GstQuery) query = gst_query_new_latency ();
    gst_element_query (self->pipeline, query);
    g_usleep ((gulong) g_random_int_range (0, 10000));
  }
  return NULL;
}

static GstPadProbeReturn
count_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer n_buffers)
{
  g_atomic_int_inc ((gint *) n_buffers);
  return GST_PAD_PROBE_OK;
}

static GstElement *
take_element (GstElement *pipeline, const char *sink_name, gint *n_buffers)
{
  g_autoptr (GstElement) sink
      = gst_bin_get_by_name (GST_BIN (pipeline), sink_name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstPad) peer = gst_pad_get_peer (pad);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_buffer, n_buffers,
      NULL);
  return gst_pad_get_parent_element (peer);
}

static void
storm_init (Storm *self)
{
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autofree char *line
      = g_strdup_printf ("audiotestsrc wave=pink-noise samplesperbuffer=160 ! "
                         "audio/x-raw,format=" GST_AUDIO_NE (
                             F32) ",rate=16000,channels=1 ! "
                                  "tee name=tee" BRANCH BRANCH,
          model, "processing=sync", "a", model, "processing=async", "b");
  g_autoptr (GError) error = NULL;
  *self = (Storm){ .pipeline = gst_parse_launch (line, &error) };
  g_assert_no_error (error);
  self->elements[0] = take_element (self->pipeline, "a", &self->n_buffers);
  self->elements[1] = take_element (self->pipeline, "b", &self->n_buffers);
  self->speaker = new_speaker_file ("tiny.safetensors");
  self->enrolled = g_strconcat (self->speaker, ".new", NULL);
}

static void
storm_clear (Storm *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->elements[0]);
  gst_object_unref (self->elements[1]);
  gst_object_unref (self->pipeline);
  g_remove (self->speaker);
  g_remove (self->enrolled);
  g_free (self->speaker);
  g_free (self->enrolled);
}

/* Nothing of what the threads set is wrong: no start may fail. */
static void
cycle (GstElement *pipeline)
{
  GstState up = g_random_boolean () ? GST_STATE_PLAYING : GST_STATE_PAUSED;
  GstState down = g_random_boolean () ? GST_STATE_NULL : GST_STATE_READY;
  g_assert_cmpint (gst_element_set_state (pipeline, up), !=,
      GST_STATE_CHANGE_FAILURE);
  g_usleep ((gulong) g_random_int_range (0, 20000));
  g_assert_cmpint (gst_element_set_state (pipeline, down), ==,
      GST_STATE_CHANGE_SUCCESS);
}

static void
test_cycles (void)
{
  static const GThreadFunc funcs[]
      = { storm_properties, storm_targets, storm_actions, storm_seeks };
  const char *n = g_getenv ("SALIENCY_TEST_CYCLES");
  guint n_cycles = n != NULL ? (guint) g_ascii_strtoull (n, NULL, 10) : 50;
  GThread *threads[G_N_ELEMENTS (funcs)];
  Storm storm;
  storm_init (&storm);
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    threads[i] = g_thread_new ("storm", funcs[i], &storm);
  for (guint i = 0; i < n_cycles; i++)
    cycle (storm.pipeline);
  g_atomic_int_set (&storm.stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    g_thread_join (threads[i]);
  g_test_message ("%u cycles, %d buffers", n_cycles, storm.n_buffers);

  g_atomic_int_set (&storm.n_buffers, 0);
  gst_element_set_state (storm.pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 600 && g_atomic_int_get (&storm.n_buffers) < 100; i++)
    g_usleep (50000);
  g_assert_cmpint (g_atomic_int_get (&storm.n_buffers), >=, 100);
  storm_clear (&storm);
}

/* --- files that change while a stream runs ------------------------------- */

static void
copy_file (const char *name, const char *path)
{
  g_autofree char *from = test_data (name);
  g_autofree char *data = NULL;
  gsize n;
  g_assert_true (g_file_get_contents (from, &data, &n, NULL));
  g_assert_true (g_file_set_contents (path, data, (gssize) n, NULL));
}

/* The next start fails and says why; @word is part of it. */
static void
assert_no_start (Fixture *f, const char *word)
{
  g_autoptr (GError) error = NULL;
  gst_element_set_state (f->element, GST_STATE_READY);
  g_assert_cmpint (gst_element_set_state (f->element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  g_autoptr (GstMessage) message
      = gst_bus_pop_filtered (f->bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, word));
}

typedef enum { REMOVED, TRUNCATED, REPLACED } Fate;

static void
test_model_changes (gconstpointer data)
{
  Fate fate = GPOINTER_TO_UINT (data);
  g_autofree char *path = new_speaker_file ("tiny.safetensors");
  g_autofree char *voice = new_speaker_file ("tiny.safetensors");
  copy_file ("tiny.safetensors", path);
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  gst_element_set_state (f->element, GST_STATE_READY);
  g_object_set (f->element, "model", path, NULL);
  g_assert_cmpint (gst_element_set_state (f->element, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  gst_harness_push_event (f->harness, gst_event_new_stream_start ("again"));
  fixture_set_format (f, GST_AUDIO_FORMAT_S16, 16000, 1);
  for (guint i = 0; i < 4; i++)
    fixture_push (f, 8000);
  if (fate == REMOVED)
    g_remove (path);
  else if (fate == TRUNCATED)
    g_assert_cmpint (truncate (path, 1000), ==, 0);
  else
    copy_file ("wespeaker.safetensors", path);
  g_object_set (f->element, "target", voice, NULL); /* of the old model */
  fixture_play (f, 80000, 800);
  g_assert_cmpuint (gst_harness_buffers_received (f->harness), ==, 4 + 60);
  g_assert_null (
      gst_bus_pop_filtered (f->bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING));
  assert_no_start (f, fate == REPLACED ? voice : path);
  fixture_free (f);
  g_remove (path);
  g_remove (voice);
}

static void
test_target_removed (void)
{
  g_autofree char *path = new_speaker_file ("tiny.safetensors");
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 16000, 1);
  g_object_set (f->element, "target", path, NULL);
  fixture_push (f, 16000);
  g_remove (path);
  fixture_push (f, 16000);
  g_assert_null (gst_bus_pop_filtered (f->bus, GST_MESSAGE_WARNING));
  g_object_set (f->element, "target", path, NULL);
  g_autoptr (GstMessage) message
      = gst_bus_pop_filtered (f->bus, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  fixture_play (f, 48000, 800);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  const GstStructure *last = messages->pdata[messages->len - 1];
  g_assert_cmpstr (gst_structure_get_string (last, "target"), ==, "made up");
  assert_no_start (f, path);
  fixture_free (f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/states/eos-first", test_eos_first);
  g_test_add_func ("/speakersaliency/states/eos-on-a-hop", test_eos_on_a_hop);
  g_test_add_data_func ("/speakersaliency/flush-start/while-worker-runs",
      &busy_worker, test_flush_start);
  g_test_add_data_func ("/speakersaliency/flush-start/while-stream-waits",
      &busy_stream, test_flush_start);
  g_test_add_data_func ("/speakersaliency/flush-start/while-draining",
      &busy_drain, test_flush_start);
  g_test_add_func ("/speakersaliency/flush-start/while-switching-to-sync",
      test_flush_while_switching);
  g_test_add_data_func ("/speakersaliency/stop/while-worker-runs", &busy_worker,
      test_stop);
  g_test_add_data_func ("/speakersaliency/stop/while-stream-waits",
      &busy_stream, test_stop);
  g_test_add_data_func ("/speakersaliency/stop/while-draining", &busy_drain,
      test_stop);
  g_test_add_func ("/speakersaliency/states/cycles-in-a-storm", test_cycles);
  g_test_add_data_func ("/speakersaliency/files/model-removed",
      GUINT_TO_POINTER (REMOVED), test_model_changes);
  g_test_add_data_func ("/speakersaliency/files/model-truncated",
      GUINT_TO_POINTER (TRUNCATED), test_model_changes);
  g_test_add_data_func ("/speakersaliency/files/model-replaced",
      GUINT_TO_POINTER (REPLACED), test_model_changes);
  g_test_add_func ("/speakersaliency/files/target-removed",
      test_target_removed);
  return g_test_run ();
}
