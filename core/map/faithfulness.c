/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faithfulness.c: faithfulness of a map, by insertion and deletion */
#include "map/faithfulness.h"

#include <math.h>
#include <string.h>

#include "compute/vector.h"

#define SCALE 20 /* D: nats of a trust of tanh 1 */

static const double parts[SAL_FAITHFULNESS_FORWARDS / 2] = { 0.3, 0.7 };

struct _SalFaithfulness {
  SalScorer *scorer;
  guint n_bands, n_frames;
  float *input;  /* normalised log-Mel of the intact window, [F, T] */
  float *masked; /* [F, T] */
  float *sorted; /* values of the map, ascending, [F T] */
};

SalFaithfulness *
sal_faithfulness_new (SalModel *model, guint max_frames)
{
  SalFaithfulness *self = g_new0 (SalFaithfulness, 1);
  self->n_bands = sal_model_get_mel_config (model)->n_bands;
  gsize size = (gsize) self->n_bands * max_frames;
  self->scorer = sal_scorer_new (model);
  self->input = g_new (float, size);
  self->masked = g_new (float, size);
  self->sorted = g_new (float, size);
  return self;
}

void
sal_faithfulness_free (SalFaithfulness *self)
{
  if (self == NULL)
    return;
  sal_scorer_free (self->scorer);
  g_free (self->input);
  g_free (self->masked);
  g_free (self->sorted);
  g_free (self);
}

void
sal_faithfulness_begin (SalFaithfulness *self, const SalNet *net)
{
  self->n_frames = sal_net_get_n_frames (net);
  sal_net_get_input (net, self->input);
}

/* Keeps the first n bins, or all other bins. */
static void
keep (SalFaithfulness *self, const float *map, gsize n, gboolean first)
{
  guint F = self->n_bands, T = self->n_frames;
  gsize size = (gsize) F * T, n_equal = n;
  float limit = n > 0 ? self->sorted[size - n] : G_MAXFLOAT;
  for (gsize i = 0; i < size; i++)
    n_equal -= map[i] > limit;
  for (guint t = 0; t < T; t++)
    for (guint f = 0; f < F; f++) {
      gsize i = (gsize) f * T + t;
      gboolean among = map[i] > limit || (map[i] == limit && n_equal > 0);
      n_equal -= among && map[i] == limit;
      self->masked[i] = among == first ? self->input[i] : 0;
    }
}

static float
score_masked (SalFaithfulness *self, SalNet *net, const SalTarget *target)
{
  SalScore score;
  sal_net_forward_input (net, self->masked);
  sal_scorer_score (self->scorer, target, sal_net_get_embedding (net), &score);
  return score.log_odds;
}

float
sal_faithfulness_measure (SalFaithfulness *self, SalNet *net,
    const SalTarget *target, const float *map)
{
  gsize size = (gsize) self->n_bands * self->n_frames;
  double sum = 0;
  memcpy (self->sorted, map, size * sizeof (float));
  sal_vector_sort (self->sorted, size);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    gsize n = (gsize) lrint (parts[i] * (double) size);
    keep (self, map, n, TRUE);
    sum += score_masked (self, net, target);
    keep (self, map, size - n, FALSE);
    sum -= score_masked (self, net, target);
  }
  double trust = tanh (sum / (G_N_ELEMENTS (parts) * SCALE));
  return isfinite (trust) ? (float) trust : 0;
}
