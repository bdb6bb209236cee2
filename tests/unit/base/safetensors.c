/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/safetensors.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "data.h"

/* 2 x 3 floats, then 4 half floats, with metadata. */
static const char good_header[]
    = "{\"__metadata__\":{\"note\":\"\xc3\xa9\"},"
      "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
      "\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[24,32]}}";
static const float good_a[6] = { 1, -2, 3.5f, 0, 1e-30f, 65504 };
/* 1, -2, the least subnormal, the largest */
static const guint16 good_b[4] = { 0x3c00, 0xc000, 0x0001, 0x7bff };

static void
good_data (guint8 data[32])
{
  memcpy (data, good_a, 24);
  for (guint i = 0; i < 4; i++) {
    guint16 half = GUINT16_TO_LE (good_b[i]);
    memcpy (data + 24 + 2 * i, &half, 2);
  }
}

static char *
write_good (void)
{
  guint8 data[32];
  good_data (data);
  return data_write_safetensors ("good", good_header, data, 32);
}

/* --- valid files --------------------------------------------------------- */

static void
test_reads_f32_and_f16 (void)
{
  g_autofree char *path = write_good ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sal_safetensors_get_path (file), ==, path);
  g_assert_cmpstr (sal_safetensors_get_metadata (file, "note"), ==, "\xc3\xa9");
  g_assert_null (sal_safetensors_get_metadata (file, "other"));
  g_assert_true (data_has_tensor (file, "a"));
  g_assert_false (data_has_tensor (file, "__metadata__"));
  gsize shape[SAL_SAFETENSORS_MAX_DIMS];
  g_assert_cmpint (sal_safetensors_get_shape (file, "a", shape), ==, 2);
  g_assert_cmpuint (shape[0], ==, 2);
  g_assert_cmpuint (shape[1], ==, 3);
  g_assert_cmpint (sal_safetensors_get_shape (file, "c", shape), ==, -1);
  g_autofree float *a = data_read (file, "a", NULL);
  g_assert_cmpmem (a, 24, good_a, 24);
  g_autofree float *b = data_read (file, "b", NULL);
  const float want[4] = { 1, -2, 0x1p-24f, 65504 };
  g_assert_cmpmem (b, 16, want, 16);
  gsize size;
  g_bytes_get_data (sal_safetensors_get_bytes (file), &size);
  g_assert_cmpuint (size, ==, 8 + strlen (good_header) + 32);
}

/* Every finite half float, against the definition. */
static void
test_reads_every_half (void)
{
  g_autofree guint16 *halves = g_new (guint16, 0x7c00);
  for (guint i = 0; i < 0x7c00; i++)
    halves[i] = GUINT16_TO_LE ((guint16) i);
  g_autofree char *path = data_write_safetensors ("halves",
      "{\"h\":{\"dtype\":\"F16\",\"shape\":[31744],"
      "\"data_offsets\":[0,63488]}}",
      halves, 2 * 0x7c00);
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, NULL);
  g_autofree float *got = data_read (file, "h", NULL);
  for (guint i = 0; i < 0x7c00; i++) {
    guint exponent = i >> 10, fraction = i & 0x3ff;
    double want = exponent == 0 ? ldexp (fraction, -24)
                                : ldexp (1024 + fraction, (int) exponent - 25);
    g_assert_cmpfloat (got[i], ==, want);
  }
}

static void
test_reads_bf16 (void)
{
  const guint16 words[3] = { GUINT16_TO_LE (0x3f80), GUINT16_TO_LE (0xc049),
    GUINT16_TO_LE (0x0000) };
  g_autofree char *path = data_write_safetensors ("bf16",
      "{\"h\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]}}",
      words, 6);
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, NULL);
  g_autofree float *got = data_read (file, "h", NULL);
  const float want[3] = { 1, -3.140625f, 0 };
  g_assert_cmpmem (got, 12, want, 12);
}

