/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "player.h"

#include <math.h>
#include <string.h>

#include "slow.h"

#define SOURCE                                                                 \
  "audiotestsrc name=source is-live=true samplesperbuffer=160 ! "              \
  "audio/x-raw,format=" GST_AUDIO_NE (F32) ",rate=16000,channels=1 ! "
#define SINK                                                                   \
  " ! fakesink name=sink sync=true max-lateness=0 qos=true "                   \
  "processing-deadline=0"

/* --- what passes --------------------------------------------------------- */

static GstPadProbeReturn
write_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Player *self = user_data;
  GstBuffer *empty = GST_PAD_PROBE_INFO_BUFFER (info);
  GstBuffer *buffer = fixture_new_buffer (&self->sound,
      GST_BUFFER_OFFSET (empty), PLAYER_BUFFER);
  if (g_atomic_int_get (&self->is_silent))
    gst_buffer_memset (buffer, 0, 0, G_MAXSIZE);
  GST_BUFFER_PTS (buffer) = GST_BUFFER_PTS (empty);
  gst_buffer_unref (empty);
  info->data = buffer;
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
count_in (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Player *self = user_data;
  g_mutex_lock (&self->lock);
  g_atomic_int_inc (&self->n_in);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
keep_out (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Player *self = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gint n = self->n_out, inside = g_atomic_int_get (&self->n_in) - n;
  g_assert_cmpint (n, <, PLAYER_MAX_BUFFERS);
  if (n == 0)
    self->first_pts = GST_BUFFER_PTS (buffer);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer) - self->first_pts, ==,
      n * 10 * GST_MSECOND);
  gsize size = PLAYER_BUFFER * sizeof (float);
  g_assert_cmpuint (gst_buffer_extract (buffer, 0,
                        self->out + n * PLAYER_BUFFER, G_MAXSIZE),
      ==, size);
  self->most_inside = MAX (self->most_inside, inside);
  self->least_inside = MIN (self->least_inside, inside);
  g_atomic_int_inc (&self->n_out);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (Player *self, const char *element, const char *name,
    GstPadProbeCallback callback)
{
  g_autoptr (GstElement) child
      = gst_bin_get_by_name (GST_BIN (self->pipeline), element);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (child, name);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, self, NULL);
}

/* --- what is said -------------------------------------------------------- */

static void
check_qos (GstMessage *message)
{
  gboolean live;
  guint64 running_time, stream_time, timestamp, duration;
  gint64 jitter;
  gdouble proportion;
  gint quality;
  GstFormat format;
  guint64 processed, dropped;
  gst_message_parse_qos (message, &live, &running_time, &stream_time,
      &timestamp, &duration);
  g_assert_true (live);
  g_assert_cmpuint (running_time, ==, timestamp);
  g_assert_cmpuint (stream_time, ==, timestamp);
  g_assert_cmpuint (timestamp, <, GST_SECOND * 3600);
  g_assert_cmpuint (duration, >, 0);
  g_assert_cmpuint (duration, <=, GST_SECOND);
  gst_message_parse_qos_values (message, &jitter, &proportion, &quality);
  g_assert_cmpint (jitter, >=, 0);
  g_assert_cmpint (jitter, <, 10 * GST_SECOND);
  g_assert_cmpfloat (proportion, >, 0);
  g_assert_cmpint (quality, >, 0);
  g_assert_cmpint (quality, <=, 1000000);
  gst_message_parse_qos_stats (message, &format, &processed, &dropped);
  g_assert_cmpint (format, ==, GST_FORMAT_DEFAULT);
  g_assert_cmpuint (dropped, >, 0);
}

static void
count_qos (Player *self, GstMessage *message)
{
  gint64 now = g_get_monotonic_time ();
  if (GST_MESSAGE_SRC (message) != GST_OBJECT (self->element)) {
    self->counts.n_sink_qos++;
    return;
  }
  check_qos (message);
  if (self->counts.n_qos++ > 0)
    self->counts.least_qos_interval
        = MIN (self->counts.least_qos_interval, now - self->qos_time);
  self->qos_time = now;
}

static void
count_status (Player *self, GstMessage *message)
{
  GstStreamStatusType type;
  GstElement *owner;
  gst_message_parse_stream_status (message, &type, &owner);
  if (owner == self->element) {
    if (type == GST_STREAM_STATUS_TYPE_ENTER) /* in the thread that computes */
      slow_follow (&self->cost);
    self->counts.n_enter += type == GST_STREAM_STATUS_TYPE_ENTER;
    self->counts.n_leave += type == GST_STREAM_STATUS_TYPE_LEAVE;
  }
}

static void
count_report (Player *self, GstMessage *message)
{
  const GstStructure *structure = gst_message_get_structure (message);
  gboolean late;
  if (!gst_structure_has_name (structure, "speakersaliency"))
    return;
  g_assert_true (gst_structure_get_boolean (structure, "late", &late));
  self->counts.n_messages++;
  self->counts.n_late += late;
  if (self->structures != NULL)
    g_ptr_array_add (self->structures, gst_structure_copy (structure));
}

