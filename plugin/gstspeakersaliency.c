/* SPDX-License-Identifier: GPL-2.0-or-later */

/**
 * SECTION:element-speakersaliency
 * @title: speakersaliency
 *
 * Says when a known speaker talks, and which parts of the sound tell so: a message
 * `speakersaliency` and, if asked for, a #GstSaliencyMeta for each settled stretch of
 * time. With `mask=time` everything else is attenuated.
 *
 * Without a mask the very same buffers leave at once. With it they leave as much
 * later as the LATENCY query answers; boundaries, times, flags and metas stay.
 *
 * The message has the fields `timestamp`, `stream-time`, `running-time` and
 * `duration` (ns, #guint64) of the stretch, `target` (string), `score` (log-odds of the
 * newest window, #gdouble), `probability` that the target speaks, 0 to 1, `activity`
 * (mean of the saliency map), `seqnum` of the window (#guint64), `late` (#gboolean) and
 * `flags` (#GstSaliencyFlags); with `message-map=true` also `map` (#GBytes of float32,
 * [bands, frames]), `bands`, `frames` and `frame-duration` (ns).
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=talk.wav ! decodebin ! audioconvert ! \
 *     speakersaliency target=alice.speaker ! fakesink
 * ]|
 */

#include "gstspeakersaliency.h"

#include <gst/saliency/saliency.h>

#include "delayline.h"
#include "listener.h"
#include "report.h"
#include "settings.h"

GST_DEBUG_CATEGORY_STATIC (speaker_saliency_debug);
#define GST_CAT_DEFAULT speaker_saliency_debug

/* A jump of the timestamps by more than this, and for longer, is a discontinuity. */
#define ALIGNMENT_THRESHOLD (40 * GST_MSECOND)
#define DISCONT_WAIT (1 * GST_SECOND)
/* A longer gap is not worth hearing: the stream ends and begins again. */
#define MAX_GAP (600 * GST_SECOND)

#define CAPS GST_AUDIO_CAPS_MAKE ("{ " GST_AUDIO_NE (S16) ", " \
    GST_AUDIO_NE (S32) ", " GST_AUDIO_NE (F32) ", " GST_AUDIO_NE (F64) " }") \
    ", layout = (string) interleaved"

struct _GstSpeakerSaliency {
  GstAudioFilter parent;

  /* protected by the object lock */
  SalSettings settings;
  SalModel *model;          /* from start to stop */
  SalTarget *new_target;    /* to be used from now on */
  GstClockTime latency;     /* ns, L */

  /* of the streaming thread */
  SalTarget *target;
  GBytes *bands_hz;
  GstClockTime frame_duration;
  SalListener *listener;
  SalDelayLine *line;
  GstAudioInfo info;        /* rate 0: none yet */
  GstAudioStreamAlign *align;
  GstClockTime base;        /* PTS of the first PCM frame heard */
  GQueue reports;           /* of SalReport, to be attached to buffers */
  GstBuffer *untouched;     /* to leave as it is, of a stream played backwards */
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

/* Results */

static void
free_report (gpointer data)
{
  sal_report_clear (data);
  g_free (data);
}

static void
take_report (GstSpeakerSaliency *self, const SalReport *report)
{
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
  if (attach) {
    SalReport *copy = g_new (SalReport, 1);
    *copy = (SalReport) {
      .stretch = report->stretch,
      .target = sal_target_ref (report->target),
      .bands_hz = g_bytes_ref (report->bands_hz),
      .base = report->base,
      .frame_duration = report->frame_duration,
    };
    sal_map_ref (copy->stretch.map);
    g_queue_push_tail (&self->reports, copy);
  }
}

static void
take_stretches (GstSpeakerSaliency *self)
{
  SalReport report = {
    .target = self->target,
    .bands_hz = self->bands_hz,
    .base = self->base,
    .frame_duration = self->frame_duration,
  };
  while (sal_listener_pop (self->listener, &report.stretch)) {
    sal_delay_line_push_activity (self->line, report.stretch.map->activity,
        report.stretch.map->n_frames);
    take_report (self, &report);
    sal_stretch_clear (&report.stretch);
  }
}

/* A report goes with the first buffer that ends where its stretch ends, or later. */
static GstBuffer *
attach_reports (GstSpeakerSaliency *self, GstBuffer *buffer)
{
  guint64 n_frames = sal_delay_line_get_n_frames (self->line);
  GstClockTime end = gst_util_uint64_scale_round (n_frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&self->info));
  SalReport *report;
  while ((report = g_queue_peek_head (&self->reports)) != NULL
      && report->stretch.stop <= end) {
    buffer = gst_buffer_make_writable (buffer);
    sal_report_attach (report, buffer);
    free_report (g_queue_pop_head (&self->reports));
  }
  return buffer;
}

