/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker.c: enrolled speaker (voiceprint embedding) and its file */
#include <saliency/speaker.h>

#include <math.h>
#include <string.h>

#include "network/model-internal.h"

#define KIND_KEY "speakersaliency-speaker"
#define KIND_VERSION "2"
/* The most common mistake is a recording in place of its voice. */
#define NO_SPEAKER                                                             \
  "not a .speaker file: make one from recordings with "                        \
  "`speakersaliency enrol`"
#define STATS "piece-stats"
#define N_STATS 7
#define COLUMNS "recording start seconds speech-seconds level-db agreement kept"

struct _SalSpeaker {
  char *name;
  char *model_id;
  char *model_name;
  guint E, n_pieces;
  float *pieces;    /* [P, E], unit length */
  SalPiece *stats;  /* [P] */
  float *embedding; /* [E], unit length */
  double speech_seconds;
};

static void
set_embedding (SalSpeaker *self)
{
  self->embedding = g_new0 (float, self->E);
  for (guint p = 0; p < self->n_pieces; p++)
    for (guint i = 0; self->stats[p].kept && i < self->E; i++)
      self->embedding[i] += self->pieces[(gsize) p * self->E + i];
  sal_vector_normalise (self->embedding, self->E);
}

SalSpeaker *
sal_speaker_new_full (const char *name, const SalModel *model,
    const float *pieces, const SalPiece *stats, guint n_pieces,
    double speech_seconds)
{
  g_return_val_if_fail (name != NULL && n_pieces > 0, NULL);
  SalSpeaker *self = g_atomic_rc_box_new0 (SalSpeaker);
  self->name = g_utf8_make_valid (name, -1);
  self->model_id = g_strdup (sal_model_get_id (model));
  self->model_name = g_strdup (sal_model_get_name (model));
  self->E = sal_model_get_embedding_size (model);
  self->n_pieces = n_pieces;
  self->pieces
      = g_memdup2 (pieces, (gsize) n_pieces * self->E * sizeof (float));
  self->stats = g_memdup2 (stats, n_pieces * sizeof (SalPiece));
  self->speech_seconds = speech_seconds;
  set_embedding (self);
  return self;
}

SalSpeaker *
sal_speaker_new (const char *name, const SalModel *model, const float *pieces,
    guint n_pieces, double speech_seconds)
{
  g_autofree SalPiece *stats = g_new0 (SalPiece, n_pieces);
  for (guint p = 0; p < n_pieces; p++)
    stats[p].kept = TRUE;
  return sal_speaker_new_full (name, model, pieces, stats, n_pieces,
      speech_seconds);
}

/* --- file ---------------------------------------------------------------- */

static void
stats_to_row (const SalPiece *piece, float row[N_STATS])
{
  const float values[N_STATS] = { (float) piece->recording, piece->start,
    piece->seconds, piece->speech_seconds, piece->level_db, piece->agreement,
    (float) piece->kept };
  memcpy (row, values, sizeof values);
}

/* FALSE if stats_to_row() cannot have written a value. */
static gboolean
stats_from_row (const float row[N_STATS], SalPiece *piece)
{
  const float most = 1 << 24; /* integers below are exact in float32 */
  if (!(row[0] >= 0 && row[0] < most) || row[0] != floorf (row[0]) || row[1] < 0
      || row[2] < 0 || row[3] < 0 || (row[6] != 0 && row[6] != 1))
    return FALSE;
  *piece = (SalPiece){ (guint) row[0], row[1], row[2], row[3], row[4], row[5],
    row[6] == 1 };
  return TRUE;
}

gboolean
sal_speaker_save (const SalSpeaker *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);
  g_autofree float *stats = g_new (float, (gsize) self->n_pieces *N_STATS);
  for (guint p = 0; p < self->n_pieces; p++)
    stats_to_row (&self->stats[p], stats + (gsize) p * N_STATS);
  char seconds[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (seconds, sizeof seconds, "%.3f", self->speech_seconds);
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (metadata, KIND_KEY, KIND_VERSION);
  g_hash_table_insert (metadata, "name", self->name);
  g_hash_table_insert (metadata, "model", self->model_name);
  g_hash_table_insert (metadata, "model-id", self->model_id);
  g_hash_table_insert (metadata, "speech-seconds", seconds);
  g_hash_table_insert (metadata, "piece-columns", COLUMNS);
  const SalTensor tensors[] = {
    { "embedding", self->embedding, 1, { self->E } },
    { "pieces", self->pieces, 2, { self->n_pieces, self->E } },
    { STATS, stats, 2, { self->n_pieces, N_STATS } },
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
      "%s: not a .speaker file: no metadata \"%s\"",
      sal_safetensors_get_path (file), key);
  return FALSE;
}

