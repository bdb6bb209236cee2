/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deletion-picture.h: curves of deletion and insertion, with bands */
#pragma once

#include <cairo.h>

#include "eval/deletion.h"

/**
 * eval_deletion_draw:
 * @results: (element-type EvalDeletionResult)
 * @rows: (element-type EvalDeletionRow)
 * @log_odds: their mean; else how often A is recognised
 *
 * Draws the first fill, zero: fused maps of all layers with the 95 % intervals, and what they are
 * compared with; a row of panels for each form.
 *
 * Returns: (transfer full): an image
 */
cairo_surface_t *eval_deletion_draw (const char *title, const GArray *results, const GArray *rows,
    gboolean log_odds);
