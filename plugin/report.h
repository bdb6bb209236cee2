/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h: what was settled as a bus message and as a meta */
#pragma once

#include <gst/gst.h>

#include <saliency/analyser.h>

/**
 * SalReport:
 *
 * What was settled of one target in a stretch, with all that its readers want to know beside it.
 */
typedef struct {
  SalMap *map;                            /* owned */
  GstClockTime start, stop;               /* ns from the first PCM frame */
  GstClockTime window_start, window_stop; /* likewise, of the newest window that counted */
  SalTarget *target;    /* owned */
  GBytes *bands_hz;     /* owned, float32 [F] */
  GstClockTime base;    /* PTS of the first PCM frame */
  GstClockTime frame_duration; /* ns */
} SalReport;

void sal_report_clear (SalReport *self);

/**
 * sal_report_get_structure:
 * @segment: the one in force for the sound
 * @with_map: adds map (GBytes), bands, frames and frame-duration
 *
 * Returns: (transfer full): the structure of a message speakersaliency
 */
GstStructure *sal_report_get_structure (const SalReport *self, const GstSegment *segment, gboolean with_map);
void sal_report_attach (const SalReport *self, GstBuffer *buffer); /* @buffer writable */
