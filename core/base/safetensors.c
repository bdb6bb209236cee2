/* SPDX-License-Identifier: GPL-2.0-or-later */
/* safetensors.c: container of named tensors, read and written */
#include "base/safetensors.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

#define fail(error, ...) sal_error_set (error, SAL_ERROR_FORMAT, __VA_ARGS__)

typedef enum { KIND_F32, KIND_F16, KIND_BF16, KIND_OTHER } Kind;

typedef struct {
  const char *name;
  guint bytes;
  Kind kind;
} Dtype;

static const Dtype dtypes[] = {
  { "F32", 4, KIND_F32 },
  { "F16", 2, KIND_F16 },
  { "BF16", 2, KIND_BF16 },
  { "F64", 8, KIND_OTHER },
  { "I64", 8, KIND_OTHER },
  { "I32", 4, KIND_OTHER },
  { "I16", 2, KIND_OTHER },
  { "I8", 1, KIND_OTHER },
  { "U64", 8, KIND_OTHER },
  { "U32", 4, KIND_OTHER },
  { "U16", 2, KIND_OTHER },
  { "U8", 1, KIND_OTHER },
  { "BOOL", 1, KIND_OTHER },
};

typedef struct {
  const Dtype *dtype;
  int n_dims;
  gsize shape[SAL_SAFETENSORS_MAX_DIMS];
  guint64 begin, end; /* bytes in data */
  char *name;
} Entry;

struct _SalSafetensors {
  char *path;
  GBytes *bytes;
  const guint8 *data; /* after the header */
  gsize data_size;
  GHashTable *entries;  /* char * -> Entry * */
  GHashTable *metadata; /* char * -> char * */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;
  g_free (entry->name);
  g_free (entry);
}

/* --- header -------------------------------------------------------------- */

/* A count written as a JSON integer, or FALSE. */
static gboolean
get_count (JsonNode *node, guint64 *value)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  gint64 number = json_node_get_int (node);
  *value = (guint64) number;
  return number >= 0;
}

static JsonArray *
get_array (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  return json_node_get_array (node);
}

static gboolean
parse_dtype (JsonObject *object, Entry *entry, GError **error)
{
  JsonNode *node = json_object_get_member (object, "dtype");
  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return fail (error, "tensor %s has no dtype", entry->name);
  const char *name = json_node_get_string (node);
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (g_str_equal (dtypes[i].name, name))
      entry->dtype = &dtypes[i];
  if (entry->dtype == NULL)
    return fail (error, "tensor %s has unknown dtype \"%.20s\"", entry->name,
        name);
  return TRUE;
}

static gboolean
parse_shape (JsonObject *object, Entry *entry, guint64 *n_bytes, GError **error)
{
  JsonArray *array = get_array (object, "shape");
  if (array == NULL)
    return fail (error, "tensor %s has no shape", entry->name);
  guint n_dims = json_array_get_length (array);
  if (n_dims > SAL_SAFETENSORS_MAX_DIMS)
    return fail (error, "tensor %s has %u dimensions, more than %d",
        entry->name, n_dims, SAL_SAFETENSORS_MAX_DIMS);
  entry->n_dims = (int) n_dims;
  *n_bytes = entry->dtype->bytes;
  for (guint i = 0; i < n_dims; i++) {
    guint64 size;
    if (!get_count (json_array_get_element (array, i), &size))
      return fail (error, "tensor %s: size %u of its shape is not a count",
          entry->name, i);
    if (!g_uint64_checked_mul (n_bytes, *n_bytes, size) || size > G_MAXSIZE)
      return fail (error, "tensor %s is too large: its shape overflows",
          entry->name);
    entry->shape[i] = size;
  }
  return TRUE;
}

