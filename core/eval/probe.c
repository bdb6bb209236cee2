/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.c: networks and buffers of one evaluation thread */
#include "eval/probe.h"

#include "network/geometry.h"

EvalProbe *
eval_probe_new (SalModel *model, guint max_frames, const EvalMapStyle *style)
{
  EvalProbe *self = g_new0 (EvalProbe, 1);
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  gsize size = (gsize) mel->n_bands * max_frames;

  self->model = sal_model_ref (model);
  self->max_frames = max_frames;
  self->mel = sal_mel_new (mel, NULL); /* loading the model has checked it */
  self->net = sal_net_new (model, max_frames, 0, 1);
  self->altered_net = sal_net_new (model, max_frames, SAL_STAGES - 1, 1);
  self->scorer = sal_scorer_new (model);
  self->maps = eval_maps_new (model, max_frames, style);
  self->n_bands = mel->n_bands;
  self->log_mel = g_new (float, size);
  self->input = g_new (float, size);
  self->altered = g_new (float, size);
  self->map = g_new (float, size);
  self->mask = g_new (float, size);
  self->speaks = g_new (gboolean, max_frames);
  self->counts = g_new (gboolean, max_frames);
  return self;
}

void
eval_probe_free (gpointer ear)
{
  EvalProbe *self = ear;

  if (self == NULL)
    return;
  sal_model_unref (self->model);
  sal_mel_free (self->mel);
  sal_net_free (self->net);
  sal_net_free (self->altered_net);
  sal_net_free (self->cut_net);
  sal_scorer_free (self->scorer);
  eval_maps_free (self->maps);
  g_free (self->log_mel);
  g_free (self->input);
  g_free (self->altered);
  g_free (self->map);
  g_free (self->mask);
  g_free (self->speaks);
  g_free (self->counts);
  g_free (self);
}

void
eval_probe_listen (EvalProbe *self, const EvalConcatenation *join)
{
  self->n_frames = (guint) sal_mel_n_frames (self->mel, join->n_samples);
  sal_mel_process (self->mel, join->samples, join->n_samples, self->log_mel);
  sal_net_forward (self->net, self->log_mel, self->n_frames);
  sal_net_get_input (self->net, self->input);
  sal_net_forward (self->altered_net, self->log_mel, self->n_frames);
}

const float *
eval_probe_listen_cut (EvalProbe *self, const float *wanted)
{
  guint T = self->n_frames, n = 0;

  for (guint t = 0; t < T; t++)
    n += wanted[t] > 0;
  if (n < SAL_WINDOW_LEAST_FRAMES)
    return NULL;
  for (guint f = 0; f < self->n_bands; f++)
    for (guint t = 0, i = 0; t < T; t++)
      if (wanted[t] > 0)
        self->altered[(gsize) f * n + i++] = self->log_mel[(gsize) f * T + t];
  if (self->cut_net == NULL)
    self->cut_net
        = sal_net_new (self->model, self->max_frames, SAL_STAGES - 1, 1);
  sal_net_forward (self->cut_net, self->altered, n);
  return sal_net_get_embedding (self->cut_net);
}

gsize
eval_probe_size (const EvalProbe *self)
{
  return (gsize) self->n_bands * self->n_frames;
}
