/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.h: from the probability that the target speaks to a gain
 *
 * Opens when the probability passes a threshold, closes below a lower one after a
 * hold time; in between the gain moves evenly in dB.  Each band has its own state.
 */
#pragma once

#include <saliency/map.h>

typedef struct {
  float threshold;  /* probability at which it opens, [0.001, 0.999] */
  float hysteresis; /* it closes below threshold - hysteresis, [0, threshold) */
  float floor_db;   /* gain when closed, [-120, 0] */
  float attack_ms;  /* time from floor to 0 dB, [0, 10000] */
  float release_ms; /* time from 0 dB to floor, likewise */
  float hold_ms;    /* stays open so long after the last frame above, likewise */
  gboolean removed; /* 1 - gain instead: what would be taken away */
  gboolean bypass;  /* gain 1 */
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
 * @n_bands: 1: one gain for all frequencies
 * @frame_ms: time between two frames
 *
 * Returns: (transfer full) (nullable): a closed gate, or %NULL and %SAL_ERROR_CONFIG
 */
SAL_API SalGate *sal_gate_new (const SalGateConfig *config, guint n_bands, float frame_ms,
    GError **error);
SAL_API void sal_gate_free (SalGate *self); /* NULL is a no-op */

/**
 * sal_gate_set_config:
 *
 * From the next frame on, without a jump: a closed gate goes to a lower floor by the new release,
 * and is at a higher one after the new attack time at the latest; @removed and @bypass fade in and
 * out, linearly, over 50 ms.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG: nothing changed then
 */
SAL_API gboolean sal_gate_set_config (SalGate *self, const SalGateConfig *config, GError **error);

/**
 * sal_gate_process:
 * @probability: [n_frames, n_bands], time first
 * @gain: (out caller-allocates): [n_frames, n_bands], linear, floor..1 (removed: 0..1 - floor); may
 * be @probability
 */
SAL_API void sal_gate_process (SalGate *self, const float *probability, guint n_frames,
    float *gain);
SAL_API void sal_gate_reset (SalGate *self); /* closed, and whatever faded is there */

/**
 * sal_gate_band_probability:
 * @probability: (out caller-allocates): [n_frames, n_bands] of @map, time first
 *
 * For a gain that depends on frequency: activity + saliency, cut to 0..1.  Where it is certain
 * whether the target speaks that is all that counts, where it is not the evidence of each band
 * decides.
 */
SAL_API void sal_gate_band_probability (const SalMap *map, float *probability);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalGate, sal_gate_free)
