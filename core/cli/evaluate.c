/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evaluate.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "manifest.h"

#define SEED 2022

static const struct {
  const char *name;
  gboolean (*run) (CliEvaluation *self, GError **error);
  const char *summary;
} protocols[] = {
  { "verification", cli_evaluate_verification,
      "Is a piece of 1, 2 or 5 s an enrolled voice?  Equal error rate, cost\n"
      "and calibration, over all pieces and all voices of a split." },
  { "stream", cli_evaluate_stream,
      "When does an enrolled voice speak in conversations of 60 s, clean and\n"
      "with noise, at look-aheads from 250 to 2000 ms?" },
  { "table2", cli_evaluate_table2,
      "Does a map find its speaker among others?  Table 2 of the paper:\n"
      "pieces joined as A-B, A-B-A, B-A-B and A-B-C, masked by maps drawn for\n"
      "A, B and X, who is absent, and recognised again; with controls." },
  { "deletion", cli_evaluate_deletion,
      "Does a map rank what decides?  Figures 2 and 4 of the paper: the most\n"
      "salient bins are deleted, or inserted, one fiftieth after the other." },
  { "sanity", cli_evaluate_sanity,
      "Do maps depend on what was learned, and on whom they are drawn for?\n"
      "Rank correlation with maps of a model whose layers are scrambled one\n"
      "after the other, and of other speakers; and whether trust is earned." },
  { "figures", cli_evaluate_figures,
      "Figures 1 and 3 of the paper: the maps of utterances and of B-A-B, all\n"
      "methods side by side, as PNG and SVG." },
};

static void
options_clear (CliEvaluate *self)
{
  g_free (self->manifest);
  g_free (self->split);
  g_free (self->others);
  g_free (self->model);
  g_free (self->output);
  g_strfreev (self->files);
  g_free (self->command);
}

typedef CliEvaluate Options;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
evaluation_clear (CliEvaluation *self)
{
  sal_model_unref (self->model);
  sal_corpus_free (self->corpus);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliEvaluation, evaluation_clear)

static gboolean
check_numbers (const Options *self, GError **error)
{
  const char *what = NULL;

  if (self->seed < 0 || self->seed > G_MAXUINT32)
    what = "--seed is outside 0..4294967295";
  else if (self->n_trials < 0 || self->n_trials > 1000000)
    what = "--trials is outside 1..1000000";
  else if (self->n_score < -1 || self->n_score > 1000000)
    what = "--score-cam is outside 0..1000000";
  else if (self->n_threads < 0 || self->n_threads > 1024)
    what = "--threads is outside 1..1024";
  else if (!(self->gamma >= 0 && self->gamma <= 100))
    what = "--gamma is outside 0..100";
  else if (!(self->percentile >= 0 && self->percentile <= 100))
    what = "--percentile is outside 0..100";
  else if (!(self->piece == 0 || (self->piece >= 0.5 && self->piece <= 10)))
    what = "--piece is outside 0.5..10 s";
  else if (self->frames && self->output == NULL)
    what = "--frames needs a folder, -o";
  if (what == NULL)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, what);
  return FALSE;
}

