/* SPDX-License-Identifier: GPL-2.0-or-later */

/**
 * SECTION:element-speakersaliency
 * @title: speakersaliency
 *
 * Says when a known speaker talks, and which parts of the sound tell so: a
 * message `speakersaliency` and, if asked for, a #GstSaliencyMeta for each
 * settled stretch of time. With `mask=time` everything else is attenuated.
 *
 * Without a mask the very same buffers leave at once. With it they leave as
 * much later as the LATENCY query answers; boundaries, times, flags and metas
 * stay.
 *
 * The message has the fields `timestamp`, `stream-time`, `running-time` and
 * `duration` (ns, #guint64) of the stretch, `target` (string), `score`
 * (log-odds of the newest window, #gdouble), `probability` that the target
 * speaks, 0 to 1, `activity` (mean of the saliency map), `seqnum` of the window
 * (#guint64), `late` (#gboolean) and `flags` (#GstSaliencyFlags); with
 * `message-map=true` also `map` (#GBytes of float32, [bands, frames]), `bands`,
 * `frames` and `frame-duration` (ns).
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=talk.wav ! decodebin ! audioconvert ! \
 *     speakersaliency target=alice.speaker ! fakesink
 * ]|
 */

#include "gstspeakersaliency.h"

#include "stream.h"

GST_DEBUG_CATEGORY_STATIC (speaker_saliency_debug);
#define GST_CAT_DEFAULT speaker_saliency_debug

/* A longer gap is not worth hearing: the stream ends and begins again. */
#define MAX_GAP (600 * GST_SECOND)

/* rates: what masker.h takes; channels: what GStreamer mixes */
#define CAPS "audio/x-raw, format = (string) { " GST_AUDIO_NE (S16) ", " \
    GST_AUDIO_NE (S32) ", " GST_AUDIO_NE (F32) ", " GST_AUDIO_NE (F64) " }, " \
    "rate = (int) [ 1000, 768000 ], channels = (int) [ 1, 63 ], " \
    "layout = (string) interleaved"

struct _GstSpeakerSaliency {
  GstAudioFilter parent;

  /* protected by the object lock */
  SalSettings settings;
  SalModel *model;          /* from start to stop */
  SalTarget *new_target;    /* to be used from now on */
  GstClockTime latency;     /* ns, L */

  /* of the streaming thread */
  SalStream *stream;        /* from start to stop */
  GstBuffer *untouched;     /* leaves as it is: of a stream played backwards */
};

G_DEFINE_TYPE (GstSpeakerSaliency, gst_speaker_saliency, GST_TYPE_AUDIO_FILTER)
GST_ELEMENT_REGISTER_DEFINE (speakersaliency, "speakersaliency", GST_RANK_NONE,
    GST_TYPE_SPEAKER_SALIENCY)

#define PARENT GST_BASE_TRANSFORM_CLASS (gst_speaker_saliency_parent_class)

/* Errors */

static GstResourceError
resource_error (const GError *error, const char *path)
{
  switch (error->code) {
    case SAL_ERROR_FILE:
      return g_file_test (path, G_FILE_TEST_EXISTS) ? GST_RESOURCE_ERROR_READ
          : GST_RESOURCE_ERROR_NOT_FOUND;
    case SAL_ERROR_TARGET:
      return GST_RESOURCE_ERROR_NOT_FOUND;
    case SAL_ERROR_FORMAT:
    case SAL_ERROR_RECORD:
      return GST_RESOURCE_ERROR_READ;
    default:
      return GST_RESOURCE_ERROR_SETTINGS;
  }
}

static void
post_failure (GstSpeakerSaliency *self, GstMessageType type,
    const GError *error, const char *path)
{
  gst_element_message_full (GST_ELEMENT (self), type, GST_RESOURCE_ERROR,
      resource_error (error, path), g_strdup (error->message), NULL, __FILE__,
      G_STRFUNC, __LINE__);
}

/* The stream */

static gboolean
report_stretch (const SalReport *report, gpointer user_data)
{
  GstSpeakerSaliency *self = user_data;
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GST_OBJECT_LOCK (self);
  gboolean post = self->settings.post_messages;
  gboolean with_map = self->settings.message_map;
  gboolean attach = self->settings.attach_meta;
  GST_OBJECT_UNLOCK (self);

  if (post)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_element (GST_OBJECT (self),
            sal_report_get_structure (report, segment, with_map)));
  return attach;
}

/* The next buffer that is ready to leave; events before it leave here. */
static GstBuffer *
pop_buffer (GstSpeakerSaliency *self)
{
  GstMiniObject *object;
  while ((object = sal_stream_pop (self->stream)) != NULL) {
    if (GST_IS_BUFFER (object))
      return GST_BUFFER_CAST (object);
    PARENT->sink_event (GST_BASE_TRANSFORM (self), GST_EVENT_CAST (object));
  }
  return NULL;
}

