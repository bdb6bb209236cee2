/* SPDX-License-Identifier: GPL-2.0-or-later */
/* noise-floor.c: noise floor of a recording, from its pauses */
#include "signal/noise-floor.h"

#include "compute/vector.h"

#define PAUSE_FRAMES 10 /* 100 ms: the shortest useful pause */
#define PAUSES 20       /* one stretch in 20, the quietest, counts as a pause */
#define LEAST 1.6e-10   /* -98 dB of full scale */

/* Moving average over n frames, [n_frames - n + 1]. */
static float *
running_mean (const float *energy, gsize n_frames, gsize n)
{
  float *means = g_new (float, n_frames - n + 1);
  double sum = 0;
  for (gsize t = 0; t < n_frames; t++) {
    sum += energy[t];
    if (t + 1 < n)
      continue;
    means[t + 1 - n] = (float) MAX (sum / (double) n, 0);
    sum -= energy[t + 1 - n];
  }
  return means;
}

double
sal_noise_floor_find (const float *energy, gsize n_frames)
{
  gsize n = MIN (n_frames, PAUSE_FRAMES);
  if (n == 0)
    return LEAST;
  g_autofree float *means = running_mean (energy, n_frames, n);
  gsize n_means = n_frames - n + 1, n_quiet = (n_means + PAUSES - 1) / PAUSES;
  double sum = 0;
  sal_vector_sort (means, n_means);
  for (gsize i = 0; i < n_quiet; i++)
    sum += means[i];
  return MAX (sum / (double) n_quiet, LEAST);
}

double
sal_noise_floor_remove (const float *energy, const gboolean *speech,
    gsize n_frames, double noise, gsize *n_counted)
{
  double sum = 0;
  *n_counted = 0;
  for (gsize t = 0; t < n_frames; t++)
    if (speech[t] && energy[t] > 2 * noise) {
      sum += energy[t] - noise;
      (*n_counted)++;
    }
  return sum;
}
