/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/evaluate/protocol.h"

enum {
  VERIFICATION = CLI_EVALUATE_VERIFICATION,
  STREAM = CLI_EVALUATE_STREAM,
  TABLE2 = CLI_EVALUATE_TABLE2,
  DELETION = CLI_EVALUATE_DELETION,
  SANITY = CLI_EVALUATE_SANITY,
  FIGURES = CLI_EVALUATE_FIGURES,
  ALL = CLI_EVALUATE_ALL,
  MAPS = TABLE2 | DELETION | SANITY | FIGURES,
  EVERY = VERIFICATION | STREAM | MAPS | ALL,
};

/* i/n: one of n shards, from 0 on. */
static gboolean
parse_shard (const char *name, const char *value, gpointer data, GError **error)
{
  CliEvaluate *self = data;
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
check_numbers (const CliEvaluate *self, guint experiment, GError **error)
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
  else if (experiment == ALL && self->output == NULL)
    what = "all needs a folder, -o";
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
add_entry (CliOptions *options, const GOptionEntry *entry, gboolean applies)
{
  GOptionEntry entries[] = { *entry, G_OPTION_ENTRY_NULL };

  if (applies)
    cli_options_add (options, entries);
}

static void
add_entries (CliEvaluate *self, CliOptions *options, guint experiment)
{
  const struct {
    guint experiments;
    GOptionEntry entry;
  } entries[] = {
    { EVERY,
        { "manifest", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->manifests,
            "Recordings: path, speaker, sex, source, split, seconds, perhaps "
            "room and session; again for more",
            "FILE" } },
    { EVERY,
        { "split", 0, 0, G_OPTION_ARG_STRING, &self->split,
            "Splits whose speakers are targets, with commas", "NAME" } },
    { VERIFICATION | STREAM | ALL,
        { "others", 0, 0, G_OPTION_ARG_STRING, &self->others,
            "Splits whose speakers are other voices only, with commas",
            "NAME" } },
    { EVERY,
        { "known", 0, 0, G_OPTION_ARG_NONE, &self->known,
            "Targets are the model's voices of those names: nobody is enrolled",
            NULL } },
    { EVERY,
        { "model", 'm', 0, G_OPTION_ARG_FILENAME, &self->model, "Model file",
            "FILE" } },
    { EVERY,
        { "seed", 0, 0, G_OPTION_ARG_INT64, &self->seed,
            "Seed of everything that is drawn", "N" } },
    { VERIFICATION,
        { "trials", 0, 0, G_OPTION_ARG_INT, &self->n_trials,
            "Pieces of each length (all)", "N" } },
    { STREAM,
        { "trials", 0, 0, G_OPTION_ARG_INT, &self->n_trials, "Streams (60)",
            "N" } },
    { TABLE2,
        { "trials", 0, 0, G_OPTION_ARG_INT, &self->n_trials,
            "Joins of each form (400)", "N" } },
    { DELETION,
        { "trials", 0, 0, G_OPTION_ARG_INT, &self->n_trials,
            "Joins of each form (16)", "N" } },
    { SANITY,
        { "trials", 0, 0, G_OPTION_ARG_INT, &self->n_trials,
            "Joins of each form (32)", "N" } },
    { FIGURES,
        { "trials", 0, 0, G_OPTION_ARG_INT, &self->n_trials,
            "Joins of each form (2)", "N" } },
    { TABLE2,
        { "piece", 0, 0, G_OPTION_ARG_DOUBLE, &self->piece,
            "Speech of each speaker in a join (2)", "SECONDS" } },
    { DELETION | SANITY | FIGURES,
        { "piece", 0, 0, G_OPTION_ARG_DOUBLE, &self->piece,
            "Speech of each speaker in a join (1.5)", "SECONDS" } },
    { ALL,
        { "piece", 0, 0, G_OPTION_ARG_DOUBLE, &self->piece,
            "Speech of each speaker in a join (table2: 2, others: 1.5)",
            "SECONDS" } },
    { TABLE2 | ALL,
        { "raw", 0, 0, G_OPTION_ARG_NONE, &self->raw,
            "Mask the log-Mel before it is normalised, not after", NULL } },
    { MAPS | ALL,
        { "gamma", 0, 0, G_OPTION_ARG_DOUBLE, &self->gamma,
            "How soon a map saturates (5)", "N" } },
    { MAPS | ALL,
        { "percentile", 0, 0, G_OPTION_ARG_DOUBLE, &self->percentile,
            "Percentile that counts as the largest value of a map (100)",
            "N" } },
    { MAPS | ALL,
        { "degrid", 0, 0, G_OPTION_ARG_NONE, &self->degrid,
            "Smooth the gradients of S1..S3 in every map, unlike the paper",
            NULL } },
    { MAPS | ALL,
        { "maximum", 0, 0, G_OPTION_ARG_NONE, &self->maximum,
            "Fuse layers by the largest value, not by the mean", NULL } },
    { TABLE2,
        { "score-cam", 0, 0, G_OPTION_ARG_INT, &self->n_score,
            "Trials with Score-CAM, which takes long (8)", "N" } },
    { DELETION | SANITY,
        { "score-cam", 0, 0, G_OPTION_ARG_INT, &self->n_score,
            "Trials with Score-CAM, which takes long (4)", "N" } },
    { ALL,
        { "score-cam", 0, 0, G_OPTION_ARG_INT, &self->n_score,
            "Trials with Score-CAM, which takes long (table2: 8, others: 4)",
            "N" } },
    { EVERY,
        { "threads", 0, 0, G_OPTION_ARG_INT, &self->n_threads,
            "Threads at once (one for each processor)", "N" } },
    { TABLE2 | DELETION,
        { "shard", 0, 0, G_OPTION_ARG_CALLBACK, parse_shard,
            "Every n-th trial from i on, 0 to n - 1, for evaluate merge",
            "I/N" } },
    { ALL,
        { "open", 0, 0, G_OPTION_ARG_STRING, &self->open,
            "Split whose speakers are enrolled (open, if there is that split)",
            "NAME" } },
    { ALL,
        { "quick", 0, 0, G_OPTION_ARG_NONE, &self->quick, "Few trials, minutes",
            NULL } },
    { EVERY,
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &self->output,
            "Folder for tables and pictures", "DIR" } },
    { STREAM | ALL,
        { "frames", 0, 0, G_OPTION_ARG_NONE, &self->frames,
            "Write a table of every fourth frame too", NULL } },
    { STREAM,
        { "conditions", 0, 0, G_OPTION_ARG_STRING, &self->conditions,
            "Conditions with commas (clean,20 dB,10 dB); an unknown name "
            "lists them",
            "NAMES" } },
    { STREAM,
        { "other-session", 0, 0, G_OPTION_ARG_NONE, &self->other_session,
            "Enrol from another recording session than is heard", NULL } },
    { STREAM,
        { "same-room", 0, 0, G_OPTION_ARG_NONE, &self->same_room,
            "All voices of a conversation are of one room", NULL } },
    { EVERY & ~ALL,
        { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    add_entry (options, &entries[i].entry, entries[i].experiments & experiment);
}

gboolean
cli_evaluate_parse (CliEvaluate *self, CliEvaluateExperiments experiment,
    const char *summary, int argc, char **argv, GError **error)
{
  g_autoptr (CliOptions) options = cli_options_new (NULL, summary, self);

  self->seed = CLI_EVALUATE_SEED;
  self->n_score = -1;
  add_entries (self, options, experiment);
  return cli_options_parse (options, argc, argv, NULL, 0, 0, error)
      && cli_require (self->manifests != NULL ? self->manifests[0] : NULL,
          "--manifest", error)
      && cli_require (self->split, "--split", error)
      && check_numbers (self, experiment, error);
}