static GstFlowReturn
push_ready (GstSpeakerSaliency *self)
{
  GstFlowReturn ret = GST_FLOW_OK;
  GstBuffer *buffer;
  while (ret == GST_FLOW_OK && (buffer = pop_buffer (self)) != NULL)
    ret = gst_pad_push (GST_BASE_TRANSFORM_SRC_PAD (self), buffer);
  return ret;
}

/* Whatever can be said and shown of what was heard leaves now. */
static GstFlowReturn
drain (GstSpeakerSaliency *self)
{
  if (self->stream == NULL)
    return GST_FLOW_OK;
  if (sal_stream_has_heard (self->stream))
    sal_stream_finish (self->stream);
  GstFlowReturn ret = push_ready (self);
  sal_stream_restart (self->stream);
  return ret;
}

/* To be called before sound of @n_frames at @pts is pushed. */
static GstFlowReturn
follow (GstSpeakerSaliency *self, GstClockTime pts, gsize n_frames,
    gboolean is_discont)
{
  if (sal_stream_follow (self->stream, pts, n_frames, is_discont))
    return GST_FLOW_OK;
  GST_DEBUG_OBJECT (self, "discontinuity at %" GST_TIME_FORMAT,
      GST_TIME_ARGS (pts));
  GstFlowReturn ret = drain (self);
  sal_stream_follow (self->stream, pts, n_frames, FALSE);
  return ret;
}

static gboolean
can_hear (GstSpeakerSaliency *self)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  return self->stream != NULL
      && GST_AUDIO_INFO_RATE (sal_stream_get_format (self->stream)) > 0
      && segment->rate > 0
      && !(segment->flags & GST_SEGMENT_FLAG_TRICKMODE_NO_AUDIO);
}

static void
take_new_target (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  g_autoptr (SalTarget) target = g_steal_pointer (&self->new_target);
  GST_OBJECT_UNLOCK (self);
  if (target == NULL)
    return;
  GST_INFO_OBJECT (self, "target is %s", sal_target_get_name (target));
  sal_stream_set_target (self->stream, target);
}

/* Takes @buffer. */
static GstFlowReturn
hear_buffer (GstSpeakerSaliency *self, GstBuffer *buffer)
{
  GstMapInfo map;
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR (self, RESOURCE, READ, ("cannot read a buffer"), (NULL));
    return GST_FLOW_ERROR;
  }
  gsize n_frames =
      map.size / GST_AUDIO_INFO_BPF (sal_stream_get_format (self->stream));
  GstFlowReturn ret = follow (self, GST_BUFFER_PTS (buffer), n_frames,
      GST_BUFFER_IS_DISCONT (buffer));
  gboolean is_gap = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP);
  if (ret == GST_FLOW_OK)
    sal_stream_push (self->stream,
        GST_MINI_OBJECT_CAST (gst_buffer_ref (buffer)),
        is_gap ? NULL : map.data, n_frames);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return ret;
}

static GstFlowReturn
speaker_saliency_submit_input_buffer (GstBaseTransform *trans,
    gboolean is_discont, GstBuffer *input)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  GstFlowReturn ret = PARENT->submit_input_buffer (trans, is_discont, input);
  if (ret != GST_FLOW_OK)
    return ret;

  GstBuffer *buffer = g_steal_pointer (&trans->queued_buf);
  if (buffer == NULL) /* all of it was outside the segment */
    return GST_FLOW_OK;
  if (!can_hear (self)) {
    self->untouched = buffer;
    return GST_FLOW_OK;
  }
  take_new_target (self);
  /* @is_discont stays set until a buffer has left: the buffer's flag counts */
  return hear_buffer (self, buffer);
}

static GstFlowReturn
speaker_saliency_generate_output (GstBaseTransform *trans, GstBuffer **output)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  *output = g_steal_pointer (&self->untouched);
  if (*output == NULL)
    *output = pop_buffer (self);
  return GST_FLOW_OK;
}

/* Events and queries */

/* Takes @event.  A gap is silence that nobody sent. */
static void
hear_gap (GstSpeakerSaliency *self, GstEvent *event)
{
  guint rate = GST_AUDIO_INFO_RATE (sal_stream_get_format (self->stream));
  GstClockTime pts, duration;
  gst_event_parse_gap (event, &pts, &duration);
  gboolean is_long = duration > MAX_GAP;
  guint64 n_frames =
      is_long ? 0 : gst_util_uint64_scale_round (duration, rate, GST_SECOND);

  take_new_target (self);
  GstFlowReturn ret = is_long ? drain (self)
      : follow (self, pts, n_frames, FALSE);
  sal_stream_queue (self->stream, event);
  while (n_frames > 0 && ret == GST_FLOW_OK) {
    gsize n = MIN (n_frames, rate);
    sal_stream_push (self->stream, NULL, NULL, n);
    ret = push_ready (self);
    n_frames -= n;
  }
  push_ready (self);
}

