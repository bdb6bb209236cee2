/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "properties.h"

#include <math.h>

#define DEFAULT_HOP (250 * GST_MSECOND)
#define DEFAULT_LOOKAHEAD (500 * GST_MSECOND)
#define DEFAULT_BUDGET (120 * GST_MSECOND)
#define DEFAULT_HOLD_TIME (1 * GST_SECOND)
#define LIVE_CHANNELS 32 /* of Score-CAM: all 256 of S4 take seconds */
#define MAX_WINDOW (2 * GST_SECOND)
#define MODEL_VARIABLE "SPEAKERSALIENCY_MODEL"

/* What masking takes beside A + H + B, at rates from 4 kHz on: the masker a
 * block, the front end half an FFT, the converter its filter, rounding two
 * frames. */
#define MASKING_TIME (100 * GST_MSECOND)

/* where in GssProperties the value of a property is */
static const gsize offsets[N_SETTINGS] = {
  [PROP_MODEL] = G_STRUCT_OFFSET (GssProperties, model),
  [PROP_TARGET] = G_STRUCT_OFFSET (GssProperties, target),
  [PROP_TARGETS] = G_STRUCT_OFFSET (GssProperties, targets),
  [PROP_METHOD] = G_STRUCT_OFFSET (GssProperties, cam.method),
  [PROP_LAYERS] = G_STRUCT_OFFSET (GssProperties, cam.layers),
  [PROP_FUSION] = G_STRUCT_OFFSET (GssProperties, cam.fusion),
  [PROP_GAMMA] = G_STRUCT_OFFSET (GssProperties, cam.gamma),
  [PROP_PERCENTILE] = G_STRUCT_OFFSET (GssProperties, cam.percentile),
  [PROP_SCORE_FUNCTION] = G_STRUCT_OFFSET (GssProperties, cam.score_function),
  [PROP_SCORE_CHANNELS] = G_STRUCT_OFFSET (GssProperties, cam.channels),
  [PROP_DEGRID] = G_STRUCT_OFFSET (GssProperties, cam.degrid),
  [PROP_HOP] = G_STRUCT_OFFSET (GssProperties, hop),
  [PROP_LOOKAHEAD] = G_STRUCT_OFFSET (GssProperties, lookahead),
  [PROP_BUDGET] = G_STRUCT_OFFSET (GssProperties, budget),
  [PROP_PROCESSING] = G_STRUCT_OFFSET (GssProperties, processing),
  [PROP_LATE_POLICY] = G_STRUCT_OFFSET (GssProperties, late_policy),
  [PROP_HOLD_TIME] = G_STRUCT_OFFSET (GssProperties, hold_time),
  [PROP_THREADS] = G_STRUCT_OFFSET (GssProperties, threads),
  [PROP_MASK] = G_STRUCT_OFFSET (GssProperties, mask),
  [PROP_FLOOR] = G_STRUCT_OFFSET (GssProperties, floor),
  [PROP_THRESHOLD] = G_STRUCT_OFFSET (GssProperties, threshold),
  [PROP_HYSTERESIS] = G_STRUCT_OFFSET (GssProperties, hysteresis),
  [PROP_ATTACK] = G_STRUCT_OFFSET (GssProperties, attack),
  [PROP_RELEASE] = G_STRUCT_OFFSET (GssProperties, release),
  [PROP_HOLD] = G_STRUCT_OFFSET (GssProperties, hold),
  [PROP_SOLO_REMOVED] = G_STRUCT_OFFSET (GssProperties, solo_removed),
  [PROP_BYPASS] = G_STRUCT_OFFSET (GssProperties, bypass),
  [PROP_TRUST_INTERVAL] = G_STRUCT_OFFSET (GssProperties, trust_interval),
  [PROP_POST_MESSAGES] = G_STRUCT_OFFSET (GssProperties, post_messages),
  [PROP_MESSAGE_MAP] = G_STRUCT_OFFSET (GssProperties, message_map),
  [PROP_ATTACH_META] = G_STRUCT_OFFSET (GssProperties, attach_meta),
};

/* The values and nicks of an enumeration of the library, described for
 * gst-inspect-1.0; the type keeps the table. */
