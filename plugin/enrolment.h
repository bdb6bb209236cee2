/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enrolment.h: a voice enrolled from what plays now
 *
 * All functions may be called by any thread.
 */
#pragma once

#include <gst/gst.h>

#include <saliency/enrol.h>

typedef struct _SalEnrolment SalEnrolment;

SalEnrolment *sal_enrolment_new (void);
void sal_enrolment_free (SalEnrolment *self); /* NULL is a no-op */

/**
 * sal_enrolment_start:
 *
 * What is pushed from now on counts; what was pushed before does not.
 */
void sal_enrolment_start (SalEnrolment *self, SalModel *model, const char *name);
void sal_enrolment_cancel (SalEnrolment *self);

/**
 * sal_enrolment_push:
 * @samples: (array length=n_samples): as sal_enrol_push() takes them; kept if an enrolment is under way, up to ten minutes
 */
void sal_enrolment_push (SalEnrolment *self, const float *samples, gsize n_samples);

/**
 * sal_enrolment_finish:
 * @location: path of the .speaker file to be written
 *
 * Computes the voice in the calling thread, some seconds for a minute of speech.
 *
 * Returns: (transfer full): "speaker-enrolment" with name, location and the fields of SalEnrolAdvice; with error
 *   (string) in the place of these if there is no voice
 */
GstStructure *sal_enrolment_finish (SalEnrolment *self, const char *location);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalEnrolment, sal_enrolment_free)
