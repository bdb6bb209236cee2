/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map.h: a saliency map, the result that leaves the library
 *
 * One stretch of time for which everything is settled: the probability that the target speaks and
 * a class activation map (CAM).
 */
#pragma once

#include <saliency/types.h>

G_BEGIN_DECLS

/**
 * SalMapFlags:
 * @SAL_MAP_PARTIAL: from a window shorter than the usual one
 * @SAL_MAP_EMPTY: the window's map was flat, or none was asked for
 * @SAL_MAP_SILENCE: no sound in the window: no inference
 * @SAL_MAP_LATE: settled without its window's result; of this stretch, not of the newest window
 *
 * What is special about the newest window that counted.
 *
 * Since: 0.2
 */
typedef enum {
  SAL_MAP_PARTIAL = 1 << 0,
  SAL_MAP_EMPTY = 1 << 1,
  SAL_MAP_SILENCE = 1 << 2,
  SAL_MAP_LATE = 1 << 3
} SalMapFlags;

/**
 * SalMap:
 * @first_frame: first frame of the stretch, from 0
 * @n_frames: T
 * @n_bands: F
 * @target: index of the target in sal_analyser_set_targets() when this was settled
 * @seqnum: number of the window that settles this stretch, from 0; rises, the same for all targets
 * @window_start: first frame of the newest window that counted, which is that one unless it came
 * late
 * @window_frames: its length; 0 if there was none yet
 * @flags: of that window: what it adds; earlier windows may have said more
 * @score: log-odds of that whole window
 * @peak: largest magnitude of its saliency map before normalisation
 * @trust: how faithful its map is, -1..1; NAN: not tried
 * @probability: mean of @activity
 * @saliency: [F, T], (0..1), or (-1..1) for signed methods, weighted by @activity
 * @activity: [T], probability that the target speaks, 0..1
 * @log_odds: [T], what @activity was made from; 0 where nothing was computed
 * @log_mel: [F, T], ln power as the front end gives it, before normalisation
 *
 * Frames [first_frame, first_frame + n_frames) of a stream, settled.  Atomically
 * reference-counted; made by the library alone, so that it may grow.  Fields are read only once the
 * map is shared; then any thread.  Arrays are row-major float32.
 *
 * Since: 0.2
 */
typedef struct {
  guint64 first_frame;
  guint n_frames;
  guint n_bands;
  guint target;
  guint64 seqnum;
  guint64 window_start;
  guint window_frames;
  SalMapFlags flags;
  float score;
  float peak;
  float trust;
  float probability;
  float *saliency;
  float *activity;
  float *log_odds;
  float *log_mel;
} SalMap;

#define SAL_TYPE_MAP (sal_map_get_type ())
SAL_API GType sal_map_get_type (void);

/**
 * sal_map_new:
 * @n_bands: F
 * @n_frames: T
 *
 * Returns: (transfer full): a map whose arrays are zeros, to be filled by its maker
 *
 * Since: 0.2
 */
SAL_API SalMap *sal_map_new (guint n_bands, guint n_frames);

/**
 * sal_map_ref: (skip)
 * @self: a map
 *
 * Returns: (transfer full): @self, with one more reference
 *
 * Since: 0.2
 */
SAL_API SalMap *sal_map_ref (SalMap *self);

/**
 * sal_map_unref: (skip)
 * @self: (transfer full) (nullable): a map; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_map_unref (SalMap *self);

/**
 * sal_map_get_saliency:
 * @self: a map
 *
 * For bindings, as the other arrays.  Nothing is copied here: the bytes keep the map alive.  In
 * Python `bytes.get_data ()` makes one copy; `bytes.get_region (4, 0, n)` gives the address, for
 * `ctypes` and numpy without a copy.
 *
 * Returns: (transfer full): the saliency, float32 [F, T]
 *
 * Since: 0.2
 */
SAL_API GBytes *sal_map_get_saliency (SalMap *self);

/**
 * sal_map_get_activity:
 * @self: a map
 *
 * Returns: (transfer full): the activity, float32 [T], not copied
 *
 * Since: 0.2
 */
SAL_API GBytes *sal_map_get_activity (SalMap *self);

/**
 * sal_map_get_log_odds:
 * @self: a map
 *
 * Returns: (transfer full): the log-odds, float32 [T], not copied
 *
 * Since: 0.2
 */
SAL_API GBytes *sal_map_get_log_odds (SalMap *self);

/**
 * sal_map_get_log_mel:
 * @self: a map
 *
 * Returns: (transfer full): the log-Mel, float32 [F, T], not copied
 *
 * Since: 0.2
 */
SAL_API GBytes *sal_map_get_log_mel (SalMap *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalMap, sal_map_unref)

G_END_DECLS
