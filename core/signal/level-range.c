/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/level-range.h"

#include <math.h>
#include <string.h>

#include "compute/vector.h"

#define FRAMES 500 /* 5 s */
#define LOW 5      /* percentiles */
#define HIGH 95

struct _SalContrast {
  float levels[FRAMES]; /* ring, of frame n at n % FRAMES */
  guint64 n;
};

SalContrast *
sal_contrast_new (void)
{
  return g_new0 (SalContrast, 1);
}

void
sal_contrast_free (SalContrast *self)
{
  g_free (self);
}

void
sal_contrast_reset (SalContrast *self)
{
  self->n = 0;
}

void
sal_contrast_push (SalContrast *self, const float *log_mel, guint n_bands)
{
  float most = log_mel[0], sum = 0;
  for (guint f = 1; f < n_bands; f++)
    most = MAX (most, log_mel[f]);
  for (guint f = 0; f < n_bands; f++)
    sum += expf (log_mel[f] - most);
  self->levels[self->n++ % FRAMES] = most + logf (sum);
}

float
sal_contrast_get (const SalContrast *self)
{
  float sorted[FRAMES];
  gsize n = (gsize) MIN (self->n, FRAMES);
  if (n == 0)
    return 0;
  memcpy (sorted, self->levels, n * sizeof (float));
  sal_sort (sorted, n);
  return sorted[(n - 1) * HIGH / 100] - sorted[(n - 1) * LOW / 100];
}
