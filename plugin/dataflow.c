/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dataflow.h"

#include "element-error.h"
#include "latency.h"
#include "audio-planes.h"

#include "log.h"

/* Of a longer gap the rest is not heard: nothing is left to be settled. */
#define MAX_GAP (10 * GST_SECOND)
#define PIECES_PER_S                                                           \
  50 /* silence is heard in pieces, as buffers might come                      \
      */
#define QOS_INTERVAL G_USEC_PER_SEC /* between QOS messages */

/* of the base class of the element */
static GstBaseTransformClass *parent_class;
#define PARENT parent_class

/* The pointer is set and cleared by the thread that changes the state; pads of
 * an element that is put into a running pipeline are open a moment before. */
static GssStream *
get_stream (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  GssStream *stream = self->stream;
  GST_OBJECT_UNLOCK (self);
  return stream;
}

/* --- reports ------------------------------------------------------------- */

/* For a late stretch, at most once a second. */
static void
post_qos (GstSpeakerSaliency *self, const GssReport *report)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  gint64 now = g_get_monotonic_time ();
  if (segment->format != GST_FORMAT_TIME
      || (self->qos_time != 0 && now - self->qos_time < QOS_INTERVAL))
    return;
  self->qos_time = now;

  GssLoadStats stats;
  gss_load_control_get_stats (self->load_control, &stats);
  GssStream *stream = get_stream (self);
  guint64 rate = GST_AUDIO_INFO_RATE (gss_stream_get_format (stream));
  guint64 hop = self->hop, budget = self->budget;
  guint64 n_hop = gst_util_uint64_scale (hop, rate, GST_SECOND);
  /* by how much results come later than they may */
  GstClockTimeDiff jitter
      = GST_CLOCK_DIFF (hop + budget, stats.mean_cost + stats.effective_hop);
  guint64 timestamp = report->start;
  GstMessage *message
      = gst_message_new_qos (GST_OBJECT (self), gss_stream_is_async (stream),
          gst_segment_to_running_time (segment, GST_FORMAT_TIME, timestamp),
          gst_segment_to_stream_time (segment, GST_FORMAT_TIME, timestamp),
          timestamp, report->stop - report->start);
  gst_message_set_qos_values (message, MAX (jitter, 0),
      (double) stats.mean_cost / hop,
      (gint) gst_util_uint64_scale (1000000, hop, stats.effective_hop));
  /* in samples, as of all that filters audio */
  gst_message_set_qos_stats (message, GST_FORMAT_DEFAULT, stats.windows * n_hop,
      stats.late * n_hop);
  gst_element_post_message (GST_ELEMENT (self), message);
}

static gboolean
report_stretch (const GssReport *report, gpointer user_data)
{
  GstSpeakerSaliency *self = user_data;
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GST_OBJECT_LOCK (self);
  gboolean post = self->settings.post_messages;
  gboolean with_map = self->settings.message_map;
  gboolean attach = self->settings.attach_meta;
  GST_OBJECT_UNLOCK (self);

  if (report->map->flags & SAL_MAP_LATE)
    post_qos (self, report);
  if (post)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_element (GST_OBJECT (self),
            gss_report_get_structure (report, segment, with_map)));
  return attach;
}

static void
take_samples (const float *samples, gsize n_samples, gpointer user_data)
{
  GstSpeakerSaliency *self = user_data;
  gss_enrolment_push (self->enrolment, samples, n_samples);
}

/* The first buffer of a stream does not follow another. */
static GstFlowReturn
push_buffer (GstSpeakerSaliency *self, GstBuffer *buffer)
{
  GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  if (!self->has_pushed && !GST_BUFFER_IS_DISCONT (buffer)) {
    buffer = gst_buffer_make_writable (buffer);
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  }
  self->has_pushed = TRUE;
  if (segment->format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID (buffer))
    segment->position = GST_BUFFER_PTS (buffer);
  return gst_pad_push (GST_BASE_TRANSFORM_SRC_PAD (self), buffer);
}

/* Buffers that are ready leave, and events between them. */
static GstFlowReturn
push_ready (GstSpeakerSaliency *self)
{
  GstFlowReturn ret = GST_FLOW_OK;
  GstMiniObject *object;
  GssStream *stream = get_stream (self);
  while (ret == GST_FLOW_OK && (object = gss_stream_pop (stream)) != NULL) {
    if (GST_IS_BUFFER (object))
      ret = push_buffer (self, GST_BUFFER_CAST (object));
    else
      PARENT->sink_event (GST_BASE_TRANSFORM (self), GST_EVENT_CAST (object));
  }
  return ret;
}

