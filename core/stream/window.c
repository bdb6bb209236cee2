/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/window.h"

#include "stream/window-internal.h"

SalWindow *
sal_window_new (const SalModel *model)
{
  SalWindow *self = g_new0 (SalWindow, 1);
  self->n_bands = sal_model_get_mel_config (model)->n_bands;
  self->max_frames = SAL_WINDOW_FRAMES;
  self->log_mel = g_new (float, (gsize) self->n_bands * self->max_frames);
  self->embeddings = g_new (float,
      (gsize) sal_model_get_embedding_size (model) * self->max_frames);
  self->targets
      = g_ptr_array_new_with_free_func ((GDestroyNotify) sal_target_unref);
  return self;
}

void
sal_window_free (SalWindow *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_results; i++) {
    g_free (self->results[i].map);
    g_free (self->results[i].columns);
  }
  g_free (self->results);
  g_free (self->log_mel);
  g_free (self->embeddings);
  g_ptr_array_unref (self->targets);
  g_free (self);
}

void
sal_window_need_results (SalWindow *self, guint n)
{
  if (n <= self->n_results)
    return;
  self->results = g_renew (SalWindowResult, self->results, n);
  for (; self->n_results < n; self->n_results++)
    self->results[self->n_results] = (SalWindowResult){
      .map = g_new (float, (gsize) self->n_bands * self->max_frames),
      .columns = g_new (float, self->max_frames),
    };
  g_ptr_array_set_size (self->targets, (int) n); /* grows */
  g_ptr_array_set_size (self->targets, 0);
}

const SalWindowResult *
sal_window_get_result (const SalWindow *self, const SalTarget *target)
{
  for (guint i = 0; i < self->targets->len; i++)
    if (self->targets->pdata[i] == target)
      return &self->results[i];
  return NULL;
}

void
sal_window_release (SalWindow *self, guint n)
{
  self->out = FALSE;
  g_ptr_array_set_size (self->targets, 0);
  sal_window_need_results (self, n);
}

guint64
sal_window_start (guint64 end)
{
  return end > SAL_WINDOW_FRAMES ? end - SAL_WINDOW_FRAMES : 0;
}

guint64
sal_window_get_seqnum (const SalWindow *self)
{
  return self->seqnum;
}

guint64
sal_window_get_end (const SalWindow *self)
{
  return self->start + self->n_frames;
}
