/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evaluate.h: what the protocols of the subcommand evaluate share */
#pragma once

#include "cast.h"
#include "cli.h"
#include "maps.h"

typedef struct {
  char *manifest;
  char *split;
  char *others;   /* NULL: nobody else */
  char *model;    /* NULL: the usual one */
  char *output;   /* folder; NULL: none */
  gint64 seed;
  int n_trials;   /* 0: the default of the protocol */
  int n_score;    /* trials with Score-CAM; -1: the default of the protocol */
  int n_threads;  /* 0: all processors */
  double piece;   /* seconds; 0: the default of the protocol */
  double gamma, percentile; /* of maps; 0: the paper's */
  gboolean known, frames, raw, degrid, maximum, json;
  char **files;   /* none is wanted */
  char *command;  /* as it was called */
} CliEvaluate;

/* Everything open. */
typedef struct {
  const CliEvaluate *options;
  SalModel *model;
  SalCorpus *corpus;
  CliProgress progress;
} CliEvaluation;

gboolean cli_evaluate_deletion (CliEvaluation *self, GError **error);
gboolean cli_evaluate_figures (CliEvaluation *self, GError **error);
gboolean cli_evaluate_sanity (CliEvaluation *self, GError **error);
gboolean cli_evaluate_stream (CliEvaluation *self, GError **error);
gboolean cli_evaluate_table2 (CliEvaluation *self, GError **error);
gboolean cli_evaluate_verification (CliEvaluation *self, GError **error);

#define CLI_EVALUATE_ENROL_SECONDS 20 /* net speech, of the open set */

typedef gboolean (*CliEvaluateSet) (SalCast *cast, gpointer data, GError **error);

/**
 * cli_evaluate_sets:
 * @run: called for the closed set, if there are speakers the model was trained on, or --known asks for it alone; then for
 *   the open set, if there are others
 */
gboolean cli_evaluate_sets (CliEvaluation *self, CliEvaluateSet run, gpointer data, GError **error);

/* What every report says of itself: model, split, seed, command. */
void cli_evaluate_describe (const CliEvaluation *self, JsonBuilder *builder);

/* How maps are to be made, and what a report says of it. */
void cli_evaluate_style (const CliEvaluate *options, SalMapStyle *style);
void cli_evaluate_describe_style (JsonBuilder *builder, const SalMapStyle *style);

/* A number, or null if it is none. */
void cli_evaluate_number (JsonBuilder *builder, const char *key, double value);
void cli_evaluate_count (JsonBuilder *builder, const char *key, gsize n);
char *cli_evaluate_path (const CliEvaluation *self, const char *name); /* (transfer full): in the folder for output */
void cli_evaluate_progress (double part, gpointer evaluation);
