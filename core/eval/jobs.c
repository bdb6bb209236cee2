/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jobs.c: parallel map with results in order (thread pool) */
#include "eval/jobs.h"

#define TICK (G_USEC_PER_SEC / 5) /* between two progress reports, us */

typedef struct {
  gboolean done;
  gpointer result;
  GError *error;
} Slot;

typedef struct {
  const EvalJobs *jobs;
  gpointer data;
  GMutex lock; /* protects the other fields */
  GCond changed;
  Slot *slots; /* [n] */
  guint n_done;
  gboolean given_up;
} Work;

static void
run_one (gpointer number, gpointer user_data)
{
  Work *work = user_data;
  guint index = GPOINTER_TO_UINT (number) - 1;
  Slot slot = { .done = TRUE };

  g_mutex_lock (&work->lock);
  gboolean wanted = !work->given_up;
  g_mutex_unlock (&work->lock);
  if (wanted)
    slot.result = work->jobs->run (index, work->data, &slot.error);
  g_mutex_lock (&work->lock);
  work->slots[index] = slot;
  work->n_done++;
  g_cond_signal (&work->changed);
  g_mutex_unlock (&work->lock);
}

static guint
wait_for (Work *work, guint index)
{
  g_mutex_lock (&work->lock);
  gint64 end = g_get_monotonic_time () + TICK;
  while (!work->slots[index].done
      && g_cond_wait_until (&work->changed, &work->lock, end))
    ;
  guint n_done = work->n_done;
  g_mutex_unlock (&work->lock);
  return n_done;
}

static gboolean
is_done (Work *work, guint index)
{
  g_mutex_lock (&work->lock);
  gboolean done = work->slots[index].done;
  g_mutex_unlock (&work->lock);
  return done;
}

static gboolean
take_one (Work *work, guint index, GError **error)
{
  Slot *slot = &work->slots[index];
  gpointer result = g_steal_pointer (&slot->result);

  if (slot->error != NULL) {
    g_propagate_error (error, g_steal_pointer (&slot->error));
    return FALSE;
  }
  if (work->jobs->take != NULL)
    return work->jobs->take (index, result, work->data, error);
  work->jobs->drop (result);
  return TRUE;
}

static gboolean
take_all (Work *work, guint n, GError **error)
{
  for (guint i = 0; i < n; i++) {
    while (!is_done (work, i)) {
      guint n_done = wait_for (work, i);
      if (work->jobs->progress != NULL)
        work->jobs->progress (n_done / (double) n, work->data);
    }
    if (!take_one (work, i, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
eval_jobs_run (const EvalJobs *self, guint n, guint n_threads, gpointer data,
    GError **error)
{
  guint n_workers = n_threads > 0 ? n_threads : g_get_num_processors ();
  Work work = { .jobs = self, .data = data, .slots = g_new0 (Slot, n + 1) };

  g_mutex_init (&work.lock);
  g_cond_init (&work.changed);
  GThreadPool *pool
      = g_thread_pool_new (run_one, &work, (gint) n_workers, FALSE, NULL);
  for (guint i = 0; i < n; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (i + 1), NULL);
  gboolean ok = take_all (&work, n, error);
  g_mutex_lock (&work.lock);
  work.given_up = TRUE;
  g_mutex_unlock (&work.lock);
  g_thread_pool_free (pool, FALSE, TRUE);
  for (guint i = 0; i < n; i++) {
    if (work.slots[i].result != NULL)
      self->drop (work.slots[i].result);
    g_clear_error (&work.slots[i].error);
  }
  g_free (work.slots);
  g_mutex_clear (&work.lock);
  g_cond_clear (&work.changed);
  return ok;
}
