/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cli.h: what the subcommands share
 *
 * A subcommand takes its own argc and argv, and returns an exit code: 0, 1 if the
 * work failed, 2 if it was asked for wrongly.
 */
#pragma once

#include "cli/audio.h"
#include "cli/files.h"
#include "cli/json.h"
#include "cli/options.h"
#include <saliency/model.h>

int cli_analyse (int argc, char **argv);
int cli_bench (int argc, char **argv);
int cli_compare (int argc, char **argv);
int cli_enrol (int argc, char **argv);
int cli_evaluate (int argc, char **argv);
int cli_mask (int argc, char **argv);
int cli_model (int argc, char **argv);

/**
 * cli_exit_code:
 * @ok: whether the work was done
 * @error: (transfer full) (nullable): why not, or how it was asked for wrongly: of domain
 * G_OPTION_ERROR
 *
 * Prints @error in one line on stderr.
 */
int cli_exit_code (gboolean ok, GError *error);

/**
 * cli_find_model:
 * @path: (nullable): else sal_model_get_default_path()
 *
 * Returns: (transfer full): the path of the model that will be loaded, noted as an input
 */
char *cli_find_model (const char *path);

/**
 * cli_load_model:
 * @path: (nullable): as for cli_find_model()
 *
 * Returns: (transfer full) (nullable): the model, or %NULL and the errors of sal_model_load()
 */
SalModel *cli_load_model (const char *path, GError **error);

/**
 * CliProgress:
 *
 * A line on stderr, if that is a terminal and the work takes longer than a second.
 */
typedef struct {
  const char *what;
  gint64 begun; /* us */
  gint64 shown; /* us; 0: nothing is shown */
} CliProgress;

void cli_progress_start (CliProgress *self, const char *what);
void cli_progress_update (CliProgress *self, double part); /* 0..1 */
void cli_progress_end (CliProgress *self);
