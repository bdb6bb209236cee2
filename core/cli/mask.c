/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"
#include <saliency/render.h>
#include "cli/settings.h"

typedef struct {
  CliSettings settings;
  char *output;
  gboolean by_frequency;
  char **files;
} Options;

static void
options_clear (Options *self)
{
  cli_settings_clear (&self->settings);
  g_free (self->output);
  g_strfreev (self->files);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* From the file through analyser and render to the new file. */
typedef struct {
  SalAnalyser *analyser; /* of the session */
  SalRender *render;
  CliReader *reader;
  CliWriter *writer;
  GArray *pcm; /* of float, masked */
} Chain;

static void
chain_clear (Chain *self)
{
  sal_render_free (self->render);
  cli_reader_free (self->reader);
  cli_writer_free (self->writer);
  g_clear_pointer (&self->pcm, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Chain, chain_clear)

static gboolean
parse (Options *self, int argc, char **argv, GError **error)
{
  GOptionEntry entries[]
      = { { "output", 'o', 0, G_OPTION_ARG_FILENAME, &self->output,
              "The file to write: WAV, or FLAC if it ends in .flac", "FILE" },
          { "by-frequency", 0, 0, G_OPTION_ARG_NONE, &self->by_frequency,
              "A gain for each band instead of one for all", NULL },
          { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->files,
              NULL, NULL },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new ("RECORDING");

  cli_settings_init (&self->settings);
  g_option_context_set_summary (context,
      "Quietens a recording wherever the target does not speak.  Length, rate\n"
      "and channels stay as they are.");
  g_option_context_add_main_entries (context, entries, NULL);
  cli_settings_add_entries (&self->settings, context, TRUE);
  if (!cli_parse (context, &argc, &argv, &self->files, 1, 1, error)
      || !cli_require (self->output, "-o", error)
      || !cli_require (self->settings.target, "--target", error))
    return FALSE;
  if (!self->by_frequency) /* a gain over time needs no map */
    self->settings.method = g_strdup ("none");
  return TRUE;
}

static gboolean
chain_open (Chain *self, const Options *options, const CliSession *session,
    GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (session->model);

  self->analyser = session->analyser;
  self->reader = cli_reader_open (options->files[0], mel->sample_rate, error);
  if (self->reader == NULL)
    return FALSE;
  self->render
      = sal_render_new (mel, &session->gate, options->by_frequency, error);
  if (self->render == NULL)
    return FALSE;
  if (!sal_render_set_format (self->render, cli_reader_get_rate (self->reader),
          cli_reader_get_n_channels (self->reader), error)) {
    g_prefix_error (error, "%s: ", options->files[0]);
    return FALSE;
  }
  self->writer = cli_writer_open (options->output, self->reader, error);
  self->pcm = g_array_new (FALSE, FALSE, sizeof (float));
  return self->writer != NULL;
}

static void
push_maps (Chain *self)
{
  SalMap *next;

  while ((next = sal_analyser_pop (self->analyser)) != NULL) {
    g_autoptr (SalMap) map = next;
    sal_render_push_maps (self->render, &map, 1);
  }
}

static gboolean
write_ready (Chain *self, GError **error)
{
  gsize n = sal_render_get_n_ready (self->render);

  if (n == 0)
    return TRUE;
  g_array_set_size (self->pcm,
      (guint) (n * cli_reader_get_n_channels (self->reader)));
  float *pcm = (float *) self->pcm->data;
  sal_render_pull (self->render, pcm, n);
  return cli_writer_write (self->writer, pcm, n, error);
}

static gboolean
push_all (Chain *self, CliProgress *progress, GError **error)
{
  g_autoptr (GError) cause = NULL;
  CliBlock block;

  while (cli_reader_next (self->reader, &block, &cause)) {
    sal_analyser_push (self->analyser, block.mono, block.n_mono);
    push_maps (self);
    sal_render_push (self->render, block.pcm, block.n_frames);
    if (!write_ready (self, error))
      return FALSE;
    cli_progress_update (progress, cli_reader_get_progress (self->reader));
  }
  if (cause != NULL) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  if (!cli_reader_check (self->reader, error))
    return FALSE;

  sal_analyser_finish (self->analyser);
  push_maps (self);
  sal_render_finish (self->render);
  return write_ready (self, error);
}

static gboolean
run (const Options *options, GError **error)
{
  g_auto (CliSession) session = { 0 };
  g_auto (Chain) chain = { 0 };
  CliProgress progress;

  if (!cli_session_open (&session, &options->settings, error)
      || !chain_open (&chain, options, &session, error))
    return FALSE;
  cli_progress_start (&progress, "masking");
  gboolean ok = push_all (&chain, &progress, error);
  cli_progress_end (&progress);
  return ok && cli_writer_close (chain.writer, error);
}

int
cli_mask (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  GError *error = NULL;
  gboolean ok = parse (&options, argc, argv, &error) && run (&options, &error);

  return cli_exit_code (ok, error);
}
