/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.c: many elements in a process, and what it notices of them */
#define _GNU_SOURCE
#include "fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define N_ELEMENTS 8
#define N_HOGS 8
#define SETTLE 500 /* ms in which threads that end do so */

static guint threads_before; /* of the process, before our plugin was loaded */

static guint
count_threads (void)
{
  guint n = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, &error);
  g_assert_no_error (error);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* --- the same result (8) ------------------------------------------------- */

/* SHA-1 of the sound and the messages of three seconds in buffers of @size */
static char *
hash_run (const char *properties, gsize size)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 44100, 2);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  fixture_play (f, 3 * 44100, size);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_autoptr (GBytes) sound = join_buffers (buffers);
  g_checksum_update (sum, g_bytes_get_data (sound, NULL),
      (gssize) g_bytes_get_size (sound));
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_assert_cmpuint (messages->len, >, 8);
  for (guint i = 0; i < messages->len; i++) {
    g_autofree char *text = gst_structure_to_string (messages->pdata[i]);
    g_checksum_update (sum, (const guchar *) text, -1);
  }
  fixture_free (f);
  return g_strdup (g_checksum_get_string (sum));
}

static void
assert_hash (const char *properties, gsize size, const char *want)
{
  g_autofree char *got = hash_run (properties, size);
  g_assert_cmpstr (got, ==, want);
}

static void
start_hogs (pid_t *hogs)
{
  for (guint i = 0; i < N_HOGS; i++) {
    hogs[i] = fork ();
    g_assert_cmpint (hogs[i], >=, 0);
    while (hogs[i] == 0)
      if (getppid () == 1)
        _exit (0);
  }
}

static void
stop_hogs (const pid_t *hogs)
{
  for (guint i = 0; i < N_HOGS; i++) {
    kill (hogs[i], SIGKILL);
    waitpid (hogs[i], NULL, 0);
  }
}

static void
test_same_result (gconstpointer mask)
{
  static const gsize sizes[] = { 64, 480, 4096, 44100, 0 };
  g_autofree char *one = g_strdup_printf ("mask=%s message-map=true threads=1",
      (const char *) mask);
  g_autofree char *four = g_strdup_printf ("mask=%s message-map=true threads=4",
      (const char *) mask);
  g_autofree char *want = hash_run (one, 160);
  assert_hash (one, 160, want);
  assert_hash (four, 160, want);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    assert_hash (i % 2 ? four : one, sizes[i], want);

  cpu_set_t all, first;
  g_assert_cmpint (sched_getaffinity (0, sizeof all, &all), ==, 0);
  CPU_ZERO (&first);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT (&first) == 0; i++)
    if (CPU_ISSET (i, &all))
      CPU_SET (i, &first);
  g_assert_cmpint (sched_setaffinity (0, sizeof first, &first), ==, 0);
  assert_hash (four, 0, want);
  g_assert_cmpint (sched_setaffinity (0, sizeof all, &all), ==, 0);

  pid_t hogs[N_HOGS];
  start_hogs (hogs);
  assert_hash (four, 160, want);
  stop_hogs (hogs);
}

/* --- eight elements, one model (25) -------------------------------------- */

/* What came out of an element: messages as text, then sound */
typedef struct {
  GMutex lock;
  GChecksum *sound[N_ELEMENTS];
  GString *messages[N_ELEMENTS];
} Results;

/* "saliency3" of a pipeline, or -1 */
static int
get_number (gpointer object)
{
  const char *name = GST_OBJECT_NAME (object);
  return g_str_has_prefix (name, "saliency") ? name[8] - '0' : -1;
}

static GstBusSyncReply
keep_message (GstBus *bus, GstMessage *message, gpointer data)
{
  Results *self = data;
  const GstStructure *structure = gst_message_get_structure (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT) {
    g_autofree char *text = gst_structure_to_string (structure);
    g_mutex_lock (&self->lock);
    g_string_append (self->messages[get_number (GST_MESSAGE_SRC (message))],
        text);
    g_mutex_unlock (&self->lock);
  }
  return GST_BUS_PASS;
}

