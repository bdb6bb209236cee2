/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calibration.c: score calibration to log-likelihood ratios */
#include "network/calibration.h"

#include <math.h>

static float
between (float a, float b, double part)
{
  return (float) (a + part * (b - a));
}

static SalLine
line_between (const SalLine *a, const SalLine *b, double part)
{
  return (SalLine){ between (a->scale, b->scale, part),
    between (a->offset, b->offset, part) };
}

SalLine
sal_curve_at (const SalCurve *self, double seconds)
{
  if (self->n == 0)
    return (SalLine){ 1, 0 };
  guint last = self->n - 1, i = 0;
  if (!(seconds > self->at[0]))
    return self->lines[0];
  if (seconds >= self->at[last])
    return self->lines[last];
  while (seconds >= self->at[i + 1])
    i++;
  double part = log (seconds / self->at[i])
      / log ((double) self->at[i + 1] / self->at[i]);
  return line_between (&self->lines[i], &self->lines[i + 1], part);
}

SalLine
sal_line_pair_at (const SalLinePair *self, float contrast)
{
  if (!(contrast < self->clean_at))
    return self->clean;
  if (!(contrast > self->noisy_at))
    return self->noisy;
  return line_between (&self->noisy, &self->clean,
      (contrast - self->noisy_at) / (self->clean_at - self->noisy_at));
}

void
sal_hmm_config_init (SalHmmConfig *config)
{
  config->prior = 0.03f;
  config->rate = 3;
  config->weight = 5;
}
