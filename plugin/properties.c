/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "properties.h"

#define MAX_WINDOW (2 * GST_SECOND)

/* The values and nicks of an enumeration of the library, described for
 * gst-inspect-1.0, in the order of the values; the type keeps the table.  Nicks
 * are of letters, digits and hyphens here: "grad-cam++", which was one, is
 * still understood as a name. */
static GType
describe_enum (const char *name, GType of, const char *const *blurbs,
    guint n_blurbs)
{
  g_autoptr (GTypeClass) class = g_type_class_ref (of);
  const GEnumClass *known = (const GEnumClass *) class;
  g_assert (known->n_values == n_blurbs);
  GEnumValue *values = g_new0 (GEnumValue, n_blurbs + 1);
  for (guint i = 0; i < n_blurbs; i++) {
    values[i] = known->values[i];
    values[i].value_name = blurbs[i];
    if (g_str_has_suffix (values[i].value_nick, "++")) {
      values[i].value_name = known->values[i].value_nick;
      values[i].value_nick = "grad-cam-plus-plus";
    }
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
        describe_enum ("GstSpeakerSaliencyMethod", SAL_TYPE_CAM_METHOD, blurbs,
            G_N_ELEMENTS (blurbs)));
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
        describe_enum ("GstSpeakerSaliencyFusion", SAL_TYPE_CAM_FUSION, blurbs,
            G_N_ELEMENTS (blurbs)));
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
            SAL_TYPE_SCORE_FUNCTION, blurbs, G_N_ELEMENTS (blurbs)));
  return type;
}

static GType
mask_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GSS_MASK_NONE, "Sound passes unchanged, without delay", "none" },
    { GSS_MASK_TIME, "Sound is attenuated while the target is silent", "time" },
    { GSS_MASK_TIME_FREQUENCY,
        "The same band by band: where the speaker is uncertain, the map "
        "decides",
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
        "Sound waits for every window; the same output under any load",
        "sync" },
    { GSS_PROCESSING_ASYNC,
        "Another thread computes windows; a late one is done without",
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
          "Path of the model file; unset: $SPEAKERSALIENCY_MODEL"
          ", else the installed model",
          NULL, IN_READY));
  g_object_class_install_property (klass, PROP_TARGET,
      g_param_spec_string ("target", "Target",
          "Target speaker: path of a .speaker file, or name of a class of "
          "the model; applies from the next window on; with neither target nor "
          "targets everything passes",
          NULL, IN_PLAYING));
  g_object_class_install_property (klass, PROP_TARGETS,
      gst_param_spec_array ("targets", "Targets",
          "More target speakers, as property target, 16 in all; each has "
          "its own messages and metas (target-id: its index, after target), a "
          "mask keeps all of them; one given twice counts once",
          g_param_spec_string ("target", "Target", "As property target", NULL,
              ALWAYS),
          IN_PLAYING));
}

static void
install_map (GObjectClass *klass, const GssProperties *defaults)
{
  g_object_class_install_property (klass, PROP_METHOD,
      g_param_spec_enum ("method", "Method",
          "How the saliency map is made; grad-cam++ is another name for "
          "grad-cam-plus-plus",
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
          "Percentile of the map that counts as its peak, 0.01 to 100 %; with "
          "less than 100 single points do not dim the rest",
          0.01f, 100.0f, defaults->cam.percentile, IN_PLAYING));
  g_object_class_install_property (klass, PROP_SCORE_FUNCTION,
      g_param_spec_enum ("score-function", "Score function",
          "Score whose gradient makes the map", score_function_get_type (),
          defaults->cam.score_function, IN_PLAYING));
  g_object_class_install_property (klass, PROP_SCORE_CHANNELS,
      g_param_spec_uint ("score-channels", "Score-CAM channels",
          "Channels of each layer for score-cam, the most active ones, a "
          "forward pass each; 0: all",
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
          "Sound after a moment that its decision may use, in ns, 0 to 2 s, "
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
          "Gain when nothing was computed for longer than late-hold",
          late_policy_get_type (), defaults->late_policy, IN_PLAYING));
  g_object_class_install_property (klass, PROP_LATE_HOLD,
      g_param_spec_uint64 ("late-hold", "Late hold",
          "Time in ns, 0 to 10 s, for which the last probability holds where "
          "nothing was computed in time",
          0, 10 * GST_SECOND, defaults->late_hold, IN_PLAYING));
  g_object_class_install_property (klass, PROP_HOLD_TIME,
      g_param_spec_uint64 ("hold-time", "Late hold, old name",
          "The old name of late-hold, in ns; to be told from hold", 0,
          10 * GST_SECOND, defaults->late_hold,
          IN_PLAYING | G_PARAM_DEPRECATED));
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
          "Attenuates all but the target; masking adds latency. Where a file "
          "is "
          "transcoded, queues beside the element must hold lookahead + hop + "
          "100 ms (0.85 s by default; a queue holds 1 s)",
          mask_get_type (), defaults->mask, IN_READY));
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
          "Pass what the mask removes instead of what it keeps",
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
          "The map of every N-th window is tested by keeping only the sound it "
          "marks, four forward passes; messages then have a field trust, "
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