static gboolean
parse_offsets (JsonObject *object, Entry *entry, guint64 n_bytes,
    gsize data_size, GError **error)
{
  JsonArray *array = get_array (object, "data_offsets");
  if (array == NULL || json_array_get_length (array) != 2
      || !get_count (json_array_get_element (array, 0), &entry->begin)
      || !get_count (json_array_get_element (array, 1), &entry->end)
      || entry->begin > entry->end)
    return fail (error, "tensor %s has no valid data_offsets", entry->name);
  if (entry->end > data_size)
    return fail (error,
        "tensor %s ends at byte %" G_GUINT64_FORMAT " of the data, beyond "
        "the %" G_GSIZE_FORMAT " that are there",
        entry->name, entry->end, data_size);
  if (entry->end - entry->begin != n_bytes)
    return fail (error,
        "tensor %s has %" G_GUINT64_FORMAT
        " bytes, its shape needs %" G_GUINT64_FORMAT,
        entry->name, entry->end - entry->begin, n_bytes);
  return TRUE;
}

static gboolean
parse_entry (SalSafetensors *self, const char *name, JsonNode *node,
    GError **error)
{
  Entry *entry = g_new0 (Entry, 1);
  entry->name = g_strdup (name);
  g_hash_table_insert (self->entries, entry->name, entry);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (error, "tensor %s is not described by an object", name);
  JsonObject *object = json_node_get_object (node);
  guint64 n_bytes = 0;
  return parse_dtype (object, entry, error)
      && parse_shape (object, entry, &n_bytes, error)
      && parse_offsets (object, entry, n_bytes, self->data_size, error);
}

static gboolean
parse_metadata (SalSafetensors *self, JsonNode *node, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (error, "__metadata__ is not an object");
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &key, &value)) {
    if (json_node_get_value_type (value) != G_TYPE_STRING)
      return fail (error, "metadata \"%.40s\" is not a string", key);
    g_hash_table_insert (self->metadata, g_strdup (key),
        g_strdup (json_node_get_string (value)));
  }
  return TRUE;
}

static int
by_begin (gconstpointer a, gconstpointer b)
{
  const Entry *x = *(Entry *const *) a, *y = *(Entry *const *) b;
  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* Tensors must tile the data: no overlap, no hole, no byte after the last. */
static gboolean
check_tiling (SalSafetensors *self, GError **error)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (sorted, value);
  g_ptr_array_sort (sorted, by_begin);
  guint64 at = 0;
  for (guint i = 0; i < sorted->len; i++) {
    const Entry *entry = g_ptr_array_index (sorted, i);
    if (entry->begin != at)
      return fail (error,
          "tensor %s begins at byte %" G_GUINT64_FORMAT
          " of the data, %s %" G_GUINT64_FORMAT,
          entry->name, entry->begin,
          entry->begin < at ? "overlapping what ends at"
                            : "leaving a hole from",
          at);
    at = entry->end;
  }
  if (at != self->data_size)
    return fail (error,
        "the tensors end at byte %" G_GUINT64_FORMAT
        " of the data, which has %" G_GSIZE_FORMAT,
        at, self->data_size);
  return TRUE;
}

static gboolean
parse_header (SalSafetensors *self, const char *text, gsize length,
    GError **error)
{
  g_autoptr (JsonParser) parser = sal_json_parse (text, length, error);
  if (parser == NULL) {
    g_prefix_error (error, "its header is ");
    return FALSE;
  }
  JsonNode *root = json_parser_get_root (parser);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &name, &node)) {
    gboolean ok = g_str_equal (name, "__metadata__")
        ? parse_metadata (self, node, error)
        : parse_entry (self, name, node, error);
    if (!ok)
      return FALSE;
  }
  return check_tiling (self, error);
}

static gboolean
parse_file (SalSafetensors *self, GError **error)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (self->bytes, &size);
  if (size < 8)
    return fail (error,
        "not a safetensors file: %" G_GSIZE_FORMAT " bytes, fewer than the 8 "
        "of the header length",
        size);
  guint64 length;
  memcpy (&length, bytes, 8);
  length = GUINT64_FROM_LE (length);
  if (length > size - 8)
    return fail (error,
        "not a safetensors file: a header of %" G_GUINT64_FORMAT " bytes, but "
        "only %" G_GSIZE_FORMAT " follow",
        length, size - 8);
  if (length > SAL_SAFETENSORS_MAX_HEADER)
    return fail (error,
        "its header has %" G_GUINT64_FORMAT " bytes, more than the limit of %d",
        length, SAL_SAFETENSORS_MAX_HEADER);
  self->data = bytes + 8 + length;
  self->data_size = size - 8 - length;
  return parse_header (self, (const char *) bytes + 8, length, error);
}

