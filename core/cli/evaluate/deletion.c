/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "eval/deletion-picture.h"
#include "cli/evaluate/shards.h"
#include "picture/png.h"
#include "cli/evaluate/table.h"

typedef struct {
  const CliPartsOutput *output;
  GArray *rows;     /* of EvalDeletionRow */
  CliTable *curves; /* NULL: not wanted */
  JsonBuilder *builder;
} Run;

static void
run_clear (Run *self)
{
  g_clear_pointer (&self->rows, g_array_unref);
  cli_table_free (self->curves);
  g_clear_object (&self->builder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static const EvalDeletionRow *
row_of (const Run *self, const EvalDeletionResult *result)
{
  return &g_array_index (self->rows, EvalDeletionRow, result->row);
}

/* --- JSON and text ------------------------------------------------------- */

static void
build_rate (JsonBuilder *b, const char *name, const EvalInterval *rate)
{
  g_autofree char *low = g_strconcat (name, "_low", NULL);
  g_autofree char *high = g_strconcat (name, "_high", NULL);

  cli_evaluate_number (b, name, rate->mean);
  cli_evaluate_number (b, low, rate->low);
  cli_evaluate_number (b, high, rate->high);
}

static void
build_result (const Run *self, const char *set,
    const EvalDeletionResult *result)
{
  const EvalDeletionRow *row = row_of (self, result);
  const EvalDeletionMean *delete = &result->ways[EVAL_DELETION_DELETE];
  const EvalDeletionMean *insert = &result->ways[EVAL_DELETION_INSERT];
  JsonBuilder *b = self->builder;

  json_builder_begin_object (b);
  cli_json_text (b, "form", eval_concatenation_names[result->form]);
  cli_json_text (b, "set", set);
  cli_json_text (b, "method", eval_deletion_name (row));
  cli_json_text (b, "layers", eval_deletion_layers (row));
  cli_json_text (b, "fill", eval_fill_names[row->fill]);
  build_rate (b, "deletion_auc", &delete->area);
  build_rate (b, "insertion_auc", &insert->area);
  build_rate (b, "deletion_log_odds", &delete->log_odds_area);
  build_rate (b, "insertion_log_odds", &insert->log_odds_area);
  cli_evaluate_count (b, "empty", result->n_empty);
  cli_evaluate_count (b, "trials", result->n_trials);
  json_builder_end_object (b);
}

static void
print_table (const Run *self, const char *set, const GArray *results)
{
  printf ("%s set: areas under the curves of recognition (mean log-odds)\n"
          "form   ranking          layers      fill        deletion         "
          "insertion  empty  trials\n",
      set);
  for (guint i = 0; i < results->len; i++) {
    const EvalDeletionResult *result
        = &g_array_index (results, EvalDeletionResult, i);
    const EvalDeletionRow *row = row_of (self, result);
    printf ("%-7s%-17s%-12s%-8s%8.3f (%6.2f)%8.3f (%6.2f)%7u%8u\n",
        eval_concatenation_names[result->form], eval_deletion_name (row),
        eval_deletion_layers (row), eval_fill_names[row->fill],
        result->ways[0].area.mean, result->ways[0].log_odds_area.mean,
        result->ways[1].area.mean, result->ways[1].log_odds_area.mean,
        result->n_empty, result->n_trials);
  }
}

/* --- tables and pictures ------------------------------------------------- */

static gboolean
open_table (Run *self, GError **error)
{
  g_autofree char *path = cli_parts_path (self->output, "curves.tsv");

  self->curves = cli_table_open (path,
      "set\tform\tmethod\tlayers\tfill\tway"
      "\tpart\ttop1\tlow\thigh\tlog_odds\tlog_odds_low\tlog_odds_high\ttrials",
      error);
  return self->curves != NULL;
}

static void
add_curves (const Run *self, const char *set, const EvalDeletionResult *result)
{
  static const char *const ways[] = { "deletion", "insertion" };
  const EvalDeletionRow *row = row_of (self, result);

  for (guint way = 0; way < EVAL_DELETION_WAYS; way++)
    for (guint i = 0; i <= EVAL_DELETION_STEPS; i++) {
      const EvalInterval *hit = &result->ways[way].hit[i];
      const EvalInterval *log_odds = &result->ways[way].log_odds[i];
      cli_table_add (self->curves,
          "%s\t%s\t%s\t%s\t%s\t%s\t%g\t%.4f\t%.4f\t"
          "%.4f\t%.4f\t%.4f\t%.4f\t%u\n",
          set, eval_concatenation_names[result->form], eval_deletion_name (row),
          eval_deletion_layers (row), eval_fill_names[row->fill], ways[way],
          i / (double) EVAL_DELETION_STEPS, hit->mean, hit->low, hit->high,
          log_odds->mean, log_odds->low, log_odds->high, result->n_trials);
    }
}

static gboolean
draw (const Run *self, const char *set, const GArray *results,
    gboolean log_odds, GError **error)
{
  JsonObject *settings = self->output->settings;
  g_autofree char *name
      = g_strdup_printf ("deletion-%s%s.png", set, log_odds ? "-log-odds" : "");
  g_autofree char *path = cli_parts_path (self->output, name);
  g_autofree char *title = g_strdup_printf ("Which bins decide?  %s on %s, "
                                            "%s set",
      json_object_get_string_member_with_default (settings, "model", ""),
      json_object_get_string_member_with_default (settings, "split", ""), set);

  return sal_png_save (eval_deletion_draw (title, results, self->rows,
                           log_odds),
      path, error);
}

/* Returns: (transfer full): as eval_deletion_measure() wants them */
static GPtrArray *
to_trials (const GPtrArray *kept, guint n_rows)
{
  GPtrArray *trials = g_ptr_array_new_with_free_func (eval_deletion_trial_free);

  for (guint i = 0; i < kept->len; i++) {
    const EvalTrialLogEntry *from = g_ptr_array_index (kept, i);
    EvalDeletionTrial *trial = g_new (EvalDeletionTrial, 1);
    trial->join = g_new0 (EvalConcatenation, 1);
    trial->join->form = from->form;
    trial->outcomes
        = g_memdup2 (from->values, n_rows * sizeof (EvalDeletionOutcome));
    g_ptr_array_add (trials, trial);
  }
  return trials;
}

static gboolean
add_set (Run *self, const char *set, GError **error)
{
  g_autoptr (GPtrArray) kept = cli_parts_trials (self->output, set);
  g_autoptr (GPtrArray) trials = to_trials (kept, self->rows->len);
  g_autoptr (GArray) results
      = g_array_new (FALSE, FALSE, sizeof (EvalDeletionResult));

  eval_deletion_measure (self->rows, trials, results);
  for (guint i = 0; i < results->len; i++) {
    const EvalDeletionResult *result
        = &g_array_index (results, EvalDeletionResult, i);
    build_result (self, set, result);
    if (self->curves != NULL)
      add_curves (self, set, result);
  }
  if (!self->output->json && !self->output->quiet)
    print_table (self, set, results);
  return self->curves == NULL
      || (draw (self, set, results, FALSE, error)
          && draw (self, set, results, TRUE, error));
}

/* --- the experiment ------------------------------------------------------ */

static GArray *
rows_of (JsonObject *settings)
{
  EvalDeletionConfig config;

  eval_deletion_config_init (&config, cli_parts_number (settings, "trials"));
  config.n_thorough = cli_parts_number (settings, "thorough_trials");
  config.n_score = cli_parts_number (settings, "score_cam_trials");
  return eval_deletion_rows (&config);
}

static guint
count_values (JsonObject *settings)
{
  g_autoptr (GArray) rows = rows_of (settings);

  return rows->len * (guint) EVAL_DELETION_NUMBERS;
}

static gboolean
tabulate (const CliPartsOutput *output, GError **error)
{
  g_auto (Run) self = { .output = output,
    .rows = rows_of (output->settings),
    .builder = cli_parts_begin (output, "deletion") };
  g_auto (GStrv) sets = cli_parts_sets (output);

  if (output->folder != NULL && !open_table (&self, error))
    return FALSE;
  for (guint i = 0; sets[i] != NULL; i++)
    if (!add_set (&self, sets[i], error))
      return FALSE;
  return (self.curves == NULL || cli_table_close (self.curves, error))
      && cli_parts_end (output, self.builder, "deletion", error);
}

static void
configure (const CliEvaluate *options, EvalDeletionConfig *config)
{
  eval_deletion_config_init (config, (guint) options->n_trials);
  config->seed = (guint32) options->seed;
  config->n_threads = (guint) options->n_threads;
  if (options->n_score >= 0)
    config->n_score = MIN ((guint) options->n_score, config->n_trials);
  cli_evaluate_style (options, &config->style);
  if (options->piece > 0)
    config->seconds = options->piece;
}

static void
describe (const CliEvaluate *options, JsonBuilder *b)
{
  EvalDeletionConfig config;

  configure (options, &config);
  cli_evaluate_number (b, "piece_seconds", config.seconds);
  cli_evaluate_count (b, "trials", config.n_trials);
  cli_evaluate_count (b, "thorough_trials", config.n_thorough);
  cli_evaluate_count (b, "steps", EVAL_DELETION_STEPS);
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
take (const EvalDeletionTrial *trial, gpointer data, GError **error)
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
  EvalDeletionConfig config;

  configure (parts->evaluation->options, &config);
  config.wanted = want;
  config.take = take;
  config.progress = report_progress;
  config.data = parts;
  return eval_deletion_run (cast, &config, rows, error);
}

const CliExperiment cli_experiment_deletion = { "deletion", eval_deletion_forms,
  EVAL_DELETION_FORMS, describe, count_values, run, tabulate };

gboolean
cli_evaluate_deletion (CliEvaluation *evaluation, GError **error)
{
  return cli_parts_evaluate (evaluation, &cli_experiment_deletion, error);
}