static GstPadProbeReturn
keep_sound (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Results *self = data;
  GstMapInfo map;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  int i = get_number (GST_OBJECT_PARENT (pad));
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_mutex_lock (&self->lock);
  g_checksum_update (self->sound[i], map.data, (gssize) map.size);
  g_mutex_unlock (&self->lock);
  gst_buffer_unmap (buffer, &map);
  return GST_PAD_PROBE_OK;
}

static Results *
results_new (void)
{
  Results *self = g_new0 (Results, 1);
  g_mutex_init (&self->lock);
  for (guint i = 0; i < N_ELEMENTS; i++) {
    self->sound[i] = g_checksum_new (G_CHECKSUM_SHA1);
    self->messages[i] = g_string_new (NULL);
  }
  return self;
}

static void
results_free (Results *self)
{
  for (guint i = 0; i < N_ELEMENTS; i++) {
    g_checksum_free (self->sound[i]);
    g_string_free (self->messages[i], TRUE);
  }
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* The sound of fixture_new_buffer(): that of the source depends on when it is
 * asked to negotiate anew. */
static GstPadProbeReturn
write_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *empty = GST_PAD_PROBE_INFO_BUFFER (info);
  Fixture format;
  gst_audio_info_set_format (&format.info, GST_AUDIO_FORMAT_F32, 16000, 1,
      NULL);
  info->data = fixture_new_buffer (&format, GST_BUFFER_OFFSET (empty), 160);
  GST_BUFFER_PTS (info->data) = GST_BUFFER_PTS (empty);
  gst_buffer_unref (empty);
  return GST_PAD_PROBE_OK;
}

/* Elements [first, first + n), each with a target of its own; @source: its
 * properties */
static GstElement *
new_pipeline (guint first, guint n, const char *source, const char *model)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_string_printf (line,
      "audiotestsrc name=source wave=silence "
      "samplesperbuffer=160 %s ! "
      "audio/x-raw,rate=16000,channels=1,format=" GST_AUDIO_NE (
          F32) " ! tee name=tee",
      source);
  for (guint i = first; i < first + n; i++)
    g_string_append_printf (line,
        " tee. ! queue name=queue%u ! "
        "speakersaliency name=saliency%u model=\"%s\" target=spk%u mask=time "
        "threads=2 ! fakesink name=sink%u async=false",
        i, i, model, i, i);
  GstElement *pipeline = gst_parse_launch (line->str, &error);
  g_assert_no_error (error);
  g_autoptr (GstElement) tee = gst_bin_get_by_name (GST_BIN (pipeline), "tee");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (tee, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, write_sound, NULL, NULL);
  return gst_object_ref_sink (pipeline);
}

static GstElement *
get_child (GstElement *pipeline, const char *kind, guint i)
{
  g_autofree char *name = g_strdup_printf ("%s%u", kind, i);
  GstElement *child = gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_assert_nonnull (child);
  return child;
}

static void
watch (GstElement *pipeline, guint first, guint n, Results *results)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, keep_message, results, NULL);
  for (guint i = first; i < first + n; i++) {
    g_autoptr (GstElement) element = get_child (pipeline, "saliency", i);
    g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "src");
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, keep_sound, results,
        NULL);
  }
}

