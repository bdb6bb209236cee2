/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "eval/det.h"
#include "cli/evaluate/protocol.h"
#include "picture/png.h"
#include "cli/evaluate/table.h"

#define D EVAL_VERIFICATION_DURATIONS
#define MAIN 1 /* the duration whose figures stand alone: 2 s */

static void
build_figures (JsonBuilder *b, const EvalVerificationRow *row)
{
  cli_evaluate_number (b, "eer", row->eer);
  cli_evaluate_number (b, "min_dcf", row->min_dcf);
  cli_evaluate_number (b, "cllr", row->cllr);
  cli_evaluate_number (b, "min_cllr", row->min_cllr);
  cli_evaluate_count (b, "trials", row->n_target + row->n_other);
}

static void
build_duration (JsonBuilder *b, const EvalVerificationRow *row, double seconds)
{
  json_builder_begin_object (b);
  cli_json_number (b, "seconds", seconds);
  build_figures (b, row);
  cli_evaluate_count (b, "target_trials", row->n_target);
  cli_evaluate_count (b, "impostor_trials", row->n_other);
  cli_evaluate_count (b, "same_sex_impostor_trials", row->n_same_sex);
  cli_evaluate_count (b, "windows", row->n_windows);
  cli_evaluate_count (b, "windows_without_speech", row->n_left_out);
  cli_evaluate_number (b, "same_sex_eer", row->same_sex_eer);
  cli_evaluate_number (b, "cosine_eer", row->cosine_eer);
  cli_evaluate_number (b, "log_odds_eer", row->log_odds_eer);
  cli_evaluate_number (b, "normalised_eer", row->normalised_eer);
  json_builder_end_object (b);
}

static JsonNode *
to_json (const CliEvaluation *self, const EvalVerificationRow *rows)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  cli_evaluate_describe (self, b);
  json_builder_set_member_name (b, "verification");
  json_builder_begin_object (b);
  build_figures (b, &rows[MAIN]);
  json_builder_set_member_name (b, "durations");
  json_builder_begin_array (b);
  for (guint d = 0; d < D; d++)
    build_duration (b, &rows[d], eval_verification_seconds[d]);
  json_builder_end_array (b);
  json_builder_end_object (b);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

static void
print_table (const EvalVerificationRow *rows)
{
  printf ("seconds  windows  targets  others     EER  same sex  minDCF   Cllr"
          "  least  cosine EER  log-odds EER  normalised EER\n");
  for (guint d = 0; d < D; d++) {
    const EvalVerificationRow *row = &rows[d];
    printf ("%7g%9u%9" G_GSIZE_FORMAT "%8" G_GSIZE_FORMAT
            "%7.2f%%%9.2f%%%8.3f%7.3f%7.3f%11.2f%%%13.2f%%%15.2f%%\n",
        eval_verification_seconds[d], row->n_windows, row->n_target,
        row->n_other, 100 * row->eer, 100 * row->same_sex_eer, row->min_dcf,
        row->cllr, row->min_cllr, 100 * row->cosine_eer,
        100 * row->log_odds_eer, 100 * row->normalised_eer);
  }
}

static gboolean
write_trials (const CliEvaluation *self, CliTable *table, const GArray *trials,
    GError **error)
{
  for (guint i = 0; i < trials->len; i++) {
    const EvalTrial *trial = &g_array_index (trials, EvalTrial, i);
    cli_table_add (table, "%g\t%s\t%s\t%d\t%.2f\t%.6g\t%.6g\t%.6g\t%.6g\t%d\n",
        eval_verification_seconds[trial->duration],
        eval_corpus_get_voice (self->corpus, trial->target)->name,
        eval_corpus_get_voice (self->corpus, trial->speaker)->name,
        trial->same_sex, trial->speech_seconds, trial->cosine, trial->log_odds,
        trial->normalised, trial->llr, trial->target == trial->speaker);
  }
  return cli_table_close (table, error);
}

static gboolean
draw (const CliEvaluation *self, const GArray *trials,
    const EvalVerificationRow *rows, GError **error)
{
  g_autofree char *path = cli_evaluate_path (self, "verification.png");
  g_autofree char *title = g_strdup_printf ("Is it that voice?  %s on %s",
      sal_model_get_name (self->model), self->options->split);

  return sal_png_save (eval_det_draw (title, trials, rows), path, error);
}

static gboolean
write_files (const CliEvaluation *self, CliTable *table, const GArray *trials,
    const EvalVerificationRow *rows, GError **error)
{
  g_autofree char *json = cli_evaluate_path (self, "verification.json");

  return write_trials (self, table, trials, error)
      && cli_write_json (to_json (self, rows), json, error)
      && draw (self, trials, rows, error);
}

static CliTable *
open_table (const CliEvaluation *self, GError **error)
{
  g_autofree char *path = cli_evaluate_path (self, "trials.tsv");

  return cli_table_open (path,
      "duration\ttarget\tspeaker\tsame_sex\t"
      "speech_seconds\tcosine\tlog_odds\tnormalised\tllr\tis_target",
      error);
}

gboolean
cli_evaluate_verification (CliEvaluation *self, GError **error)
{
  const CliEvaluate *options = self->options;
  EvalVerificationConfig config;
  EvalVerificationRow rows[D];
  g_autoptr (GArray) trials = g_array_new (FALSE, FALSE, sizeof (EvalTrial));
  g_autoptr (CliTable) table
      = options->output != NULL ? open_table (self, error) : NULL;

  if (options->output != NULL && table == NULL)
    return FALSE;
  eval_verification_config_init (&config);
  config.seed = (guint32) options->seed;
  config.known = options->known;
  config.n_windows = (guint) options->n_trials;
  config.n_threads = (guint) options->n_threads;
  config.progress = cli_evaluate_progress;
  config.data = self;
  gboolean ok = eval_verification_run (self->model, self->corpus, &config,
      trials, rows, error);
  cli_progress_end (&self->progress);
  if (!ok || (table != NULL && !write_files (self, table, trials, rows, error)))
    return FALSE;
  if (options->json)
    return cli_write_json (to_json (self, rows), "-", error);
  if (!options->quiet)
    print_table (rows);
  return TRUE;
}
