/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inference.h: from a window to evidence
 *
 * One forward pass over the window, then a score, log-odds by column and a saliency map for each of
 * its targets.
 */
#pragma once

#include "stream/window.h"

typedef struct _SalInference SalInference; /* a network and scratch, one thread at a time */

/**
 * sal_inference_new:
 * @max_frames: of the longest window
 * @cam: map settings that room is made for
 * @threads: that may work on a window, 1..64
 */
SalInference *sal_inference_new (SalModel *model, guint max_frames, const SalCamConfig *cam,
    guint threads);
void sal_inference_free (SalInference *self); /* NULL is a no-op */

/**
 * sal_inference_compute:
 * @window: (inout): its results are filled in
 *
 * The network is made anew for a window that asks for a deeper map than those before it, or for
 * another number of threads; the first window that asks for trust allocates its scratch
 * (faithfulness.h).  Otherwise nothing is allocated once every layer in use was seen.
 */
void sal_inference_compute (SalInference *self, SalWindow *window);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalInference, sal_inference_free)
