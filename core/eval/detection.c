/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detection.c: detection metrics: AUC, EER, minDCF, Cllr */
#include "eval/detection.h"

#include <math.h>
#include <stdlib.h>

#include "compute/vector.h"

/* All trials with one score. */
typedef struct {
  float score;
  double target, other; /* numbers of trials */
} Step;

static int
by_score (gconstpointer a, gconstpointer b)
{
  float x = ((const Step *) a)->score, y = ((const Step *) b)->score;
  return x < y ? -1 : x > y;
}

static float
ordered (float score)
{
  return isnan (score) ? -INFINITY : score;
}

/* Returns: (transfer full): the distinct scores, ascending */
static Step *
make_steps (const EvalDetection *self, gsize *n_steps)
{
  gsize n = self->n_target + self->n_other, last = 0;
  Step *steps = g_new (Step, n + 1);

  for (gsize i = 0; i < self->n_target; i++)
    steps[i] = (Step){ ordered (self->target[i]), 1, 0 };
  for (gsize i = 0; i < self->n_other; i++)
    steps[self->n_target + i] = (Step){ ordered (self->other[i]), 0, 1 };
  qsort (steps, n, sizeof (Step), by_score);
  for (gsize i = 1; i < n; i++) {
    if (steps[i].score > steps[last].score) {
      steps[++last] = steps[i];
    } else {
      steps[last].target += steps[i].target;
      steps[last].other += steps[i].other;
    }
  }
  *n_steps = n > 0 ? last + 1 : 0;
  return steps;
}

static gboolean
is_empty (const EvalDetection *self)
{
  return self->n_target == 0 || self->n_other == 0;
}

double
eval_detection_auc (const EvalDetection *self)
{
  if (is_empty (self))
    return NAN;

  gsize n;
  g_autofree Step *steps = make_steps (self, &n);
  double below = 0, sum = 0; /* others below this step; pairs */
  for (gsize i = 0; i < n; i++) {
    sum += steps[i].target * (below + steps[i].other / 2);
    below += steps[i].other;
  }
  return sum / ((double) self->n_target * (double) self->n_other);
}

gsize
eval_detection_curve (const EvalDetection *self, double *miss,
    double *false_alarm)
{
  gsize n;
  g_autofree Step *steps = make_steps (self, &n);
  double missed = 0, accepted = (double) self->n_other;

  for (gsize i = 0; i <= n; i++) {
    miss[i] = missed / (double) self->n_target;
    false_alarm[i] = accepted / (double) self->n_other;
    if (i < n) {
      missed += steps[i].target;
      accepted -= steps[i].other;
    }
  }
  return n + 1;
}

double
eval_detection_eer (const EvalDetection *self)
{
  if (is_empty (self))
    return NAN;

  gsize room = self->n_target + self->n_other + 1, i = 1;
  g_autofree double *miss = g_new (double, room);
  g_autofree double *alarm = g_new (double, room);
  eval_detection_curve (self, miss, alarm);
  while (miss[i] < alarm[i])
    i++;
  double before = alarm[i - 1] - miss[i - 1], after = alarm[i] - miss[i];
  double part = before / (before - after);
  return miss[i - 1] + part * (miss[i] - miss[i - 1]);
}

double
eval_detection_min_dcf (const EvalDetection *self, double p_target)
{
  if (is_empty (self))
    return NAN;

  gsize room = self->n_target + self->n_other + 1;
  g_autofree double *miss = g_new (double, room);
  g_autofree double *alarm = g_new (double, room);
  gsize n = eval_detection_curve (self, miss, alarm);
  double least = INFINITY;
  for (gsize i = 0; i < n; i++)
    least = MIN (least, p_target * miss[i] + (1 - p_target) * alarm[i]);
  return least / MIN (p_target, 1 - p_target);
}

/* log2 (1 + e^x) */
static double
bits (double x)
{
  return sal_softplus (x) / G_LN2;
}

double
eval_detection_cllr (const EvalDetection *self)
{
  if (is_empty (self))
    return NAN;

  double target = 0, other = 0;
  for (gsize i = 0; i < self->n_target; i++)
    target += bits (-ordered (self->target[i]));
  for (gsize i = 0; i < self->n_other; i++)
    other += bits (ordered (self->other[i]));
  return (target / (double) self->n_target + other / (double) self->n_other)
      / 2;
}

/* Pool adjacent violators: joins neighbours until the share of targets rises.
 */
static gsize
pool_violators (Step *steps, gsize n)
{
  gsize n_pools = 0;

  for (gsize i = 0; i < n; i++) {
    steps[n_pools++] = steps[i];
    while (n_pools > 1
        && steps[n_pools - 2].target * steps[n_pools - 1].other
            >= steps[n_pools - 1].target * steps[n_pools - 2].other) {
      n_pools--;
      steps[n_pools - 1].target += steps[n_pools].target;
      steps[n_pools - 1].other += steps[n_pools].other;
    }
  }
  return n_pools;
}

double
eval_detection_min_cllr (const EvalDetection *self)
{
  if (is_empty (self))
    return NAN;

  gsize n;
  g_autofree Step *steps = make_steps (self, &n);
  double N = (double) self->n_target, M = (double) self->n_other, sum = 0;
  n = pool_violators (steps, n);
  for (gsize i = 0; i < n; i++) {
    double t = steps[i].target / N, o = steps[i].other / M;
    if (t > 0 && o > 0) /* else the ratio is infinite and costs nothing */
      sum += t * bits (log (o / t)) + o * bits (log (t / o));
  }
  return sum / 2;
}