/* Buffers that wait are lost; sticky events stay in force. */
static void
abandon (GstSpeakerSaliency *self)
{
  GssStream *stream = get_stream (self);
  GstMiniObject *object;
  while ((object = gss_stream_abandon (stream)) != NULL) {
    if (GST_IS_EVENT (object) && GST_EVENT_IS_STICKY (object)
        && GST_EVENT_TYPE (object) != GST_EVENT_SEGMENT)
      gst_pad_store_sticky_event (GST_BASE_TRANSFORM_SRC_PAD (self),
          GST_EVENT_CAST (object));
    gst_mini_object_unref (object);
  }
}

/* All sound and all results leave now.  With @wait it waits for windows that
 * are not computed yet. */
static GstFlowReturn
drain (GstSpeakerSaliency *self, gboolean wait)
{
  GssStream *stream = get_stream (self);
  if (stream == NULL)
    return GST_FLOW_OK;
  if (gss_stream_has_heard (stream))
    gss_stream_finish (stream, wait);
  GstFlowReturn ret = push_ready (self);
  if (ret != GST_FLOW_OK)
    abandon (self);
  gss_stream_restart (stream);
  return ret;
}

/* Pushes silence for missing sound. */
static GstFlowReturn
hear_silence (GstSpeakerSaliency *self, guint64 n_frames)
{
  GssStream *stream = get_stream (self);
  guint rate = GST_AUDIO_INFO_RATE (gss_stream_get_format (stream));
  GstFlowReturn ret = GST_FLOW_OK;
  while (n_frames > 0 && ret == GST_FLOW_OK) {
    gsize n = MIN (n_frames, MAX (rate / PIECES_PER_S, 1));
    gss_stream_push (stream, NULL, NULL, n);
    ret = push_ready (self);
    n_frames -= n;
  }
  return ret;
}

/* Call it before sound of @n_frames at @pts is pushed. */
static GstFlowReturn
follow (GstSpeakerSaliency *self, GstClockTime pts, gsize n_frames,
    gboolean is_discont)
{
  GssStream *stream = get_stream (self);
  gsize n_missing;
  if (gss_stream_follow (stream, pts, n_frames, is_discont, &n_missing)) {
    if (n_missing > 0)
      GST_DEBUG_OBJECT (self,
          "%" G_GSIZE_FORMAT " frames are missing before "
          "%" GST_TIME_FORMAT,
          n_missing, GST_TIME_ARGS (pts));
    return hear_silence (self, n_missing);
  }
  GST_INFO_OBJECT (self, "discontinuity at %" GST_TIME_FORMAT,
      GST_TIME_ARGS (pts));
  GstFlowReturn ret = drain (self, FALSE);
  gss_stream_follow (stream, pts, n_frames, FALSE, &n_missing);
  return ret;
}

static gboolean
can_hear (GstSpeakerSaliency *self)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  const GssStream *stream = get_stream (self);
  return stream != NULL
      && GST_AUDIO_INFO_RATE (gss_stream_get_format (stream)) > 0
      && segment->rate > 0
      && !(segment->flags & GST_SEGMENT_FLAG_TRICKMODE_NO_AUDIO);
}

static void
use_targets (GstSpeakerSaliency *self)
{
  SalTarget *targets[SAL_ANALYSER_MAX_TARGETS];
  guint n;
  if (!gss_target_list_take (self->target_list, targets, &n))
    return;
  GST_INFO_OBJECT (self, "%u targets, the first is %s", n,
      n > 0 ? sal_target_get_name (targets[0]) : "nobody");
  gss_stream_set_targets (get_stream (self), targets, n);
  while (n > 0)
    sal_target_unref (targets[--n]);
}

