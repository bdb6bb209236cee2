/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "property-values.h"

#include <math.h>

#define DEFAULT_HOP (250 * GST_MSECOND)
#define DEFAULT_LOOKAHEAD (500 * GST_MSECOND)
#define DEFAULT_BUDGET (120 * GST_MSECOND)
#define DEFAULT_LATE_HOLD (1 * GST_SECOND)
#define LIVE_CHANNELS 32 /* of Score-CAM: all 256 of S4 take seconds */

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
  [PROP_LATE_HOLD] = G_STRUCT_OFFSET (GssProperties, late_hold),
  [PROP_HOLD_TIME] = G_STRUCT_OFFSET (GssProperties, late_hold),
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
    .model = sal_model_get_default_path (),
    .hop = DEFAULT_HOP,
    .lookahead = DEFAULT_LOOKAHEAD,
    .budget = DEFAULT_BUDGET,
    .processing = GSS_PROCESSING_AUTO,
    .late_policy = GSS_LATE_PASS,
    .late_hold = DEFAULT_LATE_HOLD,
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

void
gss_properties_copy_live (GssProperties *self, const GssProperties *from)
{
  GssProperties kept = *self;
  *self = *from;
  self->model = kept.model;
  self->target = kept.target;
  self->targets = kept.targets;
  self->hop = kept.hop;
  self->lookahead = kept.lookahead;
  self->budget = kept.budget;
  self->processing = kept.processing;
  self->mask = kept.mask;
}

void
gss_properties_copy_targets (GssProperties *self, const GssProperties *from)
{
  g_free (self->target);
  self->target = g_strdup (from->target);
  g_strfreev (self->targets);
  self->targets = g_strdupv (from->targets);
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
      self->model = sal_model_get_default_path ();
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

gboolean
gss_properties_differ (const GssProperties *self, const GssProperties *other,
    GParamSpec *pspec, guint prop_id)
{
  g_auto (GValue) a = G_VALUE_INIT;
  g_auto (GValue) b = G_VALUE_INIT;
  g_value_init (&a, pspec->value_type);
  g_value_init (&b, pspec->value_type);
  return gss_properties_get (self, prop_id, &a)
      && gss_properties_get (other, prop_id, &b)
      && g_param_values_cmp (pspec, &a, &b) != 0;
}

char *
gss_properties_to_string (const GssProperties *self)
{
  g_autofree char *more
      = self->targets != NULL ? g_strjoinv (", ", self->targets) : NULL;
  return g_strdup_printf ("model %s, target %s, more targets: %s; method %d, "
                          "layers 0x%x, hop %" G_GUINT64_FORMAT
                          " ms, look-ahead %" G_GUINT64_FORMAT
                          " ms, budget %" G_GUINT64_FORMAT " ms, processing "
                          "%d, mask %d, floor %g dB, threshold %g, %u threads",
      self->model, self->target != NULL ? self->target : "none",
      more != NULL && *more != 0 ? more : "none", self->cam.method,
      self->cam.layers, self->hop / GST_MSECOND, self->lookahead / GST_MSECOND,
      self->budget / GST_MSECOND, self->processing, self->mask, self->floor,
      self->threshold, self->threads);
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
      = gst_util_uint64_scale_round (self->late_hold, mel->sample_rate, per_s);
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