/* Three seconds; returns how many threads there were meanwhile. */
static guint
play_to_end (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  guint n_threads = count_threads ();
  g_autoptr (GstMessage) end = gst_bus_timed_pop_filtered (bus,
      120 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (end);
  g_assert_cmpint (GST_MESSAGE_TYPE (end), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return n_threads;
}

static guint
run_elements (guint first, guint n, Results *results)
{
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autoptr (GstElement) pipeline
      = new_pipeline (first, n, "num-buffers=300", model);
  watch (pipeline, first, n, results);
  return play_to_end (pipeline);
}

static void
test_eight (void)
{
  Results *alone = results_new (), *together = results_new ();
  guint before = count_threads ();
  for (guint i = 0; i < N_ELEMENTS; i++)
    run_elements (i, 1, alone);
  guint during = run_elements (0, N_ELEMENTS, together);
  for (guint i = 0; i < N_ELEMENTS; i++) {
    g_assert_cmpuint (together->messages[i]->len, >, 0);
    g_assert_cmpstr (together->messages[i]->str, ==, alone->messages[i]->str);
    g_assert_cmpstr (g_checksum_get_string (together->sound[i]), ==,
        g_checksum_get_string (alone->sound[i]));
  }
  /* of each a worker and a queue; the source, the bus, and the pool */
  g_assert_cmpuint (during, <=,
      before + 2 * N_ELEMENTS + 2 + g_get_num_processors ());
  results_free (alone);
  results_free (together);
}

static char *
copy_model (void)
{
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autofree char *data = NULL;
  char *path = NULL;
  gsize n;
  g_assert_true (g_file_get_contents (model, &data, &n, NULL));
  g_close (g_file_open_tmp ("XXXXXX.safetensors", &path, NULL), NULL);
  g_assert_true (g_file_set_contents (path, data, (gssize) n, NULL));
  return path;
}

/* How often the watched file has been opened since the last call */
static guint
count_opens (int watch)
{
  struct inotify_event events[64];
  gssize n = read (watch, events, sizeof events);
  return n > 0 ? (guint) ((gsize) n / sizeof *events) : 0;
}

/* The file is read by the first of eight, and not again until all have
 * stopped. */
static void
test_one_model (void)
{
  g_autofree char *model = copy_model ();
  int watch = inotify_init1 (IN_NONBLOCK);
  g_autoptr (GstElement) pipeline = new_pipeline (0, N_ELEMENTS, "", model);
  g_assert_cmpint (inotify_add_watch (watch, model, IN_OPEN), >=, 0);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  /* while sinks wait for their first buffer nothing before them can stop */
  g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL,
                       10 * GST_SECOND),
      ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpuint (count_opens (watch), ==, 1);
  for (guint i = 0; i < 20; i++) {
    g_autoptr (GstElement) element
        = get_child (pipeline, "saliency", i % N_ELEMENTS);
    gst_element_set_state (element, GST_STATE_READY);
    gst_element_set_state (element, GST_STATE_PLAYING);
  }
  g_assert_cmpuint (count_opens (watch), ==, 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_assert_cmpuint (count_opens (watch), ==, 1);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  close (watch);
  g_remove (model);
}

/* --- instances that go and come (25) ------------------------------------- */

typedef struct {
  GstElement *pipeline, *queue, *element, *sink;
  gboolean stops; /* or is only linked anew */
  gint done;      /* atomic */
} Change;

/* While nothing passes between queue and element */
static GstPadProbeReturn
take_out_and_back (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Change *self = data;
  gst_element_unlink (self->queue, self->element);
  gst_element_unlink (self->element, self->sink);
  if (self->stops) {
    GstBin *bin = GST_BIN (self->pipeline);
    g_assert_true (gst_bin_remove (bin, self->element));
    gst_element_set_state (self->element, GST_STATE_NULL);
    g_assert_true (gst_bin_add (bin, self->element));
  }
  g_assert_true (
      gst_element_link_many (self->queue, self->element, self->sink, NULL));
  g_assert_true (gst_element_sync_state_with_parent (self->element));
  g_atomic_int_set (&self->done, TRUE);
  return GST_PAD_PROBE_REMOVE;
}

/* One of the elements, while the others play */
static void
change (GstElement *pipeline, guint i, gboolean stops)
{
  g_autoptr (GstElement) queue = get_child (pipeline, "queue", i);
  g_autoptr (GstElement) element = get_child (pipeline, "saliency", i);
  g_autoptr (GstElement) sink = get_child (pipeline, "sink", i);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (queue, "src");
  Change change = { pipeline, queue, element, sink, stops, FALSE };
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_IDLE, take_out_and_back, &change,
      NULL);
  for (guint n = 0; n < 60000 && !g_atomic_int_get (&change.done); n++)
    g_usleep (1000);
  g_assert_true (g_atomic_int_get (&change.done));
}

static GstPadProbeReturn
count_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer n_buffers)
{
  g_atomic_int_inc ((gint *) n_buffers);
  return GST_PAD_PROBE_OK;
}

static void
count_at_sink (GstElement *pipeline, guint i, gint *n_buffers)
{
  g_autoptr (GstElement) sink = get_child (pipeline, "sink", i);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_buffer, n_buffers,
      NULL);
}

/* An element that is taken out between its caps and its segment would get no
 * caps any more when it is back: GStreamer sends each once. */