static GType
describe_enum (const char *name, GType of, const char *const *blurbs)
{
  g_autoptr (GTypeClass) class = g_type_class_ref (of);
  const GEnumClass *known = (const GEnumClass *) class;
  GEnumValue *values = g_new0 (GEnumValue, known->n_values + 1);
  for (guint i = 0; i < known->n_values; i++) {
    values[i] = known->values[i];
    values[i].value_name = blurbs[values[i].value];
  }
  return g_enum_register_static (name, values);
}

static GType
method_get_type (void)
{
  static gsize type = 0;
  static const char *const blurbs[] = {
    [SAL_CAM_NONE] = "No map, only when the target speaks",
    [SAL_CAM_LAYER] = "Layer-CAM: evidence for the target",
    [SAL_CAM_SIGNED_LAYER] = "Signed Layer-CAM: evidence for and against",
    [SAL_CAM_GRAD] = "Grad-CAM",
    [SAL_CAM_GRAD_PLUS_PLUS] = "Grad-CAM++",
    [SAL_CAM_SCORE] = "Score-CAM: a forward pass per channel, slow",
  };
  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        describe_enum ("GstSpeakerSaliencyMethod", SAL_TYPE_CAM_METHOD,
            blurbs));
  return type;
}

static GType
layers_get_type (void)
{
  static gsize type = 0;
  static const char *const blurbs[] = {
    "First stage, every frame and band",
    "Second stage, every 2nd frame and band",
    "Third stage, every 4th frame and band",
    "Fourth stage, every 8th frame and band",
  };
  static GFlagsValue values[G_N_ELEMENTS (blurbs) + 1];
  if (g_once_init_enter (&type)) {
    g_autoptr (GTypeClass) class = g_type_class_ref (SAL_TYPE_CAM_LAYERS);
    for (guint i = 0; i < G_N_ELEMENTS (blurbs); i++) {
      values[i] = ((const GFlagsClass *) class)->values[i];
      values[i].value_name = blurbs[i];
    }
    g_once_init_leave (&type,
        g_flags_register_static ("GstSpeakerSaliencyLayers", values));
  }
  return type;
}

static GType
fusion_get_type (void)
{
  static gsize type = 0;
  static const char *const blurbs[] = {
    [SAL_CAM_FUSION_MEAN] = "Mean over the layers",
    [SAL_CAM_FUSION_MAX] = "Largest magnitude over the layers",
  };
  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        describe_enum ("GstSpeakerSaliencyFusion", SAL_TYPE_CAM_FUSION,
            blurbs));
  return type;
}

static GType
score_function_get_type (void)
{
  static gsize type = 0;
  static const char *const blurbs[] = {
    [SAL_SCORE_LOG_ODDS] = "Log-odds against the other voices",
    [SAL_SCORE_POSTERIOR] = "Posterior probability",
    [SAL_SCORE_LOGIT] = "Logit of the target alone",
  };
  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        describe_enum ("GstSpeakerSaliencyScoreFunction",
            SAL_TYPE_SCORE_FUNCTION, blurbs));
  return type;
}

static GType
mask_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GSS_MASK_NONE, "Sound passes untouched and at once", "none" },
    { GSS_MASK_TIME, "Sound is attenuated while the target is silent", "time" },
    { GSS_MASK_TIME_FREQUENCY,
        "The same band by band: where it is not certain "
        "who speaks, the map decides",
        "time-frequency" },
    { 0, NULL, NULL },
  };
  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstSpeakerSaliencyMask", values));
  return type;
}

static GType
processing_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GSS_PROCESSING_AUTO, "async behind a live source, else sync", "auto" },
    { GSS_PROCESSING_SYNC,
        "Every window is waited for; the same output "
        "whatever the machine does",
        "sync" },
    { GSS_PROCESSING_ASYNC,
        "Windows are computed by a thread of their own; "
        "what is late is done without",
        "async" },
    { 0, NULL, NULL },
  };
  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstSpeakerSaliencyProcessing", values));
  return type;
}

static GType
late_policy_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GSS_LATE_PASS, "As if the target spoke: sound passes", "pass" },
    { GSS_LATE_MUTE, "As if the target were silent: sound is attenuated",
        "mute" },
    { 0, NULL, NULL },
  };
  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstSpeakerSaliencyLatePolicy", values));
  return type;
}

