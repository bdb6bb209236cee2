/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report-queue.h: reports that wait for a buffer to carry their metas */
#pragma once

#include "report.h"

typedef struct _GssReportQueue GssReportQueue; /* one thread at a time */

GssReportQueue *gss_report_queue_new (void);
void gss_report_queue_free (GssReportQueue *self); /* NULL is a no-op */

/**
 * gss_report_queue_push:
 * @report: copied
 * @position: ns of sound, the end of its stretch; not less than that of the one before
 *
 * The oldest report is dropped when buffers of some seconds did not come.
 */
void gss_report_queue_push (GssReportQueue *self, const GssReport *report, GstClockTime position);

/**
 * gss_report_queue_attach:
 * @buffer: (transfer full)
 * @position: ns of sound, the end of @buffer
 *
 * Attaches the reports whose stretches do not end after @buffer.
 *
 * Returns: (transfer full): @buffer, or a copy if it was not writable
 */
GstBuffer *gss_report_queue_attach (GssReportQueue *self, GstBuffer *buffer, GstClockTime position);
void gss_report_queue_clear (GssReportQueue *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssReportQueue, gss_report_queue_free)
