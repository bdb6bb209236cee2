/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speech-activity.c: voice activity detection (VAD) by energy */
#include "signal/speech-activity.h"

#include <math.h>

#include "compute/vector.h"

#define SPEECH_RANGE 6.9f /* ln power: 30 dB below loud speech */
#define SILENCE_RMS 1e-3f /* -60 dB of full scale */

void
sal_speech_activity_energy (const float *samples, gsize n_samples, gssize first,
    gsize hop, gsize n_frames, float *energy)
{
  for (gsize t = 0; t < n_frames; t++) {
    gssize begin = first + (gssize) (t * hop);
    gssize end = MIN (begin + (gssize) hop, (gssize) n_samples);
    energy[t] = 0;
    for (gssize i = MAX (begin, 0); i < end; i++)
      energy[t] += samples[i] * samples[i];
    energy[t] /= hop;
  }
}

gsize
sal_speech_activity_find (const float *energy, gsize n_frames, gboolean *speech)
{
  if (n_frames == 0)
    return 0;
  g_autofree float *sorted = g_memdup2 (energy, n_frames * sizeof (float));
  sal_vector_sort (sorted, n_frames);
  float loud = sorted[(n_frames - 1) * 95 / 100];
  float limit = MAX (loud * expf (-SPEECH_RANGE), SILENCE_RMS * SILENCE_RMS);
  for (gsize t = 0; t < n_frames; t++)
    speech[t] = energy[t] > limit;
  return sal_speech_activity_count (speech, n_frames);
}

gsize
sal_speech_activity_count (const gboolean *flags, gsize n)
{
  gsize sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += flags[i];
  return sum;
}