static void
use_settings (GstSpeakerSaliency *self)
{
  GssProperties settings;
  g_autoptr (GError) error = NULL;
  if (!g_atomic_int_compare_and_exchange (&self->settings_changed, TRUE, FALSE))
    return;
  GST_OBJECT_LOCK (self);
  gss_properties_copy (&settings, &self->settings);
  GST_OBJECT_UNLOCK (self);
  gboolean used
      = gss_stream_set_settings (get_stream (self), &settings, &error);
  GST_OBJECT_LOCK (self);
  if (used)
    gss_properties_copy_live (&self->in_force, &settings);
  else if (!g_atomic_int_get (&self->settings_changed))
    gss_properties_copy_live (&self->settings, &self->in_force);
  GST_OBJECT_UNLOCK (self);
  if (!used)
    GSS_ELEMENT_WARNING (self, error, "");
  gss_properties_clear (&settings);
}

/* Behind a live source sound must not wait for windows. */
static void
use_mode (GstSpeakerSaliency *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->mode_unknown, TRUE, FALSE))
    return;
  gboolean live = self->processing == GSS_PROCESSING_ASYNC;
  if (self->processing == GSS_PROCESSING_AUTO) {
    g_autoptr (GstQuery) query = gst_query_new_latency ();
    if (gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query))
      gst_query_parse_latency (query, &live, NULL, NULL);
  }
  if (live != gss_stream_is_async (get_stream (self)))
    GST_INFO_OBJECT (self, "processing is %s", live ? "async" : "sync");
  gss_stream_set_async (get_stream (self), live);
}

/* Applies what other threads asked for since the last buffer. */
static void
catch_up (GstSpeakerSaliency *self, GstClockTime pts)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClockTime stream_time = GST_CLOCK_TIME_NONE;
  if (segment->format == GST_FORMAT_TIME)
    stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, pts);
  if (GST_CLOCK_TIME_IS_VALID (stream_time))
    gst_object_sync_values (GST_OBJECT (self), stream_time);
  /* when it was put into a pipeline it may have been linked only now */
  if (g_atomic_int_compare_and_exchange (&self->latency_unknown, TRUE, FALSE))
    gss_latency_announce (self);
  use_mode (self);
  use_targets (self);
  use_settings (self);
  if (g_atomic_int_compare_and_exchange (&self->reset_wanted, TRUE, FALSE))
    gss_stream_forget (get_stream (self));
}

/* Takes @buffer. */
static GstFlowReturn
hear_buffer (GstSpeakerSaliency *self, GstBuffer *buffer)
{
  GssStream *stream = get_stream (self);
  const GstAudioInfo *info = gss_stream_get_format (stream);
  GstAudioBuffer audio;
  if (!gss_audio_planes_map (&audio, info, buffer, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("a buffer is not what its caps say"),
        ("%s layout, %d channels; planar buffers need a GstAudioMeta",
            info->layout == GST_AUDIO_LAYOUT_INTERLEAVED ? "interleaved"
                                                         : "planar",
            GST_AUDIO_INFO_CHANNELS (info)));
    return GST_FLOW_ERROR;
  }
  gsize n_frames = audio.n_samples;
  GstFlowReturn ret = follow (self, GST_BUFFER_PTS (buffer), n_frames,
      GST_BUFFER_IS_DISCONT (buffer));
  gboolean is_gap = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP);
  if (ret == GST_FLOW_OK)
    gss_stream_push (stream, GST_MINI_OBJECT_CAST (gst_buffer_ref (buffer)),
        is_gap ? NULL : &audio, n_frames);
  gst_audio_buffer_unmap (&audio);
  gst_buffer_unref (buffer);
  return ret;
}

static gboolean
set_format (GstSpeakerSaliency *self, const GstAudioInfo *info)
{
  g_autoptr (GError) error = NULL;
  if (!gss_stream_set_format (get_stream (self), info, &error))
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("%s", error->message), (NULL));
  return error == NULL;
}

/* The format, if it was negotiated in that moment. */
static gboolean
adopt_format (GstSpeakerSaliency *self)
{
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  return GST_AUDIO_INFO_RATE (gss_stream_get_format (get_stream (self))) > 0
      || GST_AUDIO_INFO_RATE (info) == 0 || set_format (self, info);
}

