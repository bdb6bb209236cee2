/* SPDX-License-Identifier: GPL-2.0-or-later */
/* level-range.h: how far speech stands out from the noise, live
 *
 *   level(t) = ln sum_f e^L[f,t]
 *   contrast = 95th percentile of level - 5th, over the last 500 frames
 *
 * Speech pauses, so the low percentile is noise, the high one speech with noise.  Of five
 * seconds of 24 streams of clean voices 1/f noise was added to at 10 and 20 dB the contrast was 10
 * and 19 dB (6..16 and 14..25 for nine in ten), without noise 48 dB (35..62).
 */
#pragma once

#include <saliency/error.h>

typedef struct _SalLevelRange SalLevelRange; /* one thread at a time */

SalLevelRange *sal_level_range_new (void);
void sal_level_range_free (SalLevelRange *self);  /* NULL is a no-op */
void sal_level_range_reset (SalLevelRange *self); /* nothing was heard */

/**
 * sal_level_range_push:
 * @log_mel: of the next frame, [n_bands]
 */
void sal_level_range_push (SalLevelRange *self, const float *log_mel, guint n_bands);

/**
 * sal_level_range_get:
 *
 * Returns: the contrast in units of the log-Mel, at least 0; 0 if nothing was heard
 */
float sal_level_range_get (const SalLevelRange *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalLevelRange, sal_level_range_free)