static gboolean
read_stats (SalSpeaker *self, const SalSafetensors *file, GError **error)
{
  const gsize shape[] = { self->n_pieces, N_STATS };
  g_autofree float *rows = sal_weights_read (file, STATS, shape, 2, error);
  if (rows == NULL)
    return FALSE;
  gboolean any = FALSE;
  self->stats = g_new (SalPiece, self->n_pieces);
  for (guint p = 0; p < self->n_pieces; p++) {
    if (!stats_from_row (rows + (gsize) p * N_STATS, &self->stats[p])) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
          "%s: tensor " STATS ": row %u is out of range",
          sal_safetensors_get_path (file), p);
      return FALSE;
    }
    any |= self->stats[p].kept;
  }
  if (!any)
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%s: tensor " STATS ": no piece is kept",
        sal_safetensors_get_path (file));
  return any;
}

static gboolean
read_pieces (SalSpeaker *self, const SalSafetensors *file, GError **error)
{
  gsize shape[SAL_SAFETENSORS_MAX_DIMS] = { 0 };
  const char *path = sal_safetensors_get_path (file);
  if (sal_safetensors_get_shape (file, "pieces", shape) != 2 || shape[0] == 0
      || shape[1] == 0 || shape[0] > G_MAXINT || shape[1] > G_MAXINT) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%s: not a .speaker file: no tensor pieces [P, E]", path);
    return FALSE;
  }
  self->pieces = sal_weights_read (file, "pieces", shape, 2, error);
  if (self->pieces == NULL)
    return FALSE;
  self->n_pieces = (guint) shape[0];
  self->E = (guint) shape[1];
  if (!read_stats (self, file, error))
    return FALSE;
  self->embedding = sal_weights_read (file, "embedding", shape + 1, 1, error);
  if (self->embedding == NULL)
    return FALSE;
  if (sal_vector_normalise (self->embedding, self->E) > 0)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
      "%s: tensor embedding is zero", path);
  return FALSE;
}

static gboolean
check_version (const SalSafetensors *file, GError **error)
{
  const char *version = sal_safetensors_get_metadata (file, KIND_KEY);
  if (version == NULL)
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%s: " NO_SPEAKER " (no metadata \"" KIND_KEY "\")",
        sal_safetensors_get_path (file));
  else if (!g_str_equal (version, KIND_VERSION))
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%s: .speaker file of version %.20s, not %s: enrol again",
        sal_safetensors_get_path (file), version, KIND_VERSION);
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_speaker (SalSpeaker *self, const SalSafetensors *file, GError **error)
{
  g_autofree char *seconds = NULL;
  if (!check_version (file, error)
      || !read_text (file, "name", &self->name, error)
      || !read_text (file, "model", &self->model_name, error)
      || !read_text (file, "model-id", &self->model_id, error)
      || !read_text (file, "speech-seconds", &seconds, error))
    return FALSE;
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
  g_autoptr (GError) cause = NULL;
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, &cause);
  if (file == NULL) {
    if (g_error_matches (cause, SAL_ERROR, SAL_ERROR_FORMAT))
      g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
          "%s: " NO_SPEAKER " (%s)", path,
          cause->message + strlen (path) + strlen (": "));
    else
      g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
  g_autoptr (SalSpeaker) self = g_atomic_rc_box_new0 (SalSpeaker);
  if (!read_speaker (self, file, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* --- references and fields ----------------------------------------------- */

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
  g_free (self->stats);
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

const SalPiece *
sal_speaker_get_pieces (const SalSpeaker *self)
{
  return self->stats;
}

const float *
sal_speaker_get_piece_embeddings (const SalSpeaker *self)
{
  return self->pieces;
}

double
sal_speaker_get_speech_seconds (const SalSpeaker *self)
{
  return self->speech_seconds;
}
