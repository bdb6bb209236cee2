/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map.c: saliency map: reference counting, resizing, normalising */
#include <saliency/map.h>

#include <math.h>

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

G_DEFINE_BOXED_TYPE (SalMap, sal_map, sal_map_ref, sal_map_unref)

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

/* --- arrays, for bindings ------------------------------------------------ */

/* Bytes that keep the map alive. */
static GBytes *
share (SalMap *self, const float *array, gsize n)
{
  return g_bytes_new_with_free_func (array, n * sizeof (float),
      (GDestroyNotify) sal_map_unref, sal_map_ref (self));
}

GBytes *
sal_map_get_saliency (SalMap *self)
{
  return share (self, self->saliency, (gsize) self->n_bands * self->n_frames);
}

GBytes *
sal_map_get_activity (SalMap *self)
{
  return share (self, self->activity, self->n_frames);
}

GBytes *
sal_map_get_log_odds (SalMap *self)
{
  return share (self, self->log_odds, self->n_frames);
}

GBytes *
sal_map_get_log_mel (SalMap *self)
{
  return share (self, self->log_mel, (gsize) self->n_bands * self->n_frames);
}
