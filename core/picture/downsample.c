/* SPDX-License-Identifier: GPL-2.0-or-later */
/* downsample.c: maps reduced to the columns of a picture */
#include "picture/downsample.h"

#include "picture/colours.h"

void
sal_columns_free (SalColumns *self)
{
  if (self == NULL)
    return;
  g_free (self->level);
  g_free (self->saliency);
  g_free (self->activity);
  g_free (self);
}

static SalColumns *
columns_new_empty (guint n_columns, guint n_bands)
{
  SalColumns *self = g_new0 (SalColumns, 1);

  self->n_columns = n_columns;
  self->n_bands = n_bands;
  self->level = g_new0 (float, (gsize) n_columns *n_bands);
  self->saliency = g_new0 (float, (gsize) n_columns *n_bands);
  self->activity = g_new0 (float, n_columns);
  return self;
}

static void
add_frame (SalColumns *self, guint column, const SalMap *map, guint t,
    float weight)
{
  gsize row = (gsize) column * self->n_bands;

  for (guint f = 0; f < self->n_bands; f++) {
    gsize i = (gsize) f * map->n_frames + t;
    self->level[row + f] += weight * map->log_mel[i];
    self->saliency[row + f] += weight * map->saliency[i];
  }
  self->activity[column] += weight * map->activity[t];
}

/* First frame of a column; frame t lies in column t C / T. */
static guint64
first_of (guint64 column, guint64 n_columns, guint64 n_frames)
{
  return (column * n_frames + n_columns - 1) / n_columns;
}

SalColumns *
sal_columns_new (SalMap *const *maps, guint n_maps, guint max_columns)
{
  guint64 n_frames = 0;

  g_return_val_if_fail (max_columns > 0, NULL);
  for (guint i = 0; i < n_maps; i++)
    n_frames += maps[i]->n_frames;
  if (n_frames == 0)
    return NULL;

  guint64 n_columns = MIN (n_frames, max_columns);
  SalColumns *self = columns_new_empty ((guint) n_columns, maps[0]->n_bands);
  guint64 frame = 0;
  for (guint i = 0; i < n_maps; i++) {
    for (guint t = 0; t < maps[i]->n_frames; t++, frame++) {
      guint64 column = frame * n_columns / n_frames;
      guint64 n = first_of (column + 1, n_columns, n_frames)
          - first_of (column, n_columns, n_frames);
      add_frame (self, (guint) column, maps[i], t, 1 / (float) n);
    }
  }
  return self;
}

void
sal_columns_paint (const SalColumns *self, float loudest, float range,
    guint32 *pixels, guint stride)
{
  for (guint f = 0; f < self->n_bands; f++) {
    guint32 *row = pixels + (gsize) (self->n_bands - 1 - f) * stride;
    for (guint j = 0; j < self->n_columns; j++) {
      gsize i = (gsize) j * self->n_bands + f;
      float level = 1 + (self->level[i] - loudest) / range;
      row[j] = sal_colour_pixel (level, self->saliency[i]);
    }
  }
}
