/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subcommand evaluate: its options, and which protocol they run. */
#include <stdio.h>

#include "cli/evaluate/shards.h"

static const struct {
  const char *name;
  CliEvaluateExperiments flag;
  gboolean (*run) (CliEvaluation *self, GError **error);
  const char *summary;
  gboolean in_parts;
} protocols[] = {
  { "verification", CLI_EVALUATE_VERIFICATION, cli_evaluate_verification,
      "Is a piece of 1, 2 or 5 s an enrolled voice?  Equal error rate, cost\n"
      "and calibration, over all pieces and all voices of a split." },
  { "stream", CLI_EVALUATE_STREAM, cli_evaluate_stream,
      "When does an enrolled voice speak in conversations of 60 s, clean and\n"
      "with noise, at look-aheads from 250 to 2000 ms?" },
  { "table2", CLI_EVALUATE_TABLE2, cli_evaluate_table2,
      "Does a map find its speaker among others?  Table 2 of the paper:\n"
      "pieces joined as A-B, A-B-A, B-A-B and A-B-C, masked by maps drawn for\n"
      "A, B and X, who is absent, and recognised again; with controls.",
      TRUE },
  { "deletion", CLI_EVALUATE_DELETION, cli_evaluate_deletion,
      "Does a map rank what decides?  Figures 2 and 4 of the paper: the most\n"
      "salient bins are deleted, or inserted, one fiftieth after the other.",
      TRUE },
  { "sanity", CLI_EVALUATE_SANITY, cli_evaluate_sanity,
      "Do maps depend on what was learned, and on whom they are drawn for?\n"
      "Rank correlation with maps of a model whose layers are scrambled one\n"
      "after the other, and of other speakers; and whether trust is earned." },
  { "figures", CLI_EVALUATE_FIGURES, cli_evaluate_figures,
      "Figures 1 and 3 of the paper: the maps of utterances and of B-A-B, all\n"
      "methods side by side, as PNG and SVG." },
  { "all", CLI_EVALUATE_ALL, cli_evaluate_all,
      "Every experiment in turn, and a report of what agrees with the paper:\n"
      "report.md and report.html.  What is in the folder already is kept." },
};

static void
options_clear (CliEvaluate *self)
{
  g_strfreev (self->manifests);
  g_free (self->conditions);
  g_free (self->split);
  g_free (self->others);
  g_free (self->model);
  g_free (self->output);
  g_free (self->open);
  g_free (self->command);
}

typedef CliEvaluate Options;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
run (Options *options, guint protocol, GError **error)
{
  g_auto (CliEvaluation) self = { .options = options };

  options->command = cli_evaluate_command (options, protocols[protocol].name,
      protocols[protocol].in_parts);
  for (guint i = 0; options->manifests[i] != NULL; i++)
    cli_input_add (options->manifests[i]);
  self.model = cli_load_model (options->model, error);
  if (self.model == NULL || !cli_evaluate_open_corpus (&self, error)
      || !cli_evaluate_make_folder (options->output, error))
    return FALSE;
  cli_progress_start (&self.progress, "evaluating");
  return protocols[protocol].run (&self, error);
}

#define PROTOCOLS                                                              \
  "verification, stream, table2, deletion, sanity, figures, all and merge"

static void
print_usage (void)
{
  puts ("Usage: speakersaliency evaluate EXPERIMENT [OPTION…]\n\n"
        "Measures a model on a corpus.  Experiments; each has its own --help:");
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++) {
    g_auto (GStrv) lines = g_strsplit (protocols[i].summary, "\n", -1);
    printf ("\n  %s\n", protocols[i].name);
    for (guint j = 0; lines[j] != NULL; j++)
      printf ("      %s\n", lines[j]);
  }
  puts ("\n  merge\n      " CLI_EVALUATE_MERGE_SUMMARY);
}

static int
fail_usage (const char *name)
{
  GError *error = NULL;

  g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      *name != '\0' ? "no experiment \"%s\": there are " PROTOCOLS
                    : "which experiment?%s  There are " PROTOCOLS,
      name);
  return cli_exit_code (FALSE, error);
}

static gboolean
is_help (const char *word)
{
  return g_str_equal (word, "--help") || g_str_equal (word, "-h")
      || g_str_equal (word, "-?") || g_str_equal (word, "help");
}

int
cli_evaluate (int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : "";
  g_auto (Options) options = { 0 };
  GError *error = NULL;

  if (is_help (name)) {
    print_usage ();
    return 0;
  }
  if (g_str_equal (name, "merge"))
    return cli_evaluate_merge (argc - 1, argv + 1);
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++) {
    if (!g_str_equal (name, protocols[i].name))
      continue;
    g_autofree char *program = g_strconcat (g_get_prgname (), " ", name, NULL);
    g_set_prgname (program);
    gboolean ok = cli_evaluate_parse (&options, protocols[i].flag,
                      protocols[i].summary, argc - 1, argv + 1, &error)
        && run (&options, i, &error);
    return cli_exit_code (ok, error);
  }
  return fail_usage (name);
}
