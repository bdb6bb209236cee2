/* SPDX-License-Identifier: GPL-2.0-or-later */
/* all.h: every experiment in turn, what they cost, and a report of them */
#pragma once

#include "cli/evaluate/protocol.h"

/* Passes through the network, in frames of all windows together. */
typedef double (*CliCost) (const CliEvaluation *self);

double cli_cost_deletion (const CliEvaluation *self);
double cli_cost_figures (const CliEvaluation *self);
double cli_cost_sanity (const CliEvaluation *self);
double cli_cost_stream (const CliEvaluation *self);
double cli_cost_table2 (const CliEvaluation *self);
double cli_cost_verification (const CliEvaluation *self);
double cli_cost_of_frame (SalModel *model); /* seconds of one processor, measured now */

/**
 * cli_evaluate_write_report:
 * @folder: with the JSON, tables and pictures of the experiments
 * @names: (array zero-terminated=1): of those that belong to it
 * @command: that made them
 *
 * Writes report.md and report.html.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE or %SAL_ERROR_FORMAT
 */
gboolean cli_evaluate_write_report (const char *folder, const char *const *names,
    const char *command, GError **error);

/* Returns: (transfer full) (nullable): the report of one experiment */
JsonNode *cli_evaluate_read (const char *folder, const char *name, GError **error);
