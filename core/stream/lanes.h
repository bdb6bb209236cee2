/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes.h: how windows become time, for whoever walks along a stream */
#pragma once

#include "stream/inference.h"
#include "stream/timeline.h"

/**
 * sal_analyser_lines:
 * @lookahead: frames
 *
 * Returns: what makes log-odds of this target log-likelihood ratios
 */
SalLinePair sal_analyser_lines (const SalModel *model, const SalTarget *target, guint lookahead);

/**
 * sal_analyser_timeline_new:
 * @capacity: frames, as for sal_timeline_new()
 * @lookahead: frames
 *
 * Returns: (transfer full): a timeline calibrated for this target and look-ahead
 */
SalTimeline *sal_analyser_timeline_new (const SalModel *model, const SalTarget *target,
    guint capacity, guint lookahead);

/**
 * sal_analyser_history_new:
 * @capacity: frames
 *
 * Returns: (transfer full): a history for frames as @model has them, with the loudness of the
 * newest window
 */
SalFrameRing *sal_analyser_history_new (const SalModel *model, guint capacity);
