/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-queue.h"

/* Those of some seconds.  While a source sends nothing but gaps the older ones
 * are dropped. */
#define MAX_REPORTS (64 * SAL_ANALYSER_MAX_TARGETS)

typedef struct {
  GssReport report;
  GstClockTime position;
} Entry;

struct _GssReportQueue {
  GQueue entries; /* of Entry */
};

static void
free_entry (gpointer data)
{
  gss_report_clear (&((Entry *) data)->report);
  g_free (data);
}

GssReportQueue *
gss_report_queue_new (void)
{
  GssReportQueue *self = g_new (GssReportQueue, 1);
  g_queue_init (&self->entries);
  return self;
}

void
gss_report_queue_free (GssReportQueue *self)
{
  if (self == NULL)
    return;
  gss_report_queue_clear (self);
  g_free (self);
}

void
gss_report_queue_push (GssReportQueue *self, const GssReport *report,
    GstClockTime position)
{
  Entry *entry = g_new (Entry, 1);
  gss_report_copy (&entry->report, report);
  entry->position = position;
  g_queue_push_tail (&self->entries, entry);
  if (g_queue_get_length (&self->entries) > MAX_REPORTS)
    free_entry (g_queue_pop_head (&self->entries));
}

GstBuffer *
gss_report_queue_attach (GssReportQueue *self, GstBuffer *buffer,
    GstClockTime position)
{
  Entry *entry;
  while ((entry = g_queue_peek_head (&self->entries)) != NULL
      && entry->position <= position) {
    buffer = gst_buffer_make_writable (buffer);
    gss_report_attach (&entry->report, buffer);
    free_entry (g_queue_pop_head (&self->entries));
  }
  return buffer;
}

void
gss_report_queue_clear (GssReportQueue *self)
{
  g_queue_clear_full (&self->entries, free_entry);
}
