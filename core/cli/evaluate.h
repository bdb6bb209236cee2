/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evaluate.h: what the protocols of the subcommand evaluate share */
#pragma once

#include "cli.h"
#include "corpus.h"

typedef struct {
  char *manifest;
  char *split;
  char *others;   /* NULL: nobody else */
  char *model;    /* NULL: the usual one */
  char *output;   /* folder; NULL: none */
  gint64 seed;
  int n_trials;   /* 0: the default of the protocol */
  int n_threads;  /* 0: all processors */
  gboolean known, frames, json;
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

gboolean cli_evaluate_stream (CliEvaluation *self, GError **error);
gboolean cli_evaluate_verification (CliEvaluation *self, GError **error);

/* What every report says of itself: model, split, seed, command. */
void cli_evaluate_describe (const CliEvaluation *self, JsonBuilder *builder);

/* A number, or null if it is none. */
void cli_evaluate_number (JsonBuilder *builder, const char *key, double value);
void cli_evaluate_count (JsonBuilder *builder, const char *key, gsize n);
char *cli_evaluate_path (const CliEvaluation *self, const char *name); /* (transfer full): in the folder for output */
void cli_evaluate_progress (double part, gpointer evaluation);
