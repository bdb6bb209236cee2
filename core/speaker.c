/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "speaker.h"

#include <math.h>
#include <string.h>

#include "model-private.h"

#define KIND_KEY "speakersaliency-speaker"
#define KIND_VERSION "1"

struct _SalSpeaker {
  char *name;
  char *model_id;
  char *model_name;
  guint E, n_pieces;
  float *pieces;    /* [P, E], unit length */
  float *embedding; /* [E], unit length */
  double speech_seconds;
};

static void
set_embedding (SalSpeaker *self)
{
  self->embedding = g_new0 (float, self->E);
  for (guint p = 0; p < self->n_pieces; p++)
    for (guint i = 0; i < self->E; i++)
      self->embedding[i] += self->pieces[p * self->E + i];
  sal_unit_length (self->embedding, self->E);
}

SalSpeaker *
sal_speaker_new (const char *name, const SalModel *model, const float *pieces,
    guint n_pieces, double speech_seconds)
{
  g_return_val_if_fail (name != NULL && n_pieces > 0, NULL);
  SalSpeaker *self = g_atomic_rc_box_new0 (SalSpeaker);
  self->name = g_utf8_make_valid (name, -1);
  self->model_id = g_strdup (sal_model_get_id (model));
  self->model_name = g_strdup (sal_model_get_name (model));
  self->E = sal_model_get_embedding_size (model);
  self->n_pieces = n_pieces;
  self->pieces = g_memdup2 (pieces,
      (gsize) n_pieces * self->E * sizeof (float));
  self->speech_seconds = speech_seconds;
  set_embedding (self);
  return self;
}

/* --- file ---------------------------------------------------------------- */

gboolean
sal_speaker_save (const SalSpeaker *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);
  char seconds[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (seconds, sizeof seconds, "%.3f", self->speech_seconds);
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (metadata, KIND_KEY, KIND_VERSION);
  g_hash_table_insert (metadata, "name", self->name);
  g_hash_table_insert (metadata, "model", self->model_name);
  g_hash_table_insert (metadata, "model-id", self->model_id);
  g_hash_table_insert (metadata, "speech-seconds", seconds);
  const SalTensor tensors[] = {
    { "embedding", self->embedding, 1, { self->E } },
    { "pieces", self->pieces, 2, { self->n_pieces, self->E } },
  };
  return sal_safetensors_save (path, tensors, G_N_ELEMENTS (tensors), metadata,
      error);
}

static gboolean
read_text (const SalSafetensors *file, const char *key, char **out,
    GError **error)
{
  *out = g_strdup (sal_safetensors_get_metadata (file, key));
  if (*out != NULL)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
      "%s: not a speaker file: no metadata \"%s\"",
      sal_safetensors_get_path (file), key);
  return FALSE;
}

static gboolean
read_pieces (SalSpeaker *self, const SalSafetensors *file, GError **error)
{
  gsize shape[SAL_SAFETENSORS_MAX_DIMS] = { 0 };
  const char *path = sal_safetensors_get_path (file);
  if (sal_safetensors_get_shape (file, "pieces", shape) != 2 || shape[0] == 0
      || shape[1] == 0 || shape[0] > G_MAXINT || shape[1] > G_MAXINT) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%s: not a speaker file: no tensor pieces [P, E]", path);
    return FALSE;
  }
  self->pieces = sal_weights_read (file, "pieces", shape, 2, error);
  if (self->pieces == NULL)
    return FALSE;
  self->n_pieces = (guint) shape[0];
  self->E = (guint) shape[1];
  self->embedding = sal_weights_read (file, "embedding", shape + 1, 1, error);
  if (self->embedding == NULL)
    return FALSE;
  if (sal_unit_length (self->embedding, self->E) > 0)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
      "%s: tensor embedding is zero", path);
  return FALSE;
}

static gboolean
read_speaker (SalSpeaker *self, const SalSafetensors *file, GError **error)
{
  g_autofree char *version = NULL, *seconds = NULL;
  if (!read_text (file, KIND_KEY, &version, error)
      || !read_text (file, "name", &self->name, error)
      || !read_text (file, "model", &self->model_name, error)
      || !read_text (file, "model-id", &self->model_id, error)
      || !read_text (file, "speech-seconds", &seconds, error))
    return FALSE;
  if (!g_str_equal (version, KIND_VERSION)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%s: speaker file of version %.20s, not %s",
        sal_safetensors_get_path (file), version, KIND_VERSION);
    return FALSE;
  }
  char *end;
  self->speech_seconds = g_ascii_strtod (seconds, &end);
  if (*seconds == '\0' || *end != '\0' || !isfinite (self->speech_seconds)
      || self->speech_seconds < 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%s: metadata \"speech-seconds\" is \"%.20s\", not a number of seconds",
        sal_safetensors_get_path (file), seconds);
    return FALSE;
  }
  return read_pieces (self, file, error);
}

SalSpeaker *
sal_speaker_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, error);
  if (file == NULL)
    return NULL;
  g_autoptr (SalSpeaker) self = g_atomic_rc_box_new0 (SalSpeaker);
  if (!read_speaker (self, file, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* --- the rest ------------------------------------------------------------ */

SalSpeaker *
sal_speaker_ref (SalSpeaker *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
speaker_clear (gpointer data)
{
  SalSpeaker *self = data;
  g_free (self->name);
  g_free (self->model_id);
  g_free (self->model_name);
  g_free (self->pieces);
  g_free (self->embedding);
}

void
sal_speaker_unref (SalSpeaker *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, speaker_clear);
}

const char *
sal_speaker_get_name (const SalSpeaker *self)
{
  return self->name;
}

const char *
sal_speaker_get_model_id (const SalSpeaker *self)
{
  return self->model_id;
}

const char *
sal_speaker_get_model_name (const SalSpeaker *self)
{
  return self->model_name;
}

guint
sal_speaker_get_embedding_size (const SalSpeaker *self)
{
  return self->E;
}

const float *
sal_speaker_get_embedding (const SalSpeaker *self)
{
  return self->embedding;
}

guint
sal_speaker_get_n_pieces (const SalSpeaker *self)
{
  return self->n_pieces;
}

double
sal_speaker_get_speech_seconds (const SalSpeaker *self)
{
  return self->speech_seconds;
}
