/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protocol.h: what the protocols of the subcommand evaluate share: options, corpus, report */
#pragma once

#include "eval/speaker-sets.h"
#include "cli/cli.h"
#include "eval/maps.h"

typedef struct {
  char *manifest;
  char *split;
  char *others; /* NULL: nobody else */
  char *model;  /* NULL: the usual one */
  char *output; /* folder; NULL: none */
  char *open;   /* split of voices to be enrolled, of all; NULL: "open", if there is one */
  gint64 seed;
  int n_trials;             /* 0: the default of the protocol */
  int n_score;              /* trials with Score-CAM; -1: the default of the protocol */
  int n_threads;            /* 0: all processors */
  double piece;             /* seconds; 0: the default of the protocol */
  double gamma, percentile; /* of maps; 0: the paper's */
  guint shard, n_shards;    /* 0, 0: all trials */
  gboolean known, frames, raw, degrid, maximum, quick, json;
  gboolean quiet; /* prints nothing */
  char **files;   /* none is wanted */
  char *command;  /* all that decides what comes out */
} CliEvaluate;

/* Everything open. */
typedef struct {
  const CliEvaluate *options;
  SalModel *model;
  EvalCorpus *corpus;
  char *manifest_id; /* SHA-256 */
  double seconds;    /* of the recordings of the split */
  CliProgress progress;
  const char *label;   /* of it; NULL: the set's name */
  double begun, share; /* where in the whole this is; share 0: all */
  guint set, n_sets;   /* the one that is on, of how many */
} CliEvaluation;

gboolean cli_evaluate_all (CliEvaluation *self, GError **error);
gboolean cli_evaluate_deletion (CliEvaluation *self, GError **error);
gboolean cli_evaluate_figures (CliEvaluation *self, GError **error);
gboolean cli_evaluate_sanity (CliEvaluation *self, GError **error);
gboolean cli_evaluate_stream (CliEvaluation *self, GError **error);
gboolean cli_evaluate_table2 (CliEvaluation *self, GError **error);
gboolean cli_evaluate_verification (CliEvaluation *self, GError **error);

#define CLI_EVALUATE_SEED 2022
#define CLI_EVALUATE_ENROL_SECONDS 20 /* net speech, of the open set */

typedef gboolean (*CliEvaluateSet) (EvalSpeakerSets *cast, gpointer data, GError **error);

/**
 * cli_evaluate_sets:
 * @run: called for the closed set, if there are speakers the model was trained on, or --known asks
 * for it alone; then for the open set, if there are others
 */
gboolean cli_evaluate_sets (CliEvaluation *self, CliEvaluateSet run, gpointer data, GError **error);

/* Names of the sets that there are, with commas between. */
const char *cli_evaluate_list_sets (const CliEvaluation *self);

/**
 * cli_evaluate_open_corpus:
 *
 * The recordings of the splits of the options.
 */
gboolean cli_evaluate_open_corpus (CliEvaluation *self, GError **error);
void cli_evaluation_clear (CliEvaluation *self);
gboolean cli_evaluate_make_folder (const char *path, GError **error); /* NULL: none */

/**
 * cli_evaluate_command:
 *
 * Returns: (transfer full): a command line that does the same; without what does not matter, as the
 * folder for output and, of experiments in parts, threads and shard
 */
char *cli_evaluate_command (const CliEvaluate *options, const char *name, gboolean in_parts);

/* What every report says of itself: version, model, manifest, split, seed, command. */
void cli_evaluate_describe (const CliEvaluation *self, JsonBuilder *builder);

/* How maps are to be made, and what a report says of it. */
void cli_evaluate_style (const CliEvaluate *options, EvalMapStyle *style);
void cli_evaluate_describe_style (JsonBuilder *builder, const EvalMapStyle *style);

/* A number, or null if it is none. */
void cli_evaluate_number (JsonBuilder *builder, const char *key, double value);
void cli_evaluate_count (JsonBuilder *builder, const char *key, gsize n);
char *cli_evaluate_path (const CliEvaluation *self,
    const char *name); /* (transfer full): in the folder for output */
void cli_evaluate_progress (double part, gpointer evaluation);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliEvaluation, cli_evaluation_clear)