#define ALWAYS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)
#define IN_READY (ALWAYS | GST_PARAM_MUTABLE_READY)
#define IN_PLAYING (ALWAYS | GST_PARAM_MUTABLE_PLAYING)
#define CONTROLLED (IN_PLAYING | GST_PARAM_CONTROLLABLE)

static void
install_whom (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Path of the model file; unset: $" MODEL_VARIABLE
          ", else the installed model",
          NULL, IN_READY));
  g_object_class_install_property (klass, PROP_TARGET,
      g_param_spec_string ("target", "Target",
          "Whom to look for: path of a .speaker file, or name of a class of "
          "the model; applies from the next window on",
          NULL, IN_PLAYING));
  g_object_class_install_property (klass, PROP_TARGETS,
      gst_param_spec_array ("targets", "Targets",
          "More voices to look for, each as target says, 16 in all; each has "
          "its own messages and metas, a mask keeps all of them",
          g_param_spec_string ("target", "Target", "As property target", NULL,
              ALWAYS),
          IN_PLAYING));
}

static void
install_map (GObjectClass *klass, const GssProperties *defaults)
{
  g_object_class_install_property (klass, PROP_METHOD,
      g_param_spec_enum ("method", "Method", "How the saliency map is made",
          method_get_type (), defaults->cam.method, IN_PLAYING));
  g_object_class_install_property (klass, PROP_LAYERS,
      g_param_spec_flags ("layers", "Layers",
          "Stages of the network whose maps are fused, at least one",
          layers_get_type (), defaults->cam.layers, IN_PLAYING));
  g_object_class_install_property (klass, PROP_FUSION,
      g_param_spec_enum ("fusion", "Fusion", "How the maps of layers are fused",
          fusion_get_type (), defaults->cam.fusion, IN_PLAYING));
  g_object_class_install_property (klass, PROP_GAMMA,
      g_param_spec_float ("gamma", "Gamma",
          "Contrast of the map: factor before tanh, 0.01 to 100", 0.01f, 100.0f,
          defaults->cam.gamma, IN_PLAYING));
  g_object_class_install_property (klass, PROP_PERCENTILE,
      g_param_spec_float ("percentile", "Percentile",
          "Percentile of the map that counts as its peak, 0.01 to 100 %; less "
          "than 100 keeps single points from dimming the rest",
          0.01f, 100.0f, defaults->cam.percentile, IN_PLAYING));
  g_object_class_install_property (klass, PROP_SCORE_FUNCTION,
      g_param_spec_enum ("score-function", "Score function",
          "What the map explains", score_function_get_type (),
          defaults->cam.score_function, IN_PLAYING));
  g_object_class_install_property (klass, PROP_SCORE_CHANNELS,
      g_param_spec_uint ("score-channels", "Score-CAM channels",
          "Channels of each layer that score-cam tries, a forward pass each, "
          "the most active ones; 0: all",
          0, G_MAXUINT, defaults->cam.channels, IN_PLAYING));
  g_object_class_install_property (klass, PROP_DEGRID,
      g_param_spec_boolean ("degrid", "Degrid",
          "Average gradients of s1 to s3 over 2 x 2, against their grid",
          defaults->cam.degrid, IN_PLAYING));
}