/* The next buffer that is ready to leave; events before it leave here. */
static GstBuffer *
pop_buffer (GstSpeakerSaliency *self)
{
  GstMiniObject *object;
  while ((object = sal_delay_line_pop (self->line)) != NULL) {
    if (GST_IS_BUFFER (object))
      return attach_reports (self, GST_BUFFER_CAST (object));
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

/* The stream */

static void
forget_stream (GstSpeakerSaliency *self)
{
  gst_clear_buffer (&self->untouched);
  g_queue_clear_full (&self->reports, free_report);
  self->base = GST_CLOCK_TIME_NONE;
  if (self->align != NULL)
    gst_audio_stream_align_mark_discont (self->align);
  if (self->line != NULL)
    sal_delay_line_reset (self->line);
  if (self->listener != NULL)
    sal_listener_reset (self->listener);
}

/* Whatever can be said and shown of what was heard leaves now. */
static GstFlowReturn
drain (GstSpeakerSaliency *self)
{
  if (self->listener == NULL || sal_listener_get_n_frames (self->listener) == 0)
    return GST_FLOW_OK;

  GST_DEBUG_OBJECT (self, "draining after %" G_GUINT64_FORMAT " frames",
      sal_listener_get_n_frames (self->listener));
  sal_listener_finish (self->listener);
  take_stretches (self);
  sal_delay_line_finish (self->line);
  GstFlowReturn ret = push_ready (self);
  forget_stream (self);
  return ret;
}

static gboolean
can_hear (GstSpeakerSaliency *self)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  return GST_AUDIO_INFO_RATE (&self->info) > 0 && segment->rate > 0
      && !(segment->flags & GST_SEGMENT_FLAG_TRICKMODE_NO_AUDIO);
}

/* Sound of @n_frames at @pts is next: is it the continuation of what was heard? */
static GstFlowReturn
follow_time (GstSpeakerSaliency *self, GstClockTime pts, gsize n_frames,
    gboolean is_discont)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstFlowReturn ret = GST_FLOW_OK;
  if (GST_CLOCK_TIME_IS_VALID (pts))
    is_discont = gst_audio_stream_align_process (self->align, is_discont, pts,
        n_frames, NULL, NULL, NULL);

  GstClockTime next = self->base;
  if (GST_CLOCK_TIME_IS_VALID (next))
    next += sal_listener_get_time (self->listener);
  if (is_discont) {
    ret = drain (self);
    self->base = GST_CLOCK_TIME_NONE;
    /* draining made the aligner forget the place that it has just found */
    if (GST_CLOCK_TIME_IS_VALID (pts))
      gst_audio_stream_align_process (self->align, TRUE, pts, n_frames, NULL,
          NULL, NULL);
  }
  if (!GST_CLOCK_TIME_IS_VALID (self->base)) {
    if (GST_CLOCK_TIME_IS_VALID (pts))
      self->base = pts;
    else if (GST_CLOCK_TIME_IS_VALID (next))
      self->base = next;
    else
      self->base = segment->format == GST_FORMAT_TIME ? segment->start : 0;
  }
  return ret;
}

static void
take_new_target (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  SalTarget *target = g_steal_pointer (&self->new_target);
  GST_OBJECT_UNLOCK (self);
  if (target == NULL)
    return;

  GST_INFO_OBJECT (self, "target is %s", sal_target_get_name (target));
  sal_listener_set_target (self->listener, target);
  sal_target_unref (self->target);
  self->target = target;
}

static GstFlowReturn
hear_buffer (GstSpeakerSaliency *self, GstBuffer *buffer)
{
  gboolean is_gap = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP);
  GstMapInfo map;
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR (self, RESOURCE, READ, ("cannot read a buffer"), (NULL));
    return GST_FLOW_ERROR;
  }
  gsize n_frames = map.size / GST_AUDIO_INFO_BPF (&self->info);
  const guint8 *pcm = is_gap ? NULL : map.data;
  sal_listener_push (self->listener, pcm, n_frames);
  /* the line may hold the buffer from here on, but does not touch it yet */
  sal_delay_line_push (self->line, GST_MINI_OBJECT_CAST (buffer), pcm,
      n_frames);
  gst_buffer_unmap (buffer, &map);
  take_stretches (self);
  return GST_FLOW_OK;
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
  if (!can_hear (self)) {
    self->untouched = buffer;
    return GST_FLOW_OK;
  }
  take_new_target (self);
  /* @is_discont stays set until a buffer has left, so the flag is what counts */
  ret = follow_time (self, GST_BUFFER_PTS (buffer),
      gst_buffer_get_size (buffer) / GST_AUDIO_INFO_BPF (&self->info),
      GST_BUFFER_IS_DISCONT (buffer));
  if (ret != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return ret;
  }
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
static gboolean
hear_gap (GstSpeakerSaliency *self, GstEvent *event)
{
  guint rate = GST_AUDIO_INFO_RATE (&self->info);
  GstClockTime pts, duration;
  gst_event_parse_gap (event, &pts, &duration);
  if (!GST_CLOCK_TIME_IS_VALID (duration))
    duration = 0;

  gboolean is_long = duration > MAX_GAP;
  guint64 n_frames =
      is_long ? 0 : gst_util_uint64_scale_round (duration, rate, GST_SECOND);
  take_new_target (self);
  follow_time (self, pts, n_frames, is_long);
  sal_delay_line_push (self->line, GST_MINI_OBJECT_CAST (event), NULL, 0);
  GstFlowReturn ret = push_ready (self);
  while (n_frames > 0 && ret == GST_FLOW_OK) {
    gsize n = MIN (n_frames, rate);
    sal_listener_push (self->listener, NULL, n);
    sal_delay_line_push (self->line, NULL, NULL, n);
    take_stretches (self);
    ret = push_ready (self);
    n_frames -= n;
  }
  return TRUE;
}

