/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h: what was settled as a bus message and as a meta */
#pragma once

#include <gst/gst.h>

#include <saliency/analyser.h>

/**
 * GssReport:
 *
 * What was settled of one target in a stretch, with all that its readers want to know beside it.
 */
typedef struct {
  SalMap *map;                            /* owned */
  GstClockTime start, stop;               /* ns from the first PCM frame */
  GstClockTime window_start, window_stop; /* likewise, of the newest window that counted */
  SalTarget *target;                      /* owned */
  GBytes *bands_hz;                       /* owned, float32 [F] */
  GstClockTime base;                      /* PTS of the first PCM frame */
  GstClockTime frame_duration;            /* ns */
} GssReport;

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