static void
test_scalar_and_empty (void)
{
  const float value = 7;
  g_autofree char *path = data_write_safetensors ("scalar",
      "{\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
      "\"e\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[4,4]}}  ",
      &value, 4);
  g_autoptr (GError) error = NULL;
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, &error);
  g_assert_no_error (error);
  g_autofree float *s = data_read (file, "s", NULL);
  g_assert_cmpfloat (*s, ==, 7);
  gsize n;
  g_autofree float *e = data_read (file, "e", &n);
  g_assert_cmpuint (n, ==, 0);
}

static void
test_round_trip (void)
{
  const float a[6] = { 0, -0.0f, 1e-38f, 3.25f, -1e38f, 2 }, b = -1;
  const SalTensor tensors[] = {
    { "first \"quoted\" \\ \xe2\x82\xac", a, 2, { 3, 2 } },
    { "second", &b, 0, { 0 } },
    { "none", a, 1, { 0 } },
  };
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (metadata, (gpointer) "k\n",
      (gpointer) "{\"v\": \"\xc3\xa9\"}");
  g_autofree char *path = data_temp_path ("trip");
  g_autoptr (GError) error = NULL;
  g_assert_true (sal_safetensors_save (path, tensors, 3, metadata, &error));
  g_assert_no_error (error);
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sal_safetensors_get_metadata (file, "k\n"), ==,
      "{\"v\": \"\xc3\xa9\"}");
  g_autofree float *got = data_read (file, tensors[0].name, NULL);
  g_assert_cmpmem (got, sizeof a, a, sizeof a);
  g_autofree float *one = data_read (file, "second", NULL);
  g_assert_cmpmem (one, 4, &b, 4);
  g_assert_true (data_has_tensor (file, "none"));
}

