/* SPDX-License-Identifier: GPL-2.0-or-later */
/* det.h: misses against false alarms, on axes where normal scores give straight lines */
#pragma once

#include <cairo.h>

#include "eval/verification.h"

/**
 * sal_probit:
 *
 * Returns: x with Phi (x) = @p, Phi being the normal distribution; within 1e-8; infinite at 0 and 1
 */
double sal_probit (double p);

/**
 * sal_det_draw:
 * @rows: [SAL_VERIFICATION_DURATIONS], of @trials
 *
 * One curve for each duration, by the log-likelihood ratio [Martin1997].
 *
 * Returns: (transfer full): an image
 */
cairo_surface_t *sal_det_draw (const char *title, const GArray *trials, const SalVerificationRow *rows);
