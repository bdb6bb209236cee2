/* SPDX-License-Identifier: GPL-2.0-or-later */
/* intervals.h: figures with their 95 % intervals */
#pragma once

#include <glib.h>

typedef struct {
  double mean;      /* not a number if there is no value */
  double low, high; /* of the 95 % interval */
  guint n;
} EvalInterval;

/**
 * eval_interval_of_hits:
 *
 * Returns: @n_hits of @n, with the score interval of Wilson 1927
 */
EvalInterval eval_interval_of_hits (guint n_hits, guint n);

/**
 * eval_interval_of_values:
 * @values: [n]; those that are no number do not count
 *
 * Returns: their mean, with the percentile interval of 1000 draws of as many with replacement,
 * which are the same in every call
 */
EvalInterval eval_interval_of_values (const float *values, guint n);
