/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jobs.h: the same work for many things, on several cores, taken up in order */
#pragma once

#include <saliency/error.h>

typedef struct {
  /* Returns: (transfer full) (nullable): the result of job @index, or %NULL and @error; in any
   * thread */
  gpointer (*run) (guint index, gpointer data, GError **error);
  /* (nullable): @result: (transfer full); one job after the other, in the thread of eval_jobs_run()
   */
  gboolean (*take) (guint index, gpointer result, gpointer data, GError **error);
  void (*drop) (gpointer result); /* for results that nobody takes */
  void (*progress) (double part,
      gpointer data); /* (nullable): 0..1, in the thread of eval_jobs_run() */
} EvalJobs;

/**
 * eval_jobs_run:
 * @n_threads: 0: one for each processor
 *
 * What is taken does not depend on @n_threads, nor does the error: that of the first job that
 * fails, after the results of all before it were taken.
 *
 * Returns: %TRUE, or %FALSE and the error of a job
 */
gboolean eval_jobs_run (const EvalJobs *self, guint n, guint n_threads, gpointer data,
    GError **error);
