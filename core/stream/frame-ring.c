/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/frame-ring.h"

#include <string.h>

#include "signal/level-range.h"

#define SILENCE_RMS 3.2e-4f /* -70 dB of full scale, below any noise */

struct _SalFrameRing {
  guint n_bands, capacity, step;
  SalLevelRange *contrast;
  guint64 n_frames;
  float *log_mel;  /* ring: frame t is at t % capacity, [capacity, F] */
  double energy;   /* of the step being filled */
  guint n_energy;  /* samples in it */
  guint64 n_steps; /* filled */
  guint n_loud;
  guint8 *loud; /* ring: whether step t % n_loud had sound, [n_loud] */
};

SalFrameRing *
sal_frame_ring_new (guint n_bands, guint capacity, guint step, guint n_loud)
{
  SalFrameRing *self = g_new0 (SalFrameRing, 1);
  self->n_bands = n_bands;
  self->capacity = capacity;
  self->step = step;
  self->contrast = sal_level_range_new ();
  self->log_mel = g_new0 (float, (gsize) capacity *n_bands);
  self->n_loud = n_loud;
  self->loud = g_new0 (guint8, n_loud);
  return self;
}

void
sal_frame_ring_free (SalFrameRing *self)
{
  if (self == NULL)
    return;
  sal_level_range_free (self->contrast);
  g_free (self->log_mel);
  g_free (self->loud);
  g_free (self);
}

void
sal_frame_ring_reset (SalFrameRing *self)
{
  sal_level_range_reset (self->contrast);
  self->n_frames = 0;
  self->energy = 0;
  self->n_energy = 0;
  self->n_steps = 0;
}

void
sal_frame_ring_forget_contrast (SalFrameRing *self)
{
  sal_level_range_reset (self->contrast);
}

void
sal_frame_ring_listen (SalFrameRing *self, const float *samples,
    gsize n_samples)
{
  const double least = (double) SILENCE_RMS * SILENCE_RMS * self->step;
  for (gsize i = 0; i < n_samples; i++) {
    self->energy += (double) samples[i] * samples[i];
    if (++self->n_energy < self->step)
      continue;
    self->loud[self->n_steps++ % self->n_loud] = self->energy > least;
    self->energy = 0;
    self->n_energy = 0;
  }
}

void
sal_frame_ring_push_frame (SalFrameRing *self, const float *log_mel)
{
  memcpy (self->log_mel + self->n_frames % self->capacity * self->n_bands,
      log_mel, self->n_bands * sizeof (float));
  sal_level_range_push (self->contrast, log_mel, self->n_bands);
  self->n_frames++;
}

guint64
sal_frame_ring_get_n_frames (const SalFrameRing *self)
{
  return self->n_frames;
}

float
sal_frame_ring_get_contrast (const SalFrameRing *self)
{
  return sal_level_range_get (self->contrast);
}

gboolean
sal_frame_ring_is_silent (const SalFrameRing *self, guint64 start, guint64 end)
{
  for (guint64 t = start; t < MIN (end, self->n_steps); t++)
    if (self->loud[t % self->n_loud])
      return FALSE;
  return TRUE;
}

void
sal_frame_ring_get_frames (const SalFrameRing *self, guint64 start,
    guint n_frames, float *log_mel)
{
  g_assert (start + n_frames <= self->n_frames
      && self->n_frames - start <= self->capacity);
  for (guint i = 0; i < n_frames; i++) {
    const float *frame
        = self->log_mel + (start + i) % self->capacity * self->n_bands;
    for (guint f = 0; f < self->n_bands; f++)
      log_mel[(gsize) f * n_frames + i] = frame[f];
  }
}
