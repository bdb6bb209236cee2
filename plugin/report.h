/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h: results of the analysis as bus messages and as metas */
#pragma once

#include <gst/gst.h>

#include <saliency/analyser.h>

/**
 * GssReport:
 *
 * The result for one target in one settled stretch.  Times are timestamps (PTS).
 */
typedef struct {
  SalMap *map;                            /* owned */
  guint64 seqnum;                         /* of the stretch since the stream began, from 0 */
  GstClockTime start, stop;               /* of the stretch */
  GstClockTime window_start, window_stop; /* of the newest window that counted */
  guint target_id;                        /* index of the target in the element's targets */
  char *name;                             /* owned, a GRefString: unique among the targets */
  GBytes *bands_hz;                       /* owned, float32 [F] */
  GstClockTime frame_duration;            /* ns */
} GssReport;

void gss_report_copy (GssReport *self, const GssReport *from);
void gss_report_clear (GssReport *self);

/**
 * gss_report_get_structure:
 * @segment: the one in force for the sound
 * @with_map: adds map (GBytes), bands, frames and frame-duration
 *
 * Returns: (transfer full): the structure of a message speakersaliency
 */
GstStructure *gss_report_get_structure (const GssReport *self, const GstSegment *segment,
    gboolean with_map);
void gss_report_attach (const GssReport *self, GstBuffer *buffer); /* @buffer writable */
