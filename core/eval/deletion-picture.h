/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deletion-picture.h: curves of deletion and insertion, with bands */
#pragma once

#include <cairo.h>

#include "eval/deletion.h"

/**
 * sal_deletion_draw:
 * @results: (element-type SalDeletionResult)
 * @rows: (element-type SalDeletionRow)
 * @log_odds: their mean; else how often A is recognised
 *
 * Draws the first fill, zero: fused maps of all layers with the 95 % intervals, and what they are compared with; a row of panels for
 * each form.
 *
 * Returns: (transfer full): an image
 */
cairo_surface_t *sal_deletion_draw (const char *title, const GArray *results, const GArray *rows, gboolean log_odds);
