/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mel-internal.h: log-Mel frames of a stream, as its samples come in */
#pragma once

#include <saliency/mel.h>

/**
 * sal_mel_config_check:
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG naming the first field out of range
 */
gboolean sal_mel_config_check (const SalMelConfig *config, GError **error);

/**
 * sal_mel_max_frames:
 *
 * Returns: the most frames that pushing @n_samples, or finishing, can complete
 */
gsize sal_mel_max_frames (const SalMel *self, gsize n_samples);

/**
 * sal_mel_push:
 * @samples: (array length=n_samples): the next samples of a stream, any number
 * @frames: (out caller-allocates): the frames they complete, one after the other, [n, F] (time
 * first); room for sal_mel_max_frames()
 *
 * The frames are those of sal_mel_process(), to the bit, however the stream is cut.  No allocation.
 *
 * Returns: n, the number of frames written
 */
gsize sal_mel_push (SalMel *self, const float *samples, gsize n_samples, float *frames);

/**
 * sal_mel_finish:
 * @frames: (out caller-allocates): the frames that need the end of the signal, [n, F]; room for
 *   sal_mel_max_frames (self, 0)
 *
 * Ends the stream, mirrors its end where the framing asks for that, and begins a new one.
 *
 * Returns: n, the number of frames written
 */
gsize sal_mel_finish (SalMel *self, float *frames);
void sal_mel_reset (SalMel *self); /* forgets the stream */
