/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/advice.h"
#include "cli/cli.h"

typedef struct {
  char *output;
  char *name;
  char *model;
  char **files;
  gboolean json;
  gboolean verbose;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->output);
  g_free (self->name);
  g_free (self->model);
  g_strfreev (self->files);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (Options *self, int argc, char **argv, GError **error)
{
  GOptionEntry entries[]
      = { { "output", 'o', 0, G_OPTION_ARG_FILENAME, &self->output,
              "The file to write, as alice.speaker", "FILE" },
          { "name", 'n', 0, G_OPTION_ARG_STRING, &self->name,
              "Name of the voice; else that of the file", "NAME" },
          { "model", 'm', 0, G_OPTION_ARG_FILENAME, &self->model, "Model file",
              "FILE" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &self->json,
              "Print what was heard as JSON", NULL },
          { "verbose", 'v', 0, G_OPTION_ARG_NONE, &self->verbose,
              "Print every piece of speech that was heard", NULL },
          G_OPTION_ENTRY_NULL };
  g_autoptr (CliOptions) options = cli_options_new ("RECORDING…",
      "Makes a .speaker file from recordings of one voice.", NULL);

  cli_options_add (options, entries);
  return cli_options_parse (options, argc, argv, &self->files, 1, G_MAXUINT,
             error)
      && cli_require (self->output, "-o", error);
}

static char *
name_from_path (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  if (g_str_has_suffix (base, ".speaker"))
    base[strlen (base) - strlen (".speaker")] = '\0';
  return g_filename_display_name (base);
}

static gboolean
add_recording (SalEnrol *enrol, const char *path, guint rate, GError **error)
{
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (CliReader) reader = cli_reader_open (path, rate, error);
  g_autoptr (GError) cause = NULL;
  CliBlock block;

  if (reader == NULL)
    return FALSE;
  while (cli_reader_next (reader, &block, &cause))
    g_array_append_vals (samples, block.mono, (guint) block.n_mono);
  if (cause != NULL) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  if (!cli_reader_check (reader, error))
    return FALSE;
  if (!sal_enrol_add (enrol, (float *) samples->data, samples->len, error)) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  return TRUE;
}

static SalEnrol *
hear (SalModel *model, char **files, GError **error)
{
  guint rate = sal_model_get_mel_config (model)->sample_rate;
  g_autoptr (SalEnrol) enrol = sal_enrol_new (model);
  CliProgress progress;

  cli_progress_start (&progress, "enrolling");
  gboolean ok = TRUE;
  for (guint i = 0; ok && files[i] != NULL; i++) {
    ok = add_recording (enrol, files[i], rate, error);
    cli_progress_update (&progress, (i + 1.0) / g_strv_length (files));
  }
  cli_progress_end (&progress);
  return ok ? g_steal_pointer (&enrol) : NULL;
}

/* A forgotten output makes the first recording the output: it must not be
 * lost. */
static gboolean
check_output (const Options *options, GError **error)
{
  const char *path = options->output;
  g_autofree char *model = cli_find_model (options->model);

  for (guint i = 0; options->files[i] != NULL; i++)
    cli_input_add (options->files[i]);
  if (!cli_output_check (path, error))
    return FALSE;
  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && !g_str_has_suffix (path, ".speaker")) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
        "%s: is there, is no .speaker file and will not be replaced", path);
    return FALSE;
  }
  return TRUE;
}

static gboolean
run (const Options *options, GError **error)
{
  if (!check_output (options, error))
    return FALSE;
  g_autoptr (SalModel) model = cli_load_model (options->model, error);
  if (model == NULL)
    return FALSE;
  g_autoptr (SalEnrol) enrol = hear (model, options->files, error);
  if (enrol == NULL)
    return FALSE;

  SalEnrolAdvice facts;
  g_autofree char *name = options->name != NULL
      ? g_strdup (options->name)
      : name_from_path (options->output);
  g_autoptr (SalSpeaker) speaker
      = sal_enrol_finish (enrol, name, &facts, error);
  if (speaker == NULL || !sal_speaker_save (speaker, options->output, error))
    return FALSE;

  const CliAdvice advice
      = { options->output, options->files, enrol, speaker, &facts };
  g_autoptr (GPtrArray) warnings = cli_advice_warnings (&advice);
  for (guint i = 0; i < warnings->len; i++)
    g_printerr ("%s: warning: %s\n", g_get_prgname (),
        (const char *) g_ptr_array_index (warnings, i));
  if (options->json)
    return cli_write_json (cli_advice_to_json (&advice, warnings), "-", error);
  cli_advice_print (&advice, options->verbose);
  return TRUE;
}

int
cli_enrol (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  GError *error = NULL;
  gboolean ok = parse (&options, argc, argv, &error) && run (&options, &error);

  return cli_exit_code (ok, error);
}
