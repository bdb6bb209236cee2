/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.h: from the probability that the target speaks to a gain
 *
 * Opens when the probability passes a threshold, closes below a lower one after a
 * hold time; in between the gain moves evenly in dB.
 */
#pragma once

#include "error.h"

typedef struct {
  float threshold;   /* probability at which it opens, [0.001, 0.999] */
  float hysteresis;  /* it closes below threshold - hysteresis, [0, threshold) */
  float floor_db;    /* gain when closed, [-120, 0] */
  float attack_ms;   /* time from floor to 0 dB, [0, 10000] */
  float release_ms;  /* time from 0 dB to floor, likewise */
  float hold_ms;     /* stays open so long after the last frame above, likewise */
} SalGateConfig;

/**
 * sal_gate_config_init:
 *
 * The defaults of the element.
 */
SAL_API void sal_gate_config_init (SalGateConfig *config);

typedef struct _SalGate SalGate; /* one thread at a time */

/**
 * sal_gate_new:
 * @frame_ms: time between two frames
 *
 * Returns: (transfer full) (nullable): a closed gate, or %NULL and %SAL_ERROR_CONFIG
 */
SAL_API SalGate *sal_gate_new (const SalGateConfig *config, float frame_ms, GError **error);
SAL_API void sal_gate_free (SalGate *self); /* NULL is a no-op */

/**
 * sal_gate_process:
 * @probability: [n_frames]
 * @gain: (out caller-allocates): [n_frames], linear, floor..1; may be @probability
 */
SAL_API void sal_gate_process (SalGate *self, const float *probability, guint n_frames, float *gain);
SAL_API void sal_gate_reset (SalGate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalGate, sal_gate_free)
