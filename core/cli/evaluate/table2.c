/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>

#include "cli/evaluate/shards.h"
#include "eval/localisation.h"
#include "cli/evaluate/table.h"

#define N_FORMS EVAL_LOCALISATION_FORMS

typedef struct {
  const CliPartsOutput *output;
  GArray *rows;               /* of EvalLocalisationRow */
  CliTable *joins, *outcomes; /* NULL: not wanted */
  JsonBuilder *builder;
} Run;

static void
run_clear (Run *self)
{
  g_clear_pointer (&self->rows, g_array_unref);
  cli_table_free (self->joins);
  cli_table_free (self->outcomes);
  g_clear_object (&self->builder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static const EvalLocalisationRow *
row_at (const Run *self, guint i)
{
  return &g_array_index (self->rows, EvalLocalisationRow, i);
}

static const char *
given_of (const EvalLocalisationRow *row)
{
  return row->given == 'A' ? "A"
      : row->given == 'B'  ? "B"
      : row->given == 'X'  ? "X"
                           : "none";
}

/* --- JSON and text ------------------------------------------------------- */

static void
build_result (const Run *self, const char *set,
    const EvalLocalisationResult *result)
{
  const EvalLocalisationRow *row = row_at (self, result->row);
  g_autofree char *name = eval_localisation_name (row);
  JsonBuilder *b = self->builder;

  json_builder_begin_object (b);
  cli_json_text (b, "form", eval_concatenation_names[result->form]);
  cli_json_text (b, "set", set);
  cli_json_text (b, "method", name);
  cli_json_text (b, "layers", eval_localisation_layers (row));
  cli_json_text (b, "given", given_of (row));
  cli_evaluate_number (b, "top1", result->top1.mean);
  cli_evaluate_number (b, "low", result->top1.low);
  cli_evaluate_number (b, "high", result->top1.high);
  cli_evaluate_number (b, "kept_mass", result->mass);
  cli_evaluate_number (b, "auc", result->auc.mean);
  cli_evaluate_number (b, "auc_low", result->auc.low);
  cli_evaluate_number (b, "auc_high", result->auc.high);
  cli_evaluate_count (b, "trials", result->top1.n);
  json_builder_end_object (b);
}

/* Figures of a row in one form: "top1 auc", with blanks for what is none. */
static void
print_cell (const GArray *results, guint row, EvalConcatenationForm form)
{
  for (guint i = 0; i < results->len; i++) {
    const EvalLocalisationResult *result
        = &g_array_index (results, EvalLocalisationResult, i);
    if (result->row != row || result->form != form)
      continue;
    printf ("%7.1f", 100 * result->top1.mean);
    if (isfinite (result->auc.mean))
      printf (" %5.3f", result->auc.mean);
    else
      printf ("      ");
    return;
  }
  printf ("%13s", "");
}

static void
print_table (const Run *self, const char *set, const GArray *results)
{
  guint n_trials = cli_parts_number (self->output->settings, "trials");

  printf ("%s set: recognised as the given speaker, %%, and frame AUC\n%-40s",
      set, "map, layers, given");
  for (guint f = 0; f < N_FORMS; f++)
    printf ("%7s      ", eval_concatenation_names[eval_localisation_forms[f]]);
  printf ("  trials\n");
  for (guint r = 0; r < self->rows->len; r++) {
    const EvalLocalisationRow *row = row_at (self, r);
    g_autofree char *name = eval_localisation_name (row);
    if (row->n_trials == 0)
      continue;
    printf ("%-25s %-11s %s%-2s", name, eval_localisation_layers (row),
        row->given != 0 ? given_of (row) : "-", "");
    for (guint f = 0; f < N_FORMS; f++)
      print_cell (results, r, eval_localisation_forms[f]);
    printf ("%8u\n", MIN (row->n_trials, n_trials));
  }
}

/* --- tables -------------------------------------------------------------- */

static gboolean
open_tables (Run *self, GError **error)
{
  g_autofree char *joins = cli_parts_path (self->output, "joins.tsv");
  g_autofree char *outcomes = cli_parts_path (self->output, "table2.tsv");

  self->joins = cli_table_open (joins,
      "set\tform\ttrial\tA\tB\tC\tX\trecordings", error);
  if (self->joins == NULL)
    return FALSE;
  self->outcomes = cli_table_open (outcomes,
      "set\tform\ttrial\tmethod\tlayers"
      "\tgiven\trecognised\tkept_mass\tauc",
      error);
  return self->outcomes != NULL;
}

static void
add_trial (const Run *self, const EvalTrialLogEntry *trial)
{
  const EvalLocalisationOutcome *outcomes
      = (const EvalLocalisationOutcome *) trial->values;
  const char *form = eval_concatenation_names[trial->form];

  cli_table_add (self->joins, "%s\t%s\t%u\t%s\n", trial->set, form,
      trial->number, trial->who);
  for (guint r = 0; r < self->rows->len; r++) {
    const EvalLocalisationRow *row = row_at (self, r);
    g_autofree char *name = eval_localisation_name (row);
    if (isnan (outcomes[r].hit))
      continue;
    cli_table_add (self->outcomes, "%s\t%s\t%u\t%s\t%s\t%s\t%d\t%.4f\t",
        trial->set, form, trial->number, name, eval_localisation_layers (row),
        given_of (row), outcomes[r].hit > 0, outcomes[r].mass);
    if (isfinite (outcomes[r].auc))
      cli_table_add (self->outcomes, "%.4f", outcomes[r].auc);
    cli_table_add (self->outcomes, "\n");
  }
}

/* Returns: (transfer full): as eval_localisation_measure() wants them */
static GPtrArray *
to_trials (const GPtrArray *kept, guint n_rows)
{
  GPtrArray *trials
      = g_ptr_array_new_with_free_func (eval_localisation_trial_free);

  for (guint i = 0; i < kept->len; i++) {
    const EvalTrialLogEntry *from = g_ptr_array_index (kept, i);
    EvalLocalisationTrial *trial = g_new (EvalLocalisationTrial, 1);
    trial->join = g_new0 (EvalConcatenation, 1);
    trial->join->form = from->form;
    trial->outcomes
        = g_memdup2 (from->values, n_rows * sizeof (EvalLocalisationOutcome));
    g_ptr_array_add (trials, trial);
  }
  return trials;
}

static void
add_set (Run *self, const char *set)
{
  g_autoptr (GPtrArray) kept = cli_parts_trials (self->output, set);
  g_autoptr (GPtrArray) trials = to_trials (kept, self->rows->len);
  g_autoptr (GArray) results
      = g_array_new (FALSE, FALSE, sizeof (EvalLocalisationResult));

  eval_localisation_measure (self->rows, trials, results);
  for (guint i = 0; self->joins != NULL && i < kept->len; i++)
    add_trial (self, g_ptr_array_index (kept, i));
  for (guint i = 0; i < results->len; i++)
    build_result (self, set,
        &g_array_index (results, EvalLocalisationResult, i));
  if (!self->output->json && !self->output->quiet)
    print_table (self, set, results);
}

/* --- the experiment ------------------------------------------------------ */

static GArray *
rows_of (JsonObject *settings)
{
  EvalLocalisationConfig config;

  eval_localisation_config_init (&config,
      cli_parts_number (settings, "trials"));
  config.n_thorough = cli_parts_number (settings, "thorough_trials");
  config.n_score = cli_parts_number (settings, "score_cam_trials");
  return eval_localisation_rows (&config);
}

static guint
count_values (JsonObject *settings)
{
  g_autoptr (GArray) rows = rows_of (settings);

  return rows->len * (guint) EVAL_LOCALISATION_NUMBERS;
}

static gboolean
tabulate (const CliPartsOutput *output, GError **error)
{
  g_auto (Run) self = { .output = output,
    .rows = rows_of (output->settings),
    .builder = cli_parts_begin (output, "table2") };
  g_auto (GStrv) sets = cli_parts_sets (output);

  if (output->folder != NULL && !open_tables (&self, error))
    return FALSE;
  for (guint i = 0; sets[i] != NULL; i++)
    add_set (&self, sets[i]);
  return (self.joins == NULL
             || (cli_table_close (self.joins, error)
                 && cli_table_close (self.outcomes, error)))
      && cli_parts_end (output, self.builder, "table2", error);
}

static void
configure (const CliEvaluate *options, EvalLocalisationConfig *config)
{
  eval_localisation_config_init (config, (guint) options->n_trials);
  config->seed = (guint32) options->seed;
  config->n_threads = (guint) options->n_threads;
  config->raw = options->raw;
  if (options->n_score >= 0)
    config->n_score = MIN ((guint) options->n_score, config->n_trials);
  cli_evaluate_style (options, &config->style);
  if (options->piece > 0)
    config->seconds = options->piece;
}

static void
describe (const CliEvaluate *options, JsonBuilder *b)
{
  EvalLocalisationConfig config;

  configure (options, &config);
  cli_json_text (b, "masked", config.raw ? "log-mel" : "input");
  cli_evaluate_number (b, "piece_seconds", config.seconds);
  cli_evaluate_count (b, "trials", config.n_trials);
  cli_evaluate_count (b, "thorough_trials", config.n_thorough);
  cli_evaluate_count (b, "score_cam_trials", config.n_score);
  cli_evaluate_count (b, "score_cam_channels", SAL_CAM_FEW_CHANNELS);
  cli_evaluate_describe_style (b, &config.style);
}

static gboolean
want (EvalConcatenationForm form, guint number, gpointer data)
{
  return cli_parts_want (data, form, number);
}

static gboolean
take (const EvalLocalisationTrial *trial, gpointer data, GError **error)
{
  return cli_parts_add (data, trial->join, (const float *) trial->outcomes,
      error);
}

static void
report_progress (double part, gpointer data)
{
  cli_evaluate_progress (part, ((CliParts *) data)->evaluation);
}

static gboolean
run (CliParts *parts, EvalSpeakerSets *cast, GError **error)
{
  g_autoptr (GArray) rows
      = rows_of (eval_trial_log_get_settings (parts->ledger));
  EvalLocalisationConfig config;

  configure (parts->evaluation->options, &config);
  config.wanted = want;
  config.take = take;
  config.progress = report_progress;
  config.data = parts;
  return eval_localisation_run (cast, &config, rows, error);
}

const CliExperiment cli_experiment_table2 = { "table2", eval_localisation_forms,
  EVAL_LOCALISATION_FORMS, describe, count_values, run, tabulate };

gboolean
cli_evaluate_table2 (CliEvaluation *evaluation, GError **error)
{
  return cli_parts_evaluate (evaluation, &cli_experiment_table2, error);
}