static void
install_schedule (GObjectClass *klass, const GssProperties *defaults)
{
  g_object_class_install_property (klass, PROP_HOP,
      g_param_spec_uint64 ("hop", "Hop",
          "Time between windows in ns, 50 ms to 2 s, rounded to frames of the "
          "model (10 ms)",
          50 * GST_MSECOND, MAX_WINDOW, defaults->hop, IN_READY));
  g_object_class_install_property (klass, PROP_LOOKAHEAD,
      g_param_spec_uint64 ("lookahead", "Look-ahead",
          "Sound heard after a moment before it is settled, in ns, 0 to 2 s, "
          "rounded to frames of the model (10 ms)",
          0, MAX_WINDOW, defaults->lookahead, IN_READY));
  g_object_class_install_property (klass, PROP_BUDGET,
      g_param_spec_uint64 ("budget", "Budget",
          "Time in ns, 0 to 2 s, that computing a window may take before its "
          "result is late, with the duration of a buffer; part of the latency",
          0, MAX_WINDOW, defaults->budget, IN_READY));
  g_object_class_install_property (klass, PROP_PROCESSING,
      g_param_spec_enum ("processing", "Processing",
          "Whether sound waits for its windows", processing_get_type (),
          defaults->processing, IN_READY));
  g_object_class_install_property (klass, PROP_LATE_POLICY,
      g_param_spec_enum ("late-policy", "Late policy",
          "What counts when nothing was computed for longer than hold-time",
          late_policy_get_type (), defaults->late_policy, IN_PLAYING));
  g_object_class_install_property (klass, PROP_HOLD_TIME,
      g_param_spec_uint64 ("hold-time", "Hold time",
          "Time in ns, 0 to 10 s, for which the last probability holds where "
          "nothing was computed in time",
          0, 10 * GST_SECOND, defaults->hold_time, IN_PLAYING));
  g_object_class_install_property (klass, PROP_THREADS,
      g_param_spec_uint ("threads", "Threads",
          "How many threads may work on a window, 1 to 64; all elements of the "
          "process share them, results do not depend on it",
          1, SAL_NET_MAX_THREADS, defaults->threads, IN_PLAYING));
}

static void
install_mask (GObjectClass *klass, const GssProperties *defaults)
{
  g_object_class_install_property (klass, PROP_MASK,
      g_param_spec_enum ("mask", "Mask",
          "What happens to the sound; masking adds latency", mask_get_type (),
          defaults->mask, IN_READY));
  g_object_class_install_property (klass, PROP_FLOOR,
      g_param_spec_float ("floor", "Floor",
          "Gain while the target is silent, in dB, -120 to 0", -120.0f, 0.0f,
          defaults->floor, CONTROLLED));
  g_object_class_install_property (klass, PROP_THRESHOLD,
      g_param_spec_float ("threshold", "Threshold",
          "Probability of the target at which the sound passes, 0.001 to 0.999",
          0.001f, 0.999f, defaults->threshold, CONTROLLED));
  g_object_class_install_property (klass, PROP_HYSTERESIS,
      g_param_spec_float ("hysteresis", "Hysteresis",
          "By how much the probability must fall below the threshold for the "
          "sound to be attenuated again, 0 to 0.999; at most the threshold "
          "counts",
          0.0f, 0.999f, defaults->hysteresis, CONTROLLED));
  g_object_class_install_property (klass, PROP_ATTACK,
      g_param_spec_uint64 ("attack", "Attack",
          "Time from the floor to 0 dB in ns, 0 to 10 s", 0, 10 * GST_SECOND,
          defaults->attack, IN_PLAYING));
  g_object_class_install_property (klass, PROP_RELEASE,
      g_param_spec_uint64 ("release", "Release",
          "Time from 0 dB to the floor in ns, 0 to 10 s", 0, 10 * GST_SECOND,
          defaults->release, IN_PLAYING));
  g_object_class_install_property (klass, PROP_HOLD,
      g_param_spec_uint64 ("hold", "Hold",
          "Time the sound still passes after the target fell silent, in ns, "
          "0 to 10 s",
          0, 10 * GST_SECOND, defaults->hold, IN_PLAYING));
  g_object_class_install_property (klass, PROP_SOLO_REMOVED,
      g_param_spec_boolean ("solo-removed", "Solo removed",
          "Let through what the mask takes away, instead of what it leaves",
          defaults->solo_removed, IN_PLAYING));
  g_object_class_install_property (klass, PROP_BYPASS,
      g_param_spec_boolean ("bypass", "Bypass",
          "Let all sound through, faded to and from; the latency stays",
          defaults->bypass, CONTROLLED));
}

