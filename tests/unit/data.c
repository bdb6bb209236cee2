/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "data.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define DOUBTFUL 1e-3 /* relative to the largest value */

static char *temp_folder;

/* --- files of the tree --------------------------------------------------- */

char *
data_path (const char *name)
{
  const char *folder = g_getenv ("SALIENCY_TEST_DATA");
  if (folder == NULL)
    g_error ("SALIENCY_TEST_DATA is not set: run through meson test");
  return g_build_filename (folder, name, NULL);
}

char *
data_shipped_model (void)
{
  const char *folder = g_getenv ("SALIENCY_MODELS");
  if (folder == NULL)
    return NULL;
  g_autofree char *path
      = g_build_filename (folder, "resnet34se.safetensors", NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path)
                                                : NULL;
}

char *
data_temp_path (const char *name)
{
  g_autoptr (GError) error = NULL;
  if (temp_folder == NULL)
    temp_folder = g_dir_make_tmp ("saliency-test-XXXXXX", &error);
  g_assert_no_error (error);
  return g_build_filename (temp_folder, name, NULL);
}

void
data_clean (void)
{
  if (temp_folder == NULL)
    return;
  GDir *folder = g_dir_open (temp_folder, 0, NULL);
  const char *name;
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
    g_autofree char *path = g_build_filename (temp_folder, name, NULL);
    g_remove (path);
  }
  g_clear_pointer (&folder, g_dir_close);
  g_rmdir (temp_folder);
  g_clear_pointer (&temp_folder, g_free);
}

SalModel *
data_load_model (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);
  g_autofree char *path = g_str_equal (name, "shipped") ? data_shipped_model ()
                                                        : data_path (file);
  g_autoptr (GError) error = NULL;
  SalModel *model = sal_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (model);
  return model;
}

SalSafetensors *
data_load_values (const char *name)
{
  g_autofree char *file = g_strdup_printf ("values/%s.safetensors", name);
  g_autofree char *path = data_path (file);
  g_autoptr (GError) error = NULL;
  SalSafetensors *values = sal_safetensors_load (path, &error);
  g_assert_no_error (error);
  return values;
}

gboolean
data_has_tensor (SalSafetensors *file, const char *name)
{
  gsize shape[SAL_SAFETENSORS_MAX_DIMS];
  return sal_safetensors_get_shape (file, name, shape) >= 0;
}

float *
data_read (SalSafetensors *file, const char *name, gsize *n)
{
  gsize shape[SAL_SAFETENSORS_MAX_DIMS];
  int n_dims = sal_safetensors_get_shape (file, name, shape);
  if (n_dims < 0)
    g_error ("%s has no %s", sal_safetensors_get_path (file), name);
  gsize size = 1;
  for (int i = 0; i < n_dims; i++)
    size *= shape[i];
  float *values = g_new (float, size);
  g_autoptr (GError) error = NULL;
  sal_safetensors_read (file, name, shape, n_dims, values, &error);
  g_assert_no_error (error);
  if (n != NULL)
    *n = size;
  return values;
}

float *
data_read_matrix (SalSafetensors *file, const char *name, gsize shape[2])
{
  gsize all[SAL_SAFETENSORS_MAX_DIMS];
  g_assert_cmpint (sal_safetensors_get_shape (file, name, all), ==, 2);
  memcpy (shape, all, 2 * sizeof *shape);
  return data_read (file, name, NULL);
}

float *
data_read_log_mel (guint n_bands, guint n_frames)
{
  g_autoptr (SalSafetensors) file = data_load_values ("input");
  gsize shape[2];
  g_autofree float *whole = data_read_matrix (file, "log-mel", shape);
  g_assert_cmpuint (n_bands, <=, shape[0]);
  g_assert_cmpuint (n_frames, <=, shape[1]);
  float *part = g_new (float, (gsize) n_bands *n_frames);
  for (guint f = 0; f < n_bands; f++)
    memcpy (part + (gsize) f * n_frames, whole + f * shape[1],
        n_frames * sizeof *part);
  return part;
}

/* --- altered files ------------------------------------------------------- */

GByteArray *
data_file_bytes (const char *path)
{
  char *contents;
  gsize size;
  g_autoptr (GError) error = NULL;
  g_file_get_contents (path, &contents, &size, &error);
  g_assert_no_error (error);
  return g_byte_array_new_take ((guint8 *) contents, size);
}

/* Unlike GLib's function, does not sync the disk. */
char *
data_write_temp (const char *name, const void *bytes, gsize size)
{
  char *path = data_temp_path (name);
  FILE *file = g_fopen (path, "wb");
  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, size, file), ==, size);
  g_assert_cmpint (fclose (file), ==, 0);
  return path;
}

