/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"
#include "picture/picture.h"
#include "cli/report.h"
#include "picture/turns.h"

typedef struct {
  CliSettings settings;
  char *png;
  char *json;
  char *turns;
  char **files;
} Options;

static void
options_clear (Options *self)
{
  cli_settings_clear (&self->settings);
  g_free (self->png);
  g_free (self->json);
  g_free (self->turns);
  g_strfreev (self->files);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (Options *self, int argc, char **argv, GError **error)
{
  GOptionEntry entries[] = { { "png", 0, 0, G_OPTION_ARG_FILENAME, &self->png,
                                 "Draw a picture", "FILE" },
    { "json", 0, 0, G_OPTION_ARG_FILENAME, &self->json,
        "Write everything as JSON; - is stdout", "FILE" },
    { "turns", 0, 0, G_OPTION_ARG_FILENAME, &self->turns,
        "True turns: Audacity labels (start, end, name) or RTTM", "FILE" },
    G_OPTION_ENTRY_NULL };
  g_autoptr (CliOptions) options = cli_options_new ("RECORDING",
      "Finds where the target speaks in a recording, and why.", NULL);

  cli_settings_init (&self->settings);
  cli_options_add (options, entries);
  cli_settings_add_entries (&self->settings, options, FALSE);
  return cli_options_parse (options, argc, argv, &self->files, 1, 1, error)
      && cli_require (self->settings.target, "--target", error);
}

static void
pop_maps (SalAnalyser *analyser, GPtrArray *maps)
{
  SalMap *map;

  while ((map = sal_analyser_pop (analyser)) != NULL)
    g_ptr_array_add (maps, map);
}

static gboolean
push_all (SalAnalyser *analyser, CliReader *reader, GPtrArray *maps,
    CliProgress *progress, GError **error)
{
  g_autoptr (GError) cause = NULL;
  CliBlock block;

  while (cli_reader_next (reader, &block, &cause)) {
    sal_analyser_push (analyser, block.mono, block.n_mono);
    pop_maps (analyser, maps);
    cli_progress_update (progress, cli_reader_get_progress (reader));
  }
  if (cause != NULL) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  if (!cli_reader_check (reader, error))
    return FALSE;
  sal_analyser_finish (analyser);
  pop_maps (analyser, maps);
  return TRUE;
}

/* Returns: (element-type SalMap): of the whole file; NULL on error */
static GPtrArray *
analyse_file (const char *path, const CliSession *session, double *seconds,
    GError **error)
{
  guint rate = sal_model_get_mel_config (session->model)->sample_rate;
  g_autoptr (CliReader) reader = cli_reader_open (path, rate, error);
  g_autoptr (GPtrArray) maps
      = g_ptr_array_new_with_free_func ((GDestroyNotify) sal_map_unref);
  CliProgress progress;

  if (reader == NULL)
    return NULL;
  cli_progress_start (&progress, "analysing");
  gboolean ok = push_all (session->analyser, reader, maps, &progress, error);
  cli_progress_end (&progress);
  *seconds = cli_reader_get_seconds (reader);
  return ok ? g_steal_pointer (&maps) : NULL;
}

static gboolean
draw (const Options *options, const CliReport *report, GError **error)
{
  const CliSession *session = report->session;
  const char *target = sal_target_get_name (session->target);
  g_autofree char *base = g_path_get_basename (report->path);
  g_autofree char *name = g_filename_display_name (base);
  g_autofree char *title
      = g_strdup_printf ("Where %s speaks in %s", target, name);
  SalPicture picture = {
    .title = title,
    .target = target,
    .mel = sal_model_get_mel_config (session->model),
    .maps = (SalMap *const *) report->maps->pdata,
    .n_maps = report->maps->len,
    .turns = report->turns,
    .threshold = session->gate.threshold,
  };

  return sal_picture_save (&picture, options->png, error);
}

/* Before the work is done, not after it. */
static gboolean
check_outputs (const Options *options, GError **error)
{
  gboolean to_file = options->json != NULL && !g_str_equal (options->json, "-");

  cli_input_add (options->files[0]);
  cli_input_add (options->turns);
  cli_settings_add_inputs (&options->settings);
  if (options->png != NULL && to_file
      && cli_is_same_file (options->png, options->json)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
        "%s: is named for the picture and for JSON", options->png);
    return FALSE;
  }
  return (options->png == NULL || cli_output_check (options->png, error))
      && (!to_file || cli_output_check (options->json, error));
}

/* What makes the results doubtful. */
static void
warn (const CliSession *session, const GPtrArray *turns, const char *path)
{
  const char *target = sal_target_get_name (session->target);
  g_autoptr (GError) cause = NULL;

  if (!sal_model_check_calibration (session->model, &cause))
    g_printerr ("%s: warning: %s\n", g_get_prgname (), cause->message);
  if (turns == NULL || sal_turns_have (turns, target))
    return;
  g_autofree char *names = sal_turns_list_names (turns);
  g_printerr ("%s: warning: %s: no turn of \"%s\": there are turns of %s\n",
      g_get_prgname (), path, target, names);
}

static gboolean
run (const Options *options, GError **error)
{
  g_auto (CliSession) session = { 0 };
  g_autoptr (GPtrArray) turns = NULL;
  double seconds = 0;

  if (!check_outputs (options, error))
    return FALSE;
  if (options->turns != NULL) {
    turns = sal_turns_load (options->turns, error);
    if (turns == NULL)
      return FALSE;
  }
  if (!cli_session_open (&session, &options->settings, error))
    return FALSE;
  GPtrArray *maps = analyse_file (options->files[0], &session, &seconds, error);
  if (maps == NULL)
    return FALSE;

  warn (&session, turns, options->turns);
  g_auto (CliReport) report = { 0 };
  cli_report_init (&report, options->files[0], &session, seconds, maps,
      g_steal_pointer (&turns));
  if (g_strcmp0 (options->json, "-") != 0)
    cli_report_print (&report);
  return (options->png == NULL || draw (options, &report, error))
      && (options->json == NULL
          || cli_write_json (cli_report_to_json (&report), options->json,
              error));
}

int
cli_analyse (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  GError *error = NULL;
  gboolean ok = parse (&options, argc, argv, &error) && run (&options, &error);

  return cli_exit_code (ok, error);
}
