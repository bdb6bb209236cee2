/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ranking.c: ranked bins, and masks from them */
#include "eval/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  float value;
  guint place; /* index by time, then band */
} Bin;

static int
by_value (gconstpointer a, gconstpointer b)
{
  const Bin *x = a, *y = b;

  if (x->value != y->value)
    return x->value > y->value ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

void
eval_ranking_order (const float *values, guint n_bands, guint n_frames,
    guint *order)
{
  gsize size = (gsize) n_bands * n_frames;
  g_autofree Bin *bins = g_new (Bin, size + 1);

  for (guint t = 0; t < n_frames; t++)
    for (guint f = 0; f < n_bands; f++) {
      float value = values[(gsize) f * n_frames + t];
      guint place = t * n_bands + f;
      bins[place] = (Bin){ isnan (value) ? -INFINITY : value, place };
    }
  qsort (bins, size, sizeof (Bin), by_value);
  for (gsize i = 0; i < size; i++)
    order[i] = bins[i].place % n_bands * n_frames + bins[i].place / n_bands;
}

void
eval_mask_largest (const float *values, guint n_bands, guint n_frames, gsize n,
    float *mask)
{
  gsize size = (gsize) n_bands * n_frames;
  g_autofree guint *order = g_new (guint, size + 1);

  eval_ranking_order (values, n_bands, n_frames, order);
  memset (mask, 0, size * sizeof (float));
  for (gsize i = 0; i < MIN (n, size); i++)
    mask[order[i]] = 1;
}

/* Selection sampling: each remaining bin is equally likely. */
void
eval_mask_random (GRand *rand, gsize size, gsize n, float *mask)
{
  for (gsize i = 0; i < size; i++) {
    gboolean taken
        = (gsize) g_rand_int_range (rand, 0, (gint32) (size - i)) < n;
    mask[i] = taken ? 1 : 0;
    n -= taken;
  }
}

void
eval_mask_profile (const float *map, guint n_bands, guint n_frames,
    float *profile)
{
  for (guint t = 0; t < n_frames; t++) {
    double sum = 0;
    for (guint f = 0; f < n_bands; f++)
      sum += map[(gsize) f * n_frames + t];
    profile[t] = (float) (sum / n_bands);
  }
}

void
eval_mask_spread (const float *profile, guint n_bands, guint n_frames,
    float *mask)
{
  for (guint f = 0; f < n_bands; f++)
    memcpy (mask + (gsize) f * n_frames, profile, n_frames * sizeof (float));
}

double
eval_mask_mass (const float *mask, gsize size)
{
  double sum = 0;

  for (gsize i = 0; i < size; i++)
    sum += mask[i];
  return sum / (double) size;
}
