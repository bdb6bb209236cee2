/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masker.h: time-frequency mask: a gain over time and frequency, applied to PCM of any rate
 *
 * Short-time Fourier transform with root-Hann windows, half overlapped: where the gain is 1 the
 * output is the input, to the bit.  A gain that is the same for all frequencies needs no transform.
 * Gains are given per frame (10 ms) and band, and interpolated to bins and blocks; the same gain
 * goes to every channel.
 */
#pragma once

#include <saliency/error.h>

/**
 * SalMaskerConfig:
 * @rate: Hz, of the PCM
 * @n_channels: of the PCM
 * @n_bands: of the gains; 1: one gain for all frequencies
 * @bands_hz: (array length=n_bands) (nullable): centre frequency of each band, rising, [n_bands];
 * unused if @n_bands is 1
 * @frame_period: seconds between gain frames
 * @frame_centre: seconds: the time of gain frame 0
 *
 * Format of a masker.
 */
typedef struct {
  guint rate;
  guint n_channels;
  guint n_bands;
  const float *bands_hz;
  double frame_period;
  double frame_centre;
} SalMaskerConfig;

/**
 * SalMasker:
 *
 * A masker; one thread at a time.
 */
typedef struct _SalMasker SalMasker;

/**
 * sal_masker_new:
 * @config: copied, with its @bands_hz
 * @error: return location for a #GError
 *
 * Takes the FFT planner lock.
 *
 * Returns: (transfer full) (nullable): a masker, or %NULL and %SAL_ERROR_CONFIG
 */
SalMasker *sal_masker_new (const SalMaskerConfig *config, GError **error);

/**
 * sal_masker_free:
 * @self: (transfer full) (nullable): a masker; %NULL does nothing
 */
void sal_masker_free (SalMasker *self);

/**
 * sal_masker_get_delay:
 * @self: a masker
 *
 * Returns: how many PCM frames must be pushed after a frame before that frame comes out, at most;
 * also how far after a PCM frame the gains must reach for it to come out
 */
guint sal_masker_get_delay (const SalMasker *self);

/**
 * sal_masker_push_gains:
 * @self: a masker
 * @gains: [n_frames, n_bands] (time first), linear
 * @n_frames: how many
 *
 * The next gain frames.  The memory of the masker grows as far as gains run ahead of PCM or PCM of
 * gains.
 */
void sal_masker_push_gains (SalMasker *self, const float *gains, guint n_frames);

/**
 * sal_masker_push:
 * @self: a masker
 * @pcm: [n_frames, n_channels], interleaved, the next PCM frames
 * @n_frames: how many
 *
 * A sample that is not finite becomes 0, and sal_masker_get_n_replaced() counts it.
 */
void sal_masker_push (SalMasker *self, const float *pcm, gsize n_frames);

/**
 * sal_masker_get_n_replaced:
 * @self: a masker
 *
 * Returns: how many samples were not finite and became 0, since the masker was made or reset
 */
guint64 sal_masker_get_n_replaced (const SalMasker *self);

/**
 * sal_masker_finish:
 * @self: a masker
 *
 * End of the stream: the last gain holds for all PCM without a gain, and all PCM becomes ready.
 * Nothing may be pushed before sal_masker_reset().
 */
void sal_masker_finish (SalMasker *self);

/**
 * sal_masker_get_n_ready:
 * @self: a masker
 *
 * Returns: the PCM frames that can be pulled now
 */
gsize sal_masker_get_n_ready (const SalMasker *self);

/**
 * sal_masker_pull:
 * @self: a masker
 * @pcm: (out caller-allocates): [n_frames, n_channels], interleaved
 * @n_frames: at most sal_masker_get_n_ready()
 */
void sal_masker_pull (SalMasker *self, float *pcm, gsize n_frames);

/**
 * sal_masker_skip:
 * @self: a masker
 * @n_frames: at most sal_masker_get_n_ready()
 *
 * Drops ready frames instead of pulling them.
 */
void sal_masker_skip (SalMasker *self, gsize n_frames);

/**
 * sal_masker_get_run:
 * @self: a masker
 * @is_plain: (out): whether the next frames are the PCM that was pushed, to the bit (their gain is
 * 1)
 *
 * Returns: how many ready PCM frames, from the next one on, all are so or all are not
 */
gsize sal_masker_get_run (const SalMasker *self, gboolean *is_plain);

/**
 * sal_masker_reset:
 * @self: a masker
 *
 * Forgets the stream.
 */
void sal_masker_reset (SalMasker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalMasker, sal_masker_free)
