/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masker.h: a gain over time and frequency, applied to PCM of any rate
 *
 * Short-time Fourier transform with root-Hann windows, half overlapped: where the gain
 * is 1 the output is the input, to the bit.  A gain that is the same for all
 * frequencies needs no transform.  Gains are given per frame (10 ms) and band, and
 * interpolated to bins and blocks; the same gain goes to every channel.
 */
#pragma once

#include <saliency/error.h>

typedef struct {
  guint rate; /* Hz, of the PCM */
  guint n_channels;
  guint n_bands;         /* of the gains; 1: one gain for all frequencies */
  const float *bands_hz; /* centre frequency of each band, rising, [n_bands]; copied; unused if
                            n_bands is 1 */
  double frame_period;   /* seconds between gain frames */
  double frame_centre;   /* seconds: the time of gain frame 0 */
} SalMaskerConfig;

typedef struct _SalMasker SalMasker; /* one thread at a time */

/**
 * sal_masker_new:
 * @config: copied
 *
 * Returns: (transfer full) (nullable): a masker, or %NULL and %SAL_ERROR_CONFIG
 */
SAL_API SalMasker *sal_masker_new (const SalMaskerConfig *config, GError **error);
SAL_API void sal_masker_free (SalMasker *self); /* NULL is a no-op */

/**
 * sal_masker_get_delay:
 *
 * Returns: how many PCM frames must be pushed after a frame before that frame comes out, at most;
 * also how far after a PCM frame the gains must reach for it to come out
 */
SAL_API guint sal_masker_get_delay (const SalMasker *self);

/**
 * sal_masker_push_gains:
 * @gains: [n_frames, n_bands] (time first), linear
 *
 * The next gain frames.  The memory of the masker grows as far as gains run ahead of PCM or PCM of
 * gains.
 */
SAL_API void sal_masker_push_gains (SalMasker *self, const float *gains, guint n_frames);

/**
 * sal_masker_push:
 * @pcm: [n_frames, n_channels], interleaved, the next PCM frames
 *
 * A sample that is not finite becomes 0, and sal_masker_get_n_replaced() counts it.
 */
SAL_API void sal_masker_push (SalMasker *self, const float *pcm, gsize n_frames);

/**
 * sal_masker_get_n_replaced:
 *
 * Returns: how many samples were not finite and became 0, since the masker was made or reset
 */
SAL_API guint64 sal_masker_get_n_replaced (const SalMasker *self);

/**
 * sal_masker_finish:
 *
 * End of the stream: the last gain holds for whatever has none, and all PCM becomes ready.  Nothing
 * may be pushed before sal_masker_reset().
 */
SAL_API void sal_masker_finish (SalMasker *self);

/**
 * sal_masker_get_n_ready:
 *
 * Returns: the PCM frames that can be pulled now
 */
SAL_API gsize sal_masker_get_n_ready (const SalMasker *self);

/**
 * sal_masker_pull:
 * @pcm: (out caller-allocates): [n_frames, n_channels]
 * @n_frames: at most sal_masker_get_n_ready()
 */
SAL_API void sal_masker_pull (SalMasker *self, float *pcm, gsize n_frames);
SAL_API void sal_masker_skip (SalMasker *self,
    gsize n_frames); /* drops ready frames instead of pulling them */

/**
 * sal_masker_get_run:
 * @is_plain: (out): whether the next frames are what was pushed, to the bit (their gain is 1 and no
 * sample was replaced)
 *
 * Returns: how many ready PCM frames, from the next one on, all are so or all are not
 */
SAL_API gsize sal_masker_get_run (const SalMasker *self, gboolean *is_plain);
SAL_API void sal_masker_reset (SalMasker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalMasker, sal_masker_free)