static GstFlowReturn
speaker_saliency_submit_input_buffer (GstBaseTransform *trans,
    gboolean is_discont, GstBuffer *input)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  if (trans->segment.format == GST_FORMAT_TIME
      && GST_AUDIO_INFO_RATE (GST_AUDIO_FILTER_INFO (self)) == 0) {
    /* GstAudioFilter 1.22 would leak it */
    gst_buffer_unref (input);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  GstFlowReturn ret = PARENT->submit_input_buffer (trans, is_discont, input);
  if (ret != GST_FLOW_OK)
    return ret;

  GstBuffer *buffer = g_steal_pointer (&trans->queued_buf);
  if (buffer == NULL) /* all of it was outside the segment */
    return GST_FLOW_OK;
  if (get_stream (self) == NULL) { /* lost, as in the moment before */
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  if (!adopt_format (self)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  if (!can_hear (self))
    return push_buffer (self, buffer);
  catch_up (self, GST_BUFFER_PTS (buffer));
  /* @is_discont stays set until a buffer has left: the buffer's flag counts */
  return hear_buffer (self, buffer);
}

/* The base class, which pushes what it is given, does not see what leaves at
 * events: it would flag a buffer after them that is not the first one. */
static GstFlowReturn
speaker_saliency_generate_output (GstBaseTransform *trans, GstBuffer **output)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  *output = NULL;
  return get_stream (self) != NULL ? push_ready (self) : GST_FLOW_OK;
}

/* --- events and queries -------------------------------------------------- */

/* The part of a gap that is in the segment; FALSE if there is none. */
static gboolean
clip_gap (GstSpeakerSaliency *self, GstClockTime *pts, GstClockTime *duration)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  guint64 start, stop;
  if (!GST_CLOCK_TIME_IS_VALID (*pts) || !GST_CLOCK_TIME_IS_VALID (*duration))
    return FALSE;
  if (segment->format != GST_FORMAT_TIME)
    return TRUE;
  if (!gst_segment_clip (segment, GST_FORMAT_TIME, *pts, *pts + *duration,
          &start, &stop))
    return FALSE;
  *pts = start;
  *duration = stop - start;
  return TRUE;
}

static GstFlowReturn
hear_gap (GstSpeakerSaliency *self, GstClockTime pts, GstClockTime duration,
    GstEvent *event)
{
  GssStream *stream = get_stream (self);
  guint rate = GST_AUDIO_INFO_RATE (gss_stream_get_format (stream));
  GstClockTime heard = MIN (duration, MAX_GAP);
  guint64 n_frames = gst_util_uint64_scale_round (heard, rate, GST_SECOND);
  GstFlowReturn ret = follow (self, pts, n_frames, FALSE);
  gss_stream_queue (stream, event);
  if (ret == GST_FLOW_OK)
    ret = hear_silence (self, n_frames);
  if (duration > heard)
    gss_stream_skip (stream, duration - heard);
  return ret;
}

/* Takes @event. */
static void
take_gap (GstSpeakerSaliency *self, GstEvent *event)
{
  GstClockTime pts, duration;
  gst_event_parse_gap (event, &pts, &duration);
  catch_up (self, pts);
  if (clip_gap (self, &pts, &duration))
    hear_gap (self, pts, duration, event);
  else
    gss_stream_queue (get_stream (self), event);
  push_ready (self);
}

/* Drops everything from before the flush. */
static void
flush (GstSpeakerSaliency *self)
{
  GssStream *stream = get_stream (self);
  if (stream == NULL)
    return;
  abandon (self);
  gss_stream_reset (stream);
  gss_stream_set_flushing (stream, FALSE);
}

void
gss_dataflow_interrupt (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  if (self->stream != NULL)
    gss_stream_set_flushing (self->stream, TRUE);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
is_format (GstSpeakerSaliency *self, const GstAudioInfo *info)
{
  const GssStream *stream = get_stream (self);
  return stream != NULL
      && gst_audio_info_is_equal (info, gss_stream_get_format (stream));
}

/* Events after which nothing of what was heard before may leave */
static gboolean
ends_stream (GstSpeakerSaliency *self, GstEvent *event)
{
  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_EOS:
  case GST_EVENT_STREAM_START:
  case GST_EVENT_SEGMENT_DONE:
    return TRUE;
  case GST_EVENT_CAPS: {
    GstCaps *caps;
    GstAudioInfo info;
    gst_event_parse_caps (event, &caps);
    return !gst_audio_info_from_caps (&info, caps) || !is_format (self, &info);
  }
  case GST_EVENT_SEGMENT: {
    GstSegment segment;
    gst_event_copy_segment (event, &segment);
    segment.position = GST_BASE_TRANSFORM (self)->segment.position;
    return !gst_segment_is_equal (&segment,
        &GST_BASE_TRANSFORM (self)->segment);
  }
  default:
    return FALSE;
  }
}

