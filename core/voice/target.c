/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.c: target speaker: a class of the model or an enrolled voice */
#include <saliency/target.h>

#include <string.h>

#include "network/model-internal.h"
#include "voice/target-internal.h"

struct _SalTarget {
  char *name;
  char *model_id;
  guint E;
  float *row; /* [E] */
  int class_index;
  SalCohortStats cohort;
};

/* Mean and deviation of the cosines between a row and the cohort. */
static SalCohortStats
find_stats (const SalModel *model, const float *row, int class_index)
{
  gsize E = sal_model_get_embedding_size (model);
  guint N = sal_model_get_n_classes (model);
  g_autofree float *cosines = g_new0 (float, N + 1);
  g_autofree float *scratch = g_new (float, N + 1);
  for (guint j = 0; j < N; j++)
    for (gsize i = 0; i < E; i++)
      cosines[j] += row[i] * sal_model_get_rows (model)[j * E + i];
  return sal_cohort_stats (model, cosines, class_index, scratch);
}

static SalTarget *
target_new (const SalModel *model, const char *name, const float *row,
    int class_index)
{
  SalTarget *self = g_atomic_rc_box_new0 (SalTarget);
  self->name = g_strdup (name);
  self->model_id = g_strdup (sal_model_get_id (model));
  self->E = sal_model_get_embedding_size (model);
  self->row = g_memdup2 (row, self->E * sizeof (float));
  self->class_index = class_index;
  self->cohort = find_stats (model, row, class_index);
  return self;
}

SalTarget *
sal_target_new_class (const SalModel *model, const char *name, GError **error)
{
  g_return_val_if_fail (model != NULL && name != NULL, NULL);
  int index = sal_model_find_class (model, name);
  if (index < 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_TARGET,
        "%s: no class of that name among the %u of model %s", name,
        sal_model_get_n_classes (model), sal_model_get_name (model));
    return NULL;
  }
  gsize E = sal_model_get_embedding_size (model);
  return target_new (model, name, sal_model_get_rows (model) + index * E,
      index);
}

SalTarget *
sal_target_new_speaker (const SalModel *model, const SalSpeaker *speaker,
    GError **error)
{
  g_return_val_if_fail (model != NULL && speaker != NULL, NULL);
  const char *name = sal_speaker_get_name (speaker);
  if (!g_str_equal (sal_speaker_get_model_id (speaker),
          sal_model_get_id (model))) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_MISMATCH,
        "speaker %s was made with model %s (%s), not with %s (%s): enrol again",
        name, sal_speaker_get_model_name (speaker),
        sal_speaker_get_model_id (speaker), sal_model_get_name (model),
        sal_model_get_id (model));
    return NULL;
  }
  guint n_values;
  const float *embedding = sal_speaker_get_embedding (speaker, &n_values);
  if (n_values != sal_model_get_embedding_size (model)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_MISMATCH,
        "speaker %s has an embedding of %u values, model %s makes %u", name,
        n_values, sal_model_get_name (model),
        sal_model_get_embedding_size (model));
    return NULL;
  }
  if (sal_model_get_n_classes (model) == 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_TARGET,
        "model %s has no classes to compare speaker %s with",
        sal_model_get_name (model), name);
    return NULL;
  }
  if (sal_model_get_description (model)->head == SAL_HEAD_LINEAR) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_TARGET,
        "model %s has a linear head, which knows no voice but its own %u "
        "classes: speaker %s cannot be compared with them",
        sal_model_get_name (model), sal_model_get_n_classes (model), name);
    return NULL;
  }
  return target_new (model, name, embedding, -1);
}

SalTarget *
sal_target_load (const SalModel *model, const char *text, GError **error)
{
  g_return_val_if_fail (model != NULL && text != NULL, NULL);
  if (sal_model_find_class (model, text) >= 0)
    return sal_target_new_class (model, text, error);
  if (!g_file_test (text, G_FILE_TEST_EXISTS)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_TARGET,
        "%s: no such file, and no voice of that name among the %u of model %s",
        text, sal_model_get_n_classes (model), sal_model_get_name (model));
    return NULL;
  }
  g_autoptr (SalSpeaker) speaker = sal_speaker_load (text, error);
  if (speaker == NULL)
    return NULL;
  SalTarget *self = sal_target_new_speaker (model, speaker, error);
  if (self == NULL)
    g_prefix_error (error, "%s: ", text);
  return self;
}

SalTarget *
sal_target_ref (SalTarget *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
target_clear (gpointer data)
{
  SalTarget *self = data;
  g_free (self->name);
  g_free (self->model_id);
  g_free (self->row);
}

void
sal_target_unref (SalTarget *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, target_clear);
}

gboolean
sal_target_fits (const SalTarget *self, const SalModel *model)
{
  return g_str_equal (self->model_id, sal_model_get_id (model));
}

G_DEFINE_BOXED_TYPE (SalTarget, sal_target, sal_target_ref, sal_target_unref)

gboolean
sal_target_equal (const SalTarget *self, const SalTarget *other)
{
  return g_str_equal (self->model_id, other->model_id)
      && g_str_equal (self->name, other->name)
      && memcmp (self->row, other->row, self->E * sizeof (float)) == 0;
}

gboolean
sal_target_is_enrolled (const SalTarget *self)
{
  return self->class_index < 0;
}

const char *
sal_target_get_name (const SalTarget *self)
{
  return self->name;
}

const float *
sal_target_get_row (const SalTarget *self)
{
  return self->row;
}

SalCohortStats
sal_target_get_cohort_stats (const SalTarget *self)
{
  return self->cohort;
}

int
sal_target_get_class (const SalTarget *self)
{
  return self->class_index;
}
