/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tsv.c: tables of tab-separated values */
#include "base/tsv.h"

#include <string.h>

#define MARK "# "

typedef struct {
  guint n_fields; /* in every line */
  guint *places;  /* field of each column */
  guint n_columns;
} Layout;

static gboolean
parse_header (Layout *self, const char *line, const char *const *columns,
    GError **error)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", -1);

  self->n_fields = g_strv_length (fields);
  for (guint c = 0; c < self->n_columns; c++) {
    guint i = 0;
    while (i < self->n_fields && !g_str_equal (fields[i], columns[c]))
      i++;
    if (i == self->n_fields)
      return sal_error_set (error, SAL_ERROR_FORMAT,
          "the first line names no column \"%s\"", columns[c]);
    self->places[c] = i;
  }
  return TRUE;
}

static gboolean
parse_line (const Layout *self, const char *line, SalTsvTake take,
    gpointer data, GError **error)
{
  g_auto (GStrv) all = g_strsplit (line, "\t", -1);
  g_autofree const char **fields = g_new0 (const char *, self->n_columns + 1);

  if (g_strv_length (all) != self->n_fields)
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "%u fields, not %u as in the first line", g_strv_length (all),
        self->n_fields);
  for (guint c = 0; c < self->n_columns; c++)
    fields[c] = all[self->places[c]];
  return take (fields, data, error);
}

/* Returns: (transfer full) (nullable): the text of a regular file */
static char *
read_text (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  g_autoptr (GError) cause = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && !g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    sal_error_set (error, SAL_ERROR_FILE, "%s: is not a regular file", path);
    return NULL;
  }
  if (!g_file_get_contents (path, &text, &length, &cause)) {
    sal_error_set (error, SAL_ERROR_FILE, "%s", cause->message);
    return NULL;
  }
  if (!g_utf8_validate (text, (gssize) length, NULL)) {
    sal_error_set (error, SAL_ERROR_FORMAT, "%s: not UTF-8 text", path);
    return NULL;
  }
  return g_steal_pointer (&text);
}

static gboolean
read_lines (Layout *self, char **lines, guint first, const char *const *columns,
    SalTsvTake take, gpointer data, GError **error)
{
  const char *header = lines[first] != NULL ? lines[first] : "";

  if (!parse_header (self, header, columns, error)) {
    g_prefix_error (error, "line %u: ", first + 1);
    return FALSE;
  }
  for (guint i = first + 1; lines[first] != NULL && lines[i] != NULL; i++)
    if (lines[i][0] != '\0'
        && !parse_line (self, lines[i], take, data, error)) {
      g_prefix_error (error, "line %u: ", i + 1);
      return FALSE;
    }
  return TRUE;
}

gboolean
sal_tsv_read (const char *path, const char *const *columns, guint n_columns,
    char **note, SalTsvTake take, gpointer data, GError **error)
{
  g_return_val_if_fail (path != NULL, FALSE);
  g_autofree char *text = read_text (path, error);
  if (text == NULL)
    return FALSE;

  g_autofree guint *places = g_new (guint, n_columns);
  Layout layout = { 0, places, n_columns };
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_suffix (lines[i], "\r"))
      lines[i][strlen (lines[i]) - 1] = '\0';
  guint first
      = note != NULL && lines[0] != NULL && g_str_has_prefix (lines[0], MARK);
  if (note != NULL)
    *note = first > 0 ? g_strdup (lines[0] + strlen (MARK)) : NULL;
  if (read_lines (&layout, lines, first, columns, take, data, error))
    return TRUE;
  g_prefix_error (error, "%s: ", path);
  if (note != NULL)
    g_clear_pointer (note, g_free);
  return FALSE;
}
