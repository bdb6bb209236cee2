/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-fields.h: an object of a record being read
 *
 * Members are taken out one by one; what is left over at the end is unknown.  The first failure is
 * kept as a %SAL_ERROR_DESCRIPTION that names section and field, later reads do nothing and give
 * the lowest value.
 */
#pragma once

#include "base/json.h"

typedef struct {
  const char *name; /* as in messages */
  JsonObject *object;
  GHashTable *taken; /* member names, a set */
  GError **error;
  gboolean failed;
} SalJsonFields;

/**
 * sal_json_fields_open:
 * @name: kept, not copied
 * @node: (nullable)
 *
 * Returns: whether @node is an object; sal_json_fields_close() either way
 */
gboolean sal_json_fields_open (SalJsonFields *section, const char *name, JsonNode *node,
    GError **error);
gboolean sal_json_fields_close (
    SalJsonFields *section); /* FALSE if anything in the section was wrong */
void sal_json_fields_fail (SalJsonFields *section, const char *format, ...) G_GNUC_PRINTF (2, 3);

JsonNode *sal_json_take_optional (SalJsonFields *section,
    const char *field);                                              /* NULL if there is none */
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
 * Returns: (transfer none) (nullable): of @least to @most entries, or %NULL after a failure
 */
JsonArray *sal_json_take_array (SalJsonFields *section, const char *field, guint least, guint most);
gboolean sal_json_array_number (JsonArray *array, guint i,
    double *value); /* entry i; FALSE if it is no number */

/**
 * sal_json_take_floats:
 * @out: entry i of the list of @n at [i @stride]
 */
void sal_json_take_floats (SalJsonFields *section, const char *field, guint n, float *out,
    gsize stride, double low, double high);