static void
count_warning (Player *self, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  if (GST_MESSAGE_SRC (message) != GST_OBJECT (self->element))
    return;
  gst_message_parse_warning (message, &error, NULL);
  self->counts.n_warnings++;
  g_free (self->counts.warning);
  self->counts.warning = g_strdup (error->message);
}

/* In the thread that posts. */
static GstBusSyncReply
count_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Player *self = user_data;
  g_mutex_lock (&self->lock);
  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_QOS:
    count_qos (self, message);
    break;
  case GST_MESSAGE_STREAM_STATUS:
    count_status (self, message);
    break;
  case GST_MESSAGE_ELEMENT:
    count_report (self, message);
    break;
  case GST_MESSAGE_WARNING:
    count_warning (self, message);
    break;
  case GST_MESSAGE_LATENCY:
    self->counts.n_latency += GST_MESSAGE_SRC (message)
        == GST_OBJECT (self->element); /* the source posts some, too */
    break;
  default:
    g_assert_cmpint (GST_MESSAGE_TYPE (message), !=, GST_MESSAGE_ERROR);
    break;
  }
  g_mutex_unlock (&self->lock);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* --- the pipeline -------------------------------------------------------- */

Player *
player_new (const char *properties)
{
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autofree char *line = g_strdup_printf (SOURCE
      "speakersaliency name=element model=\"%s\" target=spk0 %s" SINK,
      model, properties);
  g_autoptr (GError) error = NULL;
  Player *self = g_new0 (Player, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  gst_audio_info_set_format (&self->sound.info, GST_AUDIO_FORMAT_F32,
      PLAYER_RATE, 1, NULL);
  self->least_inside = G_MAXINT;
  self->counts.least_qos_interval = G_MAXINT64;
  /* all of it now, so that the process does not grow later */
  gsize size = PLAYER_MAX_BUFFERS * PLAYER_BUFFER * sizeof (float);
  self->out = g_malloc (size);
  memset (self->out, 0xff, size);
  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  self->element = gst_bin_get_by_name (GST_BIN (self->pipeline), "element");
  self->sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "sink");
  add_probe (self, "source", "src", write_sound);
  add_probe (self, "element", "sink", count_in);
  add_probe (self, "element", "src", keep_out);
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  gst_bus_set_sync_handler (bus, count_message, self, NULL);
  return self;
}

void
player_start (Player *self)
{
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_PLAYING),
      !=, GST_STATE_CHANGE_FAILURE);
}

static guint64
get_stat (GstElement *element, const char *field)
{
  g_autoptr (GstStructure) stats = NULL;
  g_object_get (element, "stats", &stats, NULL);
  return get_uint64 (stats, field);
}

void
player_stop (Player *self)
{
  if (GST_STATE (self->sink) == GST_STATE_PLAYING) /* later it has forgotten */
    self->n_dropped = get_stat (self->sink, "dropped");
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
}

void
player_free (Player *self)
{
  player_stop (self);
  gst_object_unref (self->element);
  gst_object_unref (self->sink);
  gst_object_unref (self->pipeline);
  g_clear_pointer (&self->structures, g_ptr_array_unref);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->counts.warning);
  g_free (self->out);
  g_free (self);
}

void
player_set_cost (Player *self, guint ms)
{
  g_atomic_int_set (&self->cost, (gint) (1000 * ms));
}

void
player_wait (Player *self, guint ms)
{
  g_mutex_lock (&self->lock);
  while (self->n_in < (gint) ms / 10)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* --- what came of it ----------------------------------------------------- */

PlayerCounts
player_get_counts (Player *self)
{
  g_mutex_lock (&self->lock);
  PlayerCounts counts = self->counts;
  g_mutex_unlock (&self->lock);
  return counts;
}

guint64
player_get_stat (Player *self, const char *field)
{
  return get_stat (self->element, field);
}

/* What came in. */
static float *
get_input (Player *self, guint from, guint to)
{
  gsize n = (to - from) * (PLAYER_RATE / 1000);
  float *in = g_new (float, n);
  g_autoptr (GstBuffer) buffer
      = fixture_new_buffer (&self->sound, from * (PLAYER_RATE / 1000), n);
  gst_buffer_extract (buffer, 0, in, n * sizeof (float));
  g_assert_cmpuint (to, <=, g_atomic_int_get (&self->n_out) * 10);
  return in;
}

double
player_get_gain (Player *self, guint from, guint to)
{
  g_autofree float *in = get_input (self, from, to);
  const float *out = self->out + from * (PLAYER_RATE / 1000);
  double power_in = 0, power_out = 0;
  for (gsize i = 0; i < (to - from) * (PLAYER_RATE / 1000); i++) {
    power_in += (double) in[i] * in[i];
    power_out += (double) out[i] * out[i];
  }
  return sqrt (power_out / power_in);
}

double
player_get_largest_step (Player *self, guint from, guint to)
{
  g_autofree float *in = get_input (self, from, to);
  const float *out = self->out + from * (PLAYER_RATE / 1000);
  double last = -1, largest = 0;
  for (gsize i = 0; i < (to - from) * (PLAYER_RATE / 1000); i++) {
    double gain = fabsf (in[i]) > 0.01f ? out[i] / in[i] : -1;
    if (gain >= 0 && last >= 0)
      largest = MAX (largest, fabs (gain - last));
    last = gain;
  }
  return largest;
}
