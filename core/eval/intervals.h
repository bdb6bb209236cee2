/* SPDX-License-Identifier: GPL-2.0-or-later */
/* intervals.h: 95 % confidence intervals: Wilson score, bootstrap */
#pragma once

#include <glib.h>

typedef struct {
  double mean;      /* NAN without a value */
  double low, high; /* of the 95 % interval */
  guint n;
} EvalInterval;

/**
 * eval_interval_of_hits:
 *
 * Returns: the rate @n_hits / @n with its score interval (Wilson 1927)
 */
EvalInterval eval_interval_of_hits (guint n_hits, guint n);

/**
 * eval_interval_of_values:
 * @values: [n]; NAN is skipped
 *
 * Returns: the mean with its percentile bootstrap interval: 1000 resamples with replacement, the
 * same in every call
 */
EvalInterval eval_interval_of_values (const float *values, guint n);
