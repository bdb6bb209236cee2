/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delayline.h: whole buffers wait here until their masked sound is ready
 *
 * Buffers leave as they came, in order with the events between them, with the same
 * boundaries, times, flags and metas; only the sound in them is new.  Without a mask
 * nothing waits and nothing is touched.
 */
#pragma once

#include <gst/audio/audio.h>

#include "gate.h"
#include "mel.h"

typedef struct _SalDelayLine SalDelayLine; /* one thread at a time */

/**
 * sal_delay_line_new:
 * @gate: (nullable): how probability becomes gain; %NULL for no mask
 * @mel: front end of the model: when the frames are
 *
 * Returns: (transfer full) (nullable): a line without a format, or %NULL and the error of sal_gate_new()
 */
SalDelayLine *sal_delay_line_new (const SalGateConfig *gate, const SalMelConfig *mel, GError **error);
void sal_delay_line_free (SalDelayLine *self); /* NULL is a no-op */

/**
 * sal_delay_line_set_format:
 * @info: interleaved, signed or float
 *
 * Also empties the line.
 *
 * Returns: %TRUE, or %FALSE and the error of sal_masker_new()
 */
gboolean sal_delay_line_set_format (SalDelayLine *self, const GstAudioInfo *info, GError **error);

/**
 * sal_delay_line_push:
 * @object: (transfer full) (nullable): a buffer or an event; %NULL: nothing that leaves, only time
 * @pcm: (nullable): the @n_frames PCM frames of the buffer; %NULL: silence
 */
void sal_delay_line_push (SalDelayLine *self, GstMiniObject *object, const guint8 *pcm, gsize n_frames);

/**
 * sal_delay_line_push_activity:
 * @activity: (array length=n_frames): probability that the target speaks, for the next frames of the model
 */
void sal_delay_line_push_activity (SalDelayLine *self, const float *activity, guint n_frames);

/**
 * sal_delay_line_pop:
 *
 * Returns: (transfer full) (nullable): the next buffer or event; %NULL if none is ready
 */
GstMiniObject *sal_delay_line_pop (SalDelayLine *self);
guint64 sal_delay_line_get_n_frames (const SalDelayLine *self); /* PCM frames popped since the last reset */
void sal_delay_line_finish (SalDelayLine *self); /* end of the stream: everything is ready */
void sal_delay_line_reset (SalDelayLine *self);  /* forgets the stream; drops what waits */

/**
 * sal_delay_line_abandon:
 *
 * For what must survive a flush; sal_delay_line_reset() is to follow.
 *
 * Returns: (transfer full) (nullable): the next buffer or event, ready or not, as it came
 */
GstMiniObject *sal_delay_line_abandon (SalDelayLine *self);
gboolean sal_delay_line_is_empty (const SalDelayLine *self);

/**
 * sal_delay_line_get_delay:
 *
 * Returns: PCM frames by which activity must be ahead of the sound that leaves; 0 without a mask
 */
guint sal_delay_line_get_delay (const SalDelayLine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalDelayLine, sal_delay_line_free)
