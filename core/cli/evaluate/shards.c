/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/evaluate/shards.h"

#include <glib/gstdio.h>
#include <stdio.h>

#include "base/error.h"

static const CliExperiment *const experiments[]
    = { &cli_experiment_table2, &cli_experiment_deletion };

/* --- trials -------------------------------------------------------------- */

gboolean
cli_parts_want (const CliParts *self, EvalConcatenationForm form, guint number)
{
  const CliEvaluate *options = self->evaluation->options;

  return (options->n_shards == 0
             || number % options->n_shards == options->shard)
      && !eval_trial_log_has (self->ledger,
          eval_speaker_sets_get_set (self->cast), form, number);
}

/* Returns: (transfer full): A, B, C, X and recordings */
static char *
describe_join (const CliParts *self, const EvalConcatenation *join)
{
  EvalCorpus *corpus = self->evaluation->corpus;
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < EVAL_CONCATENATION_MOST; i++)
    g_string_append_printf (text, "%s\t",
        i >= join->n_speakers
            ? ""
            : eval_corpus_get_voice (corpus,
                eval_speaker_sets_get_voice (self->cast, join->speakers[i]))
                  ->name);
  g_string_append_printf (text, "%s\t",
      sal_target_get_name (
          eval_speaker_sets_get_target (self->cast, join->absent)));
  for (guint i = 0; i < join->n_pieces; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "," : "",
        eval_corpus_get_utterance (corpus, join->utterances[i])->path);
  return g_string_free (text, FALSE);
}

gboolean
cli_parts_add (const CliParts *self, const EvalConcatenation *join,
    const float *values, GError **error)
{
  g_autofree char *who = describe_join (self, join);
  const EvalTrialLogEntry trial
      = { (char *) eval_speaker_sets_get_set (self->cast), join->form,
          join->number, who, (float *) values };

  return eval_trial_log_add (self->ledger, &trial, error);
}

/* --- what a ledger becomes ----------------------------------------------- */

char **
cli_parts_sets (const CliPartsOutput *self)
{
  return g_strsplit (json_object_get_string_member_with_default (self->settings,
                         "sets", ""),
      ",", -1);
}

GPtrArray *
cli_parts_trials (const CliPartsOutput *self, const char *set)
{
  const GPtrArray *all = eval_trial_log_get_trials (self->ledger);
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < all->len; i++) {
    EvalTrialLogEntry *trial = g_ptr_array_index (all, i);
    if (g_str_equal (trial->set, set))
      g_ptr_array_add (found, trial);
  }
  return found;
}

guint
cli_parts_number (JsonObject *settings, const char *name)
{
  gint64 n = json_object_get_int_member_with_default (settings, name, 0);

  return (guint) CLAMP (n, 0, 1000000);
}

