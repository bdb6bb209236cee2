/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "deletion-picture.h"
#include "evaluate.h"
#include "png.h"
#include "table.h"

typedef struct {
  CliEvaluation *evaluation;
  SalDeletionConfig config;
  GArray *rows;    /* of SalDeletionRow */
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

static const SalDeletionRow *
row_of (const Run *self, const SalDeletionResult *result)
{
  return &g_array_index (self->rows, SalDeletionRow, result->row);
}

/* --- JSON and text ------------------------------------------------------- */

static void
build_rate (JsonBuilder *b, const char *name, const SalRate *rate)
{
  g_autofree char *low = g_strconcat (name, "_low", NULL);
  g_autofree char *high = g_strconcat (name, "_high", NULL);

  cli_evaluate_number (b, name, rate->mean);
  cli_evaluate_number (b, low, rate->low);
  cli_evaluate_number (b, high, rate->high);
}

static void
build_result (const Run *self, const SalCast *cast,
    const SalDeletionResult *result)
{
  const SalDeletionRow *row = row_of (self, result);
  const SalDeletionMean *delete = &result->ways[SAL_DELETION_DELETE];
  const SalDeletionMean *insert = &result->ways[SAL_DELETION_INSERT];
  JsonBuilder *b = self->builder;

  json_builder_begin_object (b);
  cli_json_text (b, "form", sal_join_names[result->form]);
  cli_json_text (b, "set", sal_cast_get_set (cast));
  cli_json_text (b, "method", sal_deletion_name (row));
  cli_json_text (b, "layers", sal_deletion_layers (row));
  cli_json_text (b, "fill", sal_fill_names[row->fill]);
  build_rate (b, "deletion_auc", &delete->area);
  build_rate (b, "insertion_auc", &insert->area);
  build_rate (b, "deletion_log_odds", &delete->log_odds_area);
  build_rate (b, "insertion_log_odds", &insert->log_odds_area);
  cli_evaluate_count (b, "empty", result->n_empty);
  cli_evaluate_count (b, "trials", result->n_trials);
  json_builder_end_object (b);
}

static void
print_table (const Run *self, const SalCast *cast, const GArray *results)
{
  printf ("%s set: areas under the curves of recognition (mean log-odds)\n"
      "form   ranking          layers      fill        deletion         "
      "insertion  empty  trials\n", sal_cast_get_set (cast));
  for (guint i = 0; i < results->len; i++) {
    const SalDeletionResult *result
        = &g_array_index (results, SalDeletionResult, i);
    const SalDeletionRow *row = row_of (self, result);
    printf ("%-7s%-17s%-12s%-8s%8.3f (%6.2f)%8.3f (%6.2f)%7u%8u\n",
        sal_join_names[result->form], sal_deletion_name (row),
        sal_deletion_layers (row), sal_fill_names[row->fill],
        result->ways[0].area.mean, result->ways[0].log_odds_area.mean,
        result->ways[1].area.mean, result->ways[1].log_odds_area.mean,
        result->n_empty, result->n_trials);
  }
}

/* --- tables and pictures ------------------------------------------------- */

static gboolean
open_table (Run *self, GError **error)
{
  g_autofree char *path = cli_evaluate_path (self->evaluation, "curves.tsv");

  self->curves = cli_table_open (path, "set\tform\tmethod\tlayers\tfill\tway"
      "\tpart\ttop1\tlow\thigh\tlog_odds\tlog_odds_low\tlog_odds_high\ttrials",
      error);
  return self->curves != NULL;
}

static void
add_curves (const Run *self, const SalCast *cast,
    const SalDeletionResult *result)
{
  static const char *const ways[] = { "deletion", "insertion" };
  const SalDeletionRow *row = row_of (self, result);

  for (guint way = 0; way < SAL_DELETION_WAYS; way++)
    for (guint i = 0; i <= SAL_DELETION_STEPS; i++) {
      const SalRate *hit = &result->ways[way].hit[i];
      const SalRate *log_odds = &result->ways[way].log_odds[i];
      cli_table_add (self->curves, "%s\t%s\t%s\t%s\t%s\t%s\t%g\t%.4f\t%.4f\t"
          "%.4f\t%.4f\t%.4f\t%.4f\t%u\n", sal_cast_get_set (cast),
          sal_join_names[result->form], sal_deletion_name (row),
          sal_deletion_layers (row), sal_fill_names[row->fill], ways[way],
          i / (double) SAL_DELETION_STEPS, hit->mean, hit->low, hit->high,
          log_odds->mean, log_odds->low, log_odds->high, result->n_trials);
    }
}

static gboolean
draw (const Run *self, const SalCast *cast, const GArray *results,
    gboolean log_odds, GError **error)
{
  const CliEvaluation *evaluation = self->evaluation;
  g_autofree char *name = g_strdup_printf ("deletion-%s%s.png",
      sal_cast_get_set (cast), log_odds ? "-log-odds" : "");
  g_autofree char *path = cli_evaluate_path (evaluation, name);
  g_autofree char *title = g_strdup_printf ("Which bins decide?  %s on %s, "
      "%s set", sal_model_get_name (evaluation->model),
      evaluation->options->split, sal_cast_get_set (cast));

  return sal_png_save (sal_deletion_draw (title, results, self->rows,
      log_odds), path, error);
}

/* --- the whole ----------------------------------------------------------- */

static gboolean
run_set (SalCast *cast, gpointer data, GError **error)
{
  Run *self = data;
  g_autoptr (GPtrArray) trials
      = g_ptr_array_new_with_free_func (sal_deletion_trial_free);
  g_autoptr (GArray) results
      = g_array_new (FALSE, FALSE, sizeof (SalDeletionResult));

  if (!sal_deletion_run (cast, &self->config, self->rows, trials, results,
          error))
    return FALSE;
  cli_progress_end (&self->evaluation->progress);
  for (guint i = 0; i < results->len; i++) {
    const SalDeletionResult *result
        = &g_array_index (results, SalDeletionResult, i);
    build_result (self, cast, result);
    if (self->curves != NULL)
      add_curves (self, cast, result);
  }
  if (!self->evaluation->options->json)
    print_table (self, cast, results);
  return self->curves == NULL || (draw (self, cast, results, FALSE, error)
      && draw (self, cast, results, TRUE, error));
}

static void
begin (Run *self)
{
  const CliEvaluate *options = self->evaluation->options;
  SalDeletionConfig *config = &self->config;
  JsonBuilder *b = self->builder = json_builder_new ();

  sal_deletion_config_init (config, (guint) options->n_trials);
  config->seed = (guint32) options->seed;
  config->n_threads = (guint) options->n_threads;
  config->progress = cli_evaluate_progress;
  config->data = self->evaluation;
  if (options->n_score >= 0)
    config->n_score = MIN ((guint) options->n_score, config->n_trials);
  cli_evaluate_style (options, &config->style);
  if (options->piece > 0)
    config->seconds = options->piece;
  self->rows = sal_deletion_rows (config);
  json_builder_begin_object (b);
  cli_evaluate_describe (self->evaluation, b);
  cli_evaluate_number (b, "piece_seconds", config->seconds);
  cli_evaluate_number (b, "enrol_seconds", CLI_EVALUATE_ENROL_SECONDS);
  cli_evaluate_count (b, "trials", config->n_trials);
  cli_evaluate_count (b, "steps", SAL_DELETION_STEPS);
  cli_evaluate_count (b, "score_cam_channels", SAL_CAM_FEW_CHANNELS);
  cli_evaluate_describe_style (b, &config->style);
  json_builder_set_member_name (b, "deletion");
  json_builder_begin_array (b);
}

gboolean
cli_evaluate_deletion (CliEvaluation *evaluation, GError **error)
{
  const CliEvaluate *options = evaluation->options;
  g_auto (Run) self = { .evaluation = evaluation };

  begin (&self);
  if ((options->output != NULL && !open_table (&self, error))
      || !cli_evaluate_sets (evaluation, run_set, &self, error))
    return FALSE;
  json_builder_end_array (self.builder);
  json_builder_end_object (self.builder);
  g_autoptr (JsonNode) root = json_builder_get_root (self.builder);
  if (self.curves != NULL) {
    g_autofree char *path = cli_evaluate_path (evaluation, "deletion.json");
    if (!cli_table_close (self.curves, error)
        || !cli_write_json (json_node_copy (root), path, error))
      return FALSE;
  }
  return !options->json || cli_write_json (json_node_copy (root), "-", error);
}
