/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/bytes.h"

#include "base/error.h"

gboolean
sal_bytes_get_floats (GBytes *bytes, const float **values, gsize *n,
    GError **error)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  if (size % sizeof (float) != 0)
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "%" G_GSIZE_FORMAT " bytes are no whole number of float32", size);
  if ((guintptr) data % sizeof (float) != 0)
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "the bytes begin at %p, not at a multiple of 4 as float32 must", data);
  *values = data;
  *n = size / sizeof (float);
  return TRUE;
}

const float *
sal_bytes_get_n_floats (GBytes *bytes, gsize n, GError **error)
{
  const float *values;
  gsize there;
  if (!sal_bytes_get_floats (bytes, &values, &there, error))
    return NULL;
  if (there == n)
    return values;
  g_set_error (error, SAL_ERROR, SAL_ERROR_MISMATCH,
      "%" G_GSIZE_FORMAT " values, not the %" G_GSIZE_FORMAT " needed", there,
      n);
  return NULL;
}