char *
cli_parts_path (const CliPartsOutput *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

JsonBuilder *
cli_parts_begin (const CliPartsOutput *self, const char *name)
{
  JsonBuilder *b = json_builder_new ();
  g_autoptr (GList) members = json_object_get_members (self->settings);

  json_builder_begin_object (b);
  for (GList *l = members; l != NULL; l = l->next) {
    json_builder_set_member_name (b, l->data);
    json_builder_add_value (b,
        json_node_copy (json_object_get_member (self->settings, l->data)));
  }
  json_builder_set_member_name (b, name);
  json_builder_begin_array (b);
  return b;
}

gboolean
cli_parts_end (const CliPartsOutput *self, JsonBuilder *b, const char *name,
    GError **error)
{
  json_builder_end_array (b);
  json_builder_end_object (b);
  g_autoptr (JsonNode) root = json_builder_get_root (b);
  g_autofree char *file = g_strconcat (name, ".json", NULL);

  if (self->folder != NULL) {
    g_autofree char *path = cli_parts_path (self, file);
    if (!cli_write_json (json_node_copy (root), path, error))
      return FALSE;
  }
  return !self->json || cli_write_json (json_node_copy (root), "-", error);
}

/* --- a run --------------------------------------------------------------- */

typedef struct {
  CliParts parts;
  const CliExperiment *experiment;
} Run;

static JsonNode *
describe (const CliEvaluation *evaluation, const CliExperiment *experiment)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  cli_json_text (b, "experiment", experiment->name);
  cli_evaluate_describe (evaluation, b);
  cli_json_text (b, "sets", cli_evaluate_list_sets (evaluation));
  cli_evaluate_number (b, "enrol_seconds", CLI_EVALUATE_ENROL_SECONDS);
  experiment->describe (evaluation->options, b);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

/* Returns: (transfer full) (nullable): of the ledger */
static char *
find_path (const CliEvaluation *evaluation, const char *name)
{
  const CliEvaluate *options = evaluation->options;
  g_autofree char *file = options->n_shards == 0
      ? g_strconcat (name, ".part", NULL)
      : g_strdup_printf ("%s-%u-of-%u.part", name, options->shard,
          options->n_shards);

  return options->output == NULL ? NULL : cli_evaluate_path (evaluation, file);
}

static gboolean
run_set (EvalSpeakerSets *cast, gpointer data, GError **error)
{
  Run *self = data;

  self->parts.cast = cast;
  return self->experiment->run (&self->parts, cast, error);
}

static gboolean
open_ledger (Run *self, const char *path, GError **error)
{
  g_autoptr (JsonNode) settings
      = describe (self->parts.evaluation, self->experiment);

  self->parts.ledger = eval_trial_log_open (path, settings,
      self->experiment->count_values (json_node_get_object (settings)), error);
  if (self->parts.ledger == NULL) {
    if (g_error_matches (*error, SAL_ERROR, SAL_ERROR_MISMATCH))
      g_prefix_error (error, "remove it to begin anew: ");
    return FALSE;
  }
  guint n = eval_trial_log_get_trials (self->parts.ledger)->len;
  if (n > 0)
    g_printerr ("%s: goes on after the %u trials of %s\n", g_get_prgname (), n,
        path);
  return TRUE;
}

gboolean
cli_parts_evaluate (CliEvaluation *evaluation, const CliExperiment *experiment,
    GError **error)
{
  const CliEvaluate *options = evaluation->options;
  g_autofree char *path = find_path (evaluation, experiment->name);
  Run self = { { evaluation, NULL, NULL }, experiment };

  if (!open_ledger (&self, path, error))
    return FALSE;
  g_autoptr (EvalTrialLog) ledger = self.parts.ledger;
  if (!cli_evaluate_sets (evaluation, run_set, &self, error))
    return FALSE;
  if (options->n_shards > 0) {
    puts (path);
    return TRUE;
  }
  const CliPartsOutput output = { ledger, eval_trial_log_get_settings (ledger),
    options->output, options->json, options->quiet };
  if (!experiment->tabulate (&output, error))
    return FALSE;
  if (path != NULL)
    g_unlink (path);
  return TRUE;
}

/* --- merging ------------------------------------------------------------- */

typedef struct {
  char *folder;
  gboolean json;
  char **files;
} Merge;

static void
merge_clear (Merge *self)
{
  g_free (self->folder);
  g_strfreev (self->files);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Merge, merge_clear)

static gboolean
parse_merge (Merge *self, int argc, char **argv, GError **error)
{
  GOptionEntry entries[]
      = { { "output", 'o', 0, G_OPTION_ARG_FILENAME, &self->folder,
              "Folder for tables and pictures", "DIR" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL },
          G_OPTION_ENTRY_NULL };
  g_autoptr (CliOptions) options
      = cli_options_new ("PART…", CLI_EVALUATE_MERGE_SUMMARY, NULL);

  cli_options_add (options, entries);
  return cli_options_parse (options, argc, argv, &self->files, 1, G_MAXINT,
             error)
      && cli_require (self->folder, "--output", error);
}

static const CliExperiment *
find_experiment (JsonObject *settings, GError **error)
{
  const char *name
      = json_object_get_string_member_with_default (settings, "experiment", "");

  for (guint i = 0; i < G_N_ELEMENTS (experiments); i++)
    if (g_str_equal (name, experiments[i]->name))
      return experiments[i];
  sal_error_set (error, SAL_ERROR_FORMAT, "\"%s\" is no experiment in parts",
      name);
  return NULL;
}

/* All trials of a single run are there, and no others. */
static gboolean
check_whole (const CliExperiment *experiment, const CliPartsOutput *output,
    GError **error)
{
  g_auto (GStrv) sets = cli_parts_sets (output);
  guint n = cli_parts_number (output->settings, "trials"), n_wanted = 0;

  for (guint i = 0; sets[i] != NULL; i++) {
    if (!eval_trial_log_check (output->ledger, sets[i], experiment->forms,
            experiment->n_forms, n, error))
      return FALSE;
    n_wanted += n * experiment->n_forms;
  }
  guint n_found = eval_trial_log_get_trials (output->ledger)->len;
  return n_found == n_wanted
      || sal_error_set (error, SAL_ERROR_MISMATCH,
          "there are %u trials, not %u", n_found, n_wanted);
}

/* Returns: (transfer full) (nullable): all parts in one */
static EvalTrialLog *
merge_files (char **files, const CliExperiment **experiment, GError **error)
{
  g_autoptr (EvalTrialLog) whole = NULL;

  for (guint i = 0; files[i] != NULL; i++) {
    cli_input_add (files[i]);
    g_autoptr (EvalTrialLog) part = eval_trial_log_load (files[i], error);
    if (part == NULL)
      return NULL;
    JsonObject *settings = eval_trial_log_get_settings (part);
    if (whole == NULL) {
      *experiment = find_experiment (settings, error);
      if (*experiment == NULL)
        return NULL;
      g_autoptr (JsonNode) node
          = json_node_init_object (json_node_alloc (), settings);
      whole = eval_trial_log_open (NULL, node,
          (*experiment)->count_values (settings), error);
    }
    if (!eval_trial_log_merge (whole, part, error))
      return NULL;
  }
  return g_steal_pointer (&whole);
}

static gboolean
merge (const Merge *self, GError **error)
{
  const CliExperiment *experiment = NULL;
  g_autoptr (EvalTrialLog) whole
      = merge_files (self->files, &experiment, error);
  if (whole == NULL)
    return FALSE;
  const CliPartsOutput output = { whole, eval_trial_log_get_settings (whole),
    self->folder, self->json, FALSE };

  return check_whole (experiment, &output, error)
      && cli_evaluate_make_folder (self->folder, error)
      && experiment->tabulate (&output, error);
}

int
cli_evaluate_merge (int argc, char **argv)
{
  g_auto (Merge) self = { 0 };
  GError *error = NULL;

  g_set_prgname ("speakersaliency evaluate merge");
  gboolean ok
      = parse_merge (&self, argc, argv, &error) && merge (&self, &error);

  return cli_exit_code (ok, error);
}
