/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delayline.h: a FIFO of buffers that wait until they are due and their sound is masked
 *
 * Buffers leave in order with the events between them, with the same boundaries, times and metas.
 * Their sound changes only where its gain is not 1; a buffer that becomes all zeros is flagged as
 * a gap.  The time to leave depends on the amount pushed, not on the time of masking, so the delay
 * is constant.
 */
#pragma once

#include <gst/audio/audio.h>

#include <saliency/render.h>

typedef struct _GssDelayLine GssDelayLine; /* one thread at a time */

/**
 * gss_delay_line_new:
 * @gate: (nullable): how probability becomes gain; %NULL for no mask
 * @by_frequency: one gain for each band of @mel, else one for all frequencies
 * @mel: front end of the model: when the frames are, and where the bands
 * @latency: ns; see gss_delay_line_pop()
 *
 * Returns: (transfer full) (nullable): a line without a format, or %NULL and the error of
 * sal_render_new()
 */
GssDelayLine *gss_delay_line_new (const SalGateConfig *gate, gboolean by_frequency,
    const SalMelConfig *mel, GstClockTime latency, GError **error);
void gss_delay_line_free (GssDelayLine *self); /* NULL is a no-op */

/**
 * gss_delay_line_set_gate:
 *
 * For the maps that are pushed from now on; the gain does not jump.  Nothing happens without a
 * mask.
 *
 * Returns: %TRUE, or %FALSE and the error of sal_render_set_gate(): nothing changed then
 */
gboolean gss_delay_line_set_gate (GssDelayLine *self, const SalGateConfig *gate, GError **error);

/**
 * gss_delay_line_set_format:
 * @info: signed or float of native endianness, interleaved or not
 *
 * Also empties the line.
 *
 * Returns: %TRUE, or %FALSE and the error of sal_render_set_format()
 */
gboolean gss_delay_line_set_format (GssDelayLine *self, const GstAudioInfo *info, GError **error);

/**
 * gss_delay_line_set_prompt:
 * @prompt: whether objects leave as soon as their sound is masked, instead of when they are due
 */
void gss_delay_line_set_prompt (GssDelayLine *self, gboolean prompt);

/**
 * gss_delay_line_push:
 * @object: (transfer full) (nullable): a buffer or an event; %NULL: nothing leaves, only time
 * passes
 * @audio: (nullable): the sound of the buffer, @n_frames PCM frames; %NULL: silence
 */
void gss_delay_line_push (GssDelayLine *self, GstMiniObject *object, const GstAudioBuffer *audio,
    gsize n_frames);

/**
 * gss_delay_line_push_maps:
 * @maps: (array length=n_maps): of all targets for the next frames of the model, the same for all
 * @n_maps: at least 1
 *
 * Goes to sal_render_push_maps(); nothing happens without a mask.
 */
void gss_delay_line_push_maps (GssDelayLine *self, SalMap *const *maps, guint n_maps);

/**
 * gss_delay_line_pop:
 *
 * With e PCM frames pushed so far and m in the latest push that had any, an object that ends at PCM
 * frame s is due if e + m > s + latency: one more push of m would make it late.  Without latency
 * everything is due.  An object that is due leaves as soon as its sound is masked.
 *
 * Returns: (transfer full) (nullable): the next buffer or event; %NULL if none may leave yet
 */
GstMiniObject *gss_delay_line_pop (GssDelayLine *self);
guint64 gss_delay_line_get_n_frames (
    const GssDelayLine *self);                   /* PCM frames popped since the last reset */
void gss_delay_line_finish (GssDelayLine *self); /* end of the stream: everything may leave */
void gss_delay_line_reset (GssDelayLine *self);  /* forgets the stream; drops what waits */

/**
 * gss_delay_line_abandon:
 *
 * Takes out objects that must survive a flush; gss_delay_line_reset() is to follow.
 *
 * Returns: (transfer full) (nullable): the next buffer or event, ready or not, as it came
 */
GstMiniObject *gss_delay_line_abandon (GssDelayLine *self);
gboolean gss_delay_line_is_empty (const GssDelayLine *self);

/**
 * gss_delay_line_get_delay:
 *
 * Returns: PCM frames by which maps must be ahead of the sound that leaves; 0 without a mask
 */
guint gss_delay_line_get_delay (const GssDelayLine *self);

/**
 * gss_delay_line_get_n_replaced:
 *
 * Returns: samples that were not finite and became 0 since the last reset; 0 without a mask
 */
guint64 gss_delay_line_get_n_replaced (const GssDelayLine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssDelayLine, gss_delay_line_free)
