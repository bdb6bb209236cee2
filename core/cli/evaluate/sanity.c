/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "eval/faithfulness-check.h"
#include "cli/evaluate/protocol.h"
#include "eval/sanity.h"
#include "map/faithfulness.h"

typedef struct {
  CliEvaluation *evaluation;
  EvalSanityConfig config;
  EvalDeletionConfig curves; /* that trust is compared with */
  GArray *rows;              /* of EvalSanityRow */
  GArray *trusted;           /* of EvalDeletionRow */
  JsonBuilder *sanity, *trust;
} Run;

static void
run_clear (Run *self)
{
  g_clear_pointer (&self->rows, g_array_unref);
  g_clear_pointer (&self->trusted, g_array_unref);
  g_clear_object (&self->sanity);
  g_clear_object (&self->trust);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static const EvalSanityRow *
row_of (const Run *self, const EvalSanityResult *result)
{
  return &g_array_index (self->rows, EvalSanityRow, result->row);
}

static const EvalDeletionRow *
trusted_of (const Run *self, const EvalFaithfulnessResult *result)
{
  return &g_array_index (self->trusted, EvalDeletionRow, result->row);
}

/* --- JSON and text ------------------------------------------------------- */

static void
build_result (const Run *self, const EvalSpeakerSets *cast,
    const EvalSanityResult *result)
{
  const EvalSanityRow *row = row_of (self, result);
  JsonBuilder *b = self->sanity;

  json_builder_begin_object (b);
  cli_json_text (b, "set", eval_speaker_sets_get_set (cast));
  cli_json_text (b, "method", eval_sanity_name (row));
  cli_json_text (b, "layers", eval_sanity_layers (row));
  cli_json_text (b, "stage", eval_sanity_stages[result->stage]);
  cli_evaluate_number (b, "correlation", result->correlation.mean);
  cli_evaluate_number (b, "low", result->correlation.low);
  cli_evaluate_number (b, "high", result->correlation.high);
  cli_evaluate_number (b, "energy", result->energy.mean);
  cli_evaluate_number (b, "energy_low", result->energy.low);
  cli_evaluate_number (b, "energy_high", result->energy.high);
  cli_evaluate_count (b, "empty", result->n_empty);
  cli_evaluate_count (b, "trials", result->correlation.n);
  json_builder_end_object (b);
}

static void
build_belief (const Run *self, const EvalSpeakerSets *cast,
    const EvalFaithfulnessResult *result)
{
  const EvalDeletionRow *row = trusted_of (self, result);
  JsonBuilder *b = self->trust;

  json_builder_begin_object (b);
  cli_json_text (b, "set", eval_speaker_sets_get_set (cast));
  cli_json_text (b, "form", eval_concatenation_names[result->form]);
  cli_json_text (b, "method", eval_deletion_name (row));
  cli_json_text (b, "layers", eval_deletion_layers (row));
  cli_evaluate_count (b, "forwards", SAL_FAITHFULNESS_FORWARDS);
  cli_evaluate_number (b, "correlation", result->log_odds);
  cli_evaluate_number (b, "low", result->low);
  cli_evaluate_number (b, "high", result->high);
  cli_evaluate_number (b, "correlation_top1", result->top1);
  cli_evaluate_number (b, "trust", result->mean);
  cli_evaluate_count (b, "trials", result->n_trials);
  json_builder_end_object (b);
}

/* A line for each row, a column for each stage. */
static void
print_sanity (const Run *self, const EvalSpeakerSets *cast,
    const GArray *results)
{
  printf ("%s set: rank correlation of maps (and log-Mel) when layers are "
          "scrambled, down to\n%-29s",
      eval_speaker_sets_get_set (cast), "map, layers");
  for (guint s = 0; s < EVAL_SANITY_STAGES; s++)
    printf ("%14s", eval_sanity_stages[s]);
  printf ("  trials\n");
  for (guint r = 0; r < self->rows->len; r++) {
    const EvalSanityRow *row = &g_array_index (self->rows, EvalSanityRow, r);
    printf ("%-17s%-12s", eval_sanity_name (row), eval_sanity_layers (row));
    for (guint s = 0; s < EVAL_SANITY_STAGES; s++) {
      const EvalSanityResult *result
          = &g_array_index (results, EvalSanityResult, s * self->rows->len + r);
      printf ("%6.2f (%5.2f)", result->correlation.mean, result->energy.mean);
    }
    printf ("%8u\n", row->n_trials);
  }
}

static void
print_trust (const Run *self, const EvalSpeakerSets *cast,
    const GArray *results)
{
  printf ("%s set: rank correlation of trust (%d passes) with insertion less "
          "deletion (98 passes)\nform   map              layers       "
          "log-odds          interval    Top-1  trust  trials\n",
      eval_speaker_sets_get_set (cast), SAL_FAITHFULNESS_FORWARDS);
  for (guint i = 0; i < results->len; i++) {
    const EvalFaithfulnessResult *result
        = &g_array_index (results, EvalFaithfulnessResult, i);
    const EvalDeletionRow *row = trusted_of (self, result);
    printf ("%-7s%-17s%-13s%8.2f%9.2f ..%6.2f%9.2f%7.2f%8u\n",
        eval_concatenation_names[result->form], eval_deletion_name (row),
        eval_deletion_layers (row), result->log_odds, result->low, result->high,
        result->top1, result->mean, result->n_trials);
  }
}

/* --- the whole ----------------------------------------------------------- */

static gboolean
run_set (EvalSpeakerSets *cast, gpointer data, GError **error)
{
  Run *self = data;
  g_autoptr (GArray) sanity
      = g_array_new (FALSE, FALSE, sizeof (EvalSanityResult));
  g_autoptr (GArray) beliefs
      = g_array_new (FALSE, FALSE, sizeof (EvalFaithfulnessResult));

  if (!eval_sanity_run (cast, &self->config, self->rows, sanity, error)
      || !eval_faithfulness_check_run (cast, &self->curves, self->trusted,
          beliefs, error))
    return FALSE;
  cli_progress_end (&self->evaluation->progress);
  for (guint i = 0; i < sanity->len; i++)
    build_result (self, cast, &g_array_index (sanity, EvalSanityResult, i));
  for (guint i = 0; i < beliefs->len; i++)
    build_belief (self, cast,
        &g_array_index (beliefs, EvalFaithfulnessResult, i));
  if (!self->evaluation->options->json && !self->evaluation->options->quiet) {
    print_sanity (self, cast, sanity);
    print_trust (self, cast, beliefs);
  }
  return TRUE;
}

static void
begin (Run *self)
{
  const CliEvaluate *options = self->evaluation->options;
  EvalSanityConfig *config = &self->config;

  eval_sanity_config_init (config, (guint) options->n_trials);
  config->seed = (guint32) options->seed;
  config->n_threads = (guint) options->n_threads;
  config->progress = cli_evaluate_progress;
  config->data = self->evaluation;
  if (options->n_score >= 0)
    config->n_score = MIN ((guint) options->n_score, config->n_trials);
  cli_evaluate_style (options, &config->style);
  if (options->piece > 0)
    config->seconds = options->piece;
  eval_deletion_config_init (&self->curves, config->n_trials);
  self->curves.seed = config->seed;
  self->curves.n_threads = config->n_threads;
  self->curves.seconds = config->seconds;
  self->curves.style = config->style;
  self->curves.progress = config->progress;
  self->curves.data = config->data;
  self->rows = eval_sanity_rows (config);
  self->trusted = eval_faithfulness_check_rows (config->n_trials);
  self->sanity = json_builder_new ();
  self->trust = json_builder_new ();
  json_builder_begin_array (self->sanity);
  json_builder_begin_array (self->trust);
}

static JsonNode *
finish (const Run *self)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_end_array (self->sanity);
  json_builder_end_array (self->trust);
  json_builder_begin_object (b);
  cli_evaluate_describe (self->evaluation, b);
  cli_json_text (b, "form", eval_concatenation_names[EVAL_CONCATENATION_B_A_B]);
  cli_evaluate_number (b, "piece_seconds", self->config.seconds);
  cli_evaluate_count (b, "trials", self->config.n_trials);
  cli_evaluate_count (b, "draws", self->config.n_draws);
  cli_evaluate_count (b, "score_cam_channels", SAL_CAM_FEW_CHANNELS);
  cli_evaluate_describe_style (b, &self->config.style);
  json_builder_set_member_name (b, "sanity");
  json_builder_add_value (b, json_builder_get_root (self->sanity));
  json_builder_set_member_name (b, "trust");
  json_builder_add_value (b, json_builder_get_root (self->trust));
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

gboolean
cli_evaluate_sanity (CliEvaluation *evaluation, GError **error)
{
  const CliEvaluate *options = evaluation->options;
  g_auto (Run) self = { .evaluation = evaluation };

  begin (&self);
  if (!cli_evaluate_sets (evaluation, run_set, &self, error))
    return FALSE;
  g_autoptr (JsonNode) root = finish (&self);
  if (options->output != NULL) {
    g_autofree char *path = cli_evaluate_path (evaluation, "sanity.json");
    if (!cli_write_json (json_node_copy (root), path, error))
      return FALSE;
  }
  return !options->json || options->quiet
      || cli_write_json (json_node_copy (root), "-", error);
}
