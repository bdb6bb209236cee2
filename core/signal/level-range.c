/* SPDX-License-Identifier: GPL-2.0-or-later */
/* level-range.c: speech-to-noise contrast from level percentiles, live */
#include "signal/level-range.h"

#include <math.h>
#include <string.h>

#include "compute/vector.h"

#define FRAMES 500 /* 5 s */
#define LOW 5      /* percentiles */
#define HIGH 95

struct _SalLevelRange {
  float levels[FRAMES]; /* ring buffer: frame n at n % FRAMES */
  guint64 n;
};

SalLevelRange *
sal_level_range_new (void)
{
  return g_new0 (SalLevelRange, 1);
}

void
sal_level_range_free (SalLevelRange *self)
{
  g_free (self);
}

void
sal_level_range_reset (SalLevelRange *self)
{
  self->n = 0;
}

void
sal_level_range_push (SalLevelRange *self, const float *log_mel, guint n_bands)
{
  float most = log_mel[0], sum = 0;
  for (guint f = 1; f < n_bands; f++)
    most = MAX (most, log_mel[f]);
  for (guint f = 0; f < n_bands; f++)
    sum += expf (log_mel[f] - most);
  self->levels[self->n++ % FRAMES] = most + logf (sum);
}

float
sal_level_range_get (const SalLevelRange *self)
{
  float sorted[FRAMES];
  gsize n = (gsize) MIN (self->n, FRAMES);
  if (n == 0)
    return 0;
  memcpy (sorted, self->levels, n * sizeof (float));
  sal_vector_sort (sorted, n);
  return sorted[(n - 1) * HIGH / 100] - sorted[(n - 1) * LOW / 100];
}
