/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.h: the options that analyse and mask share, and the session they open */
#pragma once

#include <saliency/analyser.h>
#include <saliency/gate.h>

#include "cli/options.h"

typedef struct {
  char *model;  /* a path; NULL: sal_model_get_default_path() */
  char *target; /* a .speaker file or the name of a class */
  char *method; /* NULL: the default, as for the next three */
  char *layers;
  char *score_function;
  char *fusion;
  int channels; /* this and the next three: of SalCamConfig */
  double gamma;
  double percentile;
  gboolean degrid;
  int threads;
  double hop_ms;
  double lookahead_ms;
  double floor_db; /* this and the rest: of SalGateConfig */
  double threshold;
  double hysteresis; /* NAN: the usual one, at most half the threshold */
  double attack_ms;
  double release_ms;
  double hold_ms;
  gboolean removed;
} CliSettings;

void cli_settings_init (CliSettings *self);
void cli_settings_clear (CliSettings *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliSettings, cli_settings_clear)

/**
 * cli_settings_add_entries:
 *
 * Options for model, target, windows and threshold; those of the gain (floor, attack, release,
 * removed) with @with_gain, those of the map (SalCamConfig) without.
 */
void cli_settings_add_entries (CliSettings *self, CliOptions *options, gboolean with_gain);

/* Notes target and model as inputs, which no output may replace. */
void cli_settings_add_inputs (const CliSettings *self);

/**
 * CliSession:
 *
 * Everything open to analyse one file.
 */
typedef struct {
  SalModel *model;
  SalTarget *target;
  SalAnalyser *analyser;
  SalAnalyserConfig config;
  SalGateConfig gate;
  double period; /* seconds between frames */
  double centre; /* seconds: the time of frame 0 */
} CliSession;

/**
 * cli_session_open:
 *
 * Returns: %TRUE, or %FALSE and the errors of the files, or G_OPTION_ERROR for a setting out of
 * range
 */
gboolean cli_session_open (CliSession *self, const CliSettings *settings, GError **error);
void cli_session_clear (CliSession *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliSession, cli_session_clear)

const char *cli_method_name (SalCamMethod method);
const char *cli_score_function_name (SalScoreFunction function);
const char *cli_fusion_name (SalCamFusion fusion);
