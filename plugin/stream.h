/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h: a stream of buffers, from its first to its last
 *
 * Listener and delay line together: buffers in, reports and the same buffers out.
 * Positions are counted in PCM frames from the first one; its PTS makes them times.
 *
 *   if (!sal_stream_follow (stream, pts, n_frames, is_discont))
 *     finish, pop all, restart, follow again
 *   sal_stream_push (stream, buffer, pcm, n_frames);
 *   while ((object = sal_stream_pop (stream)) != NULL) ..
 */
#pragma once

#include "report.h"
#include "settings.h"

typedef struct _SalStream SalStream; /* one thread at a time */

/**
 * SalReportFunc:
 *
 * Called for each settled stretch, in order.
 *
 * Returns: whether the report is to be attached to a buffer
 */
typedef gboolean (*SalReportFunc) (const SalReport *report, gpointer user_data);

/**
 * sal_stream_new:
 * @settings: read, not kept
 *
 * Returns: (transfer full) (nullable): a stream without a format, or %NULL and %SAL_ERROR_CONFIG
 */
SalStream *sal_stream_new (SalModel *model, SalTarget *target, const SalSettings *settings, SalReportFunc report, gpointer user_data, GError **error);
void sal_stream_free (SalStream *self); /* NULL is a no-op */

/**
 * sal_stream_set_format:
 *
 * Also forgets everything.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG: nothing may be pushed then
 */
gboolean sal_stream_set_format (SalStream *self, const GstAudioInfo *info, GError **error);
const GstAudioInfo *sal_stream_get_format (const SalStream *self); /* rate 0: none */
void sal_stream_set_target (SalStream *self, SalTarget *target); /* from the next window on */

/**
 * sal_stream_follow:
 * @pts: of what is pushed next, @n_frames in all; or %GST_CLOCK_TIME_NONE
 *
 * Returns: %FALSE if that is somewhere else than what was pushed last
 */
gboolean sal_stream_follow (SalStream *self, GstClockTime pts, gsize n_frames, gboolean is_discont);

/**
 * sal_stream_push:
 * @object: (transfer full) (nullable): a buffer or an event; %NULL: nothing that leaves, only time
 * @pcm: (nullable): the @n_frames PCM frames of the buffer; %NULL: silence
 */
void sal_stream_push (SalStream *self, GstMiniObject *object, const guint8 *pcm, gsize n_frames);

/**
 * sal_stream_queue:
 * @event: (transfer full): to leave between the buffers where it is now; takes no time
 */
void sal_stream_queue (SalStream *self, GstEvent *event);

/**
 * sal_stream_pop:
 *
 * Returns: (transfer full) (nullable): the next buffer or event; %NULL if none is ready
 */
GstMiniObject *sal_stream_pop (SalStream *self);
void sal_stream_finish (SalStream *self);  /* everything is settled and ready; sal_stream_restart() is to follow */
void sal_stream_restart (SalStream *self); /* forgets what was heard, not when it ended */
void sal_stream_reset (SalStream *self);   /* forgets everything */

/**
 * sal_stream_abandon:
 *
 * Returns: (transfer full) (nullable): the next buffer or event as it came, ready or not; sal_stream_reset() is
 *   to follow
 */
GstMiniObject *sal_stream_abandon (SalStream *self);
gboolean sal_stream_is_waiting (const SalStream *self); /* is there anything to be popped, ready or not */
gboolean sal_stream_has_heard (const SalStream *self);  /* anything since it began */

/**
 * sal_stream_get_latency:
 *
 * Returns: ns; sound leaves at the latest when sound so much later was pushed
 */
GstClockTime sal_stream_get_latency (const SalStream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalStream, sal_stream_free)
