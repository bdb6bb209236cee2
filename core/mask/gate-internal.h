/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate-internal.h: noise gate: gains from probabilities, frame by frame */
#pragma once

#include <saliency/gate.h>
#include <saliency/map.h>

/**
 * SalGate:
 *
 * A gate; one thread at a time.
 */
typedef struct _SalGate SalGate;

/**
 * sal_gate_new:
 * @config: copied
 * @n_bands: 1: one gain for all frequencies
 * @frame_ms: time between two frames
 * @error: return location for a #GError
 *
 * Returns: (transfer full) (nullable): a closed gate, or %NULL and %SAL_ERROR_CONFIG
 */
SalGate *sal_gate_new (const SalGateConfig *config, guint n_bands, float frame_ms, GError **error);

/**
 * sal_gate_free:
 * @self: (transfer full) (nullable): a gate; %NULL does nothing
 */
void sal_gate_free (SalGate *self);

/**
 * sal_gate_set_config:
 * @self: a gate
 * @config: copied
 * @error: return location for a #GError
 *
 * From the next frame on, without a jump: a closed gate goes to a lower floor by the new release,
 * and is at a higher one after the new attack time at the latest; @removed and @bypass fade in and
 * out, linearly, over 50 ms.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG: nothing changed then
 */
gboolean sal_gate_set_config (SalGate *self, const SalGateConfig *config, GError **error);

/**
 * sal_gate_process:
 * @self: a gate
 * @probability: [n_frames, n_bands], time first
 * @n_frames: how many
 * @gain: (out caller-allocates): [n_frames, n_bands], linear, floor..1 (removed: 0..1 - floor); may
 * be @probability
 *
 * The next frames.  Allocates nothing.
 */
void sal_gate_process (SalGate *self, const float *probability, guint n_frames, float *gain);

/**
 * sal_gate_reset:
 * @self: a gate
 *
 * Closes the gate at once and ends all fades.
 */
void sal_gate_reset (SalGate *self);

/**
 * sal_gate_band_probability:
 * @map: a map
 * @probability: (out caller-allocates): [n_frames, n_bands] of @map, time first
 *
 * For a gain that depends on frequency: activity + saliency, cut to 0..1.  Where it is certain
 * whether the target speaks only the activity counts; where it is not the evidence of each band
 * decides.
 */
void sal_gate_band_probability (const SalMap *map, float *probability);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalGate, sal_gate_free)
