/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inference.h"

#include "worker.h"

#include "log.h"

struct _GssInference {
  GstElement *element;
  GssAnalyserInput *input;
  GssLoadControl *load_control;
  GssWorker *worker;
  gboolean warn_of_cost; /* when it is known */
  guint64 skipped;       /* number of the last one that the log has */
};

/* In the worker's thread. */
static void
compute_window (gpointer window, gpointer user_data)
{
  GssInference *self = user_data;
  sal_analyser_compute (gss_analyser_input_get_analyser (self->input), window);
}

GssInference *
gss_inference_new (GstElement *element, GssAnalyserInput *input,
    GssLoadControl *load_control, gboolean warn_of_cost, GError **error)
{
  GssInference *self = g_new0 (GssInference, 1);
  self->element = element;
  self->input = input;
  self->load_control = load_control;
  self->warn_of_cost = warn_of_cost;
  self->skipped = G_MAXUINT64;
  self->worker = gss_worker_new (element, compute_window, self, error);
  if (self->worker == NULL)
    g_clear_pointer (&self, g_free);
  return self;
}

void
gss_inference_free (GssInference *self)
{
  if (self == NULL)
    return;
  gss_worker_stop (self->worker);
  gss_inference_drop (self);
  gss_worker_free (self->worker);
  g_free (self);
}

void
gss_inference_warm_up (GssInference *self, const SalMelConfig *mel)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->input);
  gsize n = (gsize) (SAL_WINDOW_FRAMES + 4) * mel->hop;
  g_autofree float *noise = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    noise[i] = (i * 7919 % 101 - 50.0f) / 5000;
  sal_analyser_set_deferred (analyser, TRUE);
  sal_analyser_push (analyser, noise, n);
  SalWindow *window = sal_analyser_take (analyser);
  if (window != NULL) {
    sal_analyser_compute (analyser, window);
    sal_analyser_give (analyser, window);
  }
  sal_analyser_set_deferred (analyser, FALSE);
  sal_analyser_reset (analyser);
}

static void
warn_of_cost (GssInference *self, GstClockTime cost)
{
  self->warn_of_cost = FALSE;
  GST_ELEMENT_WARNING (self->element, RESOURCE, BUSY,
      ("method score-cam takes %" G_GUINT64_FORMAT " ms per window; fewer "
       "score-channels take less",
          cost / GST_MSECOND),
      (NULL));
}

void
gss_inference_count (GssInference *self, GstClockTime cost)
{
  GssLoadStats stats;
  if (self->warn_of_cost)
    warn_of_cost (self, cost);
  if (!gss_load_control_count_window (self->load_control, cost))
    return;
  gss_load_control_get_stats (self->load_control, &stats);
  GST_ELEMENT_WARNING (self->element, RESOURCE, BUSY,
      ("a window takes %" G_GUINT64_FORMAT " ms, too much for one every hop; "
       "from now on there is one every %" G_GUINT64_FORMAT " ms",
          stats.mean_cost / GST_MSECOND, stats.effective_hop / GST_MSECOND),
      (NULL));
}

void
gss_inference_collect (GssInference *self)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->input);
  SalWindow *window;
  GstClockTime cost;
  while ((window = gss_worker_collect (self->worker, &cost)) != NULL) {
    guint64 age = gss_analyser_input_get_age (self->input, window);
    gss_inference_count (self, cost);
    if (gss_load_control_observe_delay (self->load_control, age))
      g_object_notify (G_OBJECT (self->element), "max-observed-delay");
    sal_analyser_give (analyser, window);
  }
}

void
gss_inference_dispatch (GssInference *self, gboolean in_any_case)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->input);
  guint64 seqnum;
  if (!sal_analyser_get_due (analyser, &seqnum))
    return;
  if (!in_any_case && !gss_load_control_wants (self->load_control, seqnum)) {
    if (seqnum != self->skipped)
      GST_INFO_OBJECT (self->element, "skipped: window %" G_GUINT64_FORMAT,
          seqnum);
    self->skipped = seqnum;
    return;
  }
  SalWindow *window = sal_analyser_take (analyser);
  if (window != NULL) {
    GST_DEBUG_OBJECT (self->element, "dispatched: window %" G_GUINT64_FORMAT,
        seqnum);
    window = gss_worker_submit (self->worker, window);
  }
  if (window == NULL)
    return;
  GST_INFO_OBJECT (self->element, "superseded: window %" G_GUINT64_FORMAT,
      sal_window_get_seqnum (window));
  gss_load_control_count_superseded (self->load_control);
  sal_analyser_give (analyser, window);
}

gboolean
gss_inference_complete (GssInference *self, gboolean with_due)
{
  if (!gss_worker_wait (self->worker))
    return FALSE;
  gss_inference_collect (self);
  if (!with_due)
    return TRUE;
  gss_inference_dispatch (self, TRUE);
  if (!gss_worker_wait (self->worker))
    return FALSE;
  gss_inference_collect (self);
  return TRUE;
}

void
gss_inference_drop (GssInference *self)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->input);
  GstClockTime cost;
  SalWindow *window = gss_worker_withdraw (self->worker);
  if (window != NULL)
    sal_analyser_give (analyser, window);
  while ((window = gss_worker_collect (self->worker, &cost)) != NULL)
    sal_analyser_give (analyser, window);
}

void
gss_inference_set_flushing (GssInference *self, gboolean flushing)
{
  gss_worker_set_flushing (self->worker, flushing);
}
