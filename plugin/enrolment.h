/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enrolment.h: live enrolment: a voice enrolled from what plays
 *
 * All functions may be called by any thread.
 */
#pragma once

#include <gst/gst.h>

#include <saliency/enrol.h>

typedef struct _GssEnrolment GssEnrolment;

GssEnrolment *gss_enrolment_new (void);
void gss_enrolment_free (GssEnrolment *self); /* NULL is a no-op */

/**
 * gss_enrolment_start:
 *
 * Samples count from now on; samples pushed before do not.  A voice that could not be
 * written is kept until this one is computed.
 */
void gss_enrolment_start (GssEnrolment *self, SalModel *model, const char *name);
void gss_enrolment_cancel (GssEnrolment *self);

/**
 * gss_enrolment_push:
 * @samples: (array length=n_samples): as sal_enrol_push() takes them; kept while an enrolment is
 * under way, up to ten minutes
 */
void gss_enrolment_push (GssEnrolment *self, const float *samples, gsize n_samples);

/**
 * gss_enrolment_finish:
 * @location: path of the .speaker file to be written
 *
 * Computes the voice in the calling thread, some seconds for a minute of speech.  If the file
 * cannot be written the voice is kept, and the next call writes it.
 *
 * Returns: (transfer full): "speaker-enrolment" with name, location, the fields of SalEnrolAdvice
 * and warnings (array of strings); with error (string) in the place of these if there is no voice
 */
GstStructure *gss_enrolment_finish (GssEnrolment *self, const char *location);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssEnrolment, gss_enrolment_free)
