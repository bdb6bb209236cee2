/* SPDX-License-Identifier: GPL-2.0-or-later */
/* time-map.h: timestamps of a stream that is counted in PCM frames
 *
 * Discontinuity detection and clock-skew correction.  Positions are ns of sound since the
 * stream began, as counted; the map makes timestamps (PTS) of them.  Each buffer's timestamp is
 * compared with the one that its position would give:
 *
 *   - less than 40 ms apart without a DISCONT flag: jitter or clock skew.  The map follows the mean
 *     of a second in small steps.
 *   - later by less than 250 ms: a hole, to be filled with silence.
 *   - with a DISCONT flag, earlier by 40 ms at most: an overlap.  The map steps back.
 *   - anything else: a jump; another stream begins.  Without the flag it must last for a second.
 */
#pragma once

#include <gst/gst.h>

typedef struct _GssTimeMap GssTimeMap; /* one thread at a time */

typedef enum { GSS_TIME_CONTINUES, GSS_TIME_HOLE, GSS_TIME_JUMP } GssContinuity;

GssTimeMap *gss_time_map_new (void); /* no stream has begun */
void gss_time_map_free (GssTimeMap *self);
void gss_time_map_reset (GssTimeMap *self);

/**
 * gss_time_map_begin:
 * @pts: of position 0
 */
void gss_time_map_begin (GssTimeMap *self, GstClockTime pts);
gboolean gss_time_map_has_begun (const GssTimeMap *self);

/**
 * gss_time_map_follow:
 * @position: of the buffer that comes next
 * @pts: its timestamp, valid
 * @duration: its length, ns
 * @is_discont: whether it is flagged as a discontinuity
 * @hole: (out): length of the hole before it, ns; 0 if there is none
 *
 * Silence of @hole is to be counted before the buffer.
 *
 * Returns: how the buffer follows the ones before
 */
GssContinuity gss_time_map_follow (GssTimeMap *self, GstClockTime position, GstClockTime pts,
    GstClockTime duration, gboolean is_discont, GstClockTime *hole);

/**
 * gss_time_map_skip:
 *
 * Moves the timestamps after @position by @duration ns: time passes without sound.
 */
void gss_time_map_skip (GssTimeMap *self, GstClockTime position, GstClockTime duration);

/**
 * gss_time_map_get_pts:
 *
 * Returns: the timestamp of @position, as the end of what is before it
 */
GstClockTime gss_time_map_get_pts (const GssTimeMap *self, GstClockTime position);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssTimeMap, gss_time_map_free)
