/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render.h: saliency maps and PCM in, masked PCM out
 *
 * Probability becomes a gain (gate.h), and the gain is applied to PCM of any rate and channel count
 * (masker.h): one gain for all frequencies, or one for each band of the front end by time-frequency
 * masking.  Where the gain is 1 the output is the input, to the bit.
 *
 *   render = sal_render_new (sal_model_get_mel_config (model), NULL, FALSE, &error);
 *   sal_render_set_format (render, 48000, 2, &error);
 *   sal_render_push (render, pcm, n_frames);
 *   while ((map = sal_analyser_pop (analyser)) != NULL)
 *     sal_render_push_maps (render, &map, 1);
 *   sal_render_pull (render, masked, sal_render_get_n_ready (render));
 */
#pragma once

#include <saliency/gate.h>
#include <saliency/mel.h>

G_BEGIN_DECLS

/**
 * SalRender: (skip)
 *
 * A gate and a masker for one stream.  One thread at a time.
 *
 * Since: 0.2
 */
typedef struct _SalRender SalRender;

/**
 * sal_render_new:
 * @mel: front end of the model, which says when frames are and where bands; copied
 * @gate: (nullable): how probability becomes a gain; %NULL: the defaults; copied
 * @by_frequency: %TRUE: a gain for each band, from activity and saliency; %FALSE: one gain for all
 * frequencies, from the activity
 * @error: return location for a #GError
 *
 * Returns: (transfer full) (nullable): a closed render without a format, or %NULL and
 * %SAL_ERROR_CONFIG if a field of @gate is out of range
 *
 * Since: 0.2
 */
SAL_API SalRender *sal_render_new (const SalMelConfig *mel, const SalGateConfig *gate,
    gboolean by_frequency, GError **error);

/**
 * sal_render_free:
 * @self: (nullable) (transfer full): a render; %NULL is a no-op
 *
 * Since: 0.2
 */
SAL_API void sal_render_free (SalRender *self);

/**
 * sal_render_set_format:
 * @self: a render
 * @rate: of the PCM, 1000..768000 Hz
 * @n_channels: of the PCM, 1..1024
 * @error: return location for a #GError
 *
 * Begins a stream of that format; everything pushed before is dropped, as by sal_render_reset().
 * Nothing may be pushed before a format was set.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG: there is no format then
 *
 * Since: 0.2
 */
SAL_API gboolean sal_render_set_format (SalRender *self, guint rate, guint n_channels,
    GError **error);

/**
 * sal_render_set_gate:
 * @self: a render
 * @gate: how probability becomes a gain; copied
 * @error: return location for a #GError
 *
 * For maps that are pushed from now on.  The gain does not jump (sal_gate_set_config()).
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG: nothing changed then
 *
 * Since: 0.2
 */
SAL_API gboolean sal_render_set_gate (SalRender *self, const SalGateConfig *gate, GError **error);

/**
 * sal_render_push_maps:
 * @self: a render with a format
 * @maps: (array length=n_maps): of all targets for the next frames of the model, the same frames in
 * each
 * @n_maps: at least 1
 *
 * The probability of a frame is the largest of any target: its activity, or by frequency that of
 * sal_gate_band_probability().  May allocate.
 *
 * Since: 0.2
 */
SAL_API void sal_render_push_maps (SalRender *self, SalMap *const *maps, guint n_maps);

/**
 * sal_render_push_activity:
 * @self: a render with a format, not by frequency
 * @activity: (array length=n_frames): probability that a target speaks in the next frames of the
 * model, 0..1
 * @n_frames: any number
 *
 * Like sal_render_push_maps(), for a program that keeps no maps.
 *
 * Since: 0.2
 */
SAL_API void sal_render_push_activity (SalRender *self, const float *activity, guint n_frames);

/**
 * sal_render_push:
 * @self: a render with a format
 * @pcm: (array): [n_frames, n_channels], interleaved: the next PCM frames
 * @n_frames: any number
 *
 * Maps and PCM may come in any order; memory grows as far as one runs ahead of the other.
 *
 * Since: 0.2
 */
SAL_API void sal_render_push (SalRender *self, const float *pcm, gsize n_frames);

/**
 * sal_render_finish:
 * @self: a render with a format
 *
 * End of the stream: the last gain holds for PCM without a map, and all PCM becomes ready.  Nothing
 * may be pushed before sal_render_reset().
 *
 * Since: 0.2
 */
SAL_API void sal_render_finish (SalRender *self);

/**
 * sal_render_get_n_ready:
 * @self: a render
 *
 * Returns: PCM frames that can be pulled now; 0 without a format
 *
 * Since: 0.2
 */
SAL_API gsize sal_render_get_n_ready (const SalRender *self);

/**
 * sal_render_get_run:
 * @self: a render with a format
 * @is_plain: (out): whether the next frames are the PCM pushed, to the bit, because their gain is 1
 *
 * For a program that still has the PCM it pushed and does not need a copy.
 *
 * Returns: ready PCM frames, from the next one on, that are all plain or all not
 *
 * Since: 0.2
 */
SAL_API gsize sal_render_get_run (const SalRender *self, gboolean *is_plain);

/**
 * sal_render_pull:
 * @self: a render with a format
 * @pcm: (out caller-allocates) (array): [n_frames, n_channels]
 * @n_frames: at most sal_render_get_n_ready()
 *
 * Since: 0.2
 */
SAL_API void sal_render_pull (SalRender *self, float *pcm, gsize n_frames);

/**
 * sal_render_skip:
 * @self: a render with a format
 * @n_frames: at most sal_render_get_n_ready()
 *
 * Drops ready PCM frames instead of pulling them.
 *
 * Since: 0.2
 */
SAL_API void sal_render_skip (SalRender *self, gsize n_frames);

/**
 * sal_render_reset:
 * @self: a render
 *
 * Drops everything pushed and closes the gate; the format and the settings of the gate stay.
 *
 * Since: 0.2
 */
SAL_API void sal_render_reset (SalRender *self);

/**
 * sal_render_get_delay:
 * @self: a render
 *
 * Returns: PCM frames that must be pushed after a frame before that frame comes out, at most; maps
 * must reach as far; 0 without a format
 *
 * Since: 0.2
 */
SAL_API guint sal_render_get_delay (const SalRender *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalRender, sal_render_free)

G_END_DECLS
