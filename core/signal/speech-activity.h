/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speech-activity.h: which frames of a recording hold speech, by energy */
#pragma once

#include <saliency/error.h>

/**
 * sal_speech_activity_energy:
 * @samples: (array length=n_samples): PCM
 * @first: sample where step 0 begins; may lie before the recording, which is silence there and
 * behind its end
 * @hop: samples from one step to the next
 * @energy: (out caller-allocates): mean square of each step, [n_frames]
 */
void sal_speech_activity_energy (const float *samples, gsize n_samples, gssize first, gsize hop,
    gsize n_frames, float *energy);

/**
 * sal_speech_activity_find:
 * @energy: [n_frames]
 * @speech: (out caller-allocates): whether a frame is within 30 dB of the loud ones (their 95th
 * percentile) and above -60 dB of full scale, [n_frames]
 *
 * Returns: how many are
 */
gsize sal_speech_activity_find (const float *energy, gsize n_frames, gboolean *speech);

/**
 * sal_speech_activity_count:
 *
 * Returns: how many of the n @flags are set
 */
gsize sal_speech_activity_count (const gboolean *flags, gsize n);
