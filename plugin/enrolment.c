/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrolment.h"

#define MAX_SECONDS 600 /* 64 kB each */

struct _GssEnrolment {
  GMutex lock;
  SalEnrol *enrol; /* NULL: none under way */
  char *name;
  guint64 n_samples, max_samples;
};

GssEnrolment *
gss_enrolment_new (void)
{
  GssEnrolment *self = g_new0 (GssEnrolment, 1);
  g_mutex_init (&self->lock);
  return self;
}

void
gss_enrolment_free (GssEnrolment *self)
{
  if (self == NULL)
    return;
  sal_enrol_free (self->enrol);
  g_free (self->name);
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

static GstStructure *
advice_structure (const SalEnrolAdvice *advice)
{
  return gst_structure_new ("speaker-enrolment", "seconds", G_TYPE_DOUBLE,
      advice->seconds, "speech-seconds", G_TYPE_DOUBLE, advice->speech_seconds,
      "pieces", G_TYPE_UINT, advice->n_pieces, "kept", G_TYPE_UINT,
      advice->n_kept, "agreement", G_TYPE_DOUBLE, (double) advice->agreement,
      "level-db", G_TYPE_DOUBLE, (double) advice->level_db, "clipped",
      G_TYPE_DOUBLE, (double) advice->clipped, "snr-db", G_TYPE_DOUBLE,
      (double) advice->snr_db, "second-voice", G_TYPE_BOOLEAN,
      advice->second_voice, "second-start", G_TYPE_DOUBLE, advice->second_start,
      "second-end", G_TYPE_DOUBLE, advice->second_end, "false-accept",
      G_TYPE_DOUBLE, (double) advice->false_accept, "false-reject",
      G_TYPE_DOUBLE, (double) advice->false_reject, NULL);
}

static GstStructure *
make_speaker (SalEnrol *enrol, const char *name, const char *location,
    GError **error)
{
  SalEnrolAdvice advice;
  if (enrol == NULL) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "no enrolment is under way");
    return NULL;
  }
  if (location == NULL) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_FILE,
        "there is no location to write the voice to");
    return NULL;
  }
  if (!sal_enrol_end (enrol, error))
    return NULL;
  g_autoptr (SalSpeaker) speaker
      = sal_enrol_finish (enrol, name, &advice, error);
  if (speaker == NULL || !sal_speaker_save (speaker, location, error))
    return NULL;
  return advice_structure (&advice);
}

GstStructure *
gss_enrolment_finish (GssEnrolment *self, const char *location)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SalEnrol) enrol = exchange (self, NULL, &name, 0);
  GstStructure *result = make_speaker (enrol, name, location, &error);
  if (result == NULL)
    return gst_structure_new ("speaker-enrolment", "error", G_TYPE_STRING,
        error->message, NULL);
  gst_structure_set (result, "name", G_TYPE_STRING, name, "location",
      G_TYPE_STRING, location, NULL);
  return result;
}
