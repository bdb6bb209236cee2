/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/frame-ring.h"

#include <string.h>

#include "signal/level-range.h"

#define SILENCE_RMS 3.2e-4f /* -70 dB of full scale, below any noise */

struct _SalHistory {
  guint n_bands, capacity, step;
  SalContrast *contrast;
  guint64 n_frames;
  float *log_mel;  /* ring: frame t is at t % capacity, [capacity, F] */
  double energy;   /* of the step being filled */
  guint n_energy;  /* samples in it */
  guint64 n_steps; /* filled */
  guint n_loud;
  guint8 *loud;    /* ring: whether step t % n_loud had sound, [n_loud] */
};

SalHistory *
sal_history_new (guint n_bands, guint capacity, guint step, guint n_loud)
{
  SalHistory *self = g_new0 (SalHistory, 1);
  self->n_bands = n_bands;
  self->capacity = capacity;
  self->step = step;
  self->contrast = sal_contrast_new ();
  self->log_mel = g_new0 (float, (gsize) capacity * n_bands);
  self->n_loud = n_loud;
  self->loud = g_new0 (guint8, n_loud);
  return self;
}

void
sal_history_free (SalHistory *self)
{
  if (self == NULL)
    return;
  sal_contrast_free (self->contrast);
  g_free (self->log_mel);
  g_free (self->loud);
  g_free (self);
}

void
sal_history_reset (SalHistory *self)
{
  sal_contrast_reset (self->contrast);
  self->n_frames = 0;
  self->energy = 0;
  self->n_energy = 0;
  self->n_steps = 0;
}

void
sal_history_forget_contrast (SalHistory *self)
{
  sal_contrast_reset (self->contrast);
}

void
sal_history_listen (SalHistory *self, const float *samples, gsize n_samples)
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
sal_history_push_frame (SalHistory *self, const float *log_mel)
{
  memcpy (self->log_mel + self->n_frames % self->capacity * self->n_bands,
      log_mel, self->n_bands * sizeof (float));
  sal_contrast_push (self->contrast, log_mel, self->n_bands);
  self->n_frames++;
}

guint64
sal_history_get_n_frames (const SalHistory *self)
{
  return self->n_frames;
}

float
sal_history_get_contrast (const SalHistory *self)
{
  return sal_contrast_get (self->contrast);
}

gboolean
sal_history_is_silent (const SalHistory *self, guint64 start, guint64 end)
{
  for (guint64 t = start; t < MIN (end, self->n_steps); t++)
    if (self->loud[t % self->n_loud])
      return FALSE;
  return TRUE;
}

void
sal_history_get_frames (const SalHistory *self, guint64 start,
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
