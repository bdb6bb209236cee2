/* SPDX-License-Identifier: GPL-2.0-or-later */
/* voice-check.h: voice detection, whether a recording holds a voice at all
 *
 * Speech activity goes by energy, which hum, noise and music have, too.  Two measures refuse them:
 *
 *   spread   of the level of a band over time, in blocks of 100 ms, as a standard deviation; mean
 *            over the bands.  Sound that stays the same has little.
 *   class    the log-odds of the class "(no voice)" of a model that has one, for each piece of two
 *            seconds.  A recording is no voice if more than half of its pieces rather are that
 *            class than any voice of the model.
 */
#pragma once

#include <saliency/model.h>

/**
 * sal_voice_check_spread:
 * @log_mel: [n_bands, n_frames], natural logarithm
 * @speech: which frames count, [n_frames]
 * @power: whether @log_mel is of power, not of magnitude
 *
 * Returns: the spread in dB; 0 if there are fewer than two blocks
 */
float sal_voice_check_spread (const float *log_mel, guint n_bands, gsize n_frames,
    const gboolean *speech, gboolean power);

/**
 * sal_voice_check_run:
 * @spread: as from sal_voice_check_spread()
 * @embeddings: of the pieces, [n, E]
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_AUDIO, which says what was heard in place of a voice
 */
gboolean sal_voice_check_run (SalModel *model, float spread, const float *embeddings, guint n,
    GError **error);
