/* SPDX-License-Identifier: GPL-2.0-or-later */

/**
 * SECTION:element-speakersaliency
 * @title: speakersaliency
 *
 * Says when known speakers talk, and which parts of the sound tell so: a
 * message `speakersaliency` and, if asked for, a #GstSaliencyMeta for each
 * settled stretch of time and target.  With a mask everything else is
 * attenuated.
 *
 * Without a mask the very same buffers leave at once.  With one they leave as
 * much later as the LATENCY query answers: look-ahead, hop, budget and 100 ms;
 * boundaries, times, flags and metas stay.
 *
 * Behind a live source windows are computed by a thread of their own and sound
 * never waits for them: what is late is settled from the windows before, and
 * said so.  Elsewhere the output is the same, to the bit, whatever the machine
 * does.
 *
 * The message has the fields `timestamp`, `stream-time`, `running-time` and
 * `duration` (ns, #guint64) of the stretch, `target` (string), `score`
 * (log-odds of the newest window, #gdouble), `probability` that the target
 * speaks, 0 to 1, `saliency` (mean of the map), `seqnum` of the stretch since
 * the stream last began (#guint64), `late` (#gboolean) and `flags`
 * (#GstSaliencyFlags); with `trust-interval` now and then `trust`, whether the
 * map can be believed; with `message-map=true` also `map` (#GBytes of float32,
 * [bands, frames]), `bands`, `frames` and `frame-duration` (ns).
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=talk.wav ! decodebin ! audioconvert ! \
 *     speakersaliency target=alice.speaker ! fakesink
 * ]|
 */

#include "dataflow.h"
#include "element-error.h"

GST_DEBUG_CATEGORY (speaker_saliency_debug);
#define GST_CAT_DEFAULT speaker_saliency_debug

/* rates: what sal_render_set_format() takes; channels: what GStreamer mixes */
#define CAPS                                                                                         \
  "audio/x-raw, format = (string) { " GST_AUDIO_NE (S16) ", " GST_AUDIO_NE (S24) ", " GST_AUDIO_NE ( \
      S24_32) ", " GST_AUDIO_NE (S32) ", " GST_AUDIO_NE (F32) ","                                    \
                                                              " " GST_AUDIO_NE (                     \
                                                                  F64) " }, "                        \
                                                                       "rate "                       \
                                                                       "= "                          \
                                                                       "(int)"                       \
                                                                       " [ "                         \
                                                                       "1000,"                       \
                                                                       " 7680"                       \
                                                                       "00 "                         \
                                                                       "], "                         \
                                                                       "chann"                       \
                                                                       "els "                        \
                                                                       "= "                          \
                                                                       "(int)"                       \
                                                                       " [ "                         \
                                                                       "1, "                         \
                                                                       "63 "                         \
                                                                       "], "                         \
                                                                       "layou"                       \
                                                                       "t = "                        \
                                                                       "(stri"                       \
                                                                       "ng) "                        \
                                                                       "{ "                          \
                                                                       "inter"                       \
                                                                       "leave"                       \
                                                                       "d, "                         \
                                                                       "non-"                        \
                                                                       "inter"                       \
                                                                       "leave"                       \
                                                                       "d }"

G_DEFINE_TYPE_WITH_CODE (GstSpeakerSaliency, gst_speaker_saliency,
    GST_TYPE_AUDIO_FILTER, G_IMPLEMENT_INTERFACE (GST_TYPE_PRESET, NULL))
GST_ELEMENT_REGISTER_DEFINE (speakersaliency, "speakersaliency", GST_RANK_NONE,
    GST_TYPE_SPEAKER_SALIENCY)

/* --- set-up -------------------------------------------------------------- */

/* Model and targets that @settings name; on failure @failed is the file. */
static SalModel *
load (GstSpeakerSaliency *self, const GssProperties *settings,
    const char **failed, GError **error)
{
  *failed = settings->model;
  g_autoptr (SalModel) model = sal_model_load (settings->model, error);
  if (model == NULL
      || !gss_target_list_load (self->roster, model, settings->target,
          settings->targets, failed, error))
    return NULL;
  return g_steal_pointer (&model);
}

static GssStream *
open_stream (GstSpeakerSaliency *self, const GssProperties *settings,
    SalModel *model, GError **error)
{
  SalTarget *targets[SAL_ANALYSER_MAX_TARGETS];
  guint n = gss_target_list_take (self->roster, targets);
  GssStream *stream
      = gss_dataflow_open (self, settings, model, targets, n, error);
  while (n > 0)
    sal_target_unref (targets[--n]);
  return stream;
}

