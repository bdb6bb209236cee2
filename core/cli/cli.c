/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#define SECOND G_USEC_PER_SEC

int
cli_exit_code (gboolean ok, GError *error)
{
  g_autoptr (GError) cause = error;

  if (ok)
    return 0;
  gboolean usage = cause->domain == G_OPTION_ERROR;
  g_printerr ("%s: %s%s\n", g_get_prgname (), cause->message,
      usage ? "; --help says more" : "");
  return usage ? 2 : 1;
}

gboolean
cli_parse (GOptionContext *context, int *argc, char ***argv, char ***files,
    guint n_min, guint n_max, GError **error)
{
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;

  guint n = files != NULL && *files != NULL ? g_strv_length (*files) : 0;
  if (n < n_min) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "%u files given, at least %u wanted", n, n_min);
    return FALSE;
  }
  if (n > n_max) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "%u files given, at most %u wanted", n, n_max);
    return FALSE;
  }
  return TRUE;
}

gboolean
cli_require (const char *value, const char *option, GError **error)
{
  if (value != NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      "option %s is missing", option);
  return FALSE;
}

SalModel *
cli_load_model (const char *path, GError **error)
{
  if (path == NULL)
    path = g_getenv ("SPEAKERSALIENCY_MODEL");
  if (path == NULL || *path == '\0')
    path = SALIENCY_DEFAULT_MODEL;
  return sal_model_load (path, error);
}

void
cli_json_text (JsonBuilder *builder, const char *key, const char *value)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_string_value (builder, value);
}

void
cli_json_number (JsonBuilder *builder, const char *key, double value)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_double_value (builder, value);
}

gboolean
cli_write_json (JsonNode *root, const char *path, GError **error)
{
  g_autoptr (JsonNode) node = root;
  g_autofree char *text = json_to_string (node, TRUE);

  if (g_str_equal (path, "-")) {
    puts (text);
    return TRUE;
  }
  if (!cli_output_check (path, NULL, error))
    return FALSE;
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  if (g_file_set_contents (path, line, -1, error))
    return TRUE;
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

void
cli_progress_start (CliProgress *self, const char *what)
{
  *self = (CliProgress){ .what = what, .begun = g_get_monotonic_time () };
}

void
cli_progress_update (CliProgress *self, double part)
{
  gint64 now = g_get_monotonic_time ();

  if (!isatty (STDERR_FILENO) || now - self->begun < SECOND
      || now - self->shown < SECOND / 10)
    return;
  self->shown = now;
  fprintf (stderr, "\r%s: %3.0f %%", self->what, 100 * part);
  fflush (stderr);
}

void
cli_progress_end (CliProgress *self)
{
  if (self->shown != 0)
    fputs ("\r\033[K", stderr);
  self->shown = 0;
}
