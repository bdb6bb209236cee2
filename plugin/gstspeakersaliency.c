/* SPDX-License-Identifier: GPL-2.0-or-later */

/**
 * SECTION:element-speakersaliency
 * @title: speakersaliency
 *
 * Finds when target speakers talk (target speaker detection), and the parts of
 * the sound that tell so (saliency maps): a message `speakersaliency` and, with
 * `attach-meta`, a #GstSaliencyMeta for each settled stretch of time and
 * target. With a mask all other sound is attenuated.
 *
 * Without a mask the very same buffers leave at once.  With one they leave
 * later, live by what the LATENCY query answers: look-ahead, hop, budget and
 * 100 ms; elsewhere as soon as they are masked, which is without the budget.
 * Boundaries, times, flags and metas stay; a buffer that is all silence then is
 * flagged as a gap.  While no target is set everything passes.
 *
 * Behind a live source another thread computes windows, and sound never waits
 * for them: a stretch whose window is late is settled from the windows before,
 * and marked late.  Elsewhere the output is the same to the bit for any load of
 * the machine.
 *
 * The message has the fields `timestamp`, `stream-time`, `running-time` and
 * `duration` (ns, #guint64) of the stretch, `target` (string), `score`
 * (log-odds of the newest window, #gdouble), `probability` that the target
 * speaks, 0 to 1, `saliency` (mean of the map), `target-id` (index of the
 * target, first `target`, then `targets`, #guint), `seqnum` of the stretch,
 * from 0 since the stream last began (#guint64), `late` (#gboolean) and `flags`
 * (#GstSaliencyFlags); with `trust-interval` now and then `trust`, whether the
 * map can be believed; with `message-map=true` also `map` (#GBytes of float32,
 * [bands, frames]), `bands`, `frames` and `frame-duration` (ns).
 *
 * Holes of less than 250 ms in the timestamps, as lost packets leave, are heard
 * as silence; a longer one begins another stream.  Of a GAP event of more than
 * 10 s the rest is not heard, and the message before it covers all of it.
 *
 * With `qos=true` and async processing a window is left out each time that a
 * sink says that sound came too late; sound never is.
 *
 * The log has the categories `speakersaliency` and, for the library,
 * `saliency`: settings in force, latency, kernels and what is late at level
 * INFO, every window at DEBUG.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=talk.wav ! decodebin ! audioconvert ! \
 *     speakersaliency target=alice.speaker ! fakesink
 * ]|
 */

#include "actions.h"
#include "dataflow.h"
#include "element-error.h"
#include "latency.h"
#include "presets.h"

#include "log.h"

#define FORMATS                                                                  \
  "{ " GST_AUDIO_NE (S16) ", " GST_AUDIO_NE (S24) ", " GST_AUDIO_NE (            \
      S24_32) ", " GST_AUDIO_NE (S32) ", " GST_AUDIO_NE (F32) ","                \
                                                              " " GST_AUDIO_NE ( \
                                                                  F64) " }"

/* rates: what sal_render_set_format() takes; channels: what GStreamer mixes */
#define CAPS                                                                   \
  "audio/x-raw, format = (string) " FORMATS ", "                               \
  "rate = (int) [ 1000, 768000 ], channels = (int) [ 1, 63 ], "                \
  "layout = (string) { interleaved, non-interleaved }"

G_DEFINE_TYPE_WITH_CODE (GstSpeakerSaliency, gst_speaker_saliency,
    GST_TYPE_AUDIO_FILTER,
    G_IMPLEMENT_INTERFACE (GST_TYPE_PRESET, gss_presets_init))
GST_ELEMENT_REGISTER_DEFINE (speakersaliency, "speakersaliency", GST_RANK_NONE,
    GST_TYPE_SPEAKER_SALIENCY)

/* --- set-up -------------------------------------------------------------- */

/* What the user is told of the files. */
typedef struct {
  const char *failed;   /* the file that an error is about */
  const char *repeated; /* a target that was given twice */
} Findings;

/* Model and targets that @settings name. */
static SalModel *
load (GstSpeakerSaliency *self, const GssProperties *settings,
    Findings *findings, GError **error)
{
  findings->failed = settings->model;
  g_autoptr (SalModel) model = sal_model_load (settings->model, error);
  if (model == NULL
      || !gss_target_list_load (self->target_list, model, settings->target,
          settings->targets, &findings->failed, &findings->repeated, error))
    return NULL;
  return g_steal_pointer (&model);
}

/* Classes of the model, as opposed to enrolled voices, need no calibration. */
static void
warn_of_calibration (GstSpeakerSaliency *self, const GssProperties *settings,
    const SalModel *model, SalTarget *const *targets, guint n)
{
  g_autoptr (GError) error = NULL;
  gboolean enrolled = FALSE;
  for (guint i = 0; i < n; i++)
    enrolled = enrolled || sal_target_is_enrolled (targets[i]);
  if (enrolled && settings->mask != GSS_MASK_NONE
      && !sal_model_check_calibration (model, &error))
    GSS_ELEMENT_WARNING (self, error, settings->model);
}