static void
wait_for_buffer (const gint *n_buffers)
{
  gint n = g_atomic_int_get (n_buffers);
  for (guint i = 0; i < 60000 && g_atomic_int_get (n_buffers) == n; i++)
    g_usleep (1000);
}

static void
test_removed (gconstpointer processing)
{
  gint n_buffers[N_ELEMENTS] = { 0 };
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autoptr (GstElement) pipeline = new_pipeline (0, N_ELEMENTS, "", model);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  for (guint i = 0; i < N_ELEMENTS; i++) {
    g_autoptr (GstElement) element = get_child (pipeline, "saliency", i);
    gst_util_set_object_arg (G_OBJECT (element), "processing", processing);
    g_object_set (element, "post-messages", FALSE, NULL);
    count_at_sink (pipeline, i, &n_buffers[i]);
  }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 40; i++) {
    guint k = (guint) g_random_int_range (0, N_ELEMENTS);
    change (pipeline, k, i % 2);
    wait_for_buffer (&n_buffers[k]);
    g_usleep ((gulong) g_random_int_range (0, 10000));
  }
  for (guint i = 0; i < N_ELEMENTS; i++)
    g_atomic_int_set (&n_buffers[i], 0);
  for (guint i = 0; i < 600 * N_ELEMENTS; i++)
    if (g_atomic_int_get (&n_buffers[i / 600]) < 10)
      g_usleep (50000);
  for (guint i = 0; i < N_ELEMENTS; i++)
    g_assert_cmpint (g_atomic_int_get (&n_buffers[i]), >=, 10);
  g_assert_null (gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR));
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* --- the process --------------------------------------------------------- */

/* Others may fork at any time, and their children have none of our threads. */
static void
test_fork (void)
{
  gint n_buffers = 0;
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autoptr (GstElement) pipeline = new_pipeline (0, 1, "", model);
  count_at_sink (pipeline, 0, &n_buffers);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 50; i++) {
    int status;
    pid_t child = fork ();
    g_assert_cmpint (child, >=, 0);
    if (child == 0)
      _exit (0);
    g_assert_cmpint (waitpid (child, &status, 0), ==, child);
    g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
    g_usleep (2000);
  }
  g_atomic_int_set (&n_buffers, 0);
  for (guint i = 0; i < 600 && g_atomic_int_get (&n_buffers) < 100; i++)
    g_usleep (50000);
  g_assert_cmpint (g_atomic_int_get (&n_buffers), >=, 100);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* No library of ours starts threads or changes how many others may have. */
static void
test_host_unchanged (void)
{
  g_autofree char *maps = NULL;
  gst_object_unref (new_element (""));
  g_assert_cmpuint (count_threads (), ==, threads_before);
  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  g_assert_nonnull (strstr (maps, "libgstspeakersaliency.so"));
  g_assert_null (strstr (maps, "openblas"));
  g_assert_null (strstr (maps, "libgomp"));
}

static gint64
get_cpu_time (void)
{
  struct timespec time;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* Threads that have nothing to do sleep. */
static void
test_idle (void)
{
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autoptr (GstElement) pipeline = new_pipeline (0, 4, "is-live=true", model);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_usleep (500000);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_usleep (SETTLE * 1000);
  gint64 before = get_cpu_time ();
  g_usleep (1000000);
  g_assert_cmpint (get_cpu_time () - before, <, 20000);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  threads_before = count_threads ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/process/host-is-unchanged",
      test_host_unchanged);
  g_test_add_data_func ("/speakersaliency/same-result/always", "time",
      test_same_result);
  g_test_add_data_func ("/speakersaliency/same-result/by-frequency",
      "time-frequency", test_same_result);
  g_test_add_func ("/speakersaliency/eight/results-as-alone", test_eight);
  g_test_add_func ("/speakersaliency/eight/one-model", test_one_model);
  g_test_add_data_func ("/speakersaliency/eight/removed-while-others-run",
      "sync", test_removed);
  g_test_add_data_func ("/speakersaliency/eight/removed-while-workers-run",
      "async", test_removed);
  g_test_add_func ("/speakersaliency/process/forks", test_fork);
  g_test_add_func ("/speakersaliency/process/idle-threads-sleep", test_idle);
  return g_test_run ();
}
