/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.c: model file: description, weights and class rows */
#include "network/model-internal.h"

#include <math.h>
#include <string.h>

#include "network/geometry.h"

#define ID_DIGITS 16

struct _SalModel {
  gint n_refs; /* atomic */
  char *path;
  char id[ID_DIGITS + 1];
  SalDescription *record;
  SalWeights *weights;
  float *rows;    /* [N, E] */
  float *biases;  /* [N] */
  float *samples; /* golden */
  gsize n_samples;
  void (*forget) (const SalModel *model); /* (nullable) */
};

static gboolean
read_head (SalModel *self, const SalSafetensors *file,
    const SalTensorHook *hook, GError **error)
{
  gsize N = self->record->n_classes, E = self->record->topology.embedding_size;
  if (self->record->head == SAL_HEAD_NONE)
    return TRUE;
  self->rows
      = sal_weights_read (file, "head.weight", (gsize[]){ N, E }, 2, error);
  if (self->rows == NULL)
    return FALSE;
  sal_tensor_hook_call (hook, "head.weight", self->rows, N * E);
  if (self->record->head == SAL_HEAD_LINEAR) {
    self->biases = sal_weights_read (file, "head.bias", &N, 1, error);
    if (self->biases != NULL)
      sal_tensor_hook_call (hook, "head.bias", self->biases, N);
    return self->biases != NULL;
  }
  self->biases = g_new0 (float, N);
  for (gsize j = 0; j < N; j++)
    if (sal_vector_normalise (self->rows + j * E, E) == 0) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
          "%s: tensor head.weight: row %" G_GSIZE_FORMAT " is zero", self->path,
          j);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_golden (SalModel *self, const SalSafetensors *file, GError **error)
{
  gsize shape[SAL_SAFETENSORS_MAX_DIMS];
  if (sal_safetensors_get_shape (file, "golden.samples", shape) != 1)
    return TRUE;
  self->samples = sal_weights_read (file, "golden.samples", shape, 1, error);
  self->n_samples = shape[0];
  return self->samples != NULL;
}

static gboolean
read_model (SalModel *self, const SalSafetensors *file,
    const SalTensorHook *hook, GError **error)
{
  const char *text = sal_safetensors_get_metadata (file, SAL_DESCRIPTION_KEY);
  if (text == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_DESCRIPTION,
        "%s: not a model: no metadata \"%s\"", self->path, SAL_DESCRIPTION_KEY);
    return FALSE;
  }
  self->record = sal_description_parse (text, error);
  if (self->record == NULL) {
    g_prefix_error (error, "%s: ", self->path);
    return FALSE;
  }
  self->weights = sal_weights_new (file, self->record, hook, error);
  return self->weights != NULL && read_head (self, file, hook, error)
      && read_golden (self, file, error);
}

static void
model_free (SalModel *self)
{
  g_free (self->path);
  sal_description_free (self->record);
  sal_weights_free (self->weights);
  g_free (self->rows);
  g_free (self->biases);
  g_free (self->samples);
  g_free (self);
}

SalModel *
sal_model_read (const char *path, const SalTensorHook *hook, GError **error)
{
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, error);
  if (file == NULL)
    return NULL;

  g_autoptr (SalModel) self = g_new0 (SalModel, 1);
  self->n_refs = 1;
  self->path = g_strdup (path);
  if (!read_model (self, file, hook, error))
    return NULL;
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256,
      sal_safetensors_get_bytes (file));
  memcpy (self->id, sum, ID_DIGITS);
  return g_steal_pointer (&self);
}

SalModel *
sal_model_ref (SalModel *self)
{
  g_atomic_int_inc (&self->n_refs);
  return self;
}

void
sal_model_set_forget (SalModel *self, void (*forget) (const SalModel *model))
{
  self->forget = forget;
}

gboolean
sal_model_try_ref (SalModel *self)
{
  gint n = g_atomic_int_get (&self->n_refs);
  while (n > 0 && !g_atomic_int_compare_and_exchange (&self->n_refs, n, n + 1))
    n = g_atomic_int_get (&self->n_refs);
  return n > 0;
}

void
sal_model_unref (SalModel *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->n_refs))
    return;
  if (self->forget != NULL)
    self->forget (self);
  model_free (self);
}

const char *
sal_model_get_path (const SalModel *self)
{
  return self->path;
}

const char *
sal_model_get_name (const SalModel *self)
{
  return self->record->name;
}

const char *
sal_model_get_id (const SalModel *self)
{
  return self->id;
}

const SalMelConfig *
sal_model_get_mel_config (const SalModel *self)
{
  return &self->record->mel;
}

guint
sal_model_get_embedding_size (const SalModel *self)
{
  return self->record->topology.embedding_size;
}

guint
sal_model_get_n_classes (const SalModel *self)
{
  return self->record->n_classes;
}

const char *
sal_model_get_class_name (const SalModel *self, guint index)
{
  g_return_val_if_fail (index < self->record->n_classes, NULL);
  return self->record->classes[index];
}

int
sal_model_find_class (const SalModel *self, const char *name)
{
  for (guint i = 0; i < self->record->n_classes; i++)
    if (g_str_equal (self->record->classes[i], name))
      return (int) i;
  return -1;
}

guint
sal_model_get_frames_per_column (const SalModel *self)
{
  return sal_geometry_frames_per_column (&self->record->topology);
}

const SalDescription *
sal_model_get_description (const SalModel *self)
{
  return self->record;
}

const SalWeights *
sal_model_get_weights (const SalModel *self)
{
  return self->weights;
}

void
sal_model_need_backward (SalModel *self, guint stage)
{
  sal_weights_need_backward (self->weights, stage);
}

const float *
sal_model_get_rows (const SalModel *self)
{
  return self->rows;
}

const float *
sal_model_get_biases (const SalModel *self)
{
  return self->biases;
}

const float *
sal_model_get_golden_samples (const SalModel *self, gsize *n_samples)
{
  *n_samples = self->n_samples;
  return self->samples;
}