static gboolean
is_waiting (GstSpeakerSaliency *self)
{
  const GssStream *stream = get_stream (self);
  return stream != NULL && gss_stream_is_waiting (stream);
}

static gboolean
speaker_saliency_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START) {
    gss_dataflow_interrupt (self);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    flush (self);
    g_atomic_int_set (&self->mode_unknown, TRUE);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_GAP && can_hear (self)) {
    take_gap (self, event);
    return TRUE;
  } else if (ends_stream (self, event)) {
    drain (self, GST_EVENT_TYPE (event) == GST_EVENT_EOS);
    if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
      g_atomic_int_set (&self->mode_unknown, TRUE);
  } else if (GST_EVENT_IS_SERIALIZED (event) && is_waiting (self)) {
    gss_stream_queue (get_stream (self), event);
    return TRUE;
  }
  return PARENT->sink_event (trans, event);
}

/* The base class would drop sound when sinks are late; here a window is left
 * out instead. */
static gboolean
speaker_saliency_src_event (GstBaseTransform *trans, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_LATENCY)
    g_atomic_int_set (&GST_SPEAKER_SALIENCY (trans)->mode_unknown, TRUE);
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    GstClockTimeDiff lateness;
    gst_event_parse_qos (event, NULL, NULL, &lateness, NULL);
    if (lateness > 0 && gst_base_transform_is_qos_enabled (trans))
      gss_load_control_yield (GST_SPEAKER_SALIENCY (trans)->load_control);
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS)
    return gst_pad_push_event (GST_BASE_TRANSFORM_SINK_PAD (trans), event);
  return PARENT->src_event (trans, event);
}

static gboolean
speaker_saliency_query (GstBaseTransform *trans, GstPadDirection direction,
    GstQuery *query)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  if (GST_QUERY_TYPE (query) == GST_QUERY_DRAIN && direction == GST_PAD_SINK)
    drain (self, TRUE);
  if (!PARENT->query (trans, direction, query))
    return FALSE;
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY && direction == GST_PAD_SRC)
    gss_latency_answer (self, query);
  return TRUE;
}

/* Upstream must not wait for buffers that wait here. */
static gboolean
speaker_saliency_propose_allocation (GstBaseTransform *trans,
    GstQuery *decide_query, GstQuery *query)
{
  gboolean waits = gss_latency_get (GST_SPEAKER_SALIENCY (trans)) > 0;
  return waits || PARENT->propose_allocation (trans, decide_query, query);
}

static gboolean
speaker_saliency_setup (GstAudioFilter *filter, const GstAudioInfo *info)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (filter);
  return get_stream (self) == NULL || is_format (self, info)
      || set_format (self, info);
}

GssStream *
gss_dataflow_open (GstSpeakerSaliency *self, const GssProperties *settings,
    SalModel *model, SalTarget *const *targets, guint n_targets, GError **error)
{
  const GssStreamFuncs funcs = { report_stretch, take_samples, self };
  self->processing = settings->processing;
  self->hop = settings->hop;
  self->budget = settings->budget;
  self->qos_time = 0;
  self->has_pushed = FALSE;
  g_atomic_int_set (&self->mode_unknown, TRUE);
  g_atomic_int_set (&self->latency_unknown, FALSE);
  g_atomic_int_set (&self->reset_wanted, FALSE);
  return gss_stream_new (GST_ELEMENT (self), model, targets, n_targets,
      settings, self->load_control, &funcs, error);
}

void
gss_dataflow_install (GstBaseTransformClass *klass)
{
  parent_class = g_type_class_peek_parent (klass);
  klass->sink_event = GST_DEBUG_FUNCPTR (speaker_saliency_sink_event);
  klass->src_event = GST_DEBUG_FUNCPTR (speaker_saliency_src_event);
  klass->query = GST_DEBUG_FUNCPTR (speaker_saliency_query);
  klass->propose_allocation
      = GST_DEBUG_FUNCPTR (speaker_saliency_propose_allocation);
  klass->submit_input_buffer
      = GST_DEBUG_FUNCPTR (speaker_saliency_submit_input_buffer);
  klass->generate_output = GST_DEBUG_FUNCPTR (speaker_saliency_generate_output);
  GST_AUDIO_FILTER_CLASS (klass)->setup
      = GST_DEBUG_FUNCPTR (speaker_saliency_setup);
}
