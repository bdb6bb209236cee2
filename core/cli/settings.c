/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/settings.h"

#include <math.h>

#include "base/nicks.h"
#include "cli/cli.h"
#include "mask/gate-internal.h"

const char *
cli_method_name (SalCamMethod method)
{
  return sal_nick_of (SAL_TYPE_CAM_METHOD, (int) method);
}

const char *
cli_score_function_name (SalScoreFunction function)
{
  return sal_nick_of (SAL_TYPE_SCORE_FUNCTION, (int) function);
}

const char *
cli_fusion_name (SalCamFusion fusion)
{
  return sal_nick_of (SAL_TYPE_CAM_FUSION, (int) fusion);
}

static double
frame_ms (const SalMelConfig *mel)
{
  return 1000.0 * mel->hop / mel->sample_rate;
}

void
cli_settings_init (CliSettings *self)
{
  SalGateConfig gate;
  SalCamConfig cam;

  sal_gate_config_init (&gate);
  sal_cam_config_init (&cam);
  *self = (CliSettings){ .threads = 1,
    .hop_ms = NAN,
    .lookahead_ms = NAN,
    .floor_db = gate.floor_db,
    .threshold = gate.threshold,
    .hysteresis = NAN,
    .attack_ms = gate.attack_ms,
    .release_ms = gate.release_ms,
    .hold_ms = gate.hold_ms,
    .channels = SAL_CAM_FEW_CHANNELS,
    .degrid = cam.degrid,
    .gamma = cam.gamma,
    .percentile = cam.percentile };
}

void
cli_settings_clear (CliSettings *self)
{
  g_free (self->model);
  g_free (self->target);
  g_free (self->method);
  g_free (self->layers);
  g_free (self->score_function);
  g_free (self->fusion);
}

static void
add_gain_entries (CliSettings *self, CliOptions *options)
{
  GOptionEntry entries[]
      = { { "floor", 'f', 0, G_OPTION_ARG_DOUBLE, &self->floor_db,
              "Gain where the target is silent, -120 to 0", "DB" },
          { "attack", 0, 0, G_OPTION_ARG_DOUBLE, &self->attack_ms,
              "Time from floor to full gain", "MS" },
          { "release", 0, 0, G_OPTION_ARG_DOUBLE, &self->release_ms,
              "Time from full gain to floor", "MS" },
          { "removed", 0, 0, G_OPTION_ARG_NONE, &self->removed,
              "Write what is taken away instead of what is left", NULL },
          G_OPTION_ENTRY_NULL };

  cli_options_add (options, entries);
}

static void
add_map_entries (CliSettings *self, CliOptions *options)
{
  GOptionEntry entries[] = {
    { "method", 0, 0, G_OPTION_ARG_STRING, &self->method,
        "none, layer-cam, signed-layer-cam (the default), grad-cam, "
        "grad-cam++ or score-cam",
        "NAME" },
    { "layers", 0, 0, G_OPTION_ARG_STRING, &self->layers,
        "Which of s1,s2,s3,s4 the map is made from (s4)", "LIST" },
    { "score-function", 0, 0, G_OPTION_ARG_STRING, &self->score_function,
        "What the map explains: log-odds (the default), posterior, as in the "
        "paper, or logit",
        "NAME" },
    { "fusion", 0, 0, G_OPTION_ARG_STRING, &self->fusion,
        "How the maps of layers become one: mean (the default) or max",
        "NAME" },
    { "no-degrid", 0, G_OPTION_FLAG_REVERSE, G_OPTION_ARG_NONE, &self->degrid,
        "Leave the grid in the gradients of s1, s2 and s3, as in the paper",
        NULL },
    { "gamma", 0, 0, G_OPTION_ARG_DOUBLE, &self->gamma,
        "How soon a map saturates, above 0 to 100", "N" },
    { "channels", 0, 0, G_OPTION_ARG_INT, &self->channels,
        "Of score-cam: how many channels of a layer, one forward pass each; "
        "0: all, as in the paper",
        "N" },
    { "percentile", 0, 0, G_OPTION_ARG_DOUBLE, &self->percentile,
        "Percentile that counts as the largest value of a map, above 0 to 100",
        "P" },
    G_OPTION_ENTRY_NULL
  };

  cli_options_add (options, entries);
}

void
cli_settings_add_entries (CliSettings *self, CliOptions *options,
    gboolean with_gain)
{
  SalGateConfig gate;
  sal_gate_config_init (&gate);
  g_autofree char *hysteresis = g_strdup_printf (
      "How far below the threshold it no longer does (%g, at most half the "
      "threshold)",
      gate.hysteresis);
  GOptionEntry entries[]
      = { { "target", 't', 0, G_OPTION_ARG_FILENAME, &self->target,
              "The voice to look for: a .speaker file or a class of the model",
              "TARGET" },
          { "model", 'm', 0, G_OPTION_ARG_FILENAME, &self->model, "Model file",
              "FILE" },
          { "hop", 0, 0, G_OPTION_ARG_DOUBLE, &self->hop_ms,
              "Time between two windows, 50 to 2000 (250)", "MS" },
          { "lookahead", 0, 0, G_OPTION_ARG_DOUBLE, &self->lookahead_ms,
              "Sound after a moment that may decide about it, 0 to 2000 (500)",
              "MS" },
          { "threads", 0, 0, G_OPTION_ARG_INT, &self->threads,
              "Threads that work on a window, 1 to 64", "N" },
          { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &self->threshold,
              "Probability from which the target counts as speaking", "P" },
          { "hysteresis", 0, 0, G_OPTION_ARG_DOUBLE, &self->hysteresis,
              hysteresis, "P" },
          { "hold", 0, 0, G_OPTION_ARG_DOUBLE, &self->hold_ms,
              "Pauses up to this length are bridged", "MS" },
          G_OPTION_ENTRY_NULL };

  cli_options_add (options, entries);
  if (with_gain)
    add_gain_entries (self, options);
  else
    add_map_entries (self, options);
}

