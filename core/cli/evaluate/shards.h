/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shards.h: experiments of many trials, which can be interrupted, shared out and merged
 *
 * What comes out of each trial goes to a ledger, NAME.part in the folder for output; all tables are
 * made from it. That of a shard, NAME-i-of-n.part, stays; otherwise it is removed when there are
 * tables.
 */
#pragma once

#include "cli/evaluate/protocol.h"
#include "eval/trial-log.h"

/* What a ledger becomes. */
typedef struct {
  EvalTrialLog *ledger;
  JsonObject *settings; /* of it */
  const char *folder;   /* NULL: no files */
  gboolean json, quiet; /* JSON on stdout; nothing there */
} CliPartsOutput;

/* Trials on their way to the ledger. */
typedef struct {
  CliEvaluation *evaluation;
  EvalTrialLog *ledger;
  const EvalSpeakerSets *cast;
} CliParts;

typedef struct {
  const char *name;
  const EvalConcatenationForm *forms;
  guint n_forms;
  void (*describe) (const CliEvaluate *options,
      JsonBuilder *builder); /* all that decides what comes out */
  guint (*count_values) (JsonObject *settings);
  gboolean (*run) (CliParts *parts, EvalSpeakerSets *cast, GError **error);
  gboolean (*tabulate) (const CliPartsOutput *output, GError **error);
} CliExperiment;

extern const CliExperiment cli_experiment_table2, cli_experiment_deletion;

gboolean cli_parts_evaluate (CliEvaluation *evaluation, const CliExperiment *experiment,
    GError **error);
int cli_evaluate_merge (int argc, char **argv); /* the subcommand merge; returns an exit code */

/* Whether a trial is of this shard and not there yet. */
gboolean cli_parts_want (const CliParts *self, EvalConcatenationForm form, guint number);
gboolean cli_parts_add (const CliParts *self, const EvalConcatenation *join, const float *values,
    GError **error);

char **cli_parts_sets (const CliPartsOutput *self); /* (transfer full) */
GPtrArray *cli_parts_trials (const CliPartsOutput *self,
    const char *set); /* (transfer container): of EvalTrialLogEntry */
guint cli_parts_number (JsonObject *settings, const char *name);     /* 0 if there is none */
char *cli_parts_path (const CliPartsOutput *self, const char *name); /* (transfer full) */

/* The report as JSON: the settings, and an array @name that is filled in between. */
JsonBuilder *cli_parts_begin (const CliPartsOutput *self, const char *name);
gboolean cli_parts_end (const CliPartsOutput *self, JsonBuilder *builder, const char *name,
    GError **error);
