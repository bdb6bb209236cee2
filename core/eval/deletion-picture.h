/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deletion-picture.h: picture of deletion and insertion curves with confidence bands */
#pragma once

#include <cairo.h>

#include "eval/deletion.h"

/**
 * eval_deletion_draw:
 * @results: (element-type EvalDeletionResult)
 * @rows: (element-type EvalDeletionRow)
 * @log_odds: draw mean log-odds; else Top-1 for A
 *
 * Draws the first fill, zero: fused maps of all layers with 95 % intervals, and the controls; a row
 * of panels for each form.
 *
 * Returns: (transfer full): an image
 */
cairo_surface_t *eval_deletion_draw (const char *title, const GArray *results, const GArray *rows,
    gboolean log_odds);