static GByteArray *
with_header (const char *header, gsize length, const void *bytes, gsize size)
{
  GByteArray *file = g_byte_array_new ();
  guint64 length_le = GUINT64_TO_LE ((guint64) length);
  g_byte_array_append (file, (const guint8 *) &length_le, 8);
  g_byte_array_append (file, (const guint8 *) header, (guint) length);
  if (size > 0)
    g_byte_array_append (file, bytes, (guint) size);
  return file;
}

char *
data_write_safetensors (const char *name, const char *header, const void *bytes,
    gsize size)
{
  g_autoptr (GByteArray) file
      = with_header (header, strlen (header), bytes, size);
  return data_write_temp (name, file->data, file->len);
}

static guint64
header_length (const GByteArray *file)
{
  guint64 length;
  memcpy (&length, file->data, 8);
  return GUINT64_FROM_LE (length);
}

char *
data_edit_header (const char *path, const char *from, const char *to)
{
  g_autoptr (GByteArray) file = data_file_bytes (path);
  guint64 length = header_length (file);
  g_autofree char *header
      = g_strndup ((const char *) file->data + 8, (gsize) length);
  char *at = strstr (header, from);
  if (at == NULL)
    g_error ("%s has no %s in its header", path, from);
  *at = '\0';
  g_autofree char *edited = g_strconcat (header, to, at + strlen (from), NULL);
  gsize data_size = file->len - 8 - (gsize) length;
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *temp_name = g_strconcat ("edited-", name, NULL);
  return data_write_safetensors (temp_name, edited, file->data + 8 + length,
      data_size);
}

static char *
escaped (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "\"", -1);
  return g_strjoinv ("\\\"", parts);
}

char *
data_edit_record (const char *path, const char *from, const char *to)
{
  g_autofree char *from_escaped = escaped (from);
  g_autofree char *to_escaped = escaped (to);
  return data_edit_header (path, from_escaped, to_escaped);
}

char *
data_calibrate (const char *path, double scale, double offset, const char *more)
{
  g_autofree char *curve
      = g_strdup_printf ("{\"at\": [1], \"scale\": [%g], \"offset\": [%g]}",
          scale, offset);
  g_autofree char *record = g_strdup_printf (
      "\"cohort\": \"all\", "
      "\"calibration\": {\"window\": {\"enrolled\": %s, \"classes\": %s}, %s"
      "\"dense\": {\"enrolled\": %s, \"classes\": %s}, "
      "\"noisy\": {\"enrolled\": %s, \"classes\": %s}, "
      "\"noisy_db\": 10, \"clean_db\": 35, \"presence\": "
      "{\"prior\": 0.1, \"rate\": 1, \"weight\": 1}}",
      curve, curve, more, curve, curve, curve, curve);
  return data_edit_record (path, "\"cohort\": \"all\"", record);
}

SalModel *
data_load_calibrated (const char *name, double scale, double offset,
    const char *more)
{
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);
  g_autofree char *plain = data_path (file);
  g_autofree char *path = data_calibrate (plain, scale, offset, more);
  g_autoptr (GError) error = NULL;
  SalModel *model = sal_model_load (path, &error);
  g_assert_no_error (error);
  return model;
}

/* Finds "data_offsets": [begin, .. of a tensor in the header as text. */
static gsize
tensor_offset (const GByteArray *file, const char *tensor)
{
  guint64 length = header_length (file);
  g_autofree char *header
      = g_strndup ((const char *) file->data + 8, (gsize) length);
  g_autofree char *key = g_strdup_printf ("\"%s\"", tensor);
  const char *at = strstr (header, key);
  g_assert_nonnull (at);
  at = strstr (at, "\"data_offsets\"");
  g_assert_nonnull (at);
  at = strchr (at, '[');
  return 8 + (gsize) length + (gsize) g_ascii_strtoull (at + 1, NULL, 10);
}

char *
data_fill_tensor (const char *path, const char *tensor, gsize offset,
    gsize size, guint8 byte)
{
  g_autoptr (GByteArray) file = data_file_bytes (path);
  gsize at = tensor_offset (file, tensor) + offset;
  g_assert_cmpuint (at + size, <=, file->len);
  memset (file->data + at, byte, size);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *temp_name = g_strconcat ("filled-", name, NULL);
  return data_write_temp (temp_name, file->data, file->len);
}

/* --- sounds -------------------------------------------------------------- */

float *
data_noise (guint32 seed, gsize n)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  float *noise = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    noise[i] = (float) g_rand_double_range (rand, -1, 1);
  return noise;
}