static void
install_output (GObjectClass *klass, const GssProperties *defaults)
{
  g_object_class_install_property (klass, PROP_TRUST_INTERVAL,
      g_param_spec_uint ("trust-interval", "Trust interval",
          "Every which window's map is tried by keeping only what it says "
          "matters, four forward passes; messages then have a field trust, "
          "-1 to 1; 0: none",
          0, 10000, defaults->trust_interval, IN_PLAYING));
  g_object_class_install_property (klass, PROP_POST_MESSAGES,
      g_param_spec_boolean ("post-messages", "Post messages",
          "Post a message speakersaliency for each settled stretch",
          defaults->post_messages, IN_PLAYING));
  g_object_class_install_property (klass, PROP_MESSAGE_MAP,
      g_param_spec_boolean ("message-map", "Map in messages",
          "Put the map into messages: float32 [bands, frames], some 8 kB each",
          defaults->message_map, IN_PLAYING));
  g_object_class_install_property (klass, PROP_ATTACH_META,
      g_param_spec_boolean ("attach-meta", "Attach meta",
          "Attach a GstSaliencyMeta for each settled stretch to buffers",
          defaults->attach_meta, IN_PLAYING));
}

void
gss_properties_install (GObjectClass *klass)
{
  GssProperties defaults;
  gss_properties_init (&defaults);
  install_whom (klass);
  install_map (klass, &defaults);
  install_schedule (klass, &defaults);
  install_mask (klass, &defaults);
  install_output (klass, &defaults);
  gss_properties_clear (&defaults);

  gst_type_mark_as_plugin_api (method_get_type (), 0);
  gst_type_mark_as_plugin_api (layers_get_type (), 0);
  gst_type_mark_as_plugin_api (fusion_get_type (), 0);
  gst_type_mark_as_plugin_api (score_function_get_type (), 0);
  gst_type_mark_as_plugin_api (mask_get_type (), 0);
  gst_type_mark_as_plugin_api (processing_get_type (), 0);
  gst_type_mark_as_plugin_api (late_policy_get_type (), 0);
}

static char *
default_model (void)
{
  const char *path = g_getenv (MODEL_VARIABLE);
  return g_strdup (path != NULL && *path != 0 ? path : SALIENCY_DEFAULT_MODEL);
}

static guint64
ms_to_ns (float ms)
{
  return (guint64) (ms + 0.5f) * GST_MSECOND;
}

void
gss_properties_init (GssProperties *self)
{
  SalGateConfig gate;
  sal_gate_config_init (&gate);
  *self = (GssProperties){
    .model = default_model (),
    .hop = DEFAULT_HOP,
    .lookahead = DEFAULT_LOOKAHEAD,
    .budget = DEFAULT_BUDGET,
    .processing = GSS_PROCESSING_AUTO,
    .late_policy = GSS_LATE_PASS,
    .hold_time = DEFAULT_HOLD_TIME,
    .threads = 1,
    .mask = GSS_MASK_NONE,
    .floor = gate.floor_db,
    .threshold = gate.threshold,
    .hysteresis = gate.hysteresis,
    .attack = ms_to_ns (gate.attack_ms),
    .release = ms_to_ns (gate.release_ms),
    .hold = ms_to_ns (gate.hold_ms),
    .post_messages = TRUE,
  };
  sal_cam_config_init (&self->cam);
  self->cam.channels = LIVE_CHANNELS;
}

void
gss_properties_copy (GssProperties *self, const GssProperties *from)
{
  *self = *from;
  self->model = g_strdup (from->model);
  self->target = g_strdup (from->target);
  self->targets = g_strdupv (from->targets);
}

void
gss_properties_clear (GssProperties *self)
{
  g_clear_pointer (&self->model, g_free);
  g_clear_pointer (&self->target, g_free);
  g_clear_pointer (&self->targets, g_strfreev);
}

static char **
dup_strings (const GValue *array)
{
  g_autoptr (GStrvBuilder) strings = g_strv_builder_new ();
  for (guint i = 0; i < gst_value_array_get_size (array); i++) {
    const char *text
        = g_value_get_string (gst_value_array_get_value (array, i));
    if (text != NULL)
      g_strv_builder_add (strings, text);
  }
  return g_strv_builder_end (strings);
}

static void
append_strings (char **strings, GValue *array)
{
  for (char **text = strings; text != NULL && *text != NULL; text++) {
    GValue value = G_VALUE_INIT;
    g_value_init (&value, G_TYPE_STRING);
    g_value_set_string (&value, *text);
    gst_value_array_append_and_take_value (array, &value);
  }
}

