/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/kernels/trial.h"

#include "compute/aligned.h"

/* A part of the third of four stages of a ResNet: products of middling shape.
 */
#define CHANNELS 128
#define HEIGHT 10
#define WIDTH 50

#define TURNS 3

static gint64
time_once (const SalKernels *kernels, const SalWinograd *job, float *scratch)
{
  guint rows = HEIGHT / SAL_WINOGRAD_TILE;
  gsize one = kernels->winograd_scratch (job, 1);
  gsize another = kernels->winograd_scratch (job, 2) - one;
  guint each = one > kernels->strip
      ? 1
      : 1 + (guint) ((kernels->strip - one) / another);
  gint64 begun = g_get_monotonic_time ();
  for (guint row = 0; row < rows; row += each)
    kernels->winograd (job, row, MIN (row + each, rows), 0, job->y->n_blocks,
        scratch);
  return g_get_monotonic_time () - begun;
}

gboolean
sal_kernels_trial (const SalKernels *one, const SalKernels *other)
{
  const SalKernels *sets[] = { one, other };
  gint64 least[] = { G_MAXINT64, G_MAXINT64 };
  SalActivations x, y;
  gsize size = sal_activations_size (CHANNELS, HEIGHT, WIDTH);
  float *memory = sal_aligned_new (2 * size);
  float *filter
      = sal_aligned_new ((gsize) SAL_WINOGRAD_POINTS * CHANNELS * CHANNELS);
  sal_activations_bind (&x, CHANNELS, HEIGHT, WIDTH, memory);
  sal_activations_bind (&y, CHANNELS, HEIGHT, WIDTH, memory + size);
  const SalWinograd job = { .x = &x, .y = &y, .filter = filter };
  guint rows = HEIGHT / SAL_WINOGRAD_TILE;
  float *scratch = sal_aligned_new (MAX (one->winograd_scratch (&job, rows),
      other->winograd_scratch (&job, rows)));
  for (guint turn = 0; turn < TURNS; turn++)
    for (guint i = 0; i < 2; i++)
      least[i] = MIN (least[i], time_once (sets[i], &job, scratch));
  g_aligned_free (scratch);
  g_aligned_free (filter);
  g_aligned_free (memory);
  return 10 * least[0] <= 9 * least[1];
}
