/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench.h: what the two halves of the subcommand bench share */
#pragma once

#include "cli/cli.h"
#include <saliency/target.h>

typedef struct {
  char *model_path; /* NULL: the usual one */
  int n_windows;
  int n_threads; /* for one window */
  int n_frames;  /* T of a window */
  int max_streams;
  gboolean streams, json;
  SalModel *model;   /* opened from the above */
  SalTarget *target; /* its first voice */
} CliBench;

/**
 * cli_bench_describe:
 *
 * Members of the object that is being built which every report begins with: model, model_id, cpu.
 */
void cli_bench_describe (const CliBench *self, JsonBuilder *builder);
void cli_bench_count (JsonBuilder *builder, const char *key,
    gsize n); /* a member that is a whole number */

/**
 * cli_bench_streams:
 *
 * Runs one more stream at a time until they fall behind, and prints what that took.
 */
gboolean cli_bench_streams (const CliBench *self, GError **error);
