/* SPDX-License-Identifier: GPL-2.0-or-later */
/* noise-floor.h: the noise behind speech, from the energy of frames of 10 ms (speech.h) */
#pragma once

#include <saliency/error.h>

/**
 * sal_noise_floor_find:
 * @energy: mean squares, [n_frames]
 *
 * The mean of the quietest twentieth of all stretches of 100 ms: the pauses between words, where
 * there are some.
 *
 * Returns: mean square of the noise; that of 16-bit rounding (-98 dB of full scale) if less was
 * heard
 */
double sal_noise_floor_find (const float *energy, gsize n_frames);

/**
 * sal_noise_floor_remove:
 * @speech: which frames are speech, [n_frames]
 * @noise: as from sal_noise_floor_find()
 * @n_counted: (out): speech frames that stand 3 dB above @noise
 *
 * Returns: sum of the mean squares of those frames, less the noise in them
 */
double sal_noise_floor_remove (const float *energy, const gboolean *speech, gsize n_frames,
    double noise, gsize *n_counted);
