/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <gst/base/gstqueuearray.h>

typedef struct {
  gpointer job;
  GstClockTime cost;
} Done;

struct _GssWorker {
  GstElement *element;
  GssWorkerFunc func;
  gpointer user_data;
  GThread *thread;

  GMutex lock;
  GCond changed;
  gpointer waiting; /* job; NULL: none */
  gint64 waiting_since;
  gboolean is_running;
  GstQueueArray *done; /* of Done */
  gboolean is_flushing, is_stopping;
};

/* Of the process: how many jobs run. */
static struct {
  GMutex lock;
  GCond freed;
  guint n_running;
} processors;

static void
take_processor (void)
{
  g_mutex_lock (&processors.lock);
  while (processors.n_running >= g_get_num_processors ())
    g_cond_wait (&processors.freed, &processors.lock);
  processors.n_running++;
  g_mutex_unlock (&processors.lock);
}

static void
leave_processor (void)
{
  g_mutex_lock (&processors.lock);
  processors.n_running--;
  g_cond_signal (&processors.freed);
  g_mutex_unlock (&processors.lock);
}

/* So that applications can set what priority the thread has. */
static void
post_status (GssWorker *self, GstStreamStatusType type)
{
  GstMessage *message
      = gst_message_new_stream_status (GST_OBJECT (self->element), type,
          self->element);
  GValue value = G_VALUE_INIT;
  g_value_init (&value, GST_TYPE_G_THREAD);
  g_value_set_boxed (&value, g_thread_self ());
  gst_message_set_stream_status_object (message, &value);
  g_value_unset (&value);
  gst_element_post_message (self->element, message);
}

/* Waits for a job, with the lock held; NULL when stopping. */
static gpointer
next_job (GssWorker *self)
{
  while (self->waiting == NULL && !self->is_stopping)
    g_cond_wait (&self->changed, &self->lock);
  if (self->is_stopping)
    return NULL;
  self->is_running = TRUE;
  return g_steal_pointer (&self->waiting);
}

static gpointer
run_thread (gpointer data)
{
  GssWorker *self = data;
  gint64 free_since = 0;
  gpointer job;
  post_status (self, GST_STREAM_STATUS_TYPE_ENTER);
  g_mutex_lock (&self->lock);
  while ((job = next_job (self)) != NULL) {
    gint64 since = MAX (self->waiting_since, free_since);
    g_mutex_unlock (&self->lock);
    take_processor ();
    self->func (job, self->user_data);
    leave_processor ();
    free_since = g_get_monotonic_time ();
    g_mutex_lock (&self->lock);
    /* a job that waited for the one before costs only its own time */
    Done done = { job, (free_since - since) * GST_USECOND };
    gst_queue_array_push_tail_struct (self->done, &done);
    self->is_running = FALSE;
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  post_status (self, GST_STREAM_STATUS_TYPE_LEAVE);
  return NULL;
}

GssWorker *
gss_worker_new (GstElement *element, GssWorkerFunc func, gpointer user_data,
    GError **error)
{
  GssWorker *self = g_new0 (GssWorker, 1);
  self->element = element;
  self->func = func;
  self->user_data = user_data;
  self->done = gst_queue_array_new_for_struct (sizeof (Done), 8);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->thread = g_thread_try_new ("speakersaliency", run_thread, self, error);
  if (self->thread == NULL)
    g_clear_pointer (&self, gss_worker_free);
  return self;
}

void
gss_worker_stop (GssWorker *self)
{
  if (self->thread == NULL)
    return;
  g_mutex_lock (&self->lock);
  self->is_stopping = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_thread_join (g_steal_pointer (&self->thread));
}

void
gss_worker_free (GssWorker *self)
{
  if (self == NULL)
    return;
  gss_worker_stop (self);
  gst_queue_array_free (self->done);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

gpointer
gss_worker_submit (GssWorker *self, gpointer job)
{
  g_mutex_lock (&self->lock);
  gpointer replaced = self->waiting;
  self->waiting = job;
  self->waiting_since = g_get_monotonic_time ();
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return replaced;
}

gpointer
gss_worker_collect (GssWorker *self, GstClockTime *cost)
{
  gpointer job = NULL;
  g_mutex_lock (&self->lock);
  if (!gst_queue_array_is_empty (self->done)) {
    Done *done = gst_queue_array_pop_head_struct (self->done);
    *cost = done->cost;
    job = done->job;
  }
  g_mutex_unlock (&self->lock);
  return job;
}

gboolean
gss_worker_wait (GssWorker *self)
{
  g_mutex_lock (&self->lock);
  while ((self->waiting != NULL || self->is_running) && !self->is_flushing)
    g_cond_wait (&self->changed, &self->lock);
  gboolean idle = !self->is_flushing;
  g_mutex_unlock (&self->lock);
  return idle;
}

gpointer
gss_worker_withdraw (GssWorker *self)
{
  g_mutex_lock (&self->lock);
  gpointer job = g_steal_pointer (&self->waiting);
  g_mutex_unlock (&self->lock);
  return job;
}

void
gss_worker_set_flushing (GssWorker *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->is_flushing = flushing;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}
