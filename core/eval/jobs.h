/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jobs.h: parallel map with results in order (thread pool) */
#pragma once

#include <saliency/error.h>

typedef struct {
  /* Called in any thread.  Returns: (transfer full) (nullable): the result of job @index, or %NULL
   * and @error */
  gpointer (*run) (guint index, gpointer data, GError **error);
  /* (nullable): called in order, in the thread of eval_jobs_run(); @result: (transfer full) */
  gboolean (*take) (guint index, gpointer result, gpointer data, GError **error);
  void (*drop) (gpointer result); /* frees results that are not taken */
  void (*progress) (double part,
      gpointer data); /* (nullable): 0..1, in the thread of eval_jobs_run() */
} EvalJobs;

/**
 * eval_jobs_run:
 * @n_threads: 0: one for each processor
 *
 * Results and error do not depend on @n_threads.  The error is that of the first job that fails;
 * the results of all jobs before are taken.
 *
 * Returns: %TRUE, or %FALSE and the error of a job
 */
gboolean eval_jobs_run (const EvalJobs *self, guint n, guint n_threads, gpointer data,
    GError **error);
