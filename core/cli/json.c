/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/json.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "cli/files.h"

#define FLOAT_DIGITS 9   /* that every float needs at most */
#define DOUBLE_DIGITS 10 /* that are written of a double */
#define MOST_WHOLE 1e10  /* whole numbers below it have no exponent */

/* --- numbers ------------------------------------------------------------- */

static void
print_digits (double value, guint n, char *text)
{
  char format[] = "%.00g";

  format[2] = (char) ('0' + n / 10);
  format[3] = (char) ('0' + n % 10);
  g_ascii_formatd (text, CLI_JSON_NUMBER - 2, format, value);
}

const char *
cli_json_format (double value, char *text)
{
  gboolean is_float = (double) (float) value == value;
  guint n = is_float ? 1 : DOUBLE_DIGITS;

  if (!isfinite (value))
    return strcpy (text, "null");
  if (value == floor (value) && fabs (value) < MOST_WHOLE)
    return g_ascii_formatd (text, CLI_JSON_NUMBER, "%.1f", value);
  print_digits (value, n, text);
  while (is_float && n < FLOAT_DIGITS
      && (float) g_ascii_strtod (text, NULL) != (float) value)
    print_digits (value, ++n, text);
  return text;
}

/* --- trees --------------------------------------------------------------- */

static void
print_text (FILE *file, const char *text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);

  json_node_set_string (node, text);
  g_autofree char *escaped = json_to_string (node, FALSE);
  fputs (escaped, file);
}

static gboolean
is_number (JsonNode *node)
{
  GType type = json_node_get_value_type (node);
  return JSON_NODE_HOLDS_VALUE (node)
      && (type == G_TYPE_DOUBLE || type == G_TYPE_INT64);
}

static void
print_value (FILE *file, JsonNode *node)
{
  char text[CLI_JSON_NUMBER];

  if (json_node_get_value_type (node) == G_TYPE_DOUBLE) {
    fputs (cli_json_format (json_node_get_double (node), text), file);
    return;
  }
  g_autofree char *value = json_to_string (node, FALSE);
  fputs (value, file);
}

static void
print_break (FILE *file, guint indent)
{
  fprintf (file, "\n%*s", (int) indent, "");
}

static void
print_array (FILE *file, JsonArray *array, guint indent)
{
  guint n = json_array_get_length (array), n_numbers = 0;

  for (guint i = 0; i < n; i++)
    n_numbers += is_number (json_array_get_element (array, i));
  gboolean one_line = n_numbers == n;
  fputc ('[', file);
  for (guint i = 0; i < n; i++) {
    if (!one_line)
      print_break (file, indent + 2);
    cli_json_print (file, json_array_get_element (array, i), indent + 2);
    if (i + 1 < n)
      fputs (one_line ? ", " : ",", file);
  }
  if (!one_line)
    print_break (file, indent);
  fputc (']', file);
}

static void
print_object (FILE *file, JsonObject *object, guint indent)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;
  gboolean first = TRUE;

  fputc ('{', file);
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &key, &value)) {
    if (!first)
      fputc (',', file);
    print_break (file, indent + 2);
    print_text (file, key);
    fputs (" : ", file);
    cli_json_print (file, value, indent + 2);
    first = FALSE;
  }
  if (!first)
    print_break (file, indent);
  fputc ('}', file);
}

void
cli_json_print (FILE *file, JsonNode *node, guint indent)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    print_object (file, json_node_get_object (node), indent);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    print_array (file, json_node_get_array (node), indent);
  else
    print_value (file, node);
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

void
cli_json_flag (JsonBuilder *builder, const char *key, gboolean value)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_boolean_value (builder, value);
}

/* --- files --------------------------------------------------------------- */

static gboolean
fail (const char *path, GError **error)
{
  g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: %s", path,
      g_strerror (errno));
  return FALSE;
}

static gboolean
copy (FILE *from, FILE *to)
{
  char block[65536];
  gsize n;

  rewind (from);
  while ((n = fread (block, 1, sizeof block, from)) > 0)
    if (fwrite (block, 1, n, to) != n)
      return FALSE;
  return !ferror (from) && fflush (to) == 0;
}

/* The file takes the place of path when it is whole. */
static gboolean
replace (FILE *from, const char *path, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0666);
  FILE *file = fd >= 0 ? fdopen (fd, "w") : NULL;

  if (file == NULL)
    return fail (path, error);
  gboolean ok = copy (from, file);
  ok = fclose (file) == 0 && ok;
  if (ok && g_rename (temporary, path) == 0)
    return TRUE;
  fail (path, error);
  g_unlink (temporary);
  return FALSE;
}

gboolean
cli_json_save (FILE *from, const char *path, GError **error)
{
  if (ferror (from))
    return fail (path, error);
  if (g_str_equal (path, "-"))
    return copy (from, stdout) || fail (path, error);
  return cli_output_check (path, error) && replace (from, path, error);
}

gboolean
cli_write_json (JsonNode *root, const char *path, GError **error)
{
  g_autoptr (JsonNode) node = root;
  FILE *file = tmpfile ();

  if (file == NULL)
    return fail (path, error);
  cli_json_print (file, node, 0);
  fputc ('\n', file);
  gboolean ok = cli_json_save (file, path, error);
  fclose (file);
  return ok;
}
