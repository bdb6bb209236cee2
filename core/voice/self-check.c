/* SPDX-License-Identifier: GPL-2.0-or-later */
/* self-check.c: golden-value check of a model */
#include "voice/self-check.h"

#include <math.h>
#include <string.h>

#include "network/model-internal.h"
#include <saliency/score.h>

#define MAX_FRAMES 3000

/* Arrays of every stage, computed from the sound in the model file. */
typedef struct {
  SalNet *net;
  float *log_mel;
  gsize log_mel_size;
  SalScore score;
} Computed;

static void
compute (Computed *self, SalModel *model, SalMel *mel, const float *samples,
    gsize n_samples)
{
  gsize F = sal_model_get_description (model)->mel.n_bands;
  gsize T = sal_mel_n_frames (mel, n_samples);
  self->log_mel_size = F * T;
  self->log_mel = g_new (float, F *T);
  sal_mel_process (mel, samples, n_samples, self->log_mel);
  self->net = sal_net_new (model, (guint) T, 0, 1);
  sal_net_forward (self->net, self->log_mel, (guint) T);
  if (sal_model_get_n_classes (model) == 0)
    return;
  g_autoptr (SalScorer) scorer = sal_scorer_new (model);
  g_autoptr (SalTarget) target
      = sal_target_new_class (model, sal_model_get_class_name (model, 0), NULL);
  sal_scorer_score (scorer, target, sal_net_get_embedding (self->net),
      &self->score);
}

static void
computed_clear (Computed *self)
{
  sal_net_free (self->net);
  g_free (self->log_mel);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Computed, computed_clear)

/* The flat array of a stage; NULL for an unknown name. */
static const float *
stage_values (const Computed *self, const char *stage, gsize *size)
{
  guint shape[3];
  if (g_str_equal (stage, "log_mel")) {
    *size = self->log_mel_size;
    return self->log_mel;
  }
  if (g_str_equal (stage, "embedding")) {
    *size = sal_model_get_embedding_size (sal_net_get_model (self->net));
    return sal_net_get_embedding (self->net);
  }
  if (g_str_equal (stage, "score")) {
    *size = 1;
    return &self->score.log_odds;
  }
  if (strlen (stage) != 2 || stage[0] != 's' || stage[1] < '1'
      || stage[1] > '0' + SAL_STAGES)
    return NULL;
  const float *x
      = sal_net_get_stage (self->net, (guint) (stage[1] - '1'), shape);
  *size = (gsize) shape[0] * shape[1] * shape[2];
  return x;
}

static gboolean
compare (const Computed *self, const SalGoldenValues *golden,
    SalSelfCheckStage *result, GError **error)
{
  gsize size = 0;
  const float *have = stage_values (self, golden->stage, &size);
  float most = 0, scale = 0;
  gboolean finite = have != NULL;
  for (guint i = 0; finite && i < golden->n_values; i++) {
    finite = golden->indices[i] < size;
    if (!finite)
      break;
    most = MAX (most, fabsf (have[golden->indices[i]] - golden->values[i]));
    scale = MAX (scale, fabsf (golden->values[i]));
    finite = isfinite (have[golden->indices[i]]);
  }
  if (!g_str_equal (golden->stage, "log_mel"))
    most /= MAX (scale, G_MINFLOAT);
  *result = (SalSelfCheckStage){ golden->stage, finite ? most : INFINITY,
    golden->tolerance };
  if (result->difference <= result->tolerance)
    return TRUE;
  if (error != NULL && *error == NULL)
    g_set_error (error, SAL_ERROR, SAL_ERROR_MISMATCH,
        "stage %s differs by %g from what the model's maker computed, "
        "tolerance %g",
        golden->stage, result->difference, result->tolerance);
  return FALSE;
}

gboolean
sal_self_check_run (SalModel *model,
    SalSelfCheckStage stages[SAL_GOLDEN_STAGES], guint *n_stages,
    GError **error)
{
  g_return_val_if_fail (model != NULL && n_stages != NULL, FALSE);
  const SalDescription *record = sal_model_get_description (model);
  gsize n_samples;
  const float *samples = sal_model_get_golden_samples (model, &n_samples);
  *n_stages = 0;
  g_autoptr (SalMel) mel = sal_mel_new (&record->mel, error);
  if (mel == NULL)
    return FALSE;
  gsize T = sal_mel_n_frames (mel, n_samples);
  if (record->n_golden == 0 || T < 8 || T > MAX_FRAMES) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_DESCRIPTION,
        "%s: no golden values to verify with, for a sound of 8..%d frames",
        sal_model_get_path (model), MAX_FRAMES);
    return FALSE;
  }
  g_auto (Computed) computed = { NULL, NULL, 0, { 0, 0, 0, 0 } };
  g_autoptr (GError) first = NULL;
  compute (&computed, model, mel, samples, n_samples);
  for (guint i = 0; i < record->n_golden; i++)
    compare (&computed, &record->golden[i], &stages[(*n_stages)++], &first);
  if (first == NULL)
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&first),
      "%s: ", sal_model_get_path (model));
  return FALSE;
}
