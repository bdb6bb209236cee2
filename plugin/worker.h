/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker.h: a thread that does one job at a time, the newest first
 *
 * At most one job waits; a newer one takes its place.  All workers of the process
 * together run no more jobs at once than the machine has processors.
 */
#pragma once

#include <gst/gst.h>

typedef struct _SalWorker SalWorker; /* one thread at a time, save for sal_worker_set_flushing() */

typedef void (*SalWorkerFunc) (gpointer job, gpointer user_data); /* in the worker's thread */

/**
 * sal_worker_new:
 * @element: (transfer none): posts the STREAM_STATUS messages of the thread
 *
 * Returns: (transfer full) (nullable): a worker whose thread runs, or %NULL and the error of g_thread_try_new()
 */
SalWorker *sal_worker_new (GstElement *element, SalWorkerFunc func, gpointer user_data, GError **error);

void sal_worker_stop (SalWorker *self); /* ends the thread after the job that runs; only collect and free may follow */
void sal_worker_free (SalWorker *self); /* also stops it; jobs are the caller's; NULL is a no-op */

/**
 * sal_worker_submit:
 * @job: (transfer full): to be done next
 *
 * Returns: (transfer full) (nullable): the job that waited and will not be done
 */
gpointer sal_worker_submit (SalWorker *self, gpointer job);

/**
 * sal_worker_collect:
 * @cost: (out): ns from when it could have begun until it was done
 *
 * Returns: (transfer full) (nullable): the oldest job that is done; %NULL if none is
 */
gpointer sal_worker_collect (SalWorker *self, GstClockTime *cost);

/**
 * sal_worker_wait:
 *
 * Returns: when nothing waits or runs: %TRUE; %FALSE at once when flushing
 */
gboolean sal_worker_wait (SalWorker *self);

/**
 * sal_worker_withdraw:
 *
 * Returns: (transfer full) (nullable): the job that waits, and will not be done
 */
gpointer sal_worker_withdraw (SalWorker *self);
void sal_worker_set_flushing (SalWorker *self, gboolean flushing); /* any thread; ends sal_worker_wait() */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalWorker, sal_worker_free)
