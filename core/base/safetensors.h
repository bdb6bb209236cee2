/* SPDX-License-Identifier: GPL-2.0-or-later */
/* safetensors.h: container of named tensors, read and written
 *
 * A file has 8 bytes of little-endian header length, a JSON header {name: {dtype, shape,
 * data_offsets}}, then the data.  Files are untrusted: every length is checked against the file,
 * tensors must tile the data without overlap or hole, and values must be finite when read.
 */
#pragma once

#include <saliency/error.h>

#define SAL_SAFETENSORS_MAX_HEADER (16 * 1024 * 1024) /* bytes */
#define SAL_SAFETENSORS_MAX_DIMS 8

typedef struct _SalSafetensors SalSafetensors; /* immutable; any number of threads */

/**
 * sal_safetensors_load:
 *
 * Maps a file into memory and checks it.  Tensors may be F64, F32, F16, BF16 or integers; only
 * F32, F16 and BF16 can be read.
 *
 * Returns: (transfer full) (nullable): the file, or %NULL and %SAL_ERROR_FILE (cannot be opened, is
 * not a regular file) or %SAL_ERROR_FORMAT; every message begins with the path
 */
SalSafetensors *sal_safetensors_load (const char *path, GError **error);
void sal_safetensors_free (SalSafetensors *self); /* NULL is a no-op */

const char *sal_safetensors_get_path (const SalSafetensors *self);
const char *sal_safetensors_get_metadata (const SalSafetensors *self,
    const char *key); /* NULL if absent */
GBytes *sal_safetensors_get_bytes (
    const SalSafetensors *self); /* (transfer none): the whole file */

/**
 * sal_safetensors_get_shape:
 * @shape: (out caller-allocates): [SAL_SAFETENSORS_MAX_DIMS]
 *
 * Returns: the number of dimensions; -1 if there is no such tensor
 */
int sal_safetensors_get_shape (const SalSafetensors *self, const char *name, gsize *shape);

/**
 * sal_safetensors_read:
 * @shape: (array length=n_dims): the required shape
 * @out: (out caller-allocates): values as float32, row-major
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FORMAT if the tensor is missing, has another shape, a
 * type that cannot be read, or a value that is not finite; the message names path and tensor
 */
gboolean sal_safetensors_read (const SalSafetensors *self, const char *name, const gsize *shape,
    int n_dims, float *out, GError **error);

/**
 * SalTensor:
 *
 * A float32 tensor for writing.
 */
typedef struct {
  const char *name;
  const float *data;
  int n_dims;
  gsize shape[SAL_SAFETENSORS_MAX_DIMS];
} SalTensor;

/**
 * sal_safetensors_save:
 * @metadata: (element-type utf8 utf8) (nullable): strings by key
 *
 * Writes a temporary file beside @path and renames it: a failure leaves no partial file.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean sal_safetensors_save (const char *path, const SalTensor *tensors, guint n_tensors,
    GHashTable *metadata, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSafetensors, sal_safetensors_free)