static void
test_save_replaces_only_when_done (void)
{
  g_autofree char *path = data_temp_path ("no-such-folder/file");
  const float a = 1;
  const SalTensor tensor = { "a", &a, 0, { 0 } };
  g_autoptr (GError) error = NULL;
  g_assert_false (sal_safetensors_save (path, &tensor, 1, NULL, &error));
  data_assert_error (error, SAL_ERROR_FILE, "no-such-folder/file", NULL);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* --- reading one tensor -------------------------------------------------- */

static void
test_read_names_path_and_tensor (void)
{
  g_autofree char *path = write_good ();
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, NULL);
  g_autoptr (GError) error = NULL;
  float out[6];
  const gsize shape[2] = { 2, 3 }, turned[2] = { 3, 2 }, flat[1] = { 6 };
  g_assert_false (sal_safetensors_read (file, "c", shape, 2, out, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, path, "c", "missing", NULL);
  g_clear_error (&error);
  g_assert_false (sal_safetensors_read (file, "a", turned, 2, out, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, path, "a", "[2, 3]", "[3, 2]",
      NULL);
  g_clear_error (&error);
  g_assert_false (sal_safetensors_read (file, "a", flat, 1, out, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, path, "[6]", NULL);
}

/* Writes one tensor of these bytes and dtype; it must load, but not be read. */
static void
refuse_value (const char *dtype, const void *bytes, gsize size)
{
  g_autofree char *header = g_strdup_printf (
      "{\"x\":{\"dtype\":\"%s\",\"shape\":[1],\"data_offsets\":[0,%d]}}", dtype,
      (int) size);
  g_autofree char *path = data_write_safetensors ("value", header, bytes, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, &error);
  g_assert_no_error (error);
  float out;
  const gsize shape[1] = { 1 };
  g_assert_false (sal_safetensors_read (file, "x", shape, 1, &out, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, path, "x", NULL);
}

static void
test_refuses_values_not_finite (void)
{
  const guint32 wide[] = { 0x7fc00000, 0xff800000, 0x7f800001 };
  const guint16 half[] = { 0x7c00, 0xfe00, 0x7c01 };
  const guint16 brain[] = { 0x7f80, 0xffc0, 0x7f81 };
  for (guint i = 0; i < 3; i++) {
    guint32 w = GUINT32_TO_LE (wide[i]);
    guint16 h = GUINT16_TO_LE (half[i]), b = GUINT16_TO_LE (brain[i]);
    refuse_value ("F32", &w, 4);
    refuse_value ("F16", &h, 2);
    refuse_value ("BF16", &b, 2);
  }
}

static void
test_refuses_types_it_cannot_read (void)
{
  const double zero = 0;
  refuse_value ("F64", &zero, 8);
  refuse_value ("I64", &zero, 8);
  refuse_value ("I8", &zero, 1);
  refuse_value ("BOOL", &zero, 1);
}

/* --- malformed files ----------------------------------------------------- */

#define TENSOR(name, dtype, shape, offsets)                                    \
  "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape                     \
  ",\"data_offsets\":" offsets "}"

/* Each stands before 32 bytes of data. */
static const struct {
  const char *path, *header;
} malformed[] = {
  { "no-json", "safetensors" },
  { "empty-header", "" },
  { "spaces-only", "        " },
  { "list-not-object", "[1,2]" },
  { "number-not-object", "12" },
  { "unclosed-object", "{" TENSOR ("a", "F32", "[8]", "[0,32]") },
  { "unclosed-string", "{\"a" },
  { "text-after-object", "{" TENSOR ("a", "F32", "[8]", "[0,32]") "} x" },
  { "second-object-after-it", "{}{" TENSOR ("a", "F32", "[8]", "[0,32]") "}" },
  { "comment", "{" TENSOR ("a", "F32", "[8]", "[0,32]") "/* */}" },
  { "no-utf8", "{" TENSOR ("\xff\xfe", "F32", "[8]", "[0,32]") "}" },
  { "no-tensors-but-data", "{}" },
  { "tensor-is-null", "{\"a\":null}" },
  { "tensor-is-number", "{\"a\":1}" },
  { "tensor-is-list", "{\"a\":[0,32]}" },
  { "no-dtype", "{\"a\":{\"shape\":[8],\"data_offsets\":[0,32]}}" },
  { "no-shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,32]}}" },
  { "no-offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[8]}}" },
  { "unknown-dtype", "{" TENSOR ("a", "F33", "[8]", "[0,32]") "}" },
  { "dtype-in-small-letters", "{" TENSOR ("a", "f32", "[8]", "[0,32]") "}" },
  { "dtype-not-string",
      "{\"a\":{\"dtype\":32,\"shape\":[8],\"data_offsets\":[0,32]}}" },
  { "dtype-is-object",
      "{\"a\":{\"dtype\":{},\"shape\":[8],\"data_offsets\":[0,32]}}" },
  { "shape-not-list", "{" TENSOR ("a", "F32", "8", "[0,32]") "}" },
  { "shape-of-strings", "{" TENSOR ("a", "F32", "[\"8\"]", "[0,32]") "}" },
  { "shape-of-null", "{" TENSOR ("a", "F32", "[null]", "[0,32]") "}" },
  { "shape-of-lists", "{" TENSOR ("a", "F32", "[[8]]", "[0,32]") "}" },
  { "fraction-in-shape", "{" TENSOR ("a", "F32", "[8.5]", "[0,32]") "}" },
  { "negative-shape", "{" TENSOR ("a", "F32", "[-8]", "[0,32]") "}" },
  { "two-negative-sizes", "{" TENSOR ("a", "F32", "[-2,-4]", "[0,32]") "}" },
  { "huge-shape",
      "{" TENSOR ("a", "F32", "[9223372036854775807]", "[0,32]") "}" },
  { "shape-beyond-64-bits",
      "{" TENSOR ("a", "F32", "[18446744073709551624]", "[0,32]") "}" },
  { "shape-whose-product-wraps-to-8",
      "{" TENSOR ("a", "F32", "[4294967296,4294967296,8]", "[0,32]") "}" },
  { "shape-whose-bytes-wrap",
      "{" TENSOR ("a", "F32", "[4611686018427387912]", "[0,32]") "}" },
  { "nine-dimensions",
      "{" TENSOR ("a", "F32", "[1,1,1,1,1,1,1,1,8]", "[0,32]") "}" },
  { "shape-smaller-than-bytes", "{" TENSOR ("a", "F32", "[7]", "[0,32]") "}" },
  { "shape-larger-than-bytes", "{" TENSOR ("a", "F32", "[9]", "[0,32]") "}" },
  { "end-beyond-data", "{" TENSOR ("a", "F32", "[9]", "[0,36]") "}" },
  { "offsets-reversed", "{" TENSOR ("a", "F32", "[8]", "[32,0]") "}" },
  { "negative-offset", "{" TENSOR ("a", "F32", "[8]", "[-32,0]") "}" },
  { "one-offset", "{" TENSOR ("a", "F32", "[8]", "[32]") "}" },
  { "three-offsets", "{" TENSOR ("a", "F32", "[8]", "[0,32,32]") "}" },
  { "offsets-not-list", "{" TENSOR ("a", "F32", "[8]", "\"0,32\"") "}" },
  { "offsets-of-strings",
      "{" TENSOR ("a", "F32", "[8]", "[\"0\",\"32\"]") "}" },
  { "huge-offsets",
      "{" TENSOR ("a", "F32", "[8]",
          "[9223372036854775775,9223372036854775807]") "}" },
  { "overlapping-tensors",
      "{" TENSOR ("a", "F32", "[5]", "[0,20]") "," TENSOR ("b", "F32", "[4]",
          "[16,32]") "}" },
  { "same-bytes-twice",
      "{" TENSOR ("a", "F32", "[8]", "[0,32]") "," TENSOR ("b", "F32", "[8]",
          "[0,32]") "}" },
  { "hole-between-tensors",
      "{" TENSOR ("a", "F32", "[3]", "[0,12]") "," TENSOR ("b", "F32", "[4]",
          "[16,32]") "}" },
  { "hole-at-the-start", "{" TENSOR ("a", "F32", "[7]", "[4,32]") "}" },
  { "hole-at-the-end", "{" TENSOR ("a", "F32", "[7]", "[0,28]") "}" },
  { "duplicate-names",
      "{" TENSOR ("a", "F32", "[4]", "[0,16]") "," TENSOR ("a", "F32", "[4]",
          "[16,32]") "}" },
  { "duplicate-names-of-the-same-bytes",
      "{" TENSOR ("a", "F32", "[8]", "[0,32]") "," TENSOR ("a", "F32", "[8]",
          "[0,32]") "}" },
  { "metadata-not-object",
      "{\"__metadata__\":[]," TENSOR ("a", "F32", "[8]", "[0,32]") "}" },
  { "metadata-not-strings",
      "{\"__metadata__\":{\"k\":1}," TENSOR ("a", "F32", "[8]", "[0,32]") "}" },
  { "metadata-of-null",
      "{\"__metadata__\":{\"k\":null}," TENSOR ("a", "F32", "[8]",
          "[0,32]") "}" },
};

static void
refuse_file (const char *path, SalError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, &error);
  if (file != NULL) {
    g_test_fail_printf ("%s was accepted", path);
    return;
  }
  data_assert_error (error, code, path, NULL);
  g_assert_true (g_str_has_prefix (error->message, path));
}

static void
test_refuses (gconstpointer data)
{
  const guint8 zeros[32] = { 0 };
  g_autofree char *path
      = data_write_safetensors ("malformed", data, zeros, sizeof zeros);
  refuse_file (path, SAL_ERROR_FORMAT);
}

static void
test_refuses_truncation_at_every_byte (void)
{
  g_autofree char *path = write_good ();
  g_autoptr (GByteArray) file = data_file_bytes (path);
  for (guint size = 0; size < file->len; size++) {
    g_autofree char *cut = data_write_temp ("cut", file->data, size);
    refuse_file (cut, SAL_ERROR_FORMAT);
  }
  g_byte_array_append (file, (const guint8 *) "x", 1);
  g_autofree char *longer = data_write_temp ("longer", file->data, file->len);
  refuse_file (longer, SAL_ERROR_FORMAT);
}

static void
test_refuses_header_length (gconstpointer data)
{
  guint64 length = GUINT64_TO_LE (*(const guint64 *) data);
  g_autofree char *path = write_good ();
  g_autoptr (GByteArray) file = data_file_bytes (path);
  memcpy (file->data, &length, 8);
  g_autofree char *edited = data_write_temp ("length", file->data, file->len);
  refuse_file (edited, SAL_ERROR_FORMAT);
}

/* A file with a header of 100 MB: refused by size, unread. */
static void
test_refuses_header_over_limit (void)
{
  const guint64 length = 100 * 1000 * 1000;
  g_autofree char *path = data_temp_path ("huge");
  FILE *file = g_fopen (path, "wb");
  guint64 length_le = GUINT64_TO_LE (length);
  g_assert_cmpuint (fwrite (&length_le, 8, 1, file), ==, 1);
  g_assert_cmpint (fseek (file, (long) length + 7, SEEK_SET), ==, 0);
  g_assert_cmpint (fputc ('}', file), ==, '}'); /* a sparse file */
  fclose (file);
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_safetensors_load (path, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, path, "100000000", "16777216",
      NULL);
  g_remove (path);
}

static void
test_refuses_deep_nesting (void)
{
  const guint depth = 1000000;
  g_autoptr (GString) header = g_string_new ("{\"a\":");
  for (guint i = 0; i < depth; i++)
    g_string_append_c (header, '[');
  g_autofree char *path = data_write_safetensors ("deep", header->str, NULL, 0);
  refuse_file (path, SAL_ERROR_FORMAT);
}

static void
test_refuses_what_is_no_file (void)
{
  g_autofree char *empty = data_write_temp ("empty", "", 0);
  refuse_file (empty, SAL_ERROR_FORMAT);
  g_autofree char *missing = data_temp_path ("missing");
  refuse_file (missing, SAL_ERROR_FILE);
  refuse_file (g_get_tmp_dir (), SAL_ERROR_FILE);
  refuse_file ("/dev/null", SAL_ERROR_FILE);
}

static const guint64 header_lengths[] = { 0, 1, 180, 1 << 20, 100000000,
  G_MAXINT64, G_MAXUINT64, G_MAXUINT64 - 7 };

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/safetensors/reads-f32-and-f16", test_reads_f32_and_f16);
  g_test_add_func ("/safetensors/reads-every-half-float",
      test_reads_every_half);
  g_test_add_func ("/safetensors/reads-bf16", test_reads_bf16);
  g_test_add_func ("/safetensors/reads-scalars-and-empty-tensors",
      test_scalar_and_empty);
  g_test_add_func ("/safetensors/save/is-read-back", test_round_trip);
  g_test_add_func ("/safetensors/save/failure-leaves-nothing",
      test_save_replaces_only_when_done);
  g_test_add_func ("/safetensors/read/names-path-and-tensor",
      test_read_names_path_and_tensor);
  g_test_add_func ("/safetensors/read/refuses-values-not-finite",
      test_refuses_values_not_finite);
  g_test_add_func ("/safetensors/read/refuses-other-types",
      test_refuses_types_it_cannot_read);
  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++) {
    g_autofree char *path
        = g_strconcat ("/safetensors/refuses/", malformed[i].path, NULL);
    g_test_add_data_func (path, malformed[i].header, test_refuses);
  }
  for (guint i = 0; i < G_N_ELEMENTS (header_lengths); i++) {
    g_autofree char *path = g_strdup_printf (
        "/safetensors/refuses/header-length-%" G_GUINT64_FORMAT,
        header_lengths[i]);
    g_test_add_data_func (path, &header_lengths[i], test_refuses_header_length);
  }
  g_test_add_func ("/safetensors/refuses/truncation-at-every-byte",
      test_refuses_truncation_at_every_byte);
  g_test_add_func ("/safetensors/refuses/header-over-the-limit",
      test_refuses_header_over_limit);
  g_test_add_func ("/safetensors/refuses/deep-nesting",
      test_refuses_deep_nesting);
  g_test_add_func ("/safetensors/refuses/what-is-no-file",
      test_refuses_what_is_no_file);
  int result = g_test_run ();
  data_clean ();
  return result;
}