static gboolean
parse (Options *self, const char *summary, int argc, char **argv,
    GError **error)
{
  GOptionEntry entries[] = {
    { "manifest", 0, 0, G_OPTION_ARG_FILENAME, &self->manifest,
        "Recordings: path, speaker, sex, source, split, seconds", "FILE" },
    { "split", 0, 0, G_OPTION_ARG_STRING, &self->split,
        "Whose speakers are targets; several with commas", "NAME" },
    { "others", 0, 0, G_OPTION_ARG_STRING, &self->others,
        "Whose speakers are other voices only, likewise", "NAME" },
    { "known", 0, 0, G_OPTION_ARG_NONE, &self->known,
        "Targets are the model's voices of those names: nobody is enrolled",
        NULL },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &self->model, "Model file",
        "FILE" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &self->seed,
        "What is drawn (2022)", "N" },
    { "trials", 0, 0, G_OPTION_ARG_INT, &self->n_trials,
        "Streams (60), pieces of each length (all), joins of each form "
        "(table2: 400, deletion: 16, sanity: 32, figures: 2)", "N" },
    { "piece", 0, 0, G_OPTION_ARG_DOUBLE, &self->piece,
        "Of joins: speech of each speaker (1.5)", "SECONDS" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &self->n_threads,
        "At once (one for each processor)", "N" },
    { "raw", 0, 0, G_OPTION_ARG_NONE, &self->raw,
        "Of table2: mask the log-Mel before it is normalised, not after",
        NULL },
    { "gamma", 0, 0, G_OPTION_ARG_DOUBLE, &self->gamma,
        "Of the maps of table2 and deletion (5)", "N" },
    { "percentile", 0, 0, G_OPTION_ARG_DOUBLE, &self->percentile,
        "Likewise: what counts as the largest value (100)", "N" },
    { "degrid", 0, 0, G_OPTION_ARG_NONE, &self->degrid,
        "Likewise: smooth the gradients of S1..S3", NULL },
    { "maximum", 0, 0, G_OPTION_ARG_NONE, &self->maximum,
        "Likewise: fuse layers by the largest value, not by the mean", NULL },
    { "score-cam", 0, 0, G_OPTION_ARG_INT, &self->n_score,
        "Of table2 and deletion: trials with Score-CAM, which takes long "
        "(8 and 4)", "N" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &self->output,
        "Folder for tables and pictures", "DIR" },
    { "frames", 0, 0, G_OPTION_ARG_NONE, &self->frames,
        "Of stream: a table of every fourth frame too", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->files,
        NULL, NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  self->seed = SEED;
  self->n_score = -1;
  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, NULL);
  return cli_parse (context, &argc, &argv, &self->files, 0, 0, error)
      && cli_require (self->manifest, "--manifest", error)
      && cli_require (self->split, "--split", error)
      && check_numbers (self, error);
}

/* A SalDecoder. */
static float *
decode (const char *path, guint rate, gsize *n_samples, GError **error)
{
  g_autoptr (CliReader) reader = cli_reader_open (path, rate, error);
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GError) cause = NULL;
  CliBlock block;

  if (reader == NULL)
    return NULL;
  while (cli_reader_next (reader, &block, &cause))
    g_array_append_vals (samples, block.mono, (guint) block.n_mono);
  if (cause != NULL) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
  *n_samples = samples->len;
  /* Many are kept: no more room than is needed; and never NULL. */
  return g_renew (float, g_array_free (g_steal_pointer (&samples), FALSE),
      *n_samples + 1);
}

void
cli_evaluate_progress (double part, gpointer evaluation)
{
  cli_progress_update (&((CliEvaluation *) evaluation)->progress, part);
}

void
cli_evaluate_number (JsonBuilder *builder, const char *key, double value)
{
  json_builder_set_member_name (builder, key);
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
cli_evaluate_count (JsonBuilder *builder, const char *key, gsize n)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_int_value (builder, (gint64) n);
}

char *
cli_evaluate_path (const CliEvaluation *self, const char *name)
{
  return g_build_filename (self->options->output, name, NULL);
}

void
cli_evaluate_describe (const CliEvaluation *self, JsonBuilder *builder)
{
  const Options *options = self->options;

  cli_json_text (builder, "model", sal_model_get_name (self->model));
  cli_json_text (builder, "model_id", sal_model_get_id (self->model));
  cli_json_text (builder, "split", options->split);
  if (options->others != NULL)
    cli_json_text (builder, "others", options->others);
  json_builder_set_member_name (builder, "known");
  json_builder_add_boolean_value (builder, options->known);
  cli_evaluate_count (builder, "seed", (gsize) options->seed);
  cli_json_text (builder, "command", options->command);
}

void
cli_evaluate_style (const Options *options, SalMapStyle *style)
{
  sal_map_style_init (style);
  if (options->gamma > 0)
    style->gamma = (float) options->gamma;
  if (options->percentile > 0)
    style->percentile = (float) options->percentile;
  style->degrid = options->degrid;
  if (options->maximum)
    style->fusion = SAL_CAM_FUSION_MAX;
}

