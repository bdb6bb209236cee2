/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame-ring.h: what was heard last, for all targets
 *
 * The newest log-Mel frames, how far speech stands out from the noise in them, and which steps had
 * sound; step t is where frame t begins.  A window without a step that has is silent: it is not
 * computed.
 */
#pragma once

#include <saliency/error.h>

#define SAL_FRAME_RING_SAMPLES 1024 /* the most to listen to at a time */

typedef struct _SalFrameRing SalFrameRing; /* one thread at a time */

/**
 * sal_frame_ring_new:
 * @capacity: frames that it remembers
 * @step: samples from one frame to the next
 * @n_loud: steps that it remembers
 */
SalFrameRing *sal_frame_ring_new (guint n_bands, guint capacity, guint step, guint n_loud);
void sal_frame_ring_free (SalFrameRing *self);  /* NULL is a no-op */
void sal_frame_ring_reset (SalFrameRing *self); /* nothing was heard, frame 0 comes next */
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
float sal_frame_ring_get_contrast (const SalFrameRing *self);   /* as of now, contrast.h */
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