/* A new stream with @settings. */
static gboolean
enter (GstSpeakerSaliency *self, const GssProperties *settings,
    const char **failed, GError **error)
{
  g_autoptr (SalModel) model = load (self, settings, failed, error);
  GssStream *stream = NULL;
  if (model != NULL)
    stream = open_stream (self, settings, model, error);
  if (stream == NULL)
    return FALSE;
  GST_OBJECT_LOCK (self);
  self->model = g_steal_pointer (&model);
  self->stream = stream;
  self->latency = gss_properties_get_latency (settings);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
speaker_saliency_start (GstBaseTransform *trans)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  g_autoptr (GError) error = NULL;
  const char *failed = NULL;
  GssProperties settings;
  /* a target that is set meanwhile is loaded after this */
  g_mutex_lock (&self->loading);
  g_atomic_int_set (&self->settings_changed, FALSE);
  GST_OBJECT_LOCK (self);
  gss_properties_copy (&settings, &self->settings);
  GstClockTime old_latency = self->latency;
  GST_OBJECT_UNLOCK (self);
  gboolean entered = enter (self, &settings, &failed, &error);
  g_mutex_unlock (&self->loading);

  if (!entered)
    gss_element_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, error,
        failed);
  else if (GST_CLOCK_TIME_IS_VALID (old_latency)
      && old_latency != gss_properties_get_latency (&settings))
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
  gss_properties_clear (&settings);
  return entered;
}

static gboolean
speaker_saliency_stop (GstBaseTransform *trans)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  gst_clear_buffer (&self->untouched);
  GST_OBJECT_LOCK (self);
  g_autoptr (GssStream) stream = g_steal_pointer (&self->stream);
  g_autoptr (SalModel) model = g_steal_pointer (&self->model);
  GST_OBJECT_UNLOCK (self);
  gss_enrolment_cancel (self->enrolment);
  return TRUE;
}

/* Flushing comes first: the pads stop only when nobody waits any more. */
static GstStateChangeReturn
speaker_saliency_change_state (GstElement *element, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gss_dataflow_interrupt (GST_SPEAKER_SALIENCY (element));
  return GST_ELEMENT_CLASS (gst_speaker_saliency_parent_class)
      ->change_state (element, transition);
}

/* --- actions ------------------------------------------------------------- */

static SalModel *
ref_model (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  SalModel *model = self->model != NULL ? sal_model_ref (self->model) : NULL;
  GST_OBJECT_UNLOCK (self);
  return model;
}

static void
speaker_saliency_reset (GstSpeakerSaliency *self)
{
  g_atomic_int_set (&self->reset_wanted, TRUE);
}

static gboolean
speaker_saliency_enrol_start (GstSpeakerSaliency *self, const char *name)
{
  g_autoptr (SalModel) model = ref_model (self);
  if (model == NULL || name == NULL)
    return FALSE;
  gss_enrolment_start (self->enrolment, model, name);
  return TRUE;
}

static GstStructure *
speaker_saliency_enrol_finish (GstSpeakerSaliency *self, const char *location)
{
  return gss_enrolment_finish (self->enrolment, location);
}