float *
data_voice (guint which, gsize n)
{
  float *voice = data_noise (which + 1, n);
  double phase = 0;
  for (gsize i = 0; i < n; i++) {
    double t = (double) i / DATA_RATE, sum = 0;
    double pitch = (90 + 17 * which) * (1 + 0.08 * sin (4.4 * t));
    phase += 2 * G_PI * pitch / DATA_RATE;
    for (int k = 1; k <= 20; k++)
      sum += sin (k * phase) / k * (1.2 + sin (k * (1.0 + 0.37 * which)));
    double loudness = 0.3 + fabs (sin (2 * G_PI * 1.7 * t));
    voice[i] = (float) (0.08 * loudness * sum + 0.0005 * voice[i]);
  }
  return voice;
}

/* --- comparisons --------------------------------------------------------- */

double
data_difference (const float *a, const float *b, gsize n)
{
  double largest = 0;
  for (gsize i = 0; i < n; i++) {
    double d = fabs ((double) a[i] - b[i]);
    if (!isfinite (d))
      return INFINITY;
    largest = MAX (largest, d);
  }
  return largest;
}

double
data_magnitude (const float *a, gsize n)
{
  double largest = 0;
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabs (a[i]));
  return largest;
}

double
data_correlation (const float *a, const float *b, gsize n)
{
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
  for (gsize i = 0; i < n; i++) {
    ma += a[i] / (double) n;
    mb += b[i] / (double) n;
  }
  for (gsize i = 0; i < n; i++) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return ab / sqrt (aa * bb);
}

void
data_assert_close (const char *what, const float *got, const float *want,
    gsize n, double limit)
{
  double largest = data_difference (got, want, n);
  g_test_message ("%s: largest difference %.3g, limit %.3g", what, largest,
      limit);
  if (!(largest <= limit))
    g_test_fail_printf ("%s: largest difference %.3g, limit %.3g", what,
        largest, limit);
}

void
data_assert_relative (const char *what, const float *got, const float *want,
    gsize n, double limit)
{
  double scale = data_magnitude (want, n);
  double largest = data_difference (got, want, n) / (scale > 0 ? scale : 1);
  g_test_message ("%s: largest relative difference %.3g, limit %.3g", what,
      largest, limit);
  if (!(largest <= limit))
    g_test_fail_printf ("%s: largest relative difference %.3g, limit %.3g",
        what, largest, limit);
}

void
data_assert_mostly (const char *what, const float *got, const float *want,
    gsize n, double limit, double part, double rms)
{
  double scale = data_magnitude (want, n), error = 0, power = 0;
  gsize n_close = 0;
  for (gsize i = 0; i < n; i++) {
    double d = (double) got[i] - want[i];
    n_close += fabs (d) <= limit * scale;
    error += d * d;
    power += (double) want[i] * want[i];
  }
  double close = (double) n_close / (double) n, relative = sqrt (error / power);
  g_autofree char *text = g_strdup_printf (
      "%s: %.2f %% within %.3g of the "
      "largest value, root mean square %.3g, largest difference %.3g",
      what, 100 * close, limit, relative,
      data_difference (got, want, n) / scale);
  g_test_message ("%s", text);
  if (!(close >= part && relative <= rms))
    g_test_fail_printf ("%s", text);
}

double
data_forgive_doubt (SalSafetensors *values, const char *name, float *got,
    const float *want, gsize n)
{
  g_autofree char *key = g_strconcat (name, "-doubt", NULL);
  gsize n_doubts, n_forgiven = 0;
  g_autofree float *doubts = data_read (values, key, &n_doubts);
  double scale = data_magnitude (want, n);
  g_assert_cmpuint (n_doubts, ==, n);
  for (gsize i = 0; i < n; i++) {
    float most = (float) (doubts[i] * scale);
    if (isfinite (got[i]))
      got[i] -= CLAMP (got[i] - want[i], -most, most);
    n_forgiven += doubts[i] > DOUBTFUL;
  }
  double part = (double) n_forgiven / (double) n;
  g_test_message ("%s: %.1f %% of the values are not defined to %g", name,
      100 * part, DOUBTFUL);
  return part;
}

void
data_assert_finite (const char *what, const float *got, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (got[i])) {
      g_test_fail_printf ("%s: value %" G_GSIZE_FORMAT " is %g", what, i,
          got[i]);
      return;
    }
}

float *
data_sampled (const float *array, gsize size, gsize n)
{
  float *values = g_new (float, n);
  for (gsize k = 0; k < n; k++)
    values[k] = array[k * size / n];
  return values;
}

void
data_assert_error (const GError *error, SalError code, ...)
{
  g_assert_error (error, SAL_ERROR, (int) code);
  g_test_message ("%s", error->message);
  va_list words;
  va_start (words, code);
  const char *word;
  while ((word = va_arg (words, const char *)) != NULL)
    if (strstr (error->message, word) == NULL)
      g_test_fail_printf ("\"%s\" does not name %s", error->message, word);
  va_end (words);
}
