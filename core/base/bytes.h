/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bytes.h: arrays of float32 in a GBytes, for language bindings */
#pragma once

#include <glib.h>

/**
 * sal_bytes_get_floats:
 * @bytes: float32 in the machine's byte order
 * @values: (out) (transfer none): those, as long as @bytes lives
 * @n: (out): how many
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FORMAT if the size or the address is no multiple of 4
 */
gboolean sal_bytes_get_floats (GBytes *bytes, const float **values, gsize *n, GError **error);

/**
 * sal_bytes_get_n_floats:
 * @n: how many there must be
 *
 * Returns: (transfer none) (nullable): the values, as long as @bytes lives; %NULL and
 * %SAL_ERROR_FORMAT, or %SAL_ERROR_MISMATCH if there are fewer or more than @n
 */
const float *sal_bytes_get_n_floats (GBytes *bytes, gsize n, GError **error);
