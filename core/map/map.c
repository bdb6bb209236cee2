/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map.c: saliency map: reference counting, resizing, normalising */
#include <saliency/map.h>

#include <math.h>
#include <string.h>

static void
map_clear (gpointer data)
{
  SalMap *self = data;
  g_free (self->saliency);
  g_free (self->activity);
  g_free (self->log_odds);
  g_free (self->log_mel);
}

SalMap *
sal_map_new (guint n_bands, guint n_frames)
{
  SalMap *self = g_atomic_rc_box_new0 (SalMap);
  gsize size = (gsize) n_bands * n_frames;
  self->n_bands = n_bands;
  self->n_frames = n_frames;
  self->trust = NAN;
  self->saliency = g_new0 (float, size);
  self->activity = g_new0 (float, n_frames);
  self->log_odds = g_new0 (float, n_frames);
  self->log_mel = g_new0 (float, size);
  return self;
}

SalMap *
sal_map_ref (SalMap *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
sal_map_unref (SalMap *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, map_clear);
}

/* The two input places between which output i lies, and how far along. */
static void
neighbours (guint i, float scale, guint n, guint *low, guint *high, float *part)
{
  float at = ((float) i + 0.5f) * scale - 0.5f;
  at = CLAMP (at, 0.0f, (float) (n - 1));
  *low = (guint) at;
  *high = MIN (*low + 1, n - 1);
  *part = at - (float) *low;
}

void
sal_map_resize (const float *in, guint in_h, guint in_w, float *out,
    guint out_h, guint out_w, float scale_h, float scale_w)
{
  for (guint i = 0; i < out_h; i++) {
    guint top, bottom;
    float down;
    neighbours (i, scale_h, in_h, &top, &bottom, &down);
    const float *above = in + (gsize) top * in_w;
    const float *below = in + (gsize) bottom * in_w;
    for (guint j = 0; j < out_w; j++) {
      guint left, right;
      float along;
      neighbours (j, scale_w, in_w, &left, &right, &along);
      float a = above[left] + along * (above[right] - above[left]);
      float b = below[left] + along * (below[right] - below[left]);
      *out++ = a + down * (b - a);
    }
  }
}

typedef struct {
  float low, high;
  float peak; /* largest magnitude, 0 if not finite */
  gboolean finite;
} Range;

static Range
range_of (const float *map, gsize n)
{
  Range range = { G_MAXFLOAT, -G_MAXFLOAT, 0, TRUE };
  for (gsize i = 0; i < n; i++) {
    range.finite = range.finite && isfinite (map[i]);
    range.low = MIN (range.low, map[i]);
    range.high = MAX (range.high, map[i]);
  }
  if (range.finite)
    range.peak = MAX (fabsf (range.low), fabsf (range.high));
  return range;
}

/* Whether values that lie so far apart are all one to a float. */
static gboolean
is_flat (const Range *range, double span)
{
  return !range->finite || !(span > 1e-6 * range->peak) || !(span > G_MINFLOAT);
}

gboolean
sal_map_stretch (float *map, gsize n)
{
  Range range = range_of (map, n);
  double span = (double) range.high - range.low;
  if (is_flat (&range, span)) {
    memset (map, 0, n * sizeof (float));
    return FALSE;
  }
  for (gsize i = 0; i < n; i++)
    map[i] = (float) (((double) map[i] - range.low) / span); /* (8) */
  return TRUE;
}

/* The k-th smallest, from 0; reorders x.  Unlike sal_vector_sort(), it never
 * allocates, and it is linear. */
static float
kth_smallest (float *x, gsize n, gsize k)
{
  gssize first = 0, last = (gssize) n - 1, at = (gssize) k;
  while (first < last) {
    float pivot = x[first + (last - first) / 2];
    gssize i = first, j = last;
    while (i <= j) {
      while (x[i] < pivot)
        i++;
      while (x[j] > pivot)
        j--;
      if (i <= j) {
        float swapped = x[i];
        x[i++] = x[j];
        x[j--] = swapped;
      }
    }
    if (at <= j)
      last = j;
    else if (at >= i)
      first = i;
    else
      break;
  }
  return x[k];
}

void
sal_map_cut (float *map, gsize n, float percentile, float *scratch)
{
  Range range = range_of (map, n);
  if (percentile >= 100 || n == 0 || !range.finite)
    return;
  for (gsize i = 0; i < n; i++)
    scratch[i] = fabsf (map[i]);
  gsize rank = (gsize) lrint (percentile / 100.0 * (double) (n - 1));
  float limit = kth_smallest (scratch, n, rank);
  range.high = MIN (range.high, limit);
  range.low = MAX (range.low, -limit);
  range.peak = limit;
  if (is_flat (&range, (double) range.high - range.low))
    return;
  for (gsize i = 0; i < n; i++)
    map[i] = CLAMP (map[i], -limit, limit);
}

gboolean
sal_map_normalise (float *map, gsize n, float gamma, gboolean is_signed,
    float *peak)
{
  Range range = range_of (map, n);
  *peak = range.peak;
  double span = is_signed ? range.peak : (double) range.high - range.low;
  if (is_flat (&range, span)) {
    memset (map, 0, n * sizeof (float));
    return FALSE;
  }
  double least = is_signed ? 0 : range.low;
  for (gsize i = 0; i < n; i++)
    map[i] = tanhf (gamma * (float) ((map[i] - least) / span)); /* (8), (9) */
  return TRUE;
}
