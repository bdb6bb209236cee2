/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "map.h"

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

gboolean
sal_map_normalise (float *map, gsize n, float gamma, gboolean is_signed,
    float *peak)
{
  float low = G_MAXFLOAT, high = -G_MAXFLOAT;
  gboolean finite = TRUE;
  for (gsize i = 0; i < n; i++) {
    finite = finite && isfinite (map[i]);
    low = MIN (low, map[i]);
    high = MAX (high, map[i]);
  }
  *peak = finite ? MAX (fabsf (low), fabsf (high)) : 0;
  double span = is_signed ? *peak : (double) high - low;
  /* Far below what a float can tell from its neighbours the map is flat. */
  if (!finite || !(span > 1e-6 * *peak) || !(span > G_MINFLOAT)) {
    memset (map, 0, n * sizeof (float));
    return FALSE;
  }
  double least = is_signed ? 0 : low;
  for (gsize i = 0; i < n; i++)
    map[i] = tanhf (gamma * (float) ((map[i] - least) / span)); /* (8), (9) */
  return TRUE;
}
