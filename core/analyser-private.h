/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyser-private.h: how windows become time, for whoever walks along a stream */
#pragma once

#include "target.h"
#include "timeline.h"

#define SAL_DENSE_COLUMNS 9        /* m of sal_scorer_dense(): 0.72 s */
#define SAL_WINDOW_LEAST_FRAMES 16 /* two columns of S4; shorter windows are not computed */

guint sal_analyser_per_column (const SalModel *model); /* frames per column of S4 */

/**
 * sal_analyser_timeline_new:
 * @hop: frames; so is @lookahead
 *
 * Returns: (transfer full): a timeline calibrated for this target and look-ahead
 */
SalTimeline *sal_analyser_timeline_new (const SalModel *model, const SalTarget *target, guint hop, guint lookahead);

/**
 * sal_analyser_hears:
 * @energy: sum of squares of @n_samples samples
 *
 * Returns: whether they are louder than any silence; a window without such a step is not computed
 */
gboolean sal_analyser_hears (double energy, guint n_samples);
