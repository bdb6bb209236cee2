/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-fields.c: schema checks on the members of a JSON object */
#include "base/json-fields.h"

#include <math.h>

void
sal_json_fields_fail (SalJsonFields *section, const char *format, ...)
{
  if (section->failed)
    return;
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (section->error, SAL_ERROR, SAL_ERROR_DESCRIPTION,
      "record: %s%s%s", section->name, *section->name ? ": " : "", message);
  section->failed = TRUE;
}

JsonNode *
sal_json_take_optional (SalJsonFields *section, const char *field)
{
  g_hash_table_add (section->taken, (gpointer) field);
  return json_object_get_member (section->object, field);
}

JsonNode *
sal_json_take (SalJsonFields *section, const char *field)
{
  JsonNode *node = sal_json_take_optional (section, field);
  if (node == NULL)
    sal_json_fields_fail (section, "field %s is missing", field);
  return section->failed ? NULL : node;
}

gboolean
sal_json_fields_open (SalJsonFields *section, const char *name, JsonNode *node,
    GError **error)
{
  *section = (SalJsonFields){ .name = name, .error = error };
  section->taken = g_hash_table_new (g_str_hash, g_str_equal);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node)) {
    sal_json_fields_fail (section, "not an object");
    return FALSE;
  }
  section->object = json_node_get_object (node);
  return TRUE;
}

gboolean
sal_json_fields_close (SalJsonFields *section)
{
  JsonObjectIter iter;
  const char *member;
  JsonNode *node;
  if (section->object != NULL) {
    json_object_iter_init (&iter, section->object);
    while (json_object_iter_next (&iter, &member, &node))
      if (!g_hash_table_contains (section->taken, member))
        sal_json_fields_fail (section, "field %.40s is unknown", member);
  }
  g_hash_table_unref (section->taken);
  return !section->failed;
}

double
sal_json_take_number (SalJsonFields *section, const char *field, double low,
    double high)
{
  JsonNode *node = sal_json_take (section, field);
  if (node == NULL)
    return low;
  GType type = json_node_get_value_type (node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE) {
    sal_json_fields_fail (section, "%s is not a number", field);
    return low;
  }
  double value = type == G_TYPE_INT64 ? (double) json_node_get_int (node)
                                      : json_node_get_double (node);
  if (!(value >= low && value <= high)) {
    sal_json_fields_fail (section, "%s is %g, outside %g..%g", field, value,
        low, high);
    return low;
  }
  return value;
}

guint
sal_json_take_count (SalJsonFields *section, const char *field, guint low,
    guint high)
{
  double value = sal_json_take_number (section, field, low, high);
  if (value != floor (value))
    sal_json_fields_fail (section, "%s is %g, not a whole number", field,
        value);
  return (guint) value;
}

gboolean
sal_json_take_boolean (SalJsonFields *section, const char *field)
{
  JsonNode *node = sal_json_take (section, field);
  if (node == NULL)
    return FALSE;
  if (json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    sal_json_fields_fail (section, "%s is neither true nor false", field);
  return json_node_get_boolean (node);
}

int
sal_json_take_choice (SalJsonFields *section, const char *field,
    const char *const *choices)
{
  JsonNode *node = sal_json_take (section, field);
  if (node == NULL)
    return 0;
  const char *text = json_node_get_value_type (node) == G_TYPE_STRING
      ? json_node_get_string (node)
      : "(not a string)";
  for (int i = 0; choices[i] != NULL; i++)
    if (g_str_equal (choices[i], text))
      return i;
  g_autofree char *list = g_strjoinv (", ", (char **) choices);
  sal_json_fields_fail (section, "%s is \"%.40s\", not one of: %s", field, text,
      list);
  return 0;
}

char *
sal_json_take_string (SalJsonFields *section, const char *field)
{
  JsonNode *node = sal_json_take (section, field);
  if (node == NULL)
    return g_strdup ("");
  if (json_node_get_value_type (node) != G_TYPE_STRING) {
    sal_json_fields_fail (section, "%s is not a string", field);
    return g_strdup ("");
  }
  return g_strdup (json_node_get_string (node));
}

JsonArray *
sal_json_take_array (SalJsonFields *section, const char *field, guint least,
    guint most)
{
  JsonNode *node = sal_json_take (section, field);
  if (node == NULL)
    return NULL;
  JsonArray *array
      = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL) {
    sal_json_fields_fail (section, "%s is not a list", field);
    return NULL;
  }
  guint length = json_array_get_length (array);
  if (length < least || length > most) {
    sal_json_fields_fail (section, "%s has %u entries, outside %u..%u", field,
        length, least, most);
    return NULL;
  }
  return array;
}

gboolean
sal_json_array_number (JsonArray *array, guint i, double *value)
{
  JsonNode *node = json_array_get_element (array, i);
  GType type = json_node_get_value_type (node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = type == G_TYPE_INT64 ? (double) json_node_get_int (node)
                                : json_node_get_double (node);
  return isfinite (*value);
}

void
sal_json_take_floats (SalJsonFields *section, const char *field, guint n,
    float *out, gsize stride, double low, double high)
{
  JsonArray *array = sal_json_take_array (section, field, n, n);
  for (guint i = 0; array != NULL && i < n; i++) {
    double value;
    if (!sal_json_array_number (array, i, &value) || value < low
        || value > high) {
      sal_json_fields_fail (section, "entry %u of %s is not a number in %g..%g",
          i, field, low, high);
      return;
    }
    out[i * stride] = (float) value;
  }
}
