/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manifest.h"

#include <math.h>
#include <string.h>

enum { PATH, SPEAKER, SEX, SOURCE, SPLIT, SECONDS, N_COLUMNS };

static const char *const names[N_COLUMNS] = { "path", "speaker", "sex",
  "source", "split", "seconds" };

/* What is known while lines are read. */
typedef struct {
  char *folder;
  guint n_fields;             /* of every line */
  guint places[N_COLUMNS];    /* where in a line */
  GPtrArray *rows;
  GHashTable *paths;          /* the row of each path */
  GHashTable *speakers;       /* a row of each speaker */
} Reading;

static void
reading_clear (Reading *self)
{
  g_free (self->folder);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_pointer (&self->paths, g_hash_table_unref);
  g_clear_pointer (&self->speakers, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

static void
row_free (gpointer data)
{
  SalManifestRow *row = data;

  g_free (row->path);
  g_free (row->speaker);
  g_free (row->source);
  g_free (row->split);
  g_free (row);
}

static gboolean
parse_header (Reading *self, const char *line, GError **error)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", -1);

  self->n_fields = g_strv_length (fields);
  for (guint c = 0; c < N_COLUMNS; c++) {
    guint i = 0;
    while (i < self->n_fields && !g_str_equal (fields[i], names[c]))
      i++;
    if (i == self->n_fields)
      return sal_error_set (error, SAL_ERROR_FORMAT,
          "the first line names no column \"%s\"", names[c]);
    self->places[c] = i;
  }
  return TRUE;
}

static gboolean
read_seconds (const char *text, double *seconds)
{
  char *end = NULL;

  *seconds = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*seconds) && *seconds > 0;
}

static gboolean
check_fields (const char *const fields[N_COLUMNS], GError **error)
{
  for (guint c = 0; c < N_COLUMNS; c++)
    if (fields[c][0] == '\0')
      return sal_error_set (error, SAL_ERROR_FORMAT, "field %s is empty",
          names[c]);
  if (!g_str_equal (fields[SEX], "f") && !g_str_equal (fields[SEX], "m"))
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "sex \"%s\" is neither f nor m", fields[SEX]);
  return TRUE;
}

/* Takes the row in, unless it repeats or contradicts one before. */
static gboolean
add_row (Reading *self, SalManifestRow *row, GError **error)
{
  const SalManifestRow *same = g_hash_table_lookup (self->speakers,
      row->speaker);
  const SalManifestRow *twin = g_hash_table_lookup (self->paths, row->path);

  if (twin != NULL) {
    gboolean equal = g_str_equal (twin->speaker, row->speaker)
        && g_str_equal (twin->split, row->split);
    if (!equal)
      sal_error_set (error, SAL_ERROR_FORMAT,
          "%s comes twice, with another speaker or split", row->path);
    row_free (row);
    return equal;
  }
  g_ptr_array_add (self->rows, row);
  g_hash_table_insert (self->paths, row->path, row);
  if (same != NULL && same->sex != row->sex)
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "speaker %s is %c here and %c above", row->speaker, row->sex,
        same->sex);
  g_hash_table_insert (self->speakers, row->speaker, row);
  return TRUE;
}

static gboolean
parse_row (Reading *self, const char *line, GError **error)
{
  g_auto (GStrv) all = g_strsplit (line, "\t", -1);
  const char *fields[N_COLUMNS];
  double seconds;

  if (g_strv_length (all) != self->n_fields)
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "%u fields, not %u as in the first line", g_strv_length (all),
        self->n_fields);
  for (guint c = 0; c < N_COLUMNS; c++)
    fields[c] = all[self->places[c]];
  if (!check_fields (fields, error))
    return FALSE;
  if (!read_seconds (fields[SECONDS], &seconds))
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "\"%s\" is no number of seconds", fields[SECONDS]);

  SalManifestRow *row = g_new (SalManifestRow, 1);
  *row = (SalManifestRow) {
    .path = g_path_is_absolute (fields[PATH]) ? g_strdup (fields[PATH])
        : g_build_filename (self->folder, fields[PATH], NULL),
    .speaker = g_strdup (fields[SPEAKER]),
    .sex = fields[SEX][0],
    .source = g_strdup (fields[SOURCE]),
    .split = g_strdup (fields[SPLIT]),
    .seconds = seconds,
  };
  return add_row (self, row, error);
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

GPtrArray *
sal_manifest_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_autofree char *text = read_text (path, error);
  if (text == NULL)
    return NULL;

  g_auto (Reading) reading = {
    .folder = g_path_get_dirname (path),
    .rows = g_ptr_array_new_with_free_func (row_free),
    .paths = g_hash_table_new (g_str_hash, g_str_equal),
    .speakers = g_hash_table_new (g_str_hash, g_str_equal),
  };
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_suffix (lines[i], "\r"))
      lines[i][strlen (lines[i]) - 1] = '\0';
  if (!parse_header (&reading, lines[0] != NULL ? lines[0] : "", error)) {
    g_prefix_error (error, "%s: line 1: ", path);
    return NULL;
  }
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    if (lines[i][0] != '\0' && !parse_row (&reading, lines[i], error)) {
      g_prefix_error (error, "%s: line %u: ", path, i + 1);
      return NULL;
    }
  return g_steal_pointer (&reading.rows);
}
