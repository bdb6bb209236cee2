/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inference.h: windows to evidence
 *
 * One forward pass over a window, then for each of its targets a score, log-odds by column and a
 * map.
 */
#pragma once

#include <saliency/cam.h>
#include <saliency/window.h>

typedef struct _SalInference SalInference; /* a network and scratch, one thread at a time */

/**
 * sal_inference_new:
 * @max_frames: of the longest window
 * @cam: that room is made for
 * @threads: that may work on a window, 1..64
 */
SalInference *sal_inference_new (SalModel *model, guint max_frames, const SalCamConfig *cam,
    guint threads);
void sal_inference_free (SalInference *self); /* NULL is a no-op */

/**
 * sal_inference_compute:
 * @window: (inout): its results are filled in
 *
 * A window that asks for a deeper map than those before it, or another number of threads, has the
 * network made anew, and the first one whose maps are to be tried (trust.h) room for that.
 * Otherwise no allocation once every layer in use was seen.
 */
void sal_inference_compute (SalInference *self, SalWindow *window);

/**
 * sal_inference_score:
 * @embedding: [E], of the whole window
 * @around: (array): around each column of S4, [n_columns, E]
 * @score: (out): of the whole window
 * @columns: (out caller-allocates): log-odds by column of S4, [n_columns]
 *
 * Returns: %FALSE if something is not finite: weights far out of range
 */
gboolean sal_inference_score (SalScorer *scorer, const SalTarget *target, const float *embedding,
    const float *around, guint n_columns, SalScore *score, float *columns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalInference, sal_inference_free)
