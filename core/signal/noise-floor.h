/* SPDX-License-Identifier: GPL-2.0-or-later */
/* noise-floor.h: noise floor of a recording, from its pauses
 *
 * Energies are those of speech-activity.h, in frames of 10 ms.
 */
#pragma once

#include <saliency/error.h>

/**
 * sal_noise_floor_find:
 * @energy: mean squares, [n_frames]
 *
 * The mean of the quietest twentieth of all stretches of 100 ms, which are the pauses between words
 * if there are pauses.
 *
 * Returns: mean square of the noise, at least that of 16-bit rounding (-98 dB of full scale)
 */
double sal_noise_floor_find (const float *energy, gsize n_frames);

/**
 * sal_noise_floor_remove:
 * @speech: which frames are speech, [n_frames]
 * @noise: the result of sal_noise_floor_find()
 * @n_counted: (out): number of speech frames at least 3 dB above @noise
 *
 * Returns: sum of the mean squares of these frames, minus their noise
 */
double sal_noise_floor_remove (const float *energy, const gboolean *speech, gsize n_frames,
    double noise, gsize *n_counted);