/* After a flush nothing old leaves, but sticky events are still in force. */
static void
flush (GstSpeakerSaliency *self)
{
  GstMiniObject *object;
  gst_clear_buffer (&self->untouched);
  if (self->stream == NULL)
    return;
  while ((object = sal_stream_abandon (self->stream)) != NULL) {
    if (GST_IS_EVENT (object) && GST_EVENT_IS_STICKY (object)
        && GST_EVENT_TYPE (object) != GST_EVENT_SEGMENT)
      gst_pad_store_sticky_event (GST_BASE_TRANSFORM_SRC_PAD (self),
          GST_EVENT_CAST (object));
    gst_mini_object_unref (object);
  }
  sal_stream_reset (self->stream);
}

static gboolean
is_format (GstSpeakerSaliency *self, const GstAudioInfo *info)
{
  return self->stream != NULL
      && gst_audio_info_is_equal (info, sal_stream_get_format (self->stream));
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
      return !gst_audio_info_from_caps (&info, caps)
          || !is_format (self, &info);
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
speaker_saliency_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    flush (self);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_GAP && can_hear (self)) {
    hear_gap (self, event);
    return TRUE;
  } else if (ends_stream (self, event)) {
    drain (self);
  } else if (GST_EVENT_IS_SERIALIZED (event) && self->stream != NULL
      && sal_stream_is_waiting (self->stream)) {
    sal_stream_queue (self->stream, event);
    return TRUE;
  }
  return PARENT->sink_event (trans, event);
}

/* The base class would drop sound when sinks are late; nobody wants that. */
static gboolean
speaker_saliency_src_event (GstBaseTransform *trans, GstEvent *event)
{
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
    drain (self);
  if (!PARENT->query (trans, direction, query))
    return FALSE;
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY
      && direction == GST_PAD_SRC) {
    gboolean live;
    GstClockTime min, max;
    gst_query_parse_latency (query, &live, &min, &max);
    GST_OBJECT_LOCK (self);
    min += self->latency;
    if (GST_CLOCK_TIME_IS_VALID (max))
      max += self->latency;
    GST_OBJECT_UNLOCK (self);
    gst_query_set_latency (query, live, min, max);
  }
  return TRUE;
}

/* Buffers that wait here must not be those that upstream is waiting for. */
static gboolean
speaker_saliency_propose_allocation (GstBaseTransform *trans,
    GstQuery *decide_query, GstQuery *query)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  GST_OBJECT_LOCK (self);
  gboolean waits = self->latency > 0;
  GST_OBJECT_UNLOCK (self);
  return waits || PARENT->propose_allocation (trans, decide_query, query);
}

/* Set-up */

static void
update_latency (GstSpeakerSaliency *self)
{
  GstClockTime latency = sal_stream_get_latency (self->stream);
  GST_OBJECT_LOCK (self);
  gboolean changed = latency != self->latency;
  self->latency = latency;
  GST_OBJECT_UNLOCK (self);
  if (changed) {
    GST_INFO_OBJECT (self, "latency is %" GST_TIME_FORMAT,
        GST_TIME_ARGS (latency));
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
  }
}

static gboolean
speaker_saliency_setup (GstAudioFilter *filter, const GstAudioInfo *info)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (filter);
  g_autoptr (GError) error = NULL;
  if (is_format (self, info))
    return TRUE;
  if (!sal_stream_set_format (self->stream, info, &error)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("%s", error->message), (NULL));
    return FALSE;
  }
  update_latency (self);
  return TRUE;
}

/* Posts an error for whatever is missing. */
static gboolean
load (GstSpeakerSaliency *self, const SalSettings *settings, SalModel **model,
    SalTarget **target)
{
  g_autoptr (GError) error = NULL;
  if (settings->target == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("property target is unset: it is the path of a .speaker file or the "
            "name of a class of the model"), (NULL));
    return FALSE;
  }
  *model = sal_model_load (settings->model, &error);
  if (*model == NULL) {
    post_failure (self, GST_MESSAGE_ERROR, error, settings->model);
    return FALSE;
  }
  *target = sal_target_load (*model, settings->target, &error);
  if (*target == NULL) {
    post_failure (self, GST_MESSAGE_ERROR, error, settings->target);
    return FALSE;
  }
  return TRUE;
}

