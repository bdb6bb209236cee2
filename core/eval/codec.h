/* SPDX-License-Identifier: GPL-2.0-or-later */
/* codec.h: lossy speech coding at low bit rates (Opus, MP3), encoded and decoded by libsndfile */
#pragma once

#include <saliency/error.h>

typedef enum {
  EVAL_CODEC_OPUS_12, /* Opus at about 12 kbit/s */
  EVAL_CODEC_MP3_32   /* MPEG layer III at 32 kbit/s */
} EvalCodec;

/**
 * eval_codec_run:
 * @samples: (inout) (array length=n): mono PCM in [-1, 1], coded and decoded; the encoder's delay
 * is taken out
 * @rate: Hz: 8000, 12000, 16000, 24000 or 48000 for Opus
 * @kbit_per_second: (out) (optional): what it took
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_AUDIO if this libsndfile has no such encoder
 */
gboolean eval_codec_run (EvalCodec codec, float *samples, gsize n, guint rate,
    double *kbit_per_second, GError **error);