static GssStream *
open_stream (GstSpeakerSaliency *self, const GssProperties *settings,
    SalModel *model, GError **error)
{
  SalTarget *targets[SAL_ANALYSER_MAX_TARGETS];
  guint n = 0;
  gss_target_list_take (self->target_list, targets, &n);
  GssStream *stream
      = gss_dataflow_open (self, settings, model, targets, n, error);
  if (stream != NULL)
    warn_of_calibration (self, settings, model, targets, n);
  if (stream != NULL && n == 0)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("property target is unset: everything passes until it is the path of "
         "a .speaker file or the name of a class of the model"),
        (NULL));
  while (n > 0)
    sal_target_unref (targets[--n]);
  return stream;
}

/* A new stream with @settings. */
static gboolean
enter (GstSpeakerSaliency *self, const GssProperties *settings,
    Findings *findings, GError **error)
{
  g_autoptr (SalModel) model = load (self, settings, findings, error);
  GssStream *stream = NULL;
  if (model != NULL)
    stream = open_stream (self, settings, model, error);
  if (stream == NULL)
    return FALSE;
  GST_OBJECT_LOCK (self);
  self->model = g_steal_pointer (&model);
  self->stream = stream;
  self->latency = gss_properties_get_latency (settings);
  gss_properties_clear (&self->in_force);
  gss_properties_copy (&self->in_force, settings);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
warn_of_repeated (GstSpeakerSaliency *self, const char *target)
{
  if (target != NULL)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("target %s is given twice and counts once", target), (NULL));
}

static void
log_settings (GstSpeakerSaliency *self, const GssProperties *settings)
{
  g_autofree char *text = gss_properties_to_string (settings);
  GST_INFO_OBJECT (self, "latency %" GST_TIME_FORMAT ", settings: %s",
      GST_TIME_ARGS (gss_properties_get_latency (settings)), text);
}

static gboolean
speaker_saliency_start (GstBaseTransform *trans)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (trans);
  g_autoptr (GError) error = NULL;
  Findings findings = { NULL, NULL };
  GssProperties settings;
  /* a target that is set meanwhile is loaded after this */
  g_mutex_lock (&self->loading);
  g_atomic_int_set (&self->settings_changed, FALSE);
  GST_OBJECT_LOCK (self);
  gss_properties_copy (&settings, &self->settings);
  GstClockTime old_latency = self->latency;
  GST_OBJECT_UNLOCK (self);
  gboolean entered = enter (self, &settings, &findings, &error);
  g_mutex_unlock (&self->loading);

  warn_of_repeated (self, findings.repeated);
  if (!entered)
    GSS_ELEMENT_ERROR (self, error, findings.failed);
  else
    log_settings (self, &settings);
  if (entered && GST_CLOCK_TIME_IS_VALID (old_latency)
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
  g_autoptr (GstStructure) stats
      = gss_load_control_get_structure (self->load_control);
  GST_INFO_OBJECT (self, "stopped: %" GST_PTR_FORMAT, stats);
  GST_OBJECT_LOCK (self);
  g_autoptr (GssStream) stream = g_steal_pointer (&self->stream);
  g_autoptr (SalModel) model = g_steal_pointer (&self->model);
  GST_OBJECT_UNLOCK (self);
  gss_enrolment_cancel (self->enrolment);
  return TRUE;
}

/* The file is read here, where no sound waits yet; the start finds the model in
 * the table of the process, or reads the file that has taken its place. */
static gboolean
preload (GstSpeakerSaliency *self)
{
  g_autoptr (GError) error = NULL;
  GST_OBJECT_LOCK (self);
  g_autofree char *path = g_strdup (self->settings.model);
  GST_OBJECT_UNLOCK (self);
  self->preloaded = sal_model_load (path, &error);
  if (self->preloaded == NULL)
    GSS_ELEMENT_ERROR (self, error, path);
  return self->preloaded != NULL;
}

/* Flushing comes first: pads stop only when no thread waits any more. */
static GstStateChangeReturn
speaker_saliency_change_state (GstElement *element, GstStateChange transition)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (element);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !preload (self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gss_dataflow_interrupt (self);
  GstStateChangeReturn ret
      = GST_ELEMENT_CLASS (gst_speaker_saliency_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING
      && ret != GST_STATE_CHANGE_FAILURE && gss_latency_is_inserted (self)) {
    gss_latency_announce (self);
    g_atomic_int_set (&self->latency_unknown, TRUE);
  }
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) {
    g_clear_pointer (&self->preloaded, sal_model_unref);
    GST_OBJECT_LOCK (self);
    self->answered = 0;
    GST_OBJECT_UNLOCK (self);
  }
  return ret;
}

/* --- properties ---------------------------------------------------------- */

