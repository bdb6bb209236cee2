/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/options.h"

#include <math.h>
#include <string.h>

struct _CliOptions {
  GOptionContext *context;
  GArray *entries;    /* of GOptionEntry, terminated when parsed */
  GStringChunk *text; /* descriptions with defaults */
};

CliOptions *
cli_options_new (const char *arguments, const char *summary, gpointer data)
{
  CliOptions *self = g_new0 (CliOptions, 1);

  self->context = g_option_context_new (arguments);
  g_option_context_set_summary (self->context, summary);
  g_option_context_set_main_group (self->context,
      g_option_group_new (NULL, NULL, NULL, data, NULL));
  self->entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  self->text = g_string_chunk_new (1024);
  return self;
}

void
cli_options_free (CliOptions *self)
{
  if (self == NULL)
    return;
  g_option_context_free (self->context);
  g_array_unref (self->entries);
  g_string_chunk_free (self->text);
  g_free (self);
}

/* The number that an entry holds; NAN if it holds none. */
static double
default_of (const GOptionEntry *entry)
{
  switch (entry->arg) {
  case G_OPTION_ARG_INT:
    return *(int *) entry->arg_data;
  case G_OPTION_ARG_INT64:
    return (double) *(gint64 *) entry->arg_data;
  case G_OPTION_ARG_DOUBLE:
    return *(double *) entry->arg_data;
  default:
    return NAN;
  }
}

void
cli_options_add (CliOptions *self, const GOptionEntry *entries)
{
  for (; entries->long_name != NULL; entries++) {
    GOptionEntry entry = *entries;
    double number = default_of (&entry);
    gboolean shown
        = !isnan (number) && !g_str_has_suffix (entry.description, ")");
    g_autofree char *text = shown
        ? g_strdup_printf ("%s (%g)", entry.description, number)
        : g_strdup (entry.description);
    entry.description = g_string_chunk_insert (self->text, text);
    g_array_append_val (self->entries, entry);
  }
}

/* --- options given twice ------------------------------------------------- */

static gboolean
takes_value (const GOptionEntry *entry)
{
  return entry->arg != G_OPTION_ARG_NONE
      && !(entry->flags & G_OPTION_FLAG_NO_ARG);
}

/* Returns: (nullable): the entry of a word such as --target or --target=x */
static const GOptionEntry *
find_long (const CliOptions *self, const char *word)
{
  gsize length = strcspn (word + 2, "=");

  for (guint i = 0; i < self->entries->len; i++) {
    const GOptionEntry *entry = &g_array_index (self->entries, GOptionEntry, i);
    if (strlen (entry->long_name) == length
        && strncmp (entry->long_name, word + 2, length) == 0)
      return entry;
  }
  return NULL;
}

static const GOptionEntry *
find_short (const CliOptions *self, char letter)
{
  for (guint i = 0; i < self->entries->len; i++) {
    const GOptionEntry *entry = &g_array_index (self->entries, GOptionEntry, i);
    if (entry->short_name == letter)
      return entry;
  }
  return NULL;
}

/* Counts a use; FALSE if a name is not the first.  Of numbers the last one
 * holds, so that a script can let its caller have the last word. */
static gboolean
count (GHashTable *seen, const GOptionEntry *entry, GError **error)
{
  gboolean is_name = entry->arg == G_OPTION_ARG_FILENAME
      || entry->arg == G_OPTION_ARG_STRING;

  if (!is_name || g_hash_table_add (seen, (gpointer) entry->long_name))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      "option --%s is given twice: it takes one value", entry->long_name);
  return FALSE;
}

/* A word of letters, as -v or -vo FILE or -oFILE.  @skip: its value is the next
 * word. */
static gboolean
count_letters (const CliOptions *self, const char *word, GHashTable *seen,
    gboolean *skip, GError **error)
{
  for (const char *c = word + 1; *c != '\0'; c++) {
    const GOptionEntry *entry = find_short (self, *c);
    if (entry == NULL)
      return TRUE; /* GOption refuses it */
    if (!count (seen, entry, error))
      return FALSE;
    if (takes_value (entry)) {
      *skip = c[1] == '\0';
      return TRUE;
    }
  }
  return TRUE;
}

static gboolean
check_words (const CliOptions *self, int argc, char **argv, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (int i = 1; i < argc && !g_str_equal (argv[i], "--"); i++) {
    const char *word = argv[i];
    gboolean skip = FALSE;
    if (g_str_has_prefix (word, "--")) {
      const GOptionEntry *entry = find_long (self, word);
      if (entry != NULL && !count (seen, entry, error))
        return FALSE;
      skip = entry != NULL && takes_value (entry) && strchr (word, '=') == NULL;
    } else if (word[0] == '-' && word[1] != '\0') {
      if (!count_letters (self, word, seen, &skip, error))
        return FALSE;
    }
    i += skip;
  }
  return TRUE;
}

/* --- parsing ------------------------------------------------------------- */

static gboolean
check_number (guint n, guint n_min, guint n_max, GError **error)
{
  if (n >= n_min && n <= n_max)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      "%u files given, at %s %u wanted", n, n < n_min ? "least" : "most",
      n < n_min ? n_min : n_max);
  return FALSE;
}

gboolean
cli_options_parse (CliOptions *self, int argc, char **argv, char ***files,
    guint n_min, guint n_max, GError **error)
{
  char **left = NULL;
  GOptionEntry rest[] = { { G_OPTION_REMAINING, 0, 0,
                              G_OPTION_ARG_FILENAME_ARRAY, &left, NULL, NULL },
    G_OPTION_ENTRY_NULL };
  GOptionGroup *group = g_option_context_get_main_group (self->context);

  g_option_group_add_entries (group, (GOptionEntry *) self->entries->data);
  g_option_group_add_entries (group, rest);
  gboolean ok = check_words (self, argc, argv, error)
      && g_option_context_parse (self->context, &argc, &argv, error)
      && check_number (left != NULL ? g_strv_length (left) : 0, n_min, n_max,
          error);
  if (ok && files != NULL)
    *files = g_steal_pointer (&left);
  g_strfreev (left);
  return ok;
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
