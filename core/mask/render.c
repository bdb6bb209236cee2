/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/render.h>

#include <math.h>
#include <string.h>

#include <saliency/masker.h>

struct _SalRender {
  guint n_bands;                     /* of the gain */
  float *bands_hz;                   /* [F] of the front end */
  double frame_period, frame_centre; /* s */
  SalGate *gate;
  SalMasker *masker; /* NULL: no format yet */
  GArray *gains;     /* scratch: of float, [n_frames, n_bands] */
  GArray *bands;     /* likewise, of one map */
};

SalRender *
sal_render_new (const SalMelConfig *mel, const SalGateConfig *gate,
    gboolean by_frequency, GError **error)
{
  g_return_val_if_fail (mel != NULL, NULL);
  SalGateConfig defaults;
  guint n_bands = by_frequency ? mel->n_bands : 1;
  double period = (double) mel->hop / mel->sample_rate;
  sal_gate_config_init (&defaults);
  SalGate *opened = sal_gate_new (gate != NULL ? gate : &defaults, n_bands,
      (float) (1000 * period), error);
  if (opened == NULL)
    return NULL;
  SalRender *self = g_new0 (SalRender, 1);
  self->gate = opened;
  self->n_bands = n_bands;
  self->bands_hz = g_new (float, mel->n_bands);
  sal_mel_config_bands (mel, self->bands_hz);
  self->frame_period = period;
  self->frame_centre = (double) sal_mel_config_centre (mel) / mel->sample_rate;
  self->gains = g_array_new (FALSE, FALSE, sizeof (float));
  self->bands = g_array_new (FALSE, FALSE, sizeof (float));
  return self;
}

void
sal_render_free (SalRender *self)
{
  if (self == NULL)
    return;
  sal_gate_free (self->gate);
  sal_masker_free (self->masker);
  g_array_unref (self->gains);
  g_array_unref (self->bands);
  g_free (self->bands_hz);
  g_free (self);
}

gboolean
sal_render_set_format (SalRender *self, guint rate, guint n_channels,
    GError **error)
{
  const SalMaskerConfig config = {
    .rate = rate,
    .n_channels = n_channels,
    .n_bands = self->n_bands,
    .bands_hz = self->bands_hz,
    .frame_period = self->frame_period,
    .frame_centre = self->frame_centre,
  };
  sal_masker_free (self->masker);
  self->masker = sal_masker_new (&config, error);
  sal_gate_reset (self->gate);
  return self->masker != NULL;
}

gboolean
sal_render_set_gate (SalRender *self, const SalGateConfig *gate, GError **error)
{
  return sal_gate_set_config (self->gate, gate, error);
}

void
sal_render_reset (SalRender *self)
{
  sal_gate_reset (self->gate);
  if (self->masker != NULL)
    sal_masker_reset (self->masker);
}

/* --- in ------------------------------------------------------------------ */

/* Probabilities of @n_frames frames become gains, in place. */
static void
push_gains (SalRender *self, float *gains, guint n_frames)
{
  sal_gate_process (self->gate, gains, n_frames, gains);
  sal_masker_push_gains (self->masker, gains, n_frames);
}

static float *
get_scratch (GArray *array, gsize n)
{
  g_array_set_size (array, (guint) n);
  return (float *) array->data;
}

void
sal_render_push_maps (SalRender *self, SalMap *const *maps, guint n_maps)
{
  g_return_if_fail (self->masker != NULL && n_maps > 0);
  guint n_frames = maps[0]->n_frames;
  gsize n = (gsize) n_frames * self->n_bands;
  float *most = get_scratch (self->gains, n);
  memset (most, 0, n * sizeof (float));
  for (guint m = 0; m < n_maps; m++) {
    const float *probability = maps[m]->activity;
    g_return_if_fail (maps[m]->n_frames == n_frames);
    if (self->n_bands > 1) {
      float *bands = get_scratch (self->bands, n);
      g_return_if_fail (maps[m]->n_bands == self->n_bands);
      sal_gate_band_probability (maps[m], bands);
      probability = bands;
    }
    for (gsize i = 0; i < n; i++)
      most[i] = fmaxf (most[i], probability[i]);
  }
  push_gains (self, most, n_frames);
}

void
sal_render_push_activity (SalRender *self, const float *activity,
    guint n_frames)
{
  g_return_if_fail (self->masker != NULL && self->n_bands == 1);
  float *gains = get_scratch (self->gains, n_frames);
  if (n_frames > 0)
    memcpy (gains, activity, n_frames * sizeof (float));
  push_gains (self, gains, n_frames);
}

void
sal_render_push (SalRender *self, const float *pcm, gsize n_frames)
{
  g_return_if_fail (self->masker != NULL);
  sal_masker_push (self->masker, pcm, n_frames);
}

void
sal_render_finish (SalRender *self)
{
  g_return_if_fail (self->masker != NULL);
  sal_masker_finish (self->masker);
}

/* --- out ----------------------------------------------------------------- */

gsize
sal_render_get_n_ready (const SalRender *self)
{
  return self->masker != NULL ? sal_masker_get_n_ready (self->masker) : 0;
}

gsize
sal_render_get_run (const SalRender *self, gboolean *is_plain)
{
  g_return_val_if_fail (self->masker != NULL, 0);
  return sal_masker_get_run (self->masker, is_plain);
}

void
sal_render_pull (SalRender *self, float *pcm, gsize n_frames)
{
  g_return_if_fail (self->masker != NULL);
  sal_masker_pull (self->masker, pcm, n_frames);
}

void
sal_render_skip (SalRender *self, gsize n_frames)
{
  g_return_if_fail (self->masker != NULL);
  sal_masker_skip (self->masker, n_frames);
}

guint
sal_render_get_delay (const SalRender *self)
{
  return self->masker != NULL ? sal_masker_get_delay (self->masker) : 0;
}