/* --- loading ------------------------------------------------------------- */

static GBytes *
map_file (const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && !g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: not a regular file",
        path);
    return NULL;
  }
  g_autoptr (GError) cause = NULL;
  g_autoptr (GMappedFile) file = NULL;
  const char *reason = NULL;
  if (g_access (path, R_OK) != 0)
    reason = g_strerror (errno);
  else if ((file = g_mapped_file_new (path, FALSE, &cause)) == NULL)
    reason = cause->message;
  if (file == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: cannot be opened: %s",
        path, reason);
    return NULL;
  }
  return g_mapped_file_get_bytes (file);
}

SalSafetensors *
sal_safetensors_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_autoptr (GBytes) bytes = map_file (path, error);
  if (bytes == NULL)
    return NULL;

  g_autoptr (SalSafetensors) self = g_new0 (SalSafetensors, 1);
  self->path = g_strdup (path);
  self->bytes = g_steal_pointer (&bytes);
  self->entries
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->metadata
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!parse_file (self, error)) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  return g_steal_pointer (&self);
}

void
sal_safetensors_free (SalSafetensors *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->entries, g_hash_table_unref);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  g_bytes_unref (self->bytes);
  g_free (self->path);
  g_free (self);
}

const char *
sal_safetensors_get_path (const SalSafetensors *self)
{
  return self->path;
}

const char *
sal_safetensors_get_metadata (const SalSafetensors *self, const char *key)
{
  return g_hash_table_lookup (self->metadata, key);
}

GBytes *
sal_safetensors_get_bytes (const SalSafetensors *self)
{
  return self->bytes;
}

int
sal_safetensors_get_shape (const SalSafetensors *self, const char *name,
    gsize *shape)
{
  const Entry *entry = g_hash_table_lookup (self->entries, name);
  if (entry == NULL)
    return -1;
  memcpy (shape, entry->shape, sizeof entry->shape);
  return entry->n_dims;
}

/* --- reading values ------------------------------------------------------ */

/* IEEE 754 binary16: subnormals are multiples of 2^-24. */
static float
float_from_half (guint16 half)
{
  guint32 sign = (guint32) (half & 0x8000) << 16;
  guint32 exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
  if (exponent == 0) {
    float value = ldexpf ((float) fraction, -24);
    return sign ? -value : value;
  }
  exponent = exponent == 31 ? 255 : exponent + 127 - 15;
  guint32 bits = sign | exponent << 23 | fraction << 13;
  float value;
  memcpy (&value, &bits, 4);
  return value;
}

static float
read_value (const guint8 *bytes, Kind kind)
{
  guint32 wide;
  guint16 narrow;
  float value;
  if (kind == KIND_F32) {
    memcpy (&wide, bytes, 4);
    wide = GUINT32_FROM_LE (wide);
  } else {
    memcpy (&narrow, bytes, 2);
    narrow = GUINT16_FROM_LE (narrow);
    if (kind == KIND_F16)
      return float_from_half (narrow);
    wide = (guint32) narrow << 16;
  }
  memcpy (&value, &wide, 4);
  return value;
}

