/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "actions.h"

#include "gstspeakersaliency-private.h"

#include "log.h"

static SalModel *
ref_model (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  SalModel *model = self->model != NULL ? sal_model_ref (self->model) : NULL;
  GST_OBJECT_UNLOCK (self);
  return model;
}

static void
reset (GstSpeakerSaliency *self)
{
  GST_INFO_OBJECT (self, "reset");
  g_atomic_int_set (&self->reset_wanted, TRUE);
}

static gboolean
enrol_start (GstSpeakerSaliency *self, const char *name)
{
  g_autoptr (SalModel) model = ref_model (self);
  if (model == NULL || name == NULL)
    return FALSE;
  GST_INFO_OBJECT (self, "enrolment of %s begins", name);
  gss_enrolment_start (self->enrolment, model, name);
  return TRUE;
}

static GstStructure *
enrol_finish (GstSpeakerSaliency *self, const char *location)
{
  GstStructure *result = gss_enrolment_finish (self->enrolment, location);
  GST_INFO_OBJECT (self, "enrolment: %" GST_PTR_FORMAT, result);
  return result;
}

/* In a thread of GStreamer's pool. */
static void
finish_and_post (GstElement *element, gpointer location)
{
  GstStructure *result
      = enrol_finish (GST_SPEAKER_SALIENCY (element), location);
  gst_element_post_message (element,
      gst_message_new_element (GST_OBJECT (element), result));
}

static void
enrol_finish_async (GstSpeakerSaliency *self, const char *location)
{
  gst_element_call_async (GST_ELEMENT (self), finish_and_post,
      g_strdup (location), g_free);
}

/* GObject keeps no text for signals: metadata of the element have it, which
 * gst-inspect-1.0 prints. */
static void
describe (GstElementClass *klass)
{
  gst_element_class_add_static_metadata (klass, "action-reset",
      "reset (): forgets what was made of the sound so far; sound and time go "
      "on");
  gst_element_class_add_static_metadata (klass, "action-enrol-start",
      "enrol-start (name): keeps what plays from now on, up to ten minutes, to "
      "enrol a voice; FALSE below PAUSED");
  gst_element_class_add_static_metadata (klass, "action-enrol-finish",
      "enrol-finish (path): enrols a voice from what was kept, writes the "
      ".speaker file and returns a structure speaker-enrolment: advice, or "
      "error; takes seconds in the calling thread");
  gst_element_class_add_static_metadata (klass, "action-enrol-async",
      "enrol-finish-async (path): the same in another thread; the structure "
      "comes as an element message");
}

static void
install_enrolment (GType type, GSignalFlags flags)
{
  /**
   * GstSpeakerSaliency::enrol-start:
   * @name: of the voice
   *
   * From now on what plays is kept to enrol a voice, up to ten minutes, until
   * the state goes below PAUSED.  No target is needed.
   *
   * Returns: %FALSE below PAUSED: there is no model to enrol with
   */
  g_signal_new_class_handler ("enrol-start", type, flags,
      G_CALLBACK (enrol_start), NULL, NULL, NULL, G_TYPE_BOOLEAN, 1,
      G_TYPE_STRING);
  /**
   * GstSpeakerSaliency::enrol-finish:
   * @location: path of the .speaker file to be written
   *
   * Enrols a voice from what was kept, in the calling thread, and writes it; to
   * look for it, set target to the path.  When the file cannot be written the
   * voice is kept, and may be written elsewhere by another enrol-finish.
   *
   * Returns: (transfer full): a structure `speaker-enrolment` with `name`,
   *   `location` and what to think of the recording: `seconds`,
   *   `speech-seconds`, `pieces` and how many were `kept`, `agreement` between
   *   them (cosine), `level-db`, `clipped` (part of the samples), `snr-db`,
   *   `second-voice` with `second-start` and `second-end` (s), expected
   *   `false-accept` and `false-reject`, `warnings` (#GstValueArray of strings:
   *   what to improve); or with `error` alone
   */
  g_signal_new_class_handler ("enrol-finish", type, flags,
      G_CALLBACK (enrol_finish), NULL, NULL, NULL, GST_TYPE_STRUCTURE, 1,
      G_TYPE_STRING);
  /**
   * GstSpeakerSaliency::enrol-finish-async:
   * @location: path of the .speaker file to be written
   *
   * As GstSpeakerSaliency::enrol-finish, in another thread: returns at once.
   * The structure is that of an element message.
   */
  g_signal_new_class_handler ("enrol-finish-async", type, flags,
      G_CALLBACK (enrol_finish_async), NULL, NULL, NULL, G_TYPE_NONE, 1,
      G_TYPE_STRING);
}

void
gss_actions_install (GstElementClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);
  GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;
  /**
   * GstSpeakerSaliency::reset:
   *
   * Forgets what was made of the sound so far; sound and time go on.
   */
  g_signal_new_class_handler ("reset", type, flags, G_CALLBACK (reset), NULL,
      NULL, NULL, G_TYPE_NONE, 0);
  install_enrolment (type, flags);
  describe (klass);
}