/* After a flush nothing old leaves, but sticky events are still in force. */
static void
flush (GstSpeakerSaliency *self)
{
  GstMiniObject *object;
  while (self->line != NULL
      && (object = sal_delay_line_abandon (self->line)) != NULL) {
    if (GST_IS_EVENT (object) && GST_EVENT_IS_STICKY (object)
        && GST_EVENT_TYPE (object) != GST_EVENT_SEGMENT)
      gst_pad_store_sticky_event (GST_BASE_TRANSFORM_SRC_PAD (self),
          GST_EVENT_CAST (object));
    gst_mini_object_unref (object);
  }
  forget_stream (self);
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
          || !gst_audio_info_is_equal (&info, &self->info);
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
    return hear_gap (self, event);
  } else if (ends_stream (self, event)) {
    drain (self);
  } else if (GST_EVENT_IS_SERIALIZED (event) && self->line != NULL
      && !sal_delay_line_is_empty (self->line)) {
    sal_delay_line_push (self->line, GST_MINI_OBJECT_CAST (event), NULL, 0);
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
  guint64 n_frames = sal_delay_line_get_delay (self->line);
  if (n_frames > 0)
    n_frames += sal_listener_get_delay (self->listener);
  GstClockTime latency = gst_util_uint64_scale_ceil (n_frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&self->info));

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
  if (gst_audio_info_is_equal (info, &self->info))
    return TRUE;

  gst_audio_info_init (&self->info);
  if (!sal_listener_set_format (self->listener, info))
    g_set_error (&error, SAL_ERROR, SAL_ERROR_CONFIG,
        "%s cannot be converted to what the model hears",
        GST_AUDIO_INFO_NAME (info));
  if (error != NULL || !sal_delay_line_set_format (self->line, info, &error)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("%s", error->message), (NULL));
    return FALSE;
  }
  self->info = *info;
  g_clear_pointer (&self->align, gst_audio_stream_align_free);
  self->align = gst_audio_stream_align_new (GST_AUDIO_INFO_RATE (info),
      ALIGNMENT_THRESHOLD, DISCONT_WAIT);
  self->base = GST_CLOCK_TIME_NONE;
  update_latency (self);
  return TRUE;
}

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

/* What depends on the model: @settings became settings of this run. */
static gboolean
prepare (GstSpeakerSaliency *self, const SalSettings *settings,
    SalModel *model, GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  SalAnalyserConfig config;
  sal_settings_get_analyser_config (settings, mel, &config);
  self->listener = sal_listener_new (model, self->target, &config, error);
  if (self->listener == NULL)
    return FALSE;

  SalGateConfig gate;
  sal_settings_get_gate_config (settings, &gate);
  self->line = sal_delay_line_new (
      settings->mask == SAL_MASK_TIME ? &gate : NULL, mel, error);
  if (self->line == NULL)
    return FALSE;

  float *hz = g_new (float, mel->n_bands);
  sal_mel_config_bands (mel, hz);
  self->bands_hz = g_bytes_new_take (hz, mel->n_bands * sizeof (float));
  self->frame_duration =
      gst_util_uint64_scale_round (mel->hop, GST_SECOND, mel->sample_rate);
  return TRUE;
}

static gboolean
speaker_saliency_stop (GstBaseTransform *trans)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  forget_stream (self);
  gst_audio_info_init (&self->info);
  g_clear_pointer (&self->align, gst_audio_stream_align_free);
  g_clear_pointer (&self->line, sal_delay_line_free);
  g_clear_pointer (&self->listener, sal_listener_free);
  g_clear_pointer (&self->bands_hz, g_bytes_unref);
  g_clear_pointer (&self->target, sal_target_unref);

  GST_OBJECT_LOCK (self);
  SalModel *model = g_steal_pointer (&self->model);
  SalTarget *target = g_steal_pointer (&self->new_target);
  self->latency = 0;
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&model, sal_model_unref);
  g_clear_pointer (&target, sal_target_unref);
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
  gboolean ok = load (self, &settings, &model, &self->target);
  if (ok && !prepare (self, &settings, model, &error)) {
    post_failure (self, GST_MESSAGE_ERROR, error, settings.model);
    ok = FALSE;
  }
  sal_settings_clear (&settings);
  if (!ok) {
    speaker_saliency_stop (trans);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->model = g_steal_pointer (&model);
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
  g_autoptr (SalModel) model = self->model != NULL ? sal_model_ref (self->model) : NULL;
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
  gst_audio_info_init (&self->info);
  g_queue_init (&self->reports);
  self->base = GST_CLOCK_TIME_NONE;
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