static char *
shape_text (const gsize *shape, int n_dims)
{
  g_autoptr (GString) text = g_string_new ("[");
  for (int i = 0; i < n_dims; i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i ? ", " : "",
        shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
check_shape (const SalSafetensors *self, const char *name, const Entry *entry,
    const gsize *shape, int n_dims, GError **error)
{
  if (entry == NULL)
    return fail (error, "%s: tensor %s is missing", self->path, name);
  if (entry->n_dims != n_dims
      || memcmp (entry->shape, shape, n_dims * sizeof *shape) != 0) {
    g_autofree char *have = shape_text (entry->shape, entry->n_dims);
    g_autofree char *want = shape_text (shape, n_dims);
    return fail (error, "%s: tensor %s has shape %s, not %s", self->path, name,
        have, want);
  }
  if (entry->dtype->kind == KIND_OTHER)
    return fail (error, "%s: tensor %s has dtype %s, not F32, F16 or BF16",
        self->path, name, entry->dtype->name);
  return TRUE;
}

gboolean
sal_safetensors_read (const SalSafetensors *self, const char *name,
    const gsize *shape, int n_dims, float *out, GError **error)
{
  const Entry *entry = g_hash_table_lookup (self->entries, name);
  if (!check_shape (self, name, entry, shape, n_dims, error))
    return FALSE;
  const guint8 *bytes = self->data + entry->begin;
  gsize n = (gsize) (entry->end - entry->begin) / entry->dtype->bytes;
  for (gsize i = 0; i < n; i++) {
    out[i] = read_value (bytes + i * entry->dtype->bytes, entry->dtype->kind);
    if (!isfinite (out[i]))
      return fail (error, "%s: tensor %s: value %" G_GSIZE_FORMAT " is %s",
          self->path, name, i, isnan (out[i]) ? "not a number" : "infinite");
  }
  return TRUE;
}

/* --- writing ------------------------------------------------------------- */

static char *
build_header (const SalTensor *tensors, guint n_tensors, GHashTable *metadata,
    gsize *offsets)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  if (metadata != NULL) {
    json_builder_set_member_name (builder, "__metadata__");
    json_builder_begin_object (builder);
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init (&iter, metadata);
    while (g_hash_table_iter_next (&iter, &key, &value)) {
      json_builder_set_member_name (builder, key);
      json_builder_add_string_value (builder, value);
    }
    json_builder_end_object (builder);
  }
  offsets[0] = 0;
  for (guint i = 0; i < n_tensors; i++) {
    gsize n = sizeof (float);
    json_builder_set_member_name (builder, tensors[i].name);
    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "dtype");
    json_builder_add_string_value (builder, "F32");
    json_builder_set_member_name (builder, "shape");
    json_builder_begin_array (builder);
    for (int d = 0; d < tensors[i].n_dims; d++) {
      json_builder_add_int_value (builder, (gint64) tensors[i].shape[d]);
      n *= tensors[i].shape[d];
    }
    json_builder_end_array (builder);
    offsets[i + 1] = offsets[i] + n;
    json_builder_set_member_name (builder, "data_offsets");
    json_builder_begin_array (builder);
    json_builder_add_int_value (builder, (gint64) offsets[i]);
    json_builder_add_int_value (builder, (gint64) offsets[i + 1]);
    json_builder_end_array (builder);
    json_builder_end_object (builder);
  }
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void
append_floats (GByteArray *file, const float *data, gsize n_bytes)
{
  gsize at = file->len;
  g_byte_array_append (file, (const guint8 *) data, (guint) n_bytes);
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    return;
  guint32 *words = (guint32 *) (file->data + at);
  for (gsize i = 0; i < n_bytes / 4; i++)
    words[i] = GUINT32_TO_LE (words[i]);
}

gboolean
sal_safetensors_save (const char *path, const SalTensor *tensors,
    guint n_tensors, GHashTable *metadata, GError **error)
{
  g_return_val_if_fail (path != NULL, FALSE);
  g_autofree gsize *offsets = g_new (gsize, n_tensors + 1);
  g_autofree char *header
      = build_header (tensors, n_tensors, metadata, offsets);
  gsize length = (strlen (header) + 7) / 8 * 8;
  g_autoptr (GByteArray) file = g_byte_array_new ();
  guint64 length_le = GUINT64_TO_LE ((guint64) length);
  g_byte_array_append (file, (const guint8 *) &length_le, 8);
  g_byte_array_append (file, (const guint8 *) header, (guint) strlen (header));
  while (file->len < 8 + length)
    g_byte_array_append (file, (const guint8 *) " ", 1);
  for (guint i = 0; i < n_tensors; i++)
    append_floats (file, tensors[i].data, offsets[i + 1] - offsets[i]);

  g_autoptr (GError) cause = NULL;
  if (!g_file_set_contents_full (path, (const char *) file->data, file->len,
          G_FILE_SET_CONTENTS_CONSISTENT, 0666, &cause)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: cannot be written: %s",
        path, cause->message);
    return FALSE;
  }
  return TRUE;
}
