/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.c: corpus manifest: recordings and their speakers */
#include "eval/manifest.h"

#include <math.h>

#include "base/tsv.h"

enum { PATH, SPEAKER, SEX, SOURCE, SPLIT, SECONDS, N_COLUMNS };

static const char *const names[N_COLUMNS]
    = { "path", "speaker", "sex", "source", "split", "seconds" };

/* State while lines are read. */
typedef struct {
  char *folder;
  GPtrArray *rows;
  GHashTable *paths;    /* row by path */
  GHashTable *speakers; /* a row by speaker */
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
  EvalManifestRow *row = data;

  g_free (row->path);
  g_free (row->speaker);
  g_free (row->source);
  g_free (row->split);
  g_free (row);
}

static gboolean
read_seconds (const char *text, double *seconds)
{
  char *end = NULL;

  *seconds = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*seconds) && *seconds > 0;
}

static gboolean
check_fields (const char *const *fields, GError **error)
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

/* Adds the row, unless it repeats or contradicts an earlier row. */
static gboolean
add_row (Reading *self, EvalManifestRow *row, GError **error)
{
  const EvalManifestRow *same
      = g_hash_table_lookup (self->speakers, row->speaker);
  const EvalManifestRow *twin = g_hash_table_lookup (self->paths, row->path);

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

/* A SalTsvTake. */
static gboolean
take_row (const char *const *fields, gpointer data, GError **error)
{
  Reading *self = data;
  double seconds;

  if (!check_fields (fields, error))
    return FALSE;
  if (!read_seconds (fields[SECONDS], &seconds))
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "\"%s\" is no number of seconds", fields[SECONDS]);

  EvalManifestRow *row = g_new (EvalManifestRow, 1);
  *row = (EvalManifestRow){
    .path = g_path_is_absolute (fields[PATH])
        ? g_strdup (fields[PATH])
        : g_build_filename (self->folder, fields[PATH], NULL),
    .speaker = g_strdup (fields[SPEAKER]),
    .sex = fields[SEX][0],
    .source = g_strdup (fields[SOURCE]),
    .split = g_strdup (fields[SPLIT]),
    .seconds = seconds,
  };
  return add_row (self, row, error);
}

GPtrArray *
eval_manifest_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_auto (Reading) reading = {
    .folder = g_path_get_dirname (path),
    .rows = g_ptr_array_new_with_free_func (row_free),
    .paths = g_hash_table_new (g_str_hash, g_str_equal),
    .speakers = g_hash_table_new (g_str_hash, g_str_equal),
  };

  return sal_tsv_read (path, names, N_COLUMNS, NULL, take_row, &reading, error)
      ? g_steal_pointer (&reading.rows)
      : NULL;
}
