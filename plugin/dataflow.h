/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dataflow.h: virtual methods of the base class: buffers, events and queries */
#pragma once

#include "gstspeakersaliency-private.h"

void gss_dataflow_install (GstBaseTransformClass *klass); /* and setup of its GstAudioFilterClass */

/**
 * gss_dataflow_open:
 * @targets: (array length=n_targets): as gss_stream_set_targets() takes them
 *
 * Returns: (transfer full) (nullable): a stream that reports to @self, or %NULL and the error of
 * gss_stream_new()
 */
GssStream *gss_dataflow_open (GstSpeakerSaliency *self, const GssProperties *settings,
    SalModel *model, SalTarget *const *targets, guint n_targets, GError **error);
void gss_dataflow_interrupt (
    GstSpeakerSaliency *self); /* any thread: nobody waits for a window any more */
