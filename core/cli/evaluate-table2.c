/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>

#include "evaluate.h"
#include "localisation.h"
#include "table.h"

#define FIRST_FORM SAL_JOIN_A_B
#define N_FORMS (SAL_JOIN_FORMS - FIRST_FORM)

typedef struct {
  CliEvaluation *evaluation;
  SalLocalisationConfig config;
  GArray *rows;                /* of SalLocalisationRow */
  CliTable *joins, *outcomes;  /* NULL: not wanted */
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

static const SalLocalisationRow *
row_at (const Run *self, guint i)
{
  return &g_array_index (self->rows, SalLocalisationRow, i);
}

static const char *
given_of (const SalLocalisationRow *row)
{
  return row->given == 'A' ? "A" : row->given == 'B' ? "B"
      : row->given == 'X' ? "X" : "none";
}

/* --- JSON and text ------------------------------------------------------- */

static void
build_result (const Run *self, const SalCast *cast,
    const SalLocalisationResult *result)
{
  const SalLocalisationRow *row = row_at (self, result->row);
  g_autofree char *name = sal_localisation_name (row);
  JsonBuilder *b = self->builder;

  json_builder_begin_object (b);
  cli_json_text (b, "form", sal_join_names[result->form]);
  cli_json_text (b, "set", sal_cast_get_set (cast));
  cli_json_text (b, "method", name);
  cli_json_text (b, "layers", sal_localisation_layers (row));
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
print_cell (const GArray *results, guint row, SalJoinForm form)
{
  for (guint i = 0; i < results->len; i++) {
    const SalLocalisationResult *result
        = &g_array_index (results, SalLocalisationResult, i);
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
print_table (const Run *self, const SalCast *cast, const GArray *results)
{
  printf ("%s set: recognised as the given speaker, %%, and frame AUC\n%-38s",
      sal_cast_get_set (cast), "map, layers, given");
  for (guint f = FIRST_FORM; f < SAL_JOIN_FORMS; f++)
    printf ("%7s      ", sal_join_names[f]);
  printf ("  trials\n");
  for (guint r = 0; r < self->rows->len; r++) {
    const SalLocalisationRow *row = row_at (self, r);
    g_autofree char *name = sal_localisation_name (row);
    if (row->n_trials == 0)
      continue;
    printf ("%-23s %-11s %s%-2s", name, sal_localisation_layers (row),
        row->given != 0 ? given_of (row) : "-", "");
    for (guint f = FIRST_FORM; f < SAL_JOIN_FORMS; f++)
      print_cell (results, r, f);
    printf ("%8u\n", MIN (row->n_trials, self->config.n_trials));
  }
}

/* --- tables -------------------------------------------------------------- */

static gboolean
open_tables (Run *self, GError **error)
{
  g_autofree char *joins = cli_evaluate_path (self->evaluation, "joins.tsv");
  g_autofree char *outcomes
      = cli_evaluate_path (self->evaluation, "table2.tsv");

  self->joins = cli_table_open (joins,
      "set\tform\ttrial\tA\tB\tC\tX\trecordings", error);
  if (self->joins == NULL)
    return FALSE;
  self->outcomes = cli_table_open (outcomes, "set\tform\ttrial\tmethod\tlayers"
      "\tgiven\trecognised\tkept_mass\tauc", error);
  return self->outcomes != NULL;
}

static void
add_join (const Run *self, const SalCast *cast, const SalJoin *join)
{
  SalCorpus *corpus = self->evaluation->corpus;

  cli_table_add (self->joins, "%s\t%s\t%u", sal_cast_get_set (cast),
      sal_join_names[join->form], join->number);
  for (guint i = 0; i < SAL_JOIN_MOST; i++)
    cli_table_add (self->joins, "\t%s", i >= join->n_speakers ? ""
        : sal_corpus_get_voice (corpus,
            sal_cast_get_voice (cast, join->speakers[i]))->name);
  cli_table_add (self->joins, "\t%s\t", sal_target_get_name (
      sal_cast_get_target (cast, join->absent)));
  for (guint i = 0; i < join->n_pieces; i++)
    cli_table_add (self->joins, "%s%s", i > 0 ? "," : "",
        sal_corpus_get_utterance (corpus, join->utterances[i])->path);
  cli_table_add (self->joins, "\n");
}

static void
add_trial (const Run *self, const SalCast *cast,
    const SalLocalisationTrial *trial)
{
  add_join (self, cast, trial->join);
  for (guint r = 0; r < self->rows->len; r++) {
    const SalLocalisationRow *row = row_at (self, r);
    const SalLocalisationOutcome *outcome = &trial->outcomes[r];
    g_autofree char *name = sal_localisation_name (row);
    if (isnan (outcome->hit))
      continue;
    cli_table_add (self->outcomes, "%s\t%s\t%u\t%s\t%s\t%s\t%d\t%.4f\t",
        sal_cast_get_set (cast), sal_join_names[trial->join->form],
        trial->join->number, name, sal_localisation_layers (row),
        given_of (row), outcome->hit > 0, outcome->mass);
    if (isfinite (outcome->auc))
      cli_table_add (self->outcomes, "%.4f", outcome->auc);
    cli_table_add (self->outcomes, "\n");
  }
}

/* --- the whole ----------------------------------------------------------- */

static gboolean
run_set (SalCast *cast, gpointer data, GError **error)
{
  Run *self = data;
  g_autoptr (GPtrArray) trials
      = g_ptr_array_new_with_free_func (sal_localisation_trial_free);
  g_autoptr (GArray) results
      = g_array_new (FALSE, FALSE, sizeof (SalLocalisationResult));

  if (!sal_localisation_run (cast, &self->config, self->rows, trials, results,
          error))
    return FALSE;
  cli_progress_end (&self->evaluation->progress);
  for (guint i = 0; self->joins != NULL && i < trials->len; i++)
    add_trial (self, cast, g_ptr_array_index (trials, i));
  for (guint i = 0; i < results->len; i++)
    build_result (self, cast,
        &g_array_index (results, SalLocalisationResult, i));
  if (!self->evaluation->options->json)
    print_table (self, cast, results);
  return TRUE;
}

static void
begin (Run *self)
{
  const CliEvaluate *options = self->evaluation->options;
  SalLocalisationConfig *config = &self->config;
  JsonBuilder *b = self->builder = json_builder_new ();

  sal_localisation_config_init (config, (guint) options->n_trials);
  config->seed = (guint32) options->seed;
  config->n_threads = (guint) options->n_threads;
  config->progress = cli_evaluate_progress;
  config->data = self->evaluation;
  config->raw = options->raw;
  if (options->n_score >= 0)
    config->n_score = MIN ((guint) options->n_score, config->n_trials);
  cli_evaluate_style (options, &config->style);
  if (options->piece > 0)
    config->seconds = options->piece;
  self->rows = sal_localisation_rows (config);
  json_builder_begin_object (b);
  cli_evaluate_describe (self->evaluation, b);
  cli_json_text (b, "masked", config->raw ? "log-mel" : "input");
  cli_evaluate_number (b, "piece_seconds", config->seconds);
  cli_evaluate_number (b, "enrol_seconds", CLI_EVALUATE_ENROL_SECONDS);
  cli_evaluate_count (b, "trials", config->n_trials);
  cli_evaluate_count (b, "thorough_trials", config->n_thorough);
  cli_evaluate_count (b, "score_cam_trials", config->n_score);
  cli_evaluate_count (b, "score_cam_channels", SAL_CAM_FEW_CHANNELS);
  cli_evaluate_describe_style (b, &config->style);
  json_builder_set_member_name (b, "table2");
  json_builder_begin_array (b);
}

static gboolean
write_files (Run *self, JsonNode *root, GError **error)
{
  g_autofree char *path = cli_evaluate_path (self->evaluation, "table2.json");

  return cli_table_close (self->joins, error)
      && cli_table_close (self->outcomes, error)
      && cli_write_json (json_node_copy (root), path, error);
}

gboolean
cli_evaluate_table2 (CliEvaluation *evaluation, GError **error)
{
  const CliEvaluate *options = evaluation->options;
  g_auto (Run) self = { .evaluation = evaluation };

  begin (&self);
  if ((options->output != NULL && !open_tables (&self, error))
      || !cli_evaluate_sets (evaluation, run_set, &self, error))
    return FALSE;
  json_builder_end_array (self.builder);
  json_builder_end_object (self.builder);
  g_autoptr (JsonNode) root = json_builder_get_root (self.builder);
  if (options->output != NULL && !write_files (&self, root, error))
    return FALSE;
  return !options->json || cli_write_json (json_node_copy (root), "-", error);
}