void
cli_settings_add_inputs (const CliSettings *self)
{
  g_autofree char *model = cli_find_model (self->model);

  cli_input_add (self->target);
}

/* The value of a name; without one the default stays. */
static gboolean
parse_word (const char *option, const char *text, GType type, int *value,
    GError **error)
{
  if (text == NULL || sal_nick_find (type, text, value))
    return TRUE;
  g_autofree char *known = sal_nick_list (type);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s \"%s\" is none of %s", option, text, known);
  return FALSE;
}

static gboolean
parse_layers (const char *text, SalCamLayers *layers, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);

  *layers = 0;
  for (guint i = 0; names[i] != NULL; i++) {
    const char *s = g_strstrip (names[i]);
    if ((s[0] != 's' && s[0] != 'S') || s[1] < '1' || s[1] > '4'
        || s[2] != '\0') {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "layer \"%s\" is none of s1, s2, s3 and s4", s);
      return FALSE;
    }
    *layers |= SAL_CAM_S1 << (s[1] - '1');
  }
  return TRUE;
}

/* A number of frames, the nearest to a time; the analyser checks its limits. */
static gboolean
to_frames (double ms, const char *option, const SalMelConfig *mel,
    guint *frames, GError **error)
{
  if (isnan (ms))
    return TRUE;
  if (ms < 0 || ms > 1e6) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s is %g ms, outside 0 to 2000 ms", option, ms);
    return FALSE;
  }
  *frames = (guint) lrint (ms / frame_ms (mel));
  return TRUE;
}

static gboolean
get_cam_config (const CliSettings *self, SalCamConfig *config, GError **error)
{
  int method = (int) config->method, fusion = (int) config->fusion;
  int function = (int) config->score_function;

  if (!parse_word ("method", self->method, SAL_TYPE_CAM_METHOD, &method, error)
      || !parse_word ("score-function", self->score_function,
          SAL_TYPE_SCORE_FUNCTION, &function, error)
      || !parse_word ("fusion", self->fusion, SAL_TYPE_CAM_FUSION, &fusion,
          error)
      || (self->layers != NULL
          && !parse_layers (self->layers, &config->layers, error)))
    return FALSE;
  if (self->channels < 0) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "channels is %d, below 0", self->channels);
    return FALSE;
  }
  config->method = (SalCamMethod) method;
  config->score_function = (SalScoreFunction) function;
  config->fusion = (SalCamFusion) fusion;
  config->channels = (guint) self->channels;
  config->degrid = self->degrid;
  config->gamma = (float) self->gamma;
  config->percentile = (float) self->percentile;
  return TRUE;
}

static gboolean
get_analyser_config (const CliSettings *self, const SalMelConfig *mel,
    SalAnalyserConfig *config, GError **error)
{
  sal_analyser_config_init (config);
  config->threads = (guint) MAX (self->threads, 0);
  return to_frames (self->hop_ms, "hop", mel, &config->hop, error)
      && to_frames (self->lookahead_ms, "lookahead", mel, &config->lookahead,
          error)
      && get_cam_config (self, &config->cam, error);
}

/* A setting that the library refuses was asked for wrongly. */
static void
blame_settings (GError **error)
{
  if (error != NULL && g_error_matches (*error, SAL_ERROR, SAL_ERROR_CONFIG)) {
    (*error)->domain = G_OPTION_ERROR;
    (*error)->code = G_OPTION_ERROR_BAD_VALUE;
  }
}

static gboolean
open_parts (CliSession *self, const CliSettings *settings, GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (self->model);

  self->period = mel->hop / (double) mel->sample_rate;
  self->centre = sal_mel_config_centre (mel) / (double) mel->sample_rate;
  sal_gate_config_init (&self->gate);
  float hysteresis = isnan (settings->hysteresis)
      ? MIN (self->gate.hysteresis, (float) settings->threshold / 2)
      : (float) settings->hysteresis;
  self->gate = (SalGateConfig){ .threshold = (float) settings->threshold,
    .hysteresis = hysteresis,
    .floor_db = (float) settings->floor_db,
    .attack_ms = (float) settings->attack_ms,
    .release_ms = (float) settings->release_ms,
    .hold_ms = (float) settings->hold_ms,
    .removed = settings->removed };
  g_autoptr (SalGate) gate
      = sal_gate_new (&self->gate, 1, (float) frame_ms (mel), error);
  if (gate == NULL
      || !get_analyser_config (settings, mel, &self->config, error))
    return FALSE;
  self->analyser
      = sal_analyser_new (self->model, self->target, &self->config, error);
  return self->analyser != NULL;
}

gboolean
cli_session_open (CliSession *self, const CliSettings *settings, GError **error)
{
  *self = (CliSession){ 0 };
  self->model = cli_load_model (settings->model, error);
  if (self->model == NULL)
    return FALSE;
  self->target = sal_target_load (self->model, settings->target, error);
  if (self->target == NULL)
    return FALSE;
  if (open_parts (self, settings, error))
    return TRUE;
  blame_settings (error);
  return FALSE;
}

void
cli_session_clear (CliSession *self)
{
  sal_analyser_free (self->analyser);
  sal_target_unref (self->target);
  sal_model_unref (self->model);
}
