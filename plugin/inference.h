/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inference.h: the windows of an analyser on their way to a worker thread and back
 *
 * Counts the cost of windows and warns if it is too high.  One thread at a time, save for
 * gss_inference_set_flushing().
 */
#pragma once

#include "analyser-input.h"
#include "load-control.h"

typedef struct _GssInference GssInference;

/**
 * gss_inference_new:
 * @element: (transfer none): posts warnings, owns the worker's thread
 * @input: (transfer none): its analyser computes
 * @load_control: (transfer none): counts what happens
 * @warn_of_cost: whether the cost of the first window is worth a warning
 *
 * Returns: (transfer full) (nullable): %NULL and the error of gss_worker_new()
 */
GssInference *gss_inference_new (GstElement *element, GssAnalyserInput *input,
    GssLoadControl *load_control, gboolean warn_of_cost, GError **error);
void gss_inference_free (GssInference *self); /* waits for the window being computed */

/**
 * gss_inference_warm_up:
 *
 * Computes one window of faint noise in the calling thread: memory is there and weights are in
 * their place before there is a hurry.  What was heard is forgotten.
 */
void gss_inference_warm_up (GssInference *self, const SalMelConfig *mel);

/**
 * gss_inference_dispatch:
 * @in_any_case: however much there is to do
 *
 * The newest window that is due goes to the worker, if there is time for it.
 */
void gss_inference_dispatch (GssInference *self, gboolean in_any_case);
void gss_inference_collect (GssInference *self); /* windows that are done come back */

/**
 * gss_inference_complete:
 * @with_due: whether windows that are due are computed, too
 *
 * Waits until all windows are done.
 *
 * Returns: %FALSE if flushing ended it
 */
gboolean gss_inference_complete (GssInference *self, gboolean with_due);

/**
 * gss_inference_drop:
 *
 * Drops windows that wait or are done; the window that is being computed is dropped when it comes
 * back.
 */
void gss_inference_drop (GssInference *self);

/**
 * gss_inference_count:
 * @cost: ns, of a window that the calling thread computed
 */
void gss_inference_count (GssInference *self, GstClockTime cost);
void gss_inference_set_flushing (GssInference *self,
    gboolean flushing); /* any thread; nothing is waited for while it is */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssInference, gss_inference_free)
