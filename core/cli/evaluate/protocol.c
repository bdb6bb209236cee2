/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/evaluate/protocol.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "eval/manifest.h"

void
cli_evaluation_clear (CliEvaluation *self)
{
  sal_model_unref (self->model);
  eval_corpus_free (self->corpus);
  g_free (self->manifest_id);
}

/* --- the corpus ---------------------------------------------------------- */

/* A EvalDecoder. */
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

static gboolean
identify (CliEvaluation *self, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (self->options->manifest, &text, &length, error))
    return FALSE;
  self->manifest_id = g_compute_checksum_for_data (G_CHECKSUM_SHA256,
      (const guchar *) text, length);
  return TRUE;
}

gboolean
cli_evaluate_open_corpus (CliEvaluation *self, GError **error)
{
  const CliEvaluate *options = self->options;
  g_autoptr (GPtrArray) rows = eval_manifest_load (options->manifest, error);
  if (rows == NULL || !identify (self, error))
    return FALSE;
  g_auto (GStrv) splits = g_strsplit (options->split, ",", -1);
  for (guint i = 0; i < rows->len; i++) {
    const EvalManifestRow *row = g_ptr_array_index (rows, i);
    if (g_strv_contains ((const char *const *) splits, row->split))
      self->seconds += row->seconds;
  }
  self->corpus = eval_corpus_new (rows, options->split, options->others,
      sal_model_get_mel_config (self->model), decode, error);
  if (self->corpus == NULL)
    g_prefix_error (error, "%s: ", options->manifest);
  return self->corpus != NULL;
}

/* Before the work is done, not after it. */
gboolean
cli_evaluate_make_folder (const char *path, GError **error)
{
  if (path == NULL || g_mkdir_with_parents (path, 0777) == 0)
    return TRUE;
  return sal_error_set (error, SAL_ERROR_FILE, "%s: %s", path,
      g_strerror (errno));
}

/* --- the report ---------------------------------------------------------- */

void
cli_evaluate_progress (double part, gpointer evaluation)
{
  CliEvaluation *self = evaluation;

  if (self->n_sets > 0)
    part = (self->set + part) / self->n_sets;
  cli_progress_update (&self->progress,
      self->share > 0 ? self->begun + self->share * part : part);
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
  const CliEvaluate *options = self->options;

  cli_json_text (builder, "version", SALIENCY_VERSION);
  cli_json_text (builder, "model", sal_model_get_name (self->model));
  cli_json_text (builder, "model_id", sal_model_get_id (self->model));
  cli_json_text (builder, "manifest_id", self->manifest_id);
  cli_json_text (builder, "split", options->split);
  if (options->others != NULL)
    cli_json_text (builder, "others", options->others);
  json_builder_set_member_name (builder, "known");
  json_builder_add_boolean_value (builder, options->known);
  cli_evaluate_count (builder, "seed", (gsize) options->seed);
  cli_json_text (builder, "command", options->command);
}

void
cli_evaluate_style (const CliEvaluate *options, EvalMapStyle *style)
{
  eval_map_style_init (style);
  if (options->gamma > 0)
    style->gamma = (float) options->gamma;
  if (options->percentile > 0)
    style->percentile = (float) options->percentile;
  style->degrid = options->degrid;
  if (options->maximum)
    style->fusion = SAL_CAM_FUSION_MAX;
}

void
cli_evaluate_describe_style (JsonBuilder *builder, const EvalMapStyle *style)
{
  cli_evaluate_number (builder, "gamma", style->gamma);
  cli_evaluate_number (builder, "percentile", style->percentile);
  json_builder_set_member_name (builder, "degrid");
  json_builder_add_boolean_value (builder, style->degrid);
  cli_json_text (builder, "fusion",
      style->fusion == SAL_CAM_FUSION_MAX ? "maximum" : "mean");
}

/* --- sets ---------------------------------------------------------------- */

static gboolean
run_set (CliEvaluation *self, gboolean known, CliEvaluateSet run, gpointer data,
    GError **error)
{
  g_autoptr (EvalSpeakerSets) cast
      = eval_speaker_sets_new (self->model, self->corpus, known,
          (guint32) self->options->seed, CLI_EVALUATE_ENROL_SECONDS, error);
  if (cast == NULL)
    return FALSE;
  cli_progress_start (&self->progress,
      self->label != NULL ? self->label : eval_speaker_sets_get_set (cast));
  gboolean ok = run (cast, data, error);
  cli_progress_end (&self->progress);
  return ok;
}

static gboolean
has_set (const CliEvaluation *self, gboolean known)
{
  return self->options->known
      ? known
      : eval_speaker_sets_count (self->model, self->corpus, known) > 0;
}

const char *
cli_evaluate_list_sets (const CliEvaluation *self)
{
  return !has_set (self, FALSE) ? "closed"
      : has_set (self, TRUE)    ? "closed,open"
                                : "open";
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
  self->set = 0;
  self->n_sets = has_set (self, TRUE) + has_set (self, FALSE);
  if (has_set (self, TRUE)) {
    if (!run_set (self, TRUE, run, data, error))
      return FALSE;
    self->set++;
  }
  return !has_set (self, FALSE) || run_set (self, FALSE, run, data, error);
}

/* --- the command --------------------------------------------------------- */

static void
add_word (GString *text, const char *option, const char *word)
{
  if (word == NULL)
    return;
  g_autofree char *shown = g_filename_display_name (word);
  gboolean plain = strcspn (shown, " \t\n'\"\\$`*?") == strlen (shown);
  g_autofree char *quoted = plain ? g_strdup (shown) : g_shell_quote (shown);
  g_string_append_printf (text, " %s %s", option, quoted);
}

static void
add_number (GString *text, const char *option, double value, double usual)
{
  if (value != usual)
    g_string_append_printf (text, " %s %.10g", option, value);
}

char *
cli_evaluate_command (const CliEvaluate *self, const char *name,
    gboolean in_parts)
{
  GString *text = g_string_new ("speakersaliency evaluate");
  const struct {
    const char *option;
    gboolean given;
  } flags[] = { { "known", self->known }, { "frames", self->frames },
    { "raw", self->raw }, { "degrid", self->degrid },
    { "maximum", self->maximum }, { "quick", self->quick } };

  g_string_append_printf (text, " %s", name);
  add_word (text, "--model", self->model);
  add_word (text, "--manifest", self->manifest);
  add_word (text, "--split", self->split);
  add_word (text, "--others", self->others);
  add_word (text, "--open", self->open);
  add_number (text, "--seed", (double) self->seed, CLI_EVALUATE_SEED);
  add_number (text, "--trials", self->n_trials, 0);
  add_number (text, "--score-cam", self->n_score, -1);
  add_number (text, "--piece", self->piece, 0);
  add_number (text, "--gamma", self->gamma, 0);
  add_number (text, "--percentile", self->percentile, 0);
  add_number (text, "--threads", in_parts ? 0 : self->n_threads, 0);
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (flags[i].given)
      g_string_append_printf (text, " --%s", flags[i].option);
  return g_string_free (text, FALSE);
}
