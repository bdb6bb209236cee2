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

/* --- cells --------------------------------------------------------------- */

/* A cell is the sum over span frames; the last one may have fewer. */
struct _SalDownsampler {
  guint n_bands, max_cells;
  guint64 span; /* frames */
  guint64 n_frames;
  GArray *sums; /* of float, for each cell: level [F], saliency [F], activity */
};

static guint
cell_size (const SalDownsampler *self)
{
  return 2 * self->n_bands + 1;
}

SalDownsampler *
sal_downsampler_new (guint n_bands, guint max_cells)
{
  g_return_val_if_fail (n_bands > 0 && max_cells > 1, NULL);
  SalDownsampler *self = g_new0 (SalDownsampler, 1);

  *self = (SalDownsampler){ .n_bands = n_bands,
    .max_cells = max_cells,
    .span = 1,
    .sums = g_array_new (FALSE, TRUE, sizeof (float)) };
  return self;
}

void
sal_downsampler_free (SalDownsampler *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->sums);
  g_free (self);
}

/* Cells become twice as long, and half as many. */
static void
merge_cells (SalDownsampler *self)
{
  guint size = cell_size (self), n = self->sums->len / size;
  float *sums = (float *) self->sums->data;

  for (guint c = 0; c < n; c++)
    for (guint i = 0; i < size; i++) {
      float sum = sums[(gsize) c * size + i];
      float *to = &sums[(gsize) (c / 2) * size + i];
      *to = c % 2 == 0 ? sum : *to + sum;
    }
  g_array_set_size (self->sums, (n + 1) / 2 * size);
  self->span *= 2;
}

static void
add_frame (SalDownsampler *self, const SalMap *map, guint t)
{
  guint size = cell_size (self), F = self->n_bands;

  if (self->n_frames / self->span >= self->max_cells)
    merge_cells (self);
  gsize at = (gsize) (self->n_frames / self->span) * size;
  if (at == self->sums->len)
    g_array_set_size (self->sums, self->sums->len + size);
  float *sums = (float *) self->sums->data + at;
  for (guint f = 0; f < F; f++) {
    gsize i = (gsize) f * map->n_frames + t;
    sums[f] += map->log_mel[i];
    sums[F + f] += map->saliency[i];
  }
  sums[2 * F] += map->activity[t];
  self->n_frames++;
}

void
sal_downsampler_push (SalDownsampler *self, const SalMap *map)
{
  g_return_if_fail (map->n_bands == self->n_bands || map->n_frames == 0);
  for (guint t = 0; t < map->n_frames; t++)
    add_frame (self, map, t);
}

guint64
sal_downsampler_get_n_frames (const SalDownsampler *self)
{
  return self->n_frames;
}

/* --- columns ------------------------------------------------------------- */

static guint64
n_frames_of (const SalDownsampler *self, guint64 cell)
{
  return MIN (self->span, self->n_frames - cell * self->span);
}

static void
add_cell (SalColumns *self, gsize column, const float *sums, float weight)
{
  guint F = self->n_bands;

  for (guint f = 0; f < F; f++) {
    self->level[column * F + f] += weight * sums[f];
    self->saliency[column * F + f] += weight * sums[F + f];
  }
  self->activity[column] += weight * sums[2 * F];
}

SalColumns *
sal_downsampler_get_columns (const SalDownsampler *self, guint max_columns)
{
  guint size = cell_size (self);
  guint64 n_cells = self->sums->len / size;
  const float *sums = (const float *) self->sums->data;

  g_return_val_if_fail (max_columns > 0, NULL);
  if (n_cells == 0)
    return NULL;
  guint n_columns = (guint) MIN (n_cells, max_columns);
  g_autofree guint64 *n = g_new0 (guint64, n_columns); /* frames */
  for (guint64 c = 0; c < n_cells; c++)
    n[c * n_columns / n_cells] += n_frames_of (self, c);
  SalColumns *columns = columns_new_empty (n_columns, self->n_bands);
  for (guint64 c = 0; c < n_cells; c++) {
    gsize column = (gsize) (c * n_columns / n_cells);
    add_cell (columns, column, sums + c * size, 1 / (float) n[column]);
  }
  return columns;
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
  g_autoptr (SalDownsampler) all
      = sal_downsampler_new (maps[0]->n_bands, (guint) n_frames + 1);
  for (guint i = 0; i < n_maps; i++)
    sal_downsampler_push (all, maps[i]);
  return sal_downsampler_get_columns (all, max_columns);
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
