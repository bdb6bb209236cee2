/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h: a stream of buffers, from its first to its last
 *
 * Listener, worker and delay line together: buffers in, reports and the same buffers out.
 * Positions are counted in PCM frames from the first one; its PTS makes them times.
 *
 *   if (!sal_stream_follow (stream, pts, n_frames, is_discont))
 *     finish, pop all, restart, follow again
 *   sal_stream_push (stream, buffer, audio, n_frames);
 *   while ((object = sal_stream_pop (stream)) != NULL) ..
 */
#pragma once

#include <gst/audio/audio.h>

#include "listener.h"
#include "pace.h"
#include "report.h"
#include "settings.h"

typedef struct _SalStream SalStream; /* one thread at a time, save for sal_stream_set_flushing() */

/**
 * SalReportFunc:
 *
 * Called for each settled stretch and target, in order.
 *
 * Returns: whether the report is to be attached to a buffer
 */
typedef gboolean (*SalReportFunc) (const SalReport *report, gpointer user_data);

typedef struct {
  SalReportFunc report;
  SalSampleFunc sample;
  gpointer user_data;
} SalStreamFuncs;

/**
 * sal_stream_new:
 * @element: (transfer none): posts warnings, owns the worker's thread
 * @targets: (array length=n_targets): at least one
 * @settings: read, not kept
 * @pace: (transfer none): counts what happens
 *
 * Allocates all that is needed and computes one window, so that the first one of the stream is not slower than others.
 *
 * Returns: (transfer full) (nullable): a stream without a format that waits for its windows, or %NULL and
 *   %SAL_ERROR_CONFIG
 */
SalStream *sal_stream_new (GstElement *element, SalModel *model, SalTarget *const *targets, guint n_targets, const SalSettings *settings, SalPace *pace, const SalStreamFuncs *funcs, GError **error);
void sal_stream_free (SalStream *self); /* waits for the window being computed; NULL is a no-op */

/**
 * sal_stream_set_format:
 *
 * Also forgets everything.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG: nothing may be pushed then
 */
gboolean sal_stream_set_format (SalStream *self, const GstAudioInfo *info, GError **error);
const GstAudioInfo *sal_stream_get_format (const SalStream *self); /* rate 0: none */

/**
 * sal_stream_set_async:
 * @async: whether windows are computed by a thread of their own and may be late; else they are waited for
 *
 * Waits for those of the thread if @async is %FALSE; when flushing ends that, the stream stays as it is.
 */
void sal_stream_set_async (SalStream *self, gboolean async);
gboolean sal_stream_is_async (const SalStream *self);

void sal_stream_set_targets (SalStream *self, SalTarget *const *targets, guint n_targets); /* from the next window on */

/**
 * sal_stream_set_settings:
 * @settings: those that may change while playing count, from the next window on
 *
 * Returns: %FALSE and %SAL_ERROR_CONFIG; what is wrong is not used
 */
gboolean sal_stream_set_settings (SalStream *self, const SalSettings *settings, GError **error);

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
 * @audio: (nullable): the @n_frames PCM frames of the buffer; %NULL: silence
 */
void sal_stream_push (SalStream *self, GstMiniObject *object, const GstAudioBuffer *audio, gsize n_frames);

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

/**
 * sal_stream_finish:
 * @wait: for windows that are not computed yet; otherwise they are late
 *
 * Everything is settled and ready; sal_stream_restart() is to follow.
 */
void sal_stream_finish (SalStream *self, gboolean wait);
void sal_stream_restart (SalStream *self); /* forgets what was heard, not when it ended */
void sal_stream_reset (SalStream *self);   /* forgets everything */
void sal_stream_forget (SalStream *self);  /* forgets what it thinks of what was heard; time and sound go on */

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
 * sal_stream_set_flushing:
 *
 * Any thread.  While flushing nothing is waited for and no more windows are computed.
 */
void sal_stream_set_flushing (SalStream *self, gboolean flushing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalStream, sal_stream_free)
