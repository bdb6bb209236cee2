/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <string.h>

/* Outside strings nothing but JSON's own characters, nested not too deeply. */
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
  g_autoptr (GError) cause = NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) length, &cause)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT, "not JSON: %s",
        cause->message);
    return NULL;
  }
  JsonNode *root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "not a JSON object");
    return NULL;
  }
  return g_steal_pointer (&parser);
}
