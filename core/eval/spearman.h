/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spearman.h: Spearman's rank correlation */
#pragma once

#include <glib.h>

/**
 * eval_spearman_find:
 * @values: [n], finite
 * @ranks: (out caller-allocates): rank of each value, from 0; equal values have their mean rank,
 * [n]
 *
 * Returns: %FALSE if all values are equal
 */
gboolean eval_spearman_find (const float *values, gsize n, float *ranks);

/**
 * eval_spearman_correlate:
 * @a: ranks of n values
 * @b: ranks of n other values
 *
 * Returns: Spearman's rank correlation, -1..1; 0 if all of @a or all of @b are equal
 */
double eval_spearman_correlate (const float *a, const float *b, gsize n);

double eval_spearman (const float *a, const float *b, gsize n); /* from values */
