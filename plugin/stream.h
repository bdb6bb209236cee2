/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h: a stream of buffers, from its first to its last
 *
 * Analyser, worker thread and delay line together: buffers in, reports and the same buffers
 * out.  Positions are counted in PCM frames from the first one; timestamps make them times.
 *
 *   if (!gss_stream_follow (stream, pts, n_frames, is_discont, &n_missing))
 *     finish, pop all, restart, follow again
 *   push n_missing frames of silence
 *   gss_stream_push (stream, buffer, audio, n_frames);
 *   while ((object = gss_stream_pop (stream)) != NULL) ..
 */
#pragma once

#include <gst/audio/audio.h>

#include "analyser-input.h"
#include "load-control.h"
#include "properties.h"
#include "report.h"

typedef struct _GssStream GssStream; /* one thread at a time, save for gss_stream_set_flushing() */

/**
 * GssReportFunc:
 *
 * Called for each settled stretch and target, in order.
 *
 * Returns: whether the report is to be attached to a buffer
 */
typedef gboolean (*GssReportFunc) (const GssReport *report, gpointer user_data);

typedef struct {
  GssReportFunc report;
  GssSampleFunc sample;
  gpointer user_data;
} GssStreamFuncs;

/**
 * gss_stream_new:
 * @element: (transfer none): posts warnings, owns the worker's thread
 * @targets: (array length=n_targets): as gss_stream_set_targets() takes them
 * @settings: read, not kept
 * @load_control: (transfer none): counts what happens
 *
 * Allocates everything and computes one window, so that the first window of the stream is not
 * slower than others.
 *
 * Returns: (transfer full) (nullable): a stream without a format that waits for its windows, or
 * %NULL and %SAL_ERROR_CONFIG
 */
GssStream *gss_stream_new (GstElement *element, SalModel *model, SalTarget *const *targets,
    guint n_targets, const GssProperties *settings, GssLoadControl *load_control,
    const GssStreamFuncs *funcs, GError **error);
void gss_stream_free (GssStream *self); /* waits for the window being computed; NULL is a no-op */

/**
 * gss_stream_set_format:
 *
 * Also forgets everything.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG: nothing may be pushed then
 */
gboolean gss_stream_set_format (GssStream *self, const GstAudioInfo *info, GError **error);
const GstAudioInfo *gss_stream_get_format (const GssStream *self); /* rate 0: none */

/**
 * gss_stream_set_async:
 * @async: whether windows are computed by a thread of their own and may be late; else they are
 * waited for
 *
 * If @async is %FALSE it waits for windows of the thread; when flushing ends that, the mode stays
 * as it is.
 */
void gss_stream_set_async (GssStream *self, gboolean async);
gboolean gss_stream_is_async (const GssStream *self);

/**
 * gss_stream_set_targets:
 * @targets: (array length=n_targets): from the next window on
 * @n_targets: 0: everything passes, no window is computed and nothing is reported
 */
void gss_stream_set_targets (GssStream *self, SalTarget *const *targets, guint n_targets);

/**
 * gss_stream_set_settings:
 * @settings: of which those that may change while playing count, from the next window on
 *
 * Returns: %FALSE and %SAL_ERROR_CONFIG: nothing changed then
 */
gboolean gss_stream_set_settings (GssStream *self, const GssProperties *settings, GError **error);

/**
 * gss_stream_follow:
 * @pts: of what is pushed next, @n_frames in all; or %GST_CLOCK_TIME_NONE
 * @is_discont: whether its source says that it does not follow
 * @n_missing: (out): PCM frames of silence to be pushed first, 0 if there is no hole
 *
 * Returns: %FALSE if it does not follow what was pushed last (time-map.h)
 */
gboolean gss_stream_follow (GssStream *self, GstClockTime pts, gsize n_frames, gboolean is_discont,
    gsize *n_missing);

/**
 * gss_stream_skip:
 *
 * @duration ns pass that are not heard: the last stretch before is so much longer.
 */
void gss_stream_skip (GssStream *self, GstClockTime duration);

/**
 * gss_stream_push:
 * @object: (transfer full) (nullable): a buffer or an event; %NULL: nothing that leaves, only time
 * @audio: (nullable): the @n_frames PCM frames of the buffer; %NULL: silence
 */
void gss_stream_push (GssStream *self, GstMiniObject *object, const GstAudioBuffer *audio,
    gsize n_frames);

/**
 * gss_stream_queue:
 * @event: (transfer full): to leave between the buffers where it is now; takes no time
 */
void gss_stream_queue (GssStream *self, GstEvent *event);

/**
 * gss_stream_pop:
 *
 * Returns: (transfer full) (nullable): the next buffer or event; %NULL if none is ready
 */
GstMiniObject *gss_stream_pop (GssStream *self);

/**
 * gss_stream_finish:
 * @wait: for windows that are not computed yet; otherwise they are late
 *
 * Everything is settled and ready; gss_stream_restart() is to follow.
 */
void gss_stream_finish (GssStream *self, gboolean wait);
void gss_stream_restart (GssStream *self); /* forgets the sound, not its end time */
void gss_stream_reset (GssStream *self);   /* forgets everything */
void gss_stream_forget (
    GssStream *self); /* forgets the results of the analysis; time and sound go on */

/**
 * gss_stream_abandon:
 *
 * Returns: (transfer full) (nullable): the next buffer or event as it came, ready or not;
 * gss_stream_reset() is to follow
 */
GstMiniObject *gss_stream_abandon (GssStream *self);
gboolean gss_stream_is_waiting (
    const GssStream *self); /* whether anything is to be popped, ready or not */
gboolean gss_stream_has_heard (const GssStream *self); /* whether sound came since it began */

/**
 * gss_stream_set_flushing:
 *
 * Any thread.  While flushing the stream waits for no window and computes none.
 */
void gss_stream_set_flushing (GssStream *self, gboolean flushing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssStream, gss_stream_free)
