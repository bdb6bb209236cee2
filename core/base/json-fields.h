/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-fields.h: schema checks on the members of a JSON object
 *
 * Members are taken one by one; a member that nobody took is refused as unknown at the end.  The
 * first failure is kept as a %SAL_ERROR_DESCRIPTION that names section and field.  Later reads do
 * nothing and return the lowest allowed value.
 */
#pragma once

#include "base/json.h"

typedef struct {
  const char *name; /* of the section, for messages */
  JsonObject *object;
  GHashTable *taken; /* set of member names */
  GError **error;
  gboolean failed;
} SalJsonFields;

/**
 * sal_json_fields_open:
 * @name: kept, not copied
 * @node: (nullable)
 *
 * Returns: whether @node is an object; call sal_json_fields_close() in either case
 */
gboolean sal_json_fields_open (SalJsonFields *section, const char *name, JsonNode *node,
    GError **error);
gboolean sal_json_fields_close (
    SalJsonFields *section); /* FALSE if any field of the section was wrong */
void sal_json_fields_fail (SalJsonFields *section, const char *format, ...) G_GNUC_PRINTF (2, 3);

JsonNode *sal_json_take_optional (SalJsonFields *section, const char *field); /* NULL if absent */
JsonNode *sal_json_take (SalJsonFields *section, const char *field); /* NULL after a failure */
double sal_json_take_number (SalJsonFields *section, const char *field, double low, double high);
guint sal_json_take_count (SalJsonFields *section, const char *field, guint low, guint high);
gboolean sal_json_take_boolean (SalJsonFields *section, const char *field);
char *sal_json_take_string (SalJsonFields *section,
    const char *field); /* (transfer full): "" after a failure */

/**
 * sal_json_take_choice:
 * @choices: ends in %NULL
 *
 * Returns: index of the field's value among them
 */
int sal_json_take_choice (SalJsonFields *section, const char *field, const char *const *choices);

/**
 * sal_json_take_array:
 *
 * Returns: (transfer none) (nullable): an array of @least to @most entries, or %NULL after a
 * failure
 */
JsonArray *sal_json_take_array (SalJsonFields *section, const char *field, guint least, guint most);
gboolean sal_json_array_number (JsonArray *array, guint i,
    double *value); /* entry i; FALSE if the entry is no number */

/**
 * sal_json_take_floats:
 * @out: (out caller-allocates): entry i of a list of @n numbers at [i @stride]
 */
void sal_json_take_floats (SalJsonFields *section, const char *field, guint n, float *out,
    gsize stride, double low, double high);
