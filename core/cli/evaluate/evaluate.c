/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subcommand evaluate: its options, and which protocol they run. */
#include "cli/evaluate/shards.h"

static const struct {
  const char *name;
  gboolean (*run) (CliEvaluation *self, GError **error);
  const char *summary;
  gboolean in_parts;
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
      "A, B and X, who is absent, and recognised again; with controls.",
      TRUE },
  { "deletion", cli_evaluate_deletion,
      "Does a map rank what decides?  Figures 2 and 4 of the paper: the most\n"
      "salient bins are deleted, or inserted, one fiftieth after the other.",
      TRUE },
  { "sanity", cli_evaluate_sanity,
      "Do maps depend on what was learned, and on whom they are drawn for?\n"
      "Rank correlation with maps of a model whose layers are scrambled one\n"
      "after the other, and of other speakers; and whether trust is earned." },
  { "figures", cli_evaluate_figures,
      "Figures 1 and 3 of the paper: the maps of utterances and of B-A-B, all\n"
      "methods side by side, as PNG and SVG." },
  { "all", cli_evaluate_all,
      "Every experiment in turn, and a report of what agrees with the paper:\n"
      "report.md and report.html.  What is in the folder already is kept." },
};

static void
options_clear (CliEvaluate *self)
{
  g_free (self->manifest);
  g_free (self->split);
  g_free (self->others);
  g_free (self->model);
  g_free (self->output);
  g_free (self->open);
  g_strfreev (self->files);
  g_free (self->command);
}

typedef CliEvaluate Options;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* i/n: one of n shards, from 0 on. */
static gboolean
parse_shard (const char *name, const char *value, gpointer data, GError **error)
{
  Options *self = data;
  g_auto (GStrv) parts = g_strsplit (value, "/", -1);
  guint64 i, n;

  if (g_strv_length (parts) != 2
      || !g_ascii_string_to_unsigned (parts[1], 10, 1, 1000000, &n, NULL)
      || !g_ascii_string_to_unsigned (parts[0], 10, 0, n - 1, &i, NULL)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s %s is not i/n with i from 0 to n - 1", name, value);
    return FALSE;
  }
  self->shard = (guint) i;
  self->n_shards = (guint) n;
  return TRUE;
}

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
  else if (self->n_shards > 0 && self->output == NULL)
    what = "--shard needs a folder, -o";
  if (what == NULL)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, what);
  return FALSE;
}

static void
add_map_entries (Options *self, GOptionGroup *group)
{
  GOptionEntry entries[]
      = { { "raw", 0, 0, G_OPTION_ARG_NONE, &self->raw,
              "Of table2: mask the log-Mel before it is normalised, not after",
              NULL },
          { "gamma", 0, 0, G_OPTION_ARG_DOUBLE, &self->gamma,
              "Of the maps of table2 and deletion (5)", "N" },
          { "percentile", 0, 0, G_OPTION_ARG_DOUBLE, &self->percentile,
              "Likewise: what counts as the largest value (100)", "N" },
          { "degrid", 0, 0, G_OPTION_ARG_NONE, &self->degrid,
              "Likewise: smooth the gradients of S1..S3", NULL },
          { "maximum", 0, 0, G_OPTION_ARG_NONE, &self->maximum,
              "Likewise: fuse layers by the largest value, not by the mean",
              NULL },
          { "score-cam", 0, 0, G_OPTION_ARG_INT, &self->n_score,
              "Of table2 and deletion: trials with Score-CAM, which takes long "
              "(8 and 4)",
              "N" },
          G_OPTION_ENTRY_NULL };

  g_option_group_add_entries (group, entries);
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
    { "seed", 0, 0, G_OPTION_ARG_INT64, &self->seed, "What is drawn (2022)",
        "N" },
    { "trials", 0, 0, G_OPTION_ARG_INT, &self->n_trials,
        "Streams (60), pieces of each length (all), joins of each form "
        "(table2: 400, deletion: 16, sanity: 32, figures: 2)",
        "N" },
    { "piece", 0, 0, G_OPTION_ARG_DOUBLE, &self->piece,
        "Of joins: speech of each speaker (table2: 2, others: 1.5)",
        "SECONDS" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &self->n_threads,
        "At once (one for each processor)", "N" },
    { "shard", 0, 0, G_OPTION_ARG_CALLBACK, parse_shard,
        "Of table2 and deletion: every n-th trial from i on, 0 to n - 1, for "
        "evaluate merge",
        "I/N" },
    { "open", 0, 0, G_OPTION_ARG_STRING, &self->open,
        "Of all: whose speakers are enrolled (open, if there is that split)",
        "NAME" },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &self->quick,
        "Of all: few trials, minutes", NULL },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &self->output,
        "Folder for tables and pictures", "DIR" },
    { "frames", 0, 0, G_OPTION_ARG_NONE, &self->frames,
        "Of stream: a table of every fourth frame too", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->files, NULL,
        NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  /* The group hands its data to the callback. */
  GOptionGroup *group = g_option_group_new (NULL, NULL, NULL, self, NULL);

  self->seed = CLI_EVALUATE_SEED;
  self->n_score = -1;
  g_option_context_set_summary (context, summary);
  g_option_group_add_entries (group, entries);
  add_map_entries (self, group);
  g_option_context_set_main_group (context, group);
  return cli_parse (context, &argc, &argv, &self->files, 0, 0, error)
      && cli_require (self->manifest, "--manifest", error)
      && cli_require (self->split, "--split", error)
      && check_numbers (self, error);
}

static gboolean
check_protocol (const Options *self, guint protocol, GError **error)
{
  gboolean all = protocols[protocol].run == cli_evaluate_all;
  const char *what = NULL;

  if (self->n_shards > 0 && !protocols[protocol].in_parts)
    what = "--shard has no meaning here, but for table2 and deletion";
  else if (!all && (self->quick || self->open != NULL))
    what = "--quick and --open have no meaning here, but for all";
  else if (all && self->output == NULL)
    what = "all needs a folder, -o";
  else if (all && (self->json || self->n_trials > 0))
    what = "--json and --trials have no meaning for all";
  if (what == NULL)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, what);
  return FALSE;
}

static gboolean
run (Options *options, guint protocol, GError **error)
{
  g_auto (CliEvaluation) self = { .options = options };

  options->command = cli_evaluate_command (options, protocols[protocol].name,
      protocols[protocol].in_parts);
  self.model = cli_load_model (options->model, error);
  if (self.model == NULL || !cli_evaluate_open_corpus (&self, error)
      || !cli_evaluate_make_folder (options->output, error))
    return FALSE;
  cli_progress_start (&self.progress, "evaluating");
  return protocols[protocol].run (&self, error);
}

static int
fail_usage (const char *name)
{
  GError *error = NULL;

  g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      *name != '\0'
          ? "no protocol \"%s\": there are verification, stream, table2, "
            "deletion, sanity, figures, all and merge"
          : "which protocol?%s  There are verification, stream, table2, "
            "deletion, sanity, figures, all and merge",
      name);
  return cli_exit_code (FALSE, error);
}

int
cli_evaluate (int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : "";
  g_auto (Options) options = { 0 };
  GError *error = NULL;

  if (g_str_equal (name, "merge"))
    return cli_evaluate_merge (argc - 1, argv + 1);
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++) {
    if (!g_str_equal (name, protocols[i].name))
      continue;
    gboolean ok
        = parse (&options, protocols[i].summary, argc - 1, argv + 1, &error)
        && check_protocol (&options, i, &error) && run (&options, i, &error);
    return cli_exit_code (ok, error);
  }
  return fail_usage (name);
}
