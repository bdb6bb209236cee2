/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spearman.c: Spearman's rank correlation */
#include "eval/spearman.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  float value;
  guint place;
} Item;

static int
by_value (gconstpointer a, gconstpointer b)
{
  const Item *x = a, *y = b;

  return x->value < y->value ? -1 : x->value > y->value;
}

gboolean
eval_spearman_find (const float *values, gsize n, float *ranks)
{
  g_autofree Item *items = g_new (Item, n + 1);

  for (gsize i = 0; i < n; i++)
    items[i] = (Item){ values[i], (guint) i };
  qsort (items, n, sizeof (Item), by_value);
  for (gsize i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && items[end].value == items[i].value;)
      end++;
    for (gsize k = i; k < end; k++)
      ranks[items[k].place] = (float) ((double) (i + end - 1) / 2);
  }
  return n > 0 && items[0].value < items[n - 1].value;
}

double
eval_spearman_correlate (const float *a, const float *b, gsize n)
{
  double mean = ((double) n - 1) / 2, ab = 0, aa = 0, bb = 0;

  for (gsize i = 0; i < n; i++) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  return aa > 0 && bb > 0 ? ab / sqrt (aa * bb) : 0;
}

double
eval_spearman (const float *a, const float *b, gsize n)
{
  g_autofree float *x = g_new (float, n + 1), *y = g_new (float, n + 1);

  eval_spearman_find (a, n, x);
  eval_spearman_find (b, n, y);
  return eval_spearman_correlate (x, y, n);
}
