/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ranking.h: ranked bins of a map, and masks in time and frequency
 *
 * Arrays are [F, T].  Bins are ranked by value, largest first; among equal values the earlier frame
 * comes first, within a frame the lower band.  NAN comes last.
 */
#pragma once

#include <glib.h>

/**
 * eval_ranking_order:
 * @order: (out caller-allocates): ranked indices of @values, [F T]
 */
void eval_ranking_order (const float *values, guint n_bands, guint n_frames, guint *order);

/**
 * eval_mask_largest:
 * @n: number of bins to keep
 * @mask: (out caller-allocates): 1 for the first @n ranked bins, else 0
 */
void eval_mask_largest (const float *values, guint n_bands, guint n_frames, gsize n, float *mask);
void eval_mask_random (GRand *rand, gsize size, gsize n,
    float *mask); /* keeps n of size bins at random */

void eval_mask_profile (const float *map, guint n_bands, guint n_frames,
    float *profile); /* mean over the bands, [T] */
void eval_mask_spread (const float *profile, guint n_bands, guint n_frames,
    float *mask);                                      /* the same in every band */
double eval_mask_mass (const float *mask, gsize size); /* mean of the mask: the kept part */
