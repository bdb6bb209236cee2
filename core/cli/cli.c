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

char *
cli_find_model (const char *path)
{
  char *found = path != NULL ? g_strdup (path) : sal_model_get_default_path ();

  cli_input_add (found);
  return found;
}

SalModel *
cli_load_model (const char *path, GError **error)
{
  g_autofree char *found = cli_find_model (path);

  return sal_model_load (found, error);
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