static void
install_actions (GObjectClass *klass)
{
  GType type = G_OBJECT_CLASS_TYPE (klass);
  GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;
  /**
   * GstSpeakerSaliency::reset:
   *
   * Forgets what was made of the sound so far; sound and time go on.
   */
  g_signal_new_class_handler ("reset", type, flags,
      G_CALLBACK (speaker_saliency_reset), NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * GstSpeakerSaliency::enrol-start:
   * @name: of the voice
   *
   * From now on what plays is kept to make a voice of, up to ten minutes, until
   * the state goes below PAUSED.
   *
   * Returns: %FALSE below PAUSED: there is no model to make it with
   */
  g_signal_new_class_handler ("enrol-start", type, flags,
      G_CALLBACK (speaker_saliency_enrol_start), NULL, NULL, NULL,
      G_TYPE_BOOLEAN, 1, G_TYPE_STRING);
  /**
   * GstSpeakerSaliency::enrol-finish:
   * @location: path of the .speaker file to be written
   *
   * Makes a voice of what was kept, in the calling thread, and writes it; to
   * look for it, set target to the path.
   *
   * Returns: (transfer full): a structure `speaker-enrolment` with `name`,
   *   `location` and what to think of the recording: `seconds`,
   *   `speech-seconds`, `pieces` and how many were `kept`, `agreement` between
   *   them (cosine), `level-db`, `clipped` (part of the samples), `snr-db`,
   *   `second-voice` with `second-start` and `second-end` (s), expected
   *   `false-accept` and `false-reject`; or with `error` alone
   */
  g_signal_new_class_handler ("enrol-finish", type, flags,
      G_CALLBACK (speaker_saliency_enrol_finish), NULL, NULL, NULL,
      GST_TYPE_STRUCTURE, 1, G_TYPE_STRING);
}

/* --- properties ---------------------------------------------------------- */

/* Files are read in the thread that sets the property; the stream goes on. */
static void
change_targets (GstSpeakerSaliency *self)
{
  g_autoptr (GError) error = NULL;
  const char *failed = NULL;
  GssProperties settings;
  g_mutex_lock (&self->loading);
  g_autoptr (SalModel) model = ref_model (self);
  GST_OBJECT_LOCK (self);
  gss_properties_copy (&settings, &self->settings);
  GST_OBJECT_UNLOCK (self);
  if (model != NULL)
    gss_target_list_load (self->roster, model, settings.target,
        settings.targets, &failed, &error);
  g_mutex_unlock (&self->loading);

  if (error != NULL)
    gss_element_error_post (GST_ELEMENT (self), GST_MESSAGE_WARNING, error,
        failed);
  gss_properties_clear (&settings);
}

static void
speaker_saliency_set_property (GObject *object, guint prop_id,
    const GValue *value, GParamSpec *pspec)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (object);
  GST_OBJECT_LOCK (self);
  gboolean known = gss_properties_set (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  else if (prop_id == PROP_TARGET || prop_id == PROP_TARGETS)
    change_targets (self);
  else
    g_atomic_int_set (&self->settings_changed, TRUE);
}

static gboolean
get_fact (GstSpeakerSaliency *self, guint prop_id, GValue *value)
{
  GssLoadStats stats;
  switch (prop_id) {
  case PROP_STATS:
    g_value_take_boxed (value, gss_load_control_get_structure (self->pace));
    return TRUE;
  case PROP_MAX_OBSERVED_DELAY:
    gss_load_control_get_stats (self->pace, &stats);
    g_value_set_uint64 (value, stats.max_delay);
    return TRUE;
  default:
    return FALSE;
  }
}

static void
speaker_saliency_get_property (GObject *object, guint prop_id, GValue *value,
    GParamSpec *pspec)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (object);
  if (get_fact (self, prop_id, value))
    return;
  GST_OBJECT_LOCK (self);
  gboolean known = gss_properties_get (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
install_facts (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Since the start: windows computed, stretches that were late, "
          "windows superseded and skipped, mean and max cost of a window and "
          "the effective hop in ns, effective processing",
          GST_TYPE_STRUCTURE, flags));
  g_object_class_install_property (klass, PROP_MAX_OBSERVED_DELAY,
      g_param_spec_uint64 ("max-observed-delay", "Largest observed delay",
          "Longest time in ns between the end of a window and its result, in "
          "async processing",
          0, G_MAXUINT64, 0, flags));
}

static void
speaker_saliency_finalize (GObject *object)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (object);
  gss_properties_clear (&self->settings);
  gss_target_list_free (self->roster);
  gss_enrolment_free (self->enrolment);
  gss_load_control_free (self->pace);
  g_mutex_clear (&self->loading);
  G_OBJECT_CLASS (gst_speaker_saliency_parent_class)->finalize (object);
}

static void
gst_speaker_saliency_init (GstSpeakerSaliency *self)
{
  gss_properties_init (&self->settings);
  self->latency = GST_CLOCK_TIME_NONE;
  g_mutex_init (&self->loading);
  self->roster = gss_target_list_new ();
  self->enrolment = gss_enrolment_new ();
  self->pace = gss_load_control_new ();
  /* buffers are held and rewritten here, the base class only negotiates */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), FALSE);
}

static void
gst_speaker_saliency_class_init (GstSpeakerSaliencyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GST_DEBUG_CATEGORY_INIT (speaker_saliency_debug, "speakersaliency", 0,
      "where a known speaker is");

  object_class->set_property = speaker_saliency_set_property;
  object_class->get_property = speaker_saliency_get_property;
  object_class->finalize = speaker_saliency_finalize;
  gss_properties_install (object_class);
  install_facts (object_class);
  install_actions (object_class);

  element_class->change_state
      = GST_DEBUG_FUNCPTR (speaker_saliency_change_state);
  trans_class->start = GST_DEBUG_FUNCPTR (speaker_saliency_start);
  trans_class->stop = GST_DEBUG_FUNCPTR (speaker_saliency_stop);
  gss_dataflow_install (trans_class);

  gst_element_class_set_static_metadata (element_class, "Speaker saliency",
      "Filter/Effect/Analyzer/Audio",
      "Says when a known speaker talks and which parts of the sound tell so; "
      "can mask everything else",
      "The speakersaliency developers");
  gst_element_class_add_metadata (element_class, GST_ELEMENT_METADATA_DOC_URI,
      SALIENCY_DOC_URI);
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);
  gst_audio_filter_class_add_pad_templates (GST_AUDIO_FILTER_CLASS (klass),
      caps);
}