static gboolean
speaker_saliency_start (GstBaseTransform *trans)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  SalSettings settings;
  GST_OBJECT_LOCK (self);
  sal_settings_copy (&settings, &self->settings);
  GST_OBJECT_UNLOCK (self);

  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = NULL;
  g_autoptr (SalTarget) target = NULL;
  if (load (self, &settings, &model, &target)) {
    self->stream = sal_stream_new (model, target, &settings, report_stretch,
        self, &error);
    if (self->stream == NULL)
      post_failure (self, GST_MESSAGE_ERROR, error, settings.model);
  }
  sal_settings_clear (&settings);
  if (self->stream == NULL)
    return FALSE;
  GST_OBJECT_LOCK (self);
  self->model = g_steal_pointer (&model);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
speaker_saliency_stop (GstBaseTransform *trans)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  gst_clear_buffer (&self->untouched);
  g_clear_pointer (&self->stream, sal_stream_free);

  GST_OBJECT_LOCK (self);
  g_autoptr (SalModel) model = g_steal_pointer (&self->model);
  g_autoptr (SalTarget) target = g_steal_pointer (&self->new_target);
  self->latency = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* GObject */

/* The file is read in the thread that sets the property; the stream goes on. */
static void
change_target (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  g_autofree char *text = g_strdup (self->settings.target);
  g_autoptr (SalModel) model =
      self->model != NULL ? sal_model_ref (self->model) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (model == NULL || text == NULL)
    return;

  g_autoptr (GError) error = NULL;
  g_autoptr (SalTarget) target = sal_target_load (model, text, &error);
  if (target == NULL) {
    post_failure (self, GST_MESSAGE_WARNING, error, text);
    return;
  }
  GST_OBJECT_LOCK (self);
  SalTarget *old = self->new_target;
  self->new_target = g_steal_pointer (&target);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&old, sal_target_unref);
}

static void
speaker_saliency_set_property (GObject *object, guint prop_id,
    const GValue *value, GParamSpec *pspec)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (object);
  GST_OBJECT_LOCK (self);
  gboolean known = sal_settings_set (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  else if (prop_id == PROP_TARGET)
    change_target (self);
}

static void
speaker_saliency_get_property (GObject *object, guint prop_id, GValue *value,
    GParamSpec *pspec)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (object);
  GST_OBJECT_LOCK (self);
  gboolean known = sal_settings_get (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
speaker_saliency_finalize (GObject *object)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (object);
  sal_settings_clear (&self->settings);
  G_OBJECT_CLASS (gst_speaker_saliency_parent_class)->finalize (object);
}

static void
gst_speaker_saliency_init (GstSpeakerSaliency *self)
{
  sal_settings_init (&self->settings);
  /* buffers are held and rewritten here, the base class only negotiates */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), FALSE);
}

static void
gst_speaker_saliency_class_init (GstSpeakerSaliencyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstAudioFilterClass *filter_class = GST_AUDIO_FILTER_CLASS (klass);
  GST_DEBUG_CATEGORY_INIT (speaker_saliency_debug, "speakersaliency", 0,
      "where a known speaker is");

  object_class->set_property = speaker_saliency_set_property;
  object_class->get_property = speaker_saliency_get_property;
  object_class->finalize = speaker_saliency_finalize;
  sal_settings_install (object_class);

  trans_class->start = GST_DEBUG_FUNCPTR (speaker_saliency_start);
  trans_class->stop = GST_DEBUG_FUNCPTR (speaker_saliency_stop);
  trans_class->sink_event = GST_DEBUG_FUNCPTR (speaker_saliency_sink_event);
  trans_class->src_event = GST_DEBUG_FUNCPTR (speaker_saliency_src_event);
  trans_class->query = GST_DEBUG_FUNCPTR (speaker_saliency_query);
  trans_class->propose_allocation =
      GST_DEBUG_FUNCPTR (speaker_saliency_propose_allocation);
  trans_class->submit_input_buffer =
      GST_DEBUG_FUNCPTR (speaker_saliency_submit_input_buffer);
  trans_class->generate_output =
      GST_DEBUG_FUNCPTR (speaker_saliency_generate_output);
  filter_class->setup = GST_DEBUG_FUNCPTR (speaker_saliency_setup);

  gst_element_class_set_static_metadata (element_class, "Speaker saliency",
      "Filter/Effect/Analyzer/Audio",
      "Says when a known speaker talks and which parts of the sound tell so; "
      "can mask everything else", "The speakersaliency developers");
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);
  gst_audio_filter_class_add_pad_templates (filter_class, caps);
}
