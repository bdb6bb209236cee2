/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "presets.h"

static const char *const names[] = { "method", "layers", "fusion", "gamma",
  "percentile", "score-function", "score-channels", "degrid", "hop",
  "lookahead", "budget", "processing", "late-policy", "late-hold", "mask",
  "floor", "threshold", "hysteresis", "attack", "release", "hold",
  "trust-interval", "message-map", "attach-meta", NULL };

/* Strings are not saved as properties: the default implementation of GStreamer
 * 1.22 escapes them twice, and reads them once. */
static const char *const texts[] = { "target", "targets", NULL };

/* of GstPreset itself */
static gboolean (*save_default) (GstPreset *preset, const gchar *name);
static gboolean (*load_default) (GstPreset *preset, const gchar *name);

static gchar **
get_property_names (GstPreset *preset)
{
  return g_strdupv ((gchar **) names);
}

static gboolean
save_text (GstPreset *preset, const char *name, const char *property)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_object_get_property (G_OBJECT (preset), property, &value);
  g_autofree char *text = gst_value_serialize (&value);
  return gst_preset_set_meta (preset, name, property, text);
}

static void
load_text (GstPreset *preset, const char *name, const char *property)
{
  const GParamSpec *spec
      = g_object_class_find_property (G_OBJECT_GET_CLASS (preset), property);
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree char *text = NULL;
  g_value_init (&value, spec->value_type);
  if (gst_preset_get_meta (preset, name, property, &text) && text != NULL
      && gst_value_deserialize (&value, text))
    g_object_set_property (G_OBJECT (preset), property, &value);
}

static gboolean
save_preset (GstPreset *preset, const gchar *name)
{
  gboolean saved = save_default (preset, name);
  for (guint i = 0; texts[i] != NULL; i++)
    saved = saved && save_text (preset, name, texts[i]);
  return saved;
}

static gboolean
is_known (GstPreset *preset, const char *name)
{
  g_auto (GStrv) known = gst_preset_get_preset_names (preset);
  return known != NULL && g_strv_contains ((const gchar *const *) known, name);
}

/* A preset says what differs from the defaults. */
static void
set_defaults (GstPreset *preset)
{
  for (guint i = 0; names[i] != NULL; i++) {
    GParamSpec *spec
        = g_object_class_find_property (G_OBJECT_GET_CLASS (preset), names[i]);
    g_object_set_property (G_OBJECT (preset), names[i],
        g_param_spec_get_default_value (spec));
  }
}

static gboolean
load_preset (GstPreset *preset, const gchar *name)
{
  if (!is_known (preset, name))
    return FALSE;
  set_defaults (preset);
  if (!load_default (preset, name))
    return FALSE;
  for (guint i = 0; texts[i] != NULL; i++)
    load_text (preset, name, texts[i]);
  return TRUE;
}

void
gss_presets_init (GstPresetInterface *iface, gpointer data)
{
  save_default = iface->save_preset;
  load_default = iface->load_preset;
  iface->get_property_names = get_property_names;
  iface->save_preset = save_preset;
  iface->load_preset = load_preset;
}
