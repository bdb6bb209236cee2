/* SPDX-License-Identifier: GPL-2.0-or-later */
/* det.h: detection error trade-off (DET) plot
 *
 * Misses against false alarms on probit axes: normally distributed scores give straight lines.
 */
#pragma once

#include <cairo.h>

#include "eval/verification.h"

/**
 * eval_probit:
 *
 * Returns: x with Phi (x) = @p, Phi the normal distribution, within 1e-8; infinite at 0 and 1
 */
double eval_probit (double p);

/**
 * eval_det_draw:
 * @rows: [EVAL_VERIFICATION_DURATIONS], of @trials
 *
 * Draws one curve for each duration, from log-likelihood ratios [Martin1997].
 *
 * Returns: (transfer full): an image
 */
cairo_surface_t *eval_det_draw (const char *title, const GArray *trials,
    const EvalVerificationRow *rows);
