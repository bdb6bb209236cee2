/* SPDX-License-Identifier: GPL-2.0-or-later */
/* det.h: misses against false alarms, on axes where normal scores give straight lines */
#pragma once

#include <cairo.h>

#include "eval/verification.h"

/**
 * eval_probit:
 *
 * Returns: x with Phi (x) = @p, Phi being the normal distribution; within 1e-8; infinite at 0 and 1
 */
double eval_probit (double p);

/**
 * eval_det_draw:
 * @rows: [EVAL_VERIFICATION_DURATIONS], of @trials
 *
 * One curve for each duration, by the log-likelihood ratio [Martin1997].
 *
 * Returns: (transfer full): an image
 */
cairo_surface_t *eval_det_draw (const char *title, const GArray *trials,
    const EvalVerificationRow *rows);
