/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h: JSON text, written as it goes or from a tree
 *
 * Numbers are as short as their precision allows: a float reads back as that float, a double has
 * ten digits.  Strings are escaped by json-glib.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

#define CLI_JSON_NUMBER 32 /* bytes that a number needs at most */

/**
 * cli_json_format:
 * @text: (out caller-allocates): [CLI_JSON_NUMBER]
 *
 * Returns: @text; "null" for what is not finite
 */
const char *cli_json_format (double value, char *text);

/**
 * cli_json_print:
 * @indent: spaces before every line but the first
 *
 * Writes a tree; arrays of nothing but numbers take one line.
 */
void cli_json_print (FILE *file, JsonNode *node, guint indent);

/* A member of the object that is being built. */
void cli_json_text (JsonBuilder *builder, const char *key, const char *value);
void cli_json_number (JsonBuilder *builder, const char *key, double value);
void cli_json_flag (JsonBuilder *builder, const char *key, gboolean value);

/**
 * cli_json_save:
 * @from: a file that holds the whole text; rewound
 * @path: a file, replaced when all is written, or "-" for standard output
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean cli_json_save (FILE *from, const char *path, GError **error);

/**
 * cli_write_json:
 * @root: (transfer full): what to write
 * @path: a file, or "-" for standard output
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean cli_write_json (JsonNode *root, const char *path, GError **error);
