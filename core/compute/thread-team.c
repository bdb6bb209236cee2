/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/thread-team.h"

#include "compute/aligned.h"
#include "compute/activations.h"

#define SPINS 40000 /* looks for more work before sleeping, some 100 us */

struct _SalThreadTeam {
  guint size;        /* that work is divided for */
  guint n_scratches; /* no more members than that work at once */
  gsize scratch_size;
  float *scratch; /* [n_scratches, scratch_size] */
};

/* A call of sal_thread_team_run(), on its stack. */
typedef struct {
  SalThreadTeam *team;
  SalThreadTeamFunc func;
  gpointer data;
  gint n_units, next; /* next: atomic */
  GList link;         /* in the pool's jobs while there is room for more */
  gboolean open;      /* whether it is there, under the lock */
  guint joined;       /* threads of the pool that came, under the lock */
  gint working;       /* of them, not yet done; written under the lock */
} Job;

/* Of the process; started once and never stopped. */
static struct {
  GMutex lock;
  GCond more, done;
  GQueue jobs; /* that have room for another thread */
  gint n_jobs; /* atomic copy of their number */
  guint n_threads;
} pool;

/* --- the pool ------------------------------------------------------------ */

static void
work (Job *job, guint member)
{
  float *scratch = job->team->scratch + member * job->team->scratch_size;
  gint unit;
  while ((unit = g_atomic_int_add (&job->next, 1)) < job->n_units)
    job->func (job->data, (guint) unit, scratch);
}

static void
open_job (Job *job)
{
  job->link.data = job;
  job->open = TRUE;
  g_queue_push_tail_link (&pool.jobs, &job->link);
  g_atomic_int_set (&pool.n_jobs, (gint) pool.jobs.length);
}

static void
close_job (Job *job)
{
  if (job->open)
    g_queue_unlink (&pool.jobs, &job->link);
  job->open = FALSE;
  g_atomic_int_set (&pool.n_jobs, (gint) pool.jobs.length);
}

/* Waits for a job and joins it. */
static Job *
join_job (guint *member)
{
  for (guint i = 0; i < SPINS && g_atomic_int_get (&pool.n_jobs) == 0; i++)
    ;
  g_mutex_lock (&pool.lock);
  while (pool.jobs.head == NULL)
    g_cond_wait (&pool.more, &pool.lock);
  Job *job = pool.jobs.head->data;
  *member = ++job->joined;
  g_atomic_int_inc (&job->working);
  if (job->joined + 1 >= job->team->n_scratches)
    close_job (job);
  g_mutex_unlock (&pool.lock);
  return job;
}

static gpointer
run_thread (gpointer data)
{
  for (;;) {
    guint member;
    Job *job = join_job (&member);
    work (job, member);
    g_mutex_lock (&pool.lock);
    g_atomic_int_set (&job->working, job->working - 1);
    g_cond_broadcast (&pool.done);
    g_mutex_unlock (&pool.lock);
  }
  return NULL;
}

/* Has n threads, or as many as the system gives. */
static void
need_threads (guint n)
{
  g_mutex_lock (&pool.lock);
  for (; pool.n_threads < n; pool.n_threads++) {
    GThread *thread = g_thread_try_new ("saliency", run_thread, NULL, NULL);
    if (thread == NULL)
      break;
    g_thread_unref (thread);
  }
  g_mutex_unlock (&pool.lock);
}

/* --- a team -------------------------------------------------------------- */

SalThreadTeam *
sal_thread_team_new (guint size, gsize scratch)
{
  SalThreadTeam *self = g_new0 (SalThreadTeam, 1);
  self->size = MAX (size, 1);
  self->n_scratches = MIN (self->size, g_get_num_processors ());
  self->scratch_size = sal_activations_in_blocks (scratch);
  self->scratch = sal_aligned_new (self->n_scratches * self->scratch_size);
  need_threads (self->n_scratches - 1);
  return self;
}

void
sal_thread_team_free (SalThreadTeam *self)
{
  if (self == NULL)
    return;
  g_aligned_free (self->scratch);
  g_free (self);
}

guint
sal_thread_team_get_size (const SalThreadTeam *self)
{
  return self->size;
}

gsize
sal_thread_team_get_bytes (const SalThreadTeam *self)
{
  return self->n_scratches * self->scratch_size * sizeof (float);
}

void
sal_thread_team_run (SalThreadTeam *self, guint n_units, SalThreadTeamFunc func,
    gpointer data)
{
  Job job
      = { .team = self, .func = func, .data = data, .n_units = (gint) n_units };
  if (self->n_scratches == 1 || n_units <= 1) {
    work (&job, 0);
    return;
  }
  g_mutex_lock (&pool.lock);
  open_job (&job);
  g_cond_broadcast (&pool.more);
  g_mutex_unlock (&pool.lock);
  work (&job, 0);
  for (guint i = 0; i < SPINS && g_atomic_int_get (&job.working) > 0; i++)
    ;
  g_mutex_lock (&pool.lock);
  close_job (&job);
  while (job.working > 0)
    g_cond_wait (&pool.done, &pool.lock);
  g_mutex_unlock (&pool.lock);
}
