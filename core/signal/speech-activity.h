/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speech-activity.h: voice activity detection (VAD) of a recording, by energy */
#pragma once

#include <saliency/error.h>

/**
 * sal_speech_activity_energy:
 * @samples: (array length=n_samples): PCM
 * @first: sample where frame 0 begins; may be negative: before and after the recording is silence
 * @hop: samples from one frame to the next
 * @energy: (out caller-allocates): mean square of each frame, [n_frames]
 */
void sal_speech_activity_energy (const float *samples, gsize n_samples, gssize first, gsize hop,
    gsize n_frames, float *energy);

/**
 * sal_speech_activity_find:
 * @energy: [n_frames]
 * @speech: (out caller-allocates): whether a frame is speech: within 30 dB of the 95th percentile
 * of the energies and above -60 dB of full scale, [n_frames]
 *
 * Returns: number of speech frames
 */
gsize sal_speech_activity_find (const float *energy, gsize n_frames, gboolean *speech);

/**
 * sal_speech_activity_count:
 *
 * Returns: number of set @flags among n
 */
gsize sal_speech_activity_count (const gboolean *flags, gsize n);
