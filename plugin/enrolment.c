/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrolment.h"

#include <saliency/enrol-warnings.h>

#define MAX_SECONDS 600 /* 64 kB each */

struct _GssEnrolment {
  GMutex lock;
  SalEnrol *enrol; /* NULL: nothing is kept */
  char *name;
  guint64 n_samples, max_samples;

  GMutex finishing;     /* held while a voice is computed */
  SalSpeaker *unsaved;  /* whose file could not be written; NULL: none */
  GstStructure *advice; /* of it */
};

GssEnrolment *
gss_enrolment_new (void)
{
  GssEnrolment *self = g_new0 (GssEnrolment, 1);
  g_mutex_init (&self->lock);
  g_mutex_init (&self->finishing);
  return self;
}

/* With @finishing held. */
static void
forget_unsaved (GssEnrolment *self)
{
  g_clear_pointer (&self->unsaved, sal_speaker_unref);
  g_clear_pointer (&self->advice, gst_structure_free);
}

void
gss_enrolment_free (GssEnrolment *self)
{
  if (self == NULL)
    return;
  sal_enrol_free (self->enrol);
  g_free (self->name);
  forget_unsaved (self);
  g_mutex_clear (&self->finishing);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Takes both; returns what there was before. */
static SalEnrol *
exchange (GssEnrolment *self, SalEnrol *enrol, char **name, guint64 max_samples)
{
  g_mutex_lock (&self->lock);
  SalEnrol *old_enrol = self->enrol;
  char *old_name = self->name;
  self->enrol = enrol;
  self->name = *name;
  self->n_samples = 0;
  self->max_samples = max_samples;
  g_mutex_unlock (&self->lock);
  *name = old_name;
  return old_enrol;
}

void
gss_enrolment_start (GssEnrolment *self, SalModel *model, const char *name)
{
  guint rate = sal_model_get_mel_config (model)->sample_rate;
  char *old = g_strdup (name);
  sal_enrol_free (exchange (self, sal_enrol_new (model), &old,
      (guint64) MAX_SECONDS * rate));
  g_free (old);
}

void
gss_enrolment_cancel (GssEnrolment *self)
{
  g_autofree char *name = NULL;
  /* a voice that is being computed is not waited for */
  if (g_mutex_trylock (&self->finishing)) {
    forget_unsaved (self);
    g_mutex_unlock (&self->finishing);
  }
  sal_enrol_free (exchange (self, NULL, &name, 0));
}

void
gss_enrolment_push (GssEnrolment *self, const float *samples, gsize n_samples)
{
  g_mutex_lock (&self->lock);
  if (self->enrol != NULL) {
    gsize n = MIN (n_samples, self->max_samples - self->n_samples);
    sal_enrol_push (self->enrol, samples, n);
    self->n_samples += n;
  }
  g_mutex_unlock (&self->lock);
}

static void
set_warnings (GstStructure *structure, char **warnings)
{
  g_auto (GValue) list = G_VALUE_INIT;
  g_value_init (&list, GST_TYPE_ARRAY);
  for (char **text = warnings; *text != NULL; text++) {
    GValue value = G_VALUE_INIT;
    g_value_init (&value, G_TYPE_STRING);
    g_value_set_string (&value, *text);
    gst_value_array_append_and_take_value (&list, &value);
  }
  gst_structure_set_value (structure, "warnings", &list);
}

static GstStructure *
advice_structure (const SalEnrolAdvice *advice, char **warnings)
{
  GstStructure *structure = gst_structure_new ("speaker-enrolment", "seconds",
      G_TYPE_DOUBLE, advice->seconds, "speech-seconds", G_TYPE_DOUBLE,
      advice->speech_seconds, "pieces", G_TYPE_UINT, advice->n_pieces, "kept",
      G_TYPE_UINT, advice->n_kept, "agreement", G_TYPE_DOUBLE,
      (double) advice->agreement, "level-db", G_TYPE_DOUBLE,
      (double) advice->level_db, "clipped", G_TYPE_DOUBLE,
      (double) advice->clipped, "snr-db", G_TYPE_DOUBLE,
      (double) advice->snr_db, "second-voice", G_TYPE_BOOLEAN,
      advice->second_voice, "second-start", G_TYPE_DOUBLE, advice->second_start,
      "second-end", G_TYPE_DOUBLE, advice->second_end, "false-accept",
      G_TYPE_DOUBLE, (double) advice->false_accept, "false-reject",
      G_TYPE_DOUBLE, (double) advice->false_reject, NULL);
  set_warnings (structure, warnings);
  return structure;
}

/* With @finishing held. */
static gboolean
compute (GssEnrolment *self, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (SalEnrol) enrol = exchange (self, NULL, &name, 0);
  SalEnrolAdvice advice;
  if (enrol == NULL && self->unsaved != NULL)
    return TRUE;
  if (enrol == NULL) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "no enrolment is under way");
    return FALSE;
  }
  forget_unsaved (self);
  if (!sal_enrol_end (enrol, error))
    return FALSE;
  self->unsaved = sal_enrol_finish (enrol, name, &advice, error);
  if (self->unsaved == NULL)
    return FALSE;
  g_auto (GStrv) warnings
      = sal_enrol_list_warnings (enrol, self->unsaved, &advice, NULL);
  self->advice = advice_structure (&advice, warnings);
  return TRUE;
}

/* With @finishing held. */
static GstStructure *
make_speaker (GssEnrolment *self, const char *location, GError **error)
{
  if (location == NULL) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_FILE,
        "there is no location to write the voice to");
    return NULL;
  }
  if (!compute (self, error)
      || !sal_speaker_save (self->unsaved, location, error))
    return NULL;
  GstStructure *result = g_steal_pointer (&self->advice);
  gst_structure_set (result, "name", G_TYPE_STRING,
      sal_speaker_get_name (self->unsaved), NULL);
  forget_unsaved (self);
  return result;
}

GstStructure *
gss_enrolment_finish (GssEnrolment *self, const char *location)
{
  g_autoptr (GError) error = NULL;
  g_mutex_lock (&self->finishing);
  GstStructure *result = make_speaker (self, location, &error);
  g_mutex_unlock (&self->finishing);
  if (result == NULL)
    return gst_structure_new ("speaker-enrolment", "error", G_TYPE_STRING,
        error->message, NULL);
  gst_structure_set (result, "location", G_TYPE_STRING, location, NULL);
  return result;
}
