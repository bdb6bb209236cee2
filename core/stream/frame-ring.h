/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame-ring.h: ring buffer of the newest log-Mel frames, for all targets
 *
 * Beside the frames it keeps the contrast of speech to noise (level-range.h) and the steps that had
 * sound; step t is the hop of samples that begins with frame t.  A window of silent steps is silent
 * and is not computed.
 */
#pragma once

#include <saliency/error.h>

#define SAL_FRAME_RING_SAMPLES 1024 /* the most to be listened to at a time */

typedef struct _SalFrameRing SalFrameRing; /* one thread at a time */

/**
 * sal_frame_ring_new:
 * @capacity: frames that are kept
 * @step: samples from one frame to the next
 * @n_loud: steps that are kept
 */
SalFrameRing *sal_frame_ring_new (guint n_bands, guint capacity, guint step, guint n_loud);
void sal_frame_ring_free (SalFrameRing *self);  /* NULL is a no-op */
void sal_frame_ring_reset (SalFrameRing *self); /* empty; frame 0 comes next */
void sal_frame_ring_forget_contrast (SalFrameRing *self);

/**
 * sal_frame_ring_listen:
 * @samples: (array length=n_samples): the next ones, finite
 */
void sal_frame_ring_listen (SalFrameRing *self, const float *samples, gsize n_samples);

/**
 * sal_frame_ring_push_frame:
 * @log_mel: [F], of the next frame
 */
void sal_frame_ring_push_frame (SalFrameRing *self, const float *log_mel);
guint64 sal_frame_ring_get_n_frames (const SalFrameRing *self); /* pushed */
float sal_frame_ring_get_contrast (const SalFrameRing *self);   /* so far, level-range.h */
gboolean sal_frame_ring_is_silent (const SalFrameRing *self, guint64 start,
    guint64 end); /* frames [start, end) */

/**
 * sal_frame_ring_get_frames:
 * @start: first frame; not older than the capacity allows
 * @log_mel: (out caller-allocates): [F, n_frames]
 */
void sal_frame_ring_get_frames (const SalFrameRing *self, guint64 start, guint n_frames,
    float *log_mel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalFrameRing, sal_frame_ring_free)