gboolean
gss_properties_set (GssProperties *self, guint prop_id, const GValue *value)
{
  if (prop_id == PROP_0 || prop_id >= N_SETTINGS)
    return FALSE;

  gpointer field = G_STRUCT_MEMBER_P (self, offsets[prop_id]);
  if (GST_VALUE_HOLDS_ARRAY (value)) {
    g_strfreev (*(char ***) field);
    *(char ***) field = dup_strings (value);
    return TRUE;
  }
  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value))) {
  case G_TYPE_STRING:
    g_free (*(char **) field);
    *(char **) field = g_value_dup_string (value);
    if (prop_id == PROP_MODEL && self->model == NULL)
      self->model = default_model ();
    break;
  case G_TYPE_ENUM:
    *(gint *) field = g_value_get_enum (value);
    break;
  case G_TYPE_FLAGS:
    *(guint *) field = g_value_get_flags (value);
    break;
  case G_TYPE_FLOAT:
    *(float *) field = g_value_get_float (value);
    break;
  case G_TYPE_BOOLEAN:
    *(gboolean *) field = g_value_get_boolean (value);
    break;
  case G_TYPE_UINT:
    *(guint *) field = g_value_get_uint (value);
    break;
  case G_TYPE_UINT64:
    *(guint64 *) field = g_value_get_uint64 (value);
    break;
  default:
    g_assert_not_reached ();
  }
  return TRUE;
}

gboolean
gss_properties_get (const GssProperties *self, guint prop_id, GValue *value)
{
  if (prop_id == PROP_0 || prop_id >= N_SETTINGS)
    return FALSE;

  gpointer field = G_STRUCT_MEMBER_P (self, offsets[prop_id]);
  if (GST_VALUE_HOLDS_ARRAY (value)) {
    append_strings (*(char ***) field, value);
    return TRUE;
  }
  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value))) {
  case G_TYPE_STRING:
    g_value_set_string (value, *(char **) field);
    break;
  case G_TYPE_ENUM:
    g_value_set_enum (value, *(gint *) field);
    break;
  case G_TYPE_FLAGS:
    g_value_set_flags (value, *(guint *) field);
    break;
  case G_TYPE_FLOAT:
    g_value_set_float (value, *(float *) field);
    break;
  case G_TYPE_BOOLEAN:
    g_value_set_boolean (value, *(gboolean *) field);
    break;
  case G_TYPE_UINT:
    g_value_set_uint (value, *(guint *) field);
    break;
  case G_TYPE_UINT64:
    g_value_set_uint64 (value, *(guint64 *) field);
    break;
  default:
    g_assert_not_reached ();
  }
  return TRUE;
}

void
gss_properties_get_analyser_config (const GssProperties *self,
    const SalMelConfig *mel, SalAnalyserConfig *config)
{
  guint64 per_s = GST_SECOND * mel->hop;
  sal_analyser_config_init (config);
  config->hop
      = gst_util_uint64_scale_round (self->hop, mel->sample_rate, per_s);
  config->lookahead
      = gst_util_uint64_scale_round (self->lookahead, mel->sample_rate, per_s);
  config->threads = self->threads;
  config->cam = self->cam;
  config->hold
      = gst_util_uint64_scale_round (self->hold_time, mel->sample_rate, per_s);
  config->trust_interval = self->trust_interval;
  config->late_pass = self->late_policy == GSS_LATE_PASS;
}

void
gss_properties_get_gate_config (const GssProperties *self,
    SalGateConfig *config)
{
  sal_gate_config_init (config);
  config->floor_db = self->floor;
  config->threshold = self->threshold;
  config->hysteresis = MIN (self->hysteresis, nextafterf (self->threshold, 0));
  config->attack_ms = self->attack / (float) GST_MSECOND;
  config->release_ms = self->release / (float) GST_MSECOND;
  config->hold_ms = self->hold / (float) GST_MSECOND;
  config->removed = self->solo_removed;
  config->bypass = self->bypass;
}

GstClockTime
gss_properties_get_latency (const GssProperties *self)
{
  return self->mask == GSS_MASK_NONE
      ? 0
      : self->lookahead + self->hop + self->budget + MASKING_TIME;
}
