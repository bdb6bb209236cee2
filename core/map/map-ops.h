/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map-ops.h: bilinear resizing, clipping at a percentile and normalisation of class activation maps
 *
 * Maps are arrays [H, W] of float32, row-major.
 */
#pragma once

#include <glib.h>

/**
 * sal_map_resize:
 * @in: [in_h, in_w]
 * @out: (out caller-allocates): [out_h, out_w], not overlapping @in
 * @scale_h: input rows per output row; @scale_w: likewise: the true geometry, as 1/8, not a
 * quotient of sizes
 *
 * Bilinear interpolation with half-pixel centres, the edge value outside.
 */
void sal_map_resize (const float *in, guint in_h, guint in_w, float *out, guint out_h, guint out_w,
    float scale_h, float scale_w);

/**
 * sal_map_stretch:
 * @map: (inout): [n]
 *
 * (8): into [0, 1].  A map that is flat, or not finite, becomes zeros.
 *
 * Returns: %FALSE if the map was flat or not finite
 */
gboolean sal_map_stretch (float *map, gsize n);

/**
 * sal_map_cut:
 * @map: (inout): [n]
 * @percentile: p, (0, 100]: the limit is the magnitude nearest to p % of the way from the first to
 * the last in rising order; 100: no cut
 * @scratch: [n], overwritten
 *
 * Larger magnitudes become the limit, with their sign, so that a few bins do not set the scale of
 * all.  A map that would be left flat, as a map with few bins other than 0, stays as it is, and so
 * does a map that is not finite.
 */
void sal_map_cut (float *map, gsize n, float percentile, float *scratch);

/**
 * sal_map_normalise:
 * @map: (inout): [n]
 * @gamma: of (9)
 * @is_signed: divide by the largest magnitude and take tanh, into (-1, 1); else (8) and (9), into
 * [0, 1)
 * @peak: (out): largest magnitude before
 *
 * A map that is flat, or not finite, becomes zeros.
 *
 * Returns: %FALSE if the map was flat or not finite
 */
gboolean sal_map_normalise (float *map, gsize n, float gamma, gboolean is_signed, float *peak);
