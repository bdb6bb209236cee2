/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/cli.h"
#include "picture/picture.h"
#include "cli/report-json.h"
#include "picture/turns.h"

#define PICTURE_CELLS                                                          \
  32768 /* twice as many as columns of the widest picture                      \
         */

typedef struct {
  CliSettings settings;
  char *png;
  int width; /* pixels; 0: by the length of the recording */
  char *json;
  gboolean json_map;
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
check_numbers (const Options *self, GError **error)
{
  const char *what = NULL;

  if (self->width != 0 && (self->width < 480 || self->width > 32767))
    what = "--width is outside 480..32767";
  else if (self->width != 0 && self->png == NULL)
    what = "--width needs a picture, --png";
  else if (self->json_map && self->json == NULL)
    what = "--json-map needs --json";
  if (what == NULL)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, what);
  return FALSE;
}

static gboolean
parse (Options *self, int argc, char **argv, GError **error)
{
  GOptionEntry entries[] = { { "png", 0, 0, G_OPTION_ARG_FILENAME, &self->png,
                                 "Draw a picture: .png or .svg", "FILE" },
    { "width", 0, 0, G_OPTION_ARG_INT, &self->width,
        "Width of the picture, 480 to 32767 (1200; beyond two minutes 8 for "
        "each second, at most 16000)",
        "PX" },
    { "json", 0, 0, G_OPTION_ARG_FILENAME, &self->json,
        "Write settings, segments, and the probability of every frame as JSON; "
        "- is stdout",
        "FILE" },
    { "json-map", 0, 0, G_OPTION_ARG_NONE, &self->json_map,
        "Write the map to the JSON too: a value for every frame and band",
        NULL },
    { "turns", 0, 0, G_OPTION_ARG_FILENAME, &self->turns,
        "True turns: Audacity labels (start, end, name) or RTTM", "FILE" },
    G_OPTION_ENTRY_NULL };
  g_autoptr (CliOptions) options = cli_options_new ("RECORDING",
      "Finds where the target speaks in a recording, and why.", NULL);

  cli_settings_init (&self->settings);
  cli_options_add (options, entries);
  cli_settings_add_entries (&self->settings, options, FALSE);
  return cli_options_parse (options, argc, argv, &self->files, 1, 1, error)
      && cli_require (self->settings.target, "--target", error)
      && check_numbers (self, error);
}

/* What maps become as they come; a part that is not wanted is NULL. */
typedef struct {
  CliReport *report;
  CliReportJson *json;
  SalDownsampler *picture;
} Outputs;

static void
outputs_clear (Outputs *self)
{
  cli_report_free (self->report);
  cli_report_json_free (self->json);
  sal_downsampler_free (self->picture);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outputs, outputs_clear)

static void
pop_maps (SalAnalyser *analyser, Outputs *outputs)
{
  SalMap *next;

  while ((next = sal_analyser_pop (analyser)) != NULL) {
    g_autoptr (SalMap) map = next;
    cli_report_push (outputs->report, map);
    if (outputs->json != NULL)
      cli_report_json_push (outputs->json, map);
    if (outputs->picture != NULL)
      sal_downsampler_push (outputs->picture, map);
  }
}

static gboolean
push_all (SalAnalyser *analyser, CliReader *reader, Outputs *outputs,
    CliProgress *progress, GError **error)
{
  g_autoptr (GError) cause = NULL;
  CliBlock block;

  while (cli_reader_next (reader, &block, &cause)) {
    sal_analyser_push (analyser, block.mono, block.n_mono);
    pop_maps (analyser, outputs);
    cli_progress_update (progress, cli_reader_get_progress (reader));
  }
  if (cause != NULL) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  if (!cli_reader_check (reader, error))
    return FALSE;
  sal_analyser_finish (analyser);
  pop_maps (analyser, outputs);
  return TRUE;
}

static gboolean
analyse_file (const char *path, const CliSession *session, Outputs *outputs,
    double *seconds, GError **error)
{
  guint rate = sal_model_get_mel_config (session->model)->sample_rate;
  g_autoptr (CliReader) reader = cli_reader_open (path, rate, error);
  CliProgress progress;

  if (reader == NULL)
    return FALSE;
  cli_progress_start (&progress, "analysing");
  gboolean ok = push_all (session->analyser, reader, outputs, &progress, error);
  cli_progress_end (&progress);
  *seconds = cli_reader_get_seconds (reader);
  return ok;
}

static gboolean
draw (const Options *options, const CliSession *session, const Outputs *outputs,
    const GPtrArray *turns, GError **error)
{
  const char *target = sal_target_get_name (session->target);
  g_autofree char *base = g_path_get_basename (options->files[0]);
  g_autofree char *name = g_filename_display_name (base);
  g_autofree char *title
      = g_strdup_printf ("Where %s speaks in %s", target, name);
  SalPicture picture = {
    .title = title,
    .target = target,
    .mel = sal_model_get_mel_config (session->model),
    .frames = outputs->picture,
    .turns = turns,
    .threshold = session->gate.threshold,
    .width = (guint) options->width,
  };

  return sal_picture_save (&picture, options->png, error);
}

static gboolean
check_picture (const char *path, GError **error)
{
  g_autofree char *name = g_path_get_basename (path);
  const char *dot = strrchr (name, '.');

  if (!cli_output_check (path, error))
    return FALSE;
  if (dot == NULL || g_str_equal (dot, ".png") || g_str_equal (dot, ".svg"))
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
      "%s: its suffix is no format of a picture: there are .png and .svg",
      path);
  return FALSE;
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
  return (options->png == NULL || check_picture (options->png, error))
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
open_outputs (Outputs *self, const Options *options, const CliSession *session,
    const GPtrArray *turns, GError **error)
{
  const char *path = options->files[0];
  gboolean print = g_strcmp0 (options->json, "-") != 0;

  self->report = cli_report_new (path, session, turns, print);
  if (options->png != NULL)
    self->picture = sal_downsampler_new (
        sal_model_get_mel_config (session->model)->n_bands, PICTURE_CELLS);
  if (options->json == NULL)
    return TRUE;
  self->json = cli_report_json_new (options->json, path, session,
      options->json_map, error);
  return self->json != NULL;
}

static gboolean
finish_outputs (const Outputs *self, const Options *options,
    const CliSession *session, double seconds, const GPtrArray *turns,
    GError **error)
{
  cli_report_finish (self->report, seconds);
  return (self->json == NULL
             || cli_report_json_finish (self->json, self->report, seconds,
                 turns, error))
      && (self->picture == NULL || draw (options, session, self, turns, error));
}

static gboolean
run (const Options *options, GError **error)
{
  g_auto (CliSession) session = { 0 };
  g_autoptr (GPtrArray) turns = NULL;
  g_auto (Outputs) outputs = { 0 };
  double seconds = 0;

  if (!check_outputs (options, error))
    return FALSE;
  if (options->turns != NULL) {
    turns = sal_turns_load (options->turns, error);
    if (turns == NULL)
      return FALSE;
  }
  if (!cli_session_open (&session, &options->settings, error)
      || !open_outputs (&outputs, options, &session, turns, error)
      || !analyse_file (options->files[0], &session, &outputs, &seconds, error))
    return FALSE;
  warn (&session, turns, options->turns);
  return finish_outputs (&outputs, options, &session, seconds, turns, error);
}

int
cli_analyse (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  GError *error = NULL;
  gboolean ok = parse (&options, argc, argv, &error) && run (&options, &error);

  return cli_exit_code (ok, error);
}
