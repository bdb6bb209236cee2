/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/activations.h"

#include <string.h>

#define B SAL_ACTIVATIONS_BLOCK
#define TILE SAL_ACTIVATIONS_TILE

/* One pixel before, and after as far as a window over the last tile goes. */
static guint
bordered (guint size)
{
  return 1 + (size + TILE - 1) / TILE * TILE + 1;
}

gsize
sal_activations_size (guint n_channels, guint h, guint w)
{
  return sal_activations_in_blocks (n_channels) * bordered (h) * bordered (w);
}

/* All of a plane of memory but its h x w pixels of `pixel` floats. */
static void
clear_border (float *memory, guint h, guint w, guint pixel)
{
  gsize row = (gsize) bordered (w) * pixel;
  gsize after = row - (1 + w) * pixel;
  memset (memory, 0, row * sizeof (float));
  for (guint i = 1; i <= h; i++) {
    memset (memory + i * row, 0, pixel * sizeof (float));
    memset (memory + (i + 1) * row - after, 0, after * sizeof (float));
  }
  memset (memory + (1 + h) * row, 0,
      (bordered (h) - 1 - h) * row * sizeof (float));
}

void
sal_activations_bind (SalActivations *self, guint n_channels, guint h, guint w,
    float *memory)
{
  self->n_channels = n_channels;
  self->h = h;
  self->w = w;
  self->n_blocks = sal_activations_blocks (n_channels);
  self->row = (gsize) bordered (w) * B;
  self->block = bordered (h) * self->row;
  self->data = NULL;
  if (memory == NULL)
    return;
  self->data = memory + self->row + B;
  for (guint block = 0; block < self->n_blocks; block++)
    clear_border (memory + block * self->block, h, w, B);
}

void
sal_activations_bind_flat (SalActivations *self, guint h, guint w,
    float *memory)
{
  *self = (SalActivations){ .n_channels = 1,
    .h = h,
    .w = w,
    .n_blocks = 1,
    .row = bordered (w) };
  if (memory == NULL)
    return;
  self->data = memory + self->row + 1;
  clear_border (memory, h, w, 1);
}

void
sal_activations_read (const SalActivations *self, float *x)
{
  for (guint c = 0; c < self->n_channels; c++)
    for (guint i = 0; i < self->h; i++) {
      const float *in = sal_activations_at (self, c / B, i, 0) + c % B;
      for (guint j = 0; j < self->w; j++)
        *x++ = in[(gsize) j * B];
    }
}

void
sal_activations_write (const SalActivations *self, const float *x)
{
  for (guint c = 0; c < self->n_blocks * B; c++)
    for (guint i = 0; i < self->h; i++) {
      float *out = sal_activations_at (self, c / B, i, 0) + c % B;
      for (guint j = 0; j < self->w; j++)
        out[(gsize) j * B] = c < self->n_channels ? *x++ : 0;
    }
}
