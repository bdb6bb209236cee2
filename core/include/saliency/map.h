/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map.h: saliency maps
 *
 * Low-level helpers on [H, W] arrays, and SalMap, the result that leaves the library:
 * one stretch of time for which everything is settled.
 */
#pragma once

#include <saliency/error.h>

typedef enum {
  SAL_MAP_PARTIAL = 1 << 0, /* from a window shorter than the usual one */
  SAL_MAP_EMPTY = 1 << 1,   /* the window's map was flat, or none was asked for */
  SAL_MAP_SILENCE = 1 << 2, /* no sound in the window: no inference */
  SAL_MAP_LATE
  = 1 << 3, /* settled without its window's result; of this stretch, not of the newest window */
} SalMapFlags;

/**
 * SalMap:
 *
 * Frames [first_frame, first_frame + n_frames) of a stream, settled.  Immutable and
 * atomically reference-counted; fields are read only.
 */
typedef struct {
  guint64 first_frame;
  guint n_frames; /* T */
  guint n_bands;  /* F */
  guint target;   /* which one: its place in sal_analyser_set_targets() when this was settled */
  guint64 seqnum; /* number of the window that settles this stretch, from 0; rises, the same for all
                     targets */
  guint64 window_start; /* frames: first of the newest window that counted, which is that one unless
                           it came late */
  guint window_frames;  /* its length; 0 if there was none yet */
  SalMapFlags flags;    /* of that window: what it adds; earlier windows may have said more */
  float score;          /* log-odds of that whole window */
  float peak;           /* of its saliency map before normalisation */
  float trust; /* whether its map can be believed, -1..1 (trust.h in the source); NAN: not tried */
  float probability; /* mean of activity */
  float *saliency;   /* [F, T], (0..1), or (-1..1) for signed methods, weighted by presence */
  float *activity;   /* [T], probability that the target speaks, 0..1 */
  float *log_odds;   /* [T], what activity was made from; 0 where nothing was computed */
  float *log_mel;    /* [F, T], ln power as the front end gives it, before normalisation */
} SalMap;

SAL_API SalMap *sal_map_new (guint n_bands, guint n_frames); /* (transfer full); arrays of zeros */
SAL_API SalMap *sal_map_ref (SalMap *self);
SAL_API void sal_map_unref (SalMap *self); /* NULL is a no-op */

/**
 * sal_map_resize:
 * @in: [in_h, in_w]
 * @out: (out caller-allocates): [out_h, out_w], not overlapping
 * @scale_h: input rows per output row; @scale_w: likewise: the true geometry, as 1/8, not a
 * quotient of sizes
 *
 * Bilinear with half-pixel centres, the edge value outside.
 */
SAL_API void sal_map_resize (const float *in, guint in_h, guint in_w, float *out, guint out_h,
    guint out_w, float scale_h, float scale_w);

/**
 * sal_map_stretch:
 * @map: (inout): [n]
 *
 * (8): into [0, 1].  A map that is flat, or not finite, becomes zeros.
 *
 * Returns: %FALSE if it was flat or not finite
 */
SAL_API gboolean sal_map_stretch (float *map, gsize n);

/**
 * sal_map_cut:
 * @map: (inout): [n]
 * @percentile: p, (0, 100]: the limit is the magnitude that is nearest to p % of the way from the
 * first to the last in rising order; 100: no cut
 * @scratch: [n], overwritten
 *
 * Larger magnitudes become the limit, with their sign, so that a few bins do not set the scale of
 * all.  A map that would be left flat, as one of few bins that are not 0, stays as it is, and so
 * does one that is not finite.
 */
SAL_API void sal_map_cut (float *map, gsize n, float percentile, float *scratch);

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
 * Returns: %FALSE if it was flat or not finite
 */
SAL_API gboolean sal_map_normalise (float *map, gsize n, float gamma, gboolean is_signed,
    float *peak);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalMap, sal_map_unref)