/* After @error the properties name the targets in force again. */
static void
settle_targets (GstSpeakerSaliency *self, const GssProperties *settings,
    const GError *error)
{
  GST_OBJECT_LOCK (self);
  if (error != NULL)
    gss_properties_copy_targets (&self->settings, &self->in_force);
  else
    gss_properties_copy_targets (&self->in_force, settings);
  GST_OBJECT_UNLOCK (self);
}

/* Files are read in the thread that sets the property; the stream goes on. */
static void
change_targets (GstSpeakerSaliency *self)
{
  g_autoptr (GError) error = NULL;
  Findings findings = { NULL, NULL };
  GssProperties settings;
  g_mutex_lock (&self->loading);
  GST_OBJECT_LOCK (self);
  g_autoptr (SalModel) model
      = self->model != NULL ? sal_model_ref (self->model) : NULL;
  gss_properties_copy (&settings, &self->settings);
  GST_OBJECT_UNLOCK (self);
  if (model != NULL) {
    gss_target_list_load (self->target_list, model, settings.target,
        settings.targets, &findings.failed, &findings.repeated, &error);
    settle_targets (self, &settings, error);
  }
  g_mutex_unlock (&self->loading);

  warn_of_repeated (self, findings.repeated);
  if (error != NULL)
    GSS_ELEMENT_WARNING (self, error, findings.failed);
  gss_properties_clear (&settings);
}

static void
warn_of_start (GstSpeakerSaliency *self, const GParamSpec *pspec)
{
  GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
      ("%s cannot change in PAUSED or PLAYING: what was set counts from the "
       "next start on",
          pspec->name),
      (NULL));
}

static void
speaker_saliency_set_property (GObject *object, guint prop_id,
    const GValue *value, GParamSpec *pspec)
{
  GstSpeakerSaliency *self = GST_SPEAKER_SALIENCY (object);
  GST_OBJECT_LOCK (self);
  gboolean known = gss_properties_set (&self->settings, prop_id, value);
  gboolean waits = self->stream != NULL && GSS_PROPERTY_WAITS (pspec)
      && gss_properties_differ (&self->settings, &self->in_force, pspec,
          prop_id);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  else if (prop_id == PROP_TARGET || prop_id == PROP_TARGETS)
    change_targets (self);
  else
    g_atomic_int_set (&self->settings_changed, TRUE);
  if (waits)
    warn_of_start (self, pspec);
}

static gboolean
get_fact (GstSpeakerSaliency *self, guint prop_id, GValue *value)
{
  GssLoadStats stats;
  switch (prop_id) {
  case PROP_STATS:
    g_value_take_boxed (value,
        gss_load_control_get_structure (self->load_control));
    return TRUE;
  case PROP_MAX_OBSERVED_DELAY:
    gss_load_control_get_stats (self->load_control, &stats);
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
  gboolean waits = self->stream != NULL && GSS_PROPERTY_WAITS (pspec);
  gboolean known
      = gss_properties_get (waits ? &self->in_force : &self->settings, prop_id,
          value);
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
  gss_properties_clear (&self->in_force);
  gss_target_list_free (self->target_list);
  gss_enrolment_free (self->enrolment);
  gss_load_control_free (self->load_control);
  g_mutex_clear (&self->loading);
  G_OBJECT_CLASS (gst_speaker_saliency_parent_class)->finalize (object);
}

static void
gst_speaker_saliency_init (GstSpeakerSaliency *self)
{
  gss_properties_init (&self->settings);
  self->latency = GST_CLOCK_TIME_NONE;
  g_mutex_init (&self->loading);
  self->target_list = gss_target_list_new ();
  self->enrolment = gss_enrolment_new ();
  self->load_control = gss_load_control_new ();
  /* buffers are held, rewritten and pushed here, the base class negotiates */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), FALSE);
}

static void
gst_speaker_saliency_class_init (GstSpeakerSaliencyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  gss_log_init ();

  object_class->set_property = speaker_saliency_set_property;
  object_class->get_property = speaker_saliency_get_property;
  object_class->finalize = speaker_saliency_finalize;
  gss_properties_install (object_class);
  install_facts (object_class);

  element_class->change_state
      = GST_DEBUG_FUNCPTR (speaker_saliency_change_state);
  trans_class->start = GST_DEBUG_FUNCPTR (speaker_saliency_start);
  trans_class->stop = GST_DEBUG_FUNCPTR (speaker_saliency_stop);
  gss_dataflow_install (trans_class);

  gst_element_class_set_static_metadata (element_class, "Speaker saliency",
      "Filter/Effect/Analyzer/Audio",
      "Finds when a target speaker talks and which parts of the sound tell so; "
      "can mask all other sound",
      "The speakersaliency developers");
  gss_actions_install (element_class);
  gst_element_class_add_metadata (element_class, GST_ELEMENT_METADATA_DOC_URI,
      SALIENCY_DOC_URI);
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);
  gst_audio_filter_class_add_pad_templates (GST_AUDIO_FILTER_CLASS (klass),
      caps);
}
