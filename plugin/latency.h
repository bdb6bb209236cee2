/* SPDX-License-Identifier: GPL-2.0-or-later */
/* latency.h: the latency of the element: LATENCY queries and messages */
#pragma once

#include "gstspeakersaliency-private.h"

GstClockTime gss_latency_get (
    GstSpeakerSaliency *self); /* ns, in force since the start; before, what will be */

/**
 * gss_latency_answer:
 * @query: answered by upstream
 */
void gss_latency_answer (GstSpeakerSaliency *self, GstQuery *query);

/**
 * gss_latency_is_inserted:
 *
 * Returns: whether the pipeline plays already while the element is on its way to PLAYING: then
 * nobody will ask for the latency
 */
gboolean gss_latency_is_inserted (GstSpeakerSaliency *self);

/**
 * gss_latency_announce:
 *
 * Posts a LATENCY message if the pipeline was not told the latency in force.
 */
void gss_latency_announce (GstSpeakerSaliency *self);
