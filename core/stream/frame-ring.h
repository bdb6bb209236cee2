/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame-ring.h: what was heard last, for all targets
 *
 * The newest log-Mel frames, how far speech stands out from the noise in them, and which steps had sound; step t is
 * where frame t begins.  A window without a step that has is silent: it is not computed.
 */
#pragma once

#include <saliency/error.h>

#define SAL_HISTORY_SAMPLES 1024 /* the most to listen to at a time */

typedef struct _SalHistory SalHistory; /* one thread at a time */

/**
 * sal_history_new:
 * @capacity: frames that it remembers
 * @step: samples from one frame to the next
 * @n_loud: steps that it remembers
 */
SalHistory *sal_history_new (guint n_bands, guint capacity, guint step, guint n_loud);
void sal_history_free (SalHistory *self); /* NULL is a no-op */
void sal_history_reset (SalHistory *self); /* nothing was heard, frame 0 comes next */
void sal_history_forget_contrast (SalHistory *self);

/**
 * sal_history_listen:
 * @samples: (array length=n_samples): the next ones, finite
 */
void sal_history_listen (SalHistory *self, const float *samples, gsize n_samples);

/**
 * sal_history_push_frame:
 * @log_mel: [F], of the next frame
 */
void sal_history_push_frame (SalHistory *self, const float *log_mel);
guint64 sal_history_get_n_frames (const SalHistory *self);   /* pushed */
float sal_history_get_contrast (const SalHistory *self);     /* as of now, contrast.h */
gboolean sal_history_is_silent (const SalHistory *self, guint64 start, guint64 end); /* frames [start, end) */

/**
 * sal_history_get_frames:
 * @start: first frame; not older than the capacity allows
 * @log_mel: (out caller-allocates): [F, n_frames]
 */
void sal_history_get_frames (const SalHistory *self, guint64 start, guint n_frames, float *log_mel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalHistory, sal_history_free)
