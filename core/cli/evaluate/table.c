/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/evaluate/table.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "cli/files.h"
#include "base/error.h"

struct _CliTable {
  char *path, *temporary;
  FILE *file; /* NULL once it is closed */
};

static gboolean
fail (const CliTable *self, GError **error)
{
  return sal_error_set (error, SAL_ERROR_FILE, "%s: %s", self->path,
      g_strerror (errno));
}

CliTable *
cli_table_open (const char *path, const char *header, GError **error)
{
  g_autoptr (CliTable) self = g_new0 (CliTable, 1);

  if (!cli_output_check (path, error))
    return NULL;
  self->path = g_strdup (path);
  self->temporary = g_strconcat (path, ".part", NULL);
  self->file = g_fopen (self->temporary, "we");
  if (self->file == NULL) {
    fail (self, error);
    g_clear_pointer (&self->temporary, g_free);
    return NULL;
  }
  cli_table_add (self, "%s\n", header);
  return g_steal_pointer (&self);
}

void
cli_table_free (CliTable *self)
{
  if (self == NULL)
    return;
  if (self->file != NULL)
    fclose (self->file);
  if (self->temporary != NULL)
    g_unlink (self->temporary);
  g_free (self->temporary);
  g_free (self->path);
  g_free (self);
}

void
cli_table_add (CliTable *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vfprintf (self->file, format, args);
  va_end (args);
}

gboolean
cli_table_close (CliTable *self, GError **error)
{
  FILE *file = g_steal_pointer (&self->file);
  gboolean bad = ferror (file) != 0;

  if (fclose (file) != 0 || bad || g_rename (self->temporary, self->path) != 0)
    return fail (self, error);
  g_clear_pointer (&self->temporary, g_free);
  return TRUE;
}
