/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrol.h"

#include <math.h>
#include <string.h>

#include "model-private.h"
#include "net.h"
#include "speech.h"

#define WINDOW_FRAMES 200    /* two seconds */
#define STEP_FRAMES 100
#define MIN_SPEECH_FRAMES 50 /* half a second */
#define FULL_SCALE 0.999f

struct _SalEnrol {
  SalModel *model;
  SalMel *mel;
  SalNet *net;
  GArray *pieces;          /* [P, E] */
  guint64 n_samples, n_clipped, n_speech_frames;
  double speech_energy;    /* sum of the mean squares of speech frames */
};

SalEnrol *
sal_enrol_new (SalModel *model)
{
  g_return_val_if_fail (model != NULL, NULL);
  SalEnrol *self = g_new0 (SalEnrol, 1);
  self->model = sal_model_ref (model);
  /* The record was checked when the model was loaded. */
  self->mel = sal_mel_new (&sal_model_get_record (model)->mel, NULL);
  self->net = sal_net_new (model, WINDOW_FRAMES);
  self->pieces = g_array_new (FALSE, FALSE, sizeof (float));
  return self;
}

void
sal_enrol_free (SalEnrol *self)
{
  if (self == NULL)
    return;
  sal_model_unref (self->model);
  sal_mel_free (self->mel);
  sal_net_free (self->net);
  g_array_unref (self->pieces);
  g_free (self);
}

static gboolean
check_samples (const float *samples, gsize n_samples, GError **error)
{
  for (gsize i = 0; i < n_samples; i++)
    if (!(fabsf (samples[i]) <= SAL_LOUDEST)) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
          "sample %" G_GSIZE_FORMAT " is %s", i,
          isnan (samples[i])        ? "not a number"
              : isinf (samples[i]) ? "infinite"
                                   : "far above full scale");
      return FALSE;
    }
  return TRUE;
}

/* The embedding of frames [start, start + n), of unit length, as a piece. */
static void
add_piece (SalEnrol *self, const float *log_mel, gsize T, gsize start, gsize n)
{
  guint E = sal_model_get_embedding_size (self->model);
  gsize F = sal_model_get_record (self->model)->mel.n_bands;
  g_autofree float *window = g_new (float, F * n);
  for (gsize f = 0; f < F; f++)
    memcpy (window + f * n, log_mel + f * T + start, n * sizeof (float));
  sal_net_forward (self->net, window, (guint) n);
  guint at = self->pieces->len;
  g_array_append_vals (self->pieces, sal_net_get_embedding (self->net), E);
  sal_unit_length (&g_array_index (self->pieces, float, at), E);
}

/* Windows with at least half their length of speech; if there are none, the
 * richest. */
static void
add_pieces (SalEnrol *self, const float *log_mel, gsize T,
    const gboolean *speech)
{
  gsize n = MIN (T, WINDOW_FRAMES), best = 0, richest = 0;
  guint before = self->pieces->len;
  for (gsize start = 0; start + n <= T; start += STEP_FRAMES) {
    gsize n_speech = sal_speech_count (speech + start, n);
    if (n_speech > richest) {
      richest = n_speech;
      best = start;
    }
    if (n_speech >= n / 2)
      add_piece (self, log_mel, T, start, n);
  }
  if (self->pieces->len == before)
    add_piece (self, log_mel, T, best, n);
}

gboolean
sal_enrol_add (SalEnrol *self, const float *samples, gsize n_samples,
    GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  const SalMelConfig *mel = &sal_model_get_record (self->model)->mel;
  if (!check_samples (samples, n_samples, error))
    return FALSE;
  gsize T = sal_mel_n_frames (self->mel, n_samples);
  g_autofree float *energy = g_new (float, T + 1);
  g_autofree gboolean *speech = g_new (gboolean, T + 1);
  sal_speech_energy (samples, n_samples, 0, mel->hop, T, energy);
  gsize n_speech = sal_speech_find (energy, T, speech);
  double frame = (double) mel->hop / mel->sample_rate;
  if (n_speech < MIN_SPEECH_FRAMES) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "%.2f s of speech in %.2f s of sound, less than the %.1f s needed",
        n_speech * frame, (double) n_samples / mel->sample_rate,
        MIN_SPEECH_FRAMES * frame);
    return FALSE;
  }
  g_autofree float *log_mel = g_new (float, mel->n_bands * T);
  sal_mel_process (self->mel, samples, n_samples, log_mel);
  add_pieces (self, log_mel, T, speech);
  self->n_samples += n_samples;
  self->n_speech_frames += n_speech;
  for (gsize t = 0; t < T; t++)
    self->speech_energy += speech[t] ? energy[t] : 0;
  for (gsize i = 0; i < n_samples; i++)
    self->n_clipped += fabsf (samples[i]) >= FULL_SCALE;
  return TRUE;
}

/* Mean cosine between each piece and the mean of the others. */
static float
agreement (const float *pieces, guint n, guint E)
{
  g_autofree float *total = g_new0 (float, E);
  g_autofree float *others = g_new (float, E);
  double sum = 0;
  for (gsize i = 0; i < (gsize) n * E; i++)
    total[i % E] += pieces[i];
  for (guint p = 0; n > 1 && p < n; p++) {
    for (guint i = 0; i < E; i++)
      others[i] = total[i] - pieces[p * E + i];
    sal_unit_length (others, E);
    for (guint i = 0; i < E; i++)
      sum += others[i] * pieces[p * E + i];
  }
  return n > 1 ? (float) (sum / n) : 1;
}

SalSpeaker *
sal_enrol_finish (SalEnrol *self, const char *name, SalEnrolAdvice *advice,
    GError **error)
{
  g_return_val_if_fail (self != NULL && name != NULL, NULL);
  const SalMelConfig *mel = &sal_model_get_record (self->model)->mel;
  guint E = sal_model_get_embedding_size (self->model);
  guint n = self->pieces->len / E;
  const float *pieces = (const float *) self->pieces->data;
  if (n == 0) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "no speech was given");
    return NULL;
  }
  double speech_seconds
      = (double) self->n_speech_frames * mel->hop / mel->sample_rate;
  if (advice != NULL)
    *advice = (SalEnrolAdvice){
      .seconds = (double) self->n_samples / mel->sample_rate,
      .speech_seconds = speech_seconds,
      .n_pieces = n,
      .agreement = agreement (pieces, n, E),
      .level_db = 10 * (float) log10 (self->speech_energy
                      / self->n_speech_frames),
      .clipped = (float) self->n_clipped / self->n_samples,
    };
  return sal_speaker_new (name, self->model, pieces, n, speech_seconds);
}
