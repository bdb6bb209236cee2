/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c: parsing untrusted JSON */
#include "base/json.h"

#include <string.h>

/* Outside strings: only characters of JSON, and no nesting beyond the limit. */
static gboolean
check_nesting (const char *text, gsize length, GError **error)
{
  gboolean in_string = FALSE;
  int depth = 0;
  for (gsize i = 0; i < length; i++) {
    if (text[i] == '"')
      in_string = !in_string;
    else if (in_string)
      i += text[i] == '\\';
    else if (text[i] == '{' || text[i] == '[')
      depth++;
    else if (text[i] == '}' || text[i] == ']')
      depth--;
    else if (text[i] == '\0' || strchr ("/#'", text[i]) != NULL) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
          "not JSON: byte %" G_GSIZE_FORMAT " is 0x%02x", i, (guchar) text[i]);
      return FALSE;
    }
    if (depth > SAL_JSON_MAX_DEPTH) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
          "not JSON that belongs here: nested deeper than %d",
          SAL_JSON_MAX_DEPTH);
      return FALSE;
    }
  }
  return TRUE;
}

/* Duplicate keys: an object that ends with fewer members than were read. */
typedef struct {
  GHashTable *n_read; /* number of members, by unfinished object */
  gboolean found;
} Duplicates;

static void
count_member (JsonParser *parser, JsonObject *object, const char *name,
    gpointer data)
{
  Duplicates *self = data;
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->n_read, object));
  g_hash_table_insert (self->n_read, object, GUINT_TO_POINTER (n + 1));
}

static void
check_members (JsonParser *parser, JsonObject *object, gpointer data)
{
  Duplicates *self = data;
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->n_read, object));
  self->found |= n != json_object_get_size (object);
  g_hash_table_remove (self->n_read, object);
}

static gboolean
load (JsonParser *parser, const char *text, gsize length, GError **error)
{
  g_autoptr (GHashTable) n_read = g_hash_table_new (NULL, NULL);
  Duplicates duplicates = { n_read, FALSE };
  g_signal_connect (parser, "object-member", G_CALLBACK (count_member),
      &duplicates);
  g_signal_connect (parser, "object-end", G_CALLBACK (check_members),
      &duplicates);
  g_autoptr (GError) cause = NULL;
  gboolean ok
      = json_parser_load_from_data (parser, text, (gssize) length, &cause);
  g_signal_handlers_disconnect_by_data (parser, &duplicates);
  if (!ok) {
    /* The message may quote half a surrogate pair. */
    g_autofree char *message = g_utf8_make_valid (cause->message, -1);
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT, "not JSON: %s", message);
  } else if (duplicates.found) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "not JSON that belongs here: an object has two members of one name");
  }
  return ok && !duplicates.found;
}

JsonParser *
sal_json_parse (const char *text, gsize length, GError **error)
{
  if (!g_utf8_validate_len (text, length, NULL)) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "not JSON: not UTF-8");
    return NULL;
  }
  if (!check_nesting (text, length, error))
    return NULL;
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  if (!load (parser, text, length, error))
    return NULL;
  JsonNode *root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "not a JSON object");
    return NULL;
  }
  return g_steal_pointer (&parser);
}