void
cli_evaluate_describe_style (JsonBuilder *builder, const SalMapStyle *style)
{
  cli_evaluate_number (builder, "gamma", style->gamma);
  cli_evaluate_number (builder, "percentile", style->percentile);
  json_builder_set_member_name (builder, "degrid");
  json_builder_add_boolean_value (builder, style->degrid);
  cli_json_text (builder, "fusion",
      style->fusion == SAL_CAM_FUSION_MAX ? "maximum" : "mean");
}

static gboolean
open_corpus (CliEvaluation *self, GError **error)
{
  const Options *options = self->options;
  g_autoptr (GPtrArray) rows = sal_manifest_load (options->manifest, error);
  if (rows == NULL)
    return FALSE;
  self->corpus = sal_corpus_new (rows, options->split, options->others,
      sal_model_get_mel_config (self->model), decode, error);
  if (self->corpus == NULL)
    g_prefix_error (error, "%s: ", options->manifest);
  return self->corpus != NULL;
}

/* Before the work is done, not after it. */
static gboolean
make_folder (const char *path, GError **error)
{
  if (path == NULL || g_mkdir_with_parents (path, 0777) == 0)
    return TRUE;
  return sal_error_set (error, SAL_ERROR_FILE, "%s: %s", path,
      g_strerror (errno));
}

static gboolean
run (const Options *options, guint protocol, GError **error)
{
  g_auto (CliEvaluation) self = { .options = options };

  self.model = cli_load_model (options->model, error);
  if (self.model == NULL || !open_corpus (&self, error)
      || !make_folder (options->output, error))
    return FALSE;
  cli_progress_start (&self.progress, "evaluating");
  return protocols[protocol].run (&self, error);
}

/* --- sets ---------------------------------------------------------------- */

static gboolean
run_set (CliEvaluation *self, gboolean known, CliEvaluateSet run, gpointer data,
    GError **error)
{
  g_autoptr (SalCast) cast = sal_cast_new (self->model, self->corpus, known,
      (guint32) self->options->seed, CLI_EVALUATE_ENROL_SECONDS, error);
  if (cast == NULL)
    return FALSE;
  cli_progress_start (&self->progress, sal_cast_get_set (cast));
  gboolean ok = run (cast, data, error);
  cli_progress_end (&self->progress);
  return ok;
}

gboolean
cli_evaluate_sets (CliEvaluation *self, CliEvaluateSet run, gpointer data,
    GError **error)
{
  if (self->options->others != NULL) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--others has no meaning here: all speakers are targets");
    return FALSE;
  }
  gboolean known = self->options->known
      || sal_cast_count (self->model, self->corpus, TRUE) > 0;

  if (known && !run_set (self, TRUE, run, data, error))
    return FALSE;
  return self->options->known
      || sal_cast_count (self->model, self->corpus, FALSE) == 0
      || run_set (self, FALSE, run, data, error);
}

/* --- the command --------------------------------------------------------- */

/* The command line as text. */
static char *
join (int argc, char **argv)
{
  GString *text = g_string_new ("speakersaliency");

  for (int i = 0; i < argc; i++) {
    g_autofree char *shown = g_filename_display_name (argv[i]);
    gboolean plain = strcspn (shown, " \t\n'\"\\$`*?") == strlen (shown);
    g_autofree char *word = plain ? g_strdup (shown) : g_shell_quote (shown);
    g_string_append_printf (text, " %s", word);
  }
  return g_string_free (text, FALSE);
}

static int
fail_usage (const char *name)
{
  GError *error = NULL;

  g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, *name != '\0'
      ? "no protocol \"%s\": there are verification, stream, table2, "
          "deletion, sanity and figures"
      : "which protocol?%s  There are verification, stream, table2, "
          "deletion, sanity and figures", name);
  return cli_exit_code (FALSE, error);
}

int
cli_evaluate (int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : "";
  g_auto (Options) options = { 0 };
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++) {
    if (!g_str_equal (name, protocols[i].name))
      continue;
    options.command = join (argc, argv);
    gboolean ok = parse (&options, protocols[i].summary, argc - 1, argv + 1,
        &error) && run (&options, i, &error);
    return cli_exit_code (ok, error);
  }
  return fail_usage (name);
}
