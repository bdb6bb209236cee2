/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker.h: a worker thread with a queue of one: the newest job is done first
 *
 * At most one job waits; a newer one takes its place.  All workers of the process
 * together run no more jobs at once than the machine has processors.
 */
#pragma once

#include <gst/gst.h>

typedef struct _GssWorker GssWorker; /* one thread at a time, save for gss_worker_set_flushing() */

typedef void (*GssWorkerFunc) (gpointer job, gpointer user_data); /* in the worker's thread */

/**
 * gss_worker_new:
 * @element: (transfer none): posts the STREAM_STATUS messages of the thread
 *
 * Returns: (transfer full) (nullable): a worker whose thread runs, or %NULL and the error of
 * g_thread_try_new()
 */
GssWorker *gss_worker_new (GstElement *element, GssWorkerFunc func, gpointer user_data,
    GError **error);

void gss_worker_stop (GssWorker
        *self); /* ends the thread after the job that runs; only collect and free may follow */
void gss_worker_free (GssWorker *self); /* also stops it; jobs are the caller's; NULL is a no-op */

/**
 * gss_worker_submit:
 * @job: (transfer full): to be done next
 *
 * Returns: (transfer full) (nullable): the job that waited and will not be done
 */
gpointer gss_worker_submit (GssWorker *self, gpointer job);

/**
 * gss_worker_collect:
 * @cost: (out): ns from when it could have begun until it was done
 *
 * Returns: (transfer full) (nullable): the oldest job that is done; %NULL if none is
 */
gpointer gss_worker_collect (GssWorker *self, GstClockTime *cost);

/**
 * gss_worker_wait:
 *
 * Returns: when nothing waits or runs: %TRUE; %FALSE at once when flushing
 */
gboolean gss_worker_wait (GssWorker *self);

/**
 * gss_worker_withdraw:
 *
 * Returns: (transfer full) (nullable): the job that waits, and will not be done
 */
gpointer gss_worker_withdraw (GssWorker *self);
void gss_worker_set_flushing (GssWorker *self,
    gboolean flushing); /* any thread; ends gss_worker_wait() */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssWorker, gss_worker_free)
