/* SPDX-License-Identifier: GPL-2.0-or-later */
/* safetensors.h: named arrays in a file
 *
 * 8 bytes of little-endian header length, a JSON header {name: {dtype, shape,
 * data_offsets}}, then the bytes.  Files come from strangers: every length is checked
 * against the file, tensors must tile the data without overlap or hole, and values
 * must be finite when they are read.
 */
#pragma once

#include <saliency/error.h>

#define SAL_SAFETENSORS_MAX_HEADER (16 * 1024 * 1024) /* bytes */
#define SAL_SAFETENSORS_MAX_DIMS 8

typedef struct _SalSafetensors SalSafetensors; /* immutable; any number of threads */

/**
 * sal_safetensors_load:
 *
 * Maps and checks a file.  Tensors may be F64, F32, F16, BF16 or integers; only F32, F16 and BF16
 * can be read.
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
 * @shape: (out caller-allocates): room for SAL_SAFETENSORS_MAX_DIMS sizes
 *
 * Returns: the number of dimensions; -1 if there is no such tensor
 */
int sal_safetensors_get_shape (const SalSafetensors *self, const char *name, gsize *shape);

/**
 * sal_safetensors_read:
 * @shape: (array length=n_dims): the shape it must have
 * @out: (out caller-allocates): as float32, row-major
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FORMAT: missing, of another shape, of a type that cannot
 * be read, or with a value that is not finite; the message names path and tensor
 */
gboolean sal_safetensors_read (const SalSafetensors *self, const char *name, const gsize *shape,
    int n_dims, float *out, GError **error);

/**
 * SalTensor:
 *
 * A float32 array to be written.
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
 * Writes beside @path and renames, so that a failure leaves no part of a file.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean sal_safetensors_save (const char *path, const SalTensor *tensors, guint n_tensors,
    GHashTable *metadata, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSafetensors, sal_safetensors_free)
