/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker.c: one job at a time, the newest first */
#include "worker.h"

typedef struct {
  GMutex lock;
  GCond changed;
  gboolean is_open; /* jobs end only when it is */
  guint n_begun;
} Gate;

static void
pass_gate (gpointer job, gpointer user_data)
{
  Gate *gate = user_data;
  g_mutex_lock (&gate->lock);
  gate->n_begun++;
  g_cond_broadcast (&gate->changed);
  while (!gate->is_open)
    g_cond_wait (&gate->changed, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

static void
wait_for_job (Gate *gate, guint n)
{
  g_mutex_lock (&gate->lock);
  while (gate->n_begun < n)
    g_cond_wait (&gate->changed, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

static void
open_gate (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->is_open = TRUE;
  g_cond_broadcast (&gate->changed);
  g_mutex_unlock (&gate->lock);
}

static GssWorker *
new_worker (GstElement *element, Gate *gate)
{
  g_autoptr (GError) error = NULL;
  *gate = (Gate){ .is_open = FALSE };
  g_mutex_init (&gate->lock);
  g_cond_init (&gate->changed);
  GssWorker *worker = gss_worker_new (element, pass_gate, gate, &error);
  g_assert_no_error (error);
  return worker;
}

static void
test_newest_wins (void)
{
  g_autoptr (GstElement) element = gst_object_ref_sink (gst_bin_new (NULL));
  int jobs[4];
  Gate gate;
  GstClockTime cost;
  g_autoptr (GssWorker) worker = new_worker (element, &gate);
  g_assert_null (gss_worker_submit (worker, &jobs[0]));
  wait_for_job (&gate, 1);
  g_assert_null (gss_worker_submit (worker, &jobs[1]));
  g_assert_true (gss_worker_submit (worker, &jobs[2]) == &jobs[1]);
  g_assert_true (gss_worker_submit (worker, &jobs[3]) == &jobs[2]);
  g_assert_null (gss_worker_collect (worker, &cost));
  g_usleep (20000);
  open_gate (&gate);
  g_assert_true (gss_worker_wait (worker));
  g_assert_true (gss_worker_collect (worker, &cost) == &jobs[0]);
  g_assert_cmpuint (cost, >=, 20 * GST_MSECOND);
  g_assert_true (gss_worker_collect (worker, &cost) == &jobs[3]);
  g_assert_cmpuint (cost, <, 20 * GST_MSECOND); /* waiting costs nothing */
  g_assert_null (gss_worker_collect (worker, &cost));
}

static void
test_withdrawn (void)
{
  g_autoptr (GstElement) element = gst_object_ref_sink (gst_bin_new (NULL));
  int jobs[2];
  Gate gate;
  GstClockTime cost;
  g_autoptr (GssWorker) worker = new_worker (element, &gate);
  gss_worker_submit (worker, &jobs[0]);
  wait_for_job (&gate, 1);
  gss_worker_submit (worker, &jobs[1]);
  g_assert_true (gss_worker_withdraw (worker) == &jobs[1]);
  g_assert_null (gss_worker_withdraw (worker));
  open_gate (&gate);
  gss_worker_stop (worker);
  g_assert_true (gss_worker_collect (worker, &cost) == &jobs[0]);
}

static gpointer
flush_soon (gpointer worker)
{
  g_usleep (20000);
  gss_worker_set_flushing (worker, TRUE);
  return NULL;
}

static void
test_flushing (void)
{
  g_autoptr (GstElement) element = gst_object_ref_sink (gst_bin_new (NULL));
  int job;
  Gate gate;
  g_autoptr (GssWorker) worker = new_worker (element, &gate);
  gss_worker_submit (worker, &job);
  wait_for_job (&gate, 1);
  GThread *thread = g_thread_new ("flush", flush_soon, worker);
  g_assert_false (gss_worker_wait (worker)); /* the job still runs */
  g_thread_join (thread);
  gss_worker_set_flushing (worker, FALSE);
  open_gate (&gate);
  g_assert_true (gss_worker_wait (worker));
}

static void
test_stream_status (void)
{
  g_autoptr (GstElement) element = gst_object_ref_sink (gst_bin_new (NULL));
  g_autoptr (GstBus) bus = gst_bus_new ();
  Gate gate;
  gst_element_set_bus (element, bus);
  gss_worker_free (new_worker (element, &gate));
  for (GstStreamStatusType type = GST_STREAM_STATUS_TYPE_ENTER;
       type <= GST_STREAM_STATUS_TYPE_LEAVE; type++) {
    GstStreamStatusType got;
    GstElement *owner;
    g_autoptr (GstMessage) message = gst_bus_pop (bus);
    g_assert_nonnull (message);
    gst_message_parse_stream_status (message, &got, &owner);
    g_assert_cmpint (got, ==, type);
    g_assert_true (owner == element);
    g_assert_nonnull (gst_message_get_stream_status_object (message));
  }
  gst_element_set_bus (element, NULL);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/newest-job-wins", test_newest_wins);
  g_test_add_func ("/worker/waiting-job-can-be-withdrawn", test_withdrawn);
  g_test_add_func ("/worker/flushing-ends-the-wait", test_flushing);
  g_test_add_func ("/worker/posts-stream-status", test_stream_status);
  return g_test_run ();
}
