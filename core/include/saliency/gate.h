/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.h: noise gate: from the probability that the target speaks to a gain
 *
 * The gate opens when the probability passes a threshold and closes below a lower one after a hold
 * time; in between the gain moves evenly in dB.  Each band has its own state.
 */
#pragma once

#include <saliency/error.h>
#include <saliency/map.h>

G_BEGIN_DECLS

/**
 * SalGateConfig:
 * @threshold: probability at which the gate opens, [0.001, 0.999]
 * @hysteresis: it closes below threshold - hysteresis, [0, threshold)
 * @floor_db: gain when closed, [-120, 0] dB
 * @attack_ms: time from floor to 0 dB, [0, 10000] ms
 * @release_ms: time from 0 dB to floor, likewise
 * @hold_ms: the gate stays open so long after the last frame above, likewise
 * @removed: 1 - gain instead: what would be taken away
 * @bypass: gain 1
 *
 * Settings of a gate.  Begin with sal_gate_config_init(): later versions may use the reserved
 * space.
 *
 * Since: 0.2
 */
typedef struct {
  float threshold;
  float hysteresis;
  float floor_db;
  float attack_ms;
  float release_ms;
  float hold_ms;
  gboolean removed;
  gboolean bypass;
  /*< private >*/
  gpointer reserved[4];
} SalGateConfig;

#define SAL_TYPE_GATE_CONFIG (sal_gate_config_get_type ())
SAL_API GType sal_gate_config_get_type (void);

/**
 * sal_gate_config_init:
 * @config: (out caller-allocates): filled in
 *
 * The defaults of the element.
 *
 * Since: 0.2
 */
SAL_API void sal_gate_config_init (SalGateConfig *config);

/**
 * SalGate: (skip)
 *
 * A gate; one thread at a time.
 *
 * Since: 0.2
 */
typedef struct _SalGate SalGate;

/**
 * sal_gate_new: (skip)
 * @config: copied
 * @n_bands: 1: one gain for all frequencies
 * @frame_ms: time between two frames
 * @error: return location for a #GError
 *
 * Returns: (transfer full) (nullable): a closed gate, or %NULL and %SAL_ERROR_CONFIG
 *
 * Since: 0.2
 */
SAL_API SalGate *sal_gate_new (const SalGateConfig *config, guint n_bands, float frame_ms,
    GError **error);

/**
 * sal_gate_free: (skip)
 * @self: (transfer full) (nullable): a gate; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_gate_free (SalGate *self);

/**
 * sal_gate_set_config: (skip)
 * @self: a gate
 * @config: copied
 * @error: return location for a #GError
 *
 * From the next frame on, without a jump: a closed gate goes to a lower floor by the new release,
 * and is at a higher one after the new attack time at the latest; @removed and @bypass fade in and
 * out, linearly, over 50 ms.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG: nothing changed then
 *
 * Since: 0.2
 */
SAL_API gboolean sal_gate_set_config (SalGate *self, const SalGateConfig *config, GError **error);

/**
 * sal_gate_process: (skip)
 * @self: a gate
 * @probability: [n_frames, n_bands], time first
 * @n_frames: how many
 * @gain: (out caller-allocates): [n_frames, n_bands], linear, floor..1 (removed: 0..1 - floor); may
 * be @probability
 *
 * The next frames.  Allocates nothing.
 *
 * Since: 0.2
 */
SAL_API void sal_gate_process (SalGate *self, const float *probability, guint n_frames,
    float *gain);

/**
 * sal_gate_reset: (skip)
 * @self: a gate
 *
 * Closes the gate at once and ends all fades.
 *
 * Since: 0.2
 */
SAL_API void sal_gate_reset (SalGate *self);

/**
 * sal_gate_band_probability: (skip)
 * @map: a map
 * @probability: (out caller-allocates): [n_frames, n_bands] of @map, time first
 *
 * For a gain that depends on frequency: activity + saliency, cut to 0..1.  Where it is certain
 * whether the target speaks only the activity counts; where it is not the evidence of each band
 * decides.
 *
 * Since: 0.2
 */
SAL_API void sal_gate_band_probability (const SalMap *map, float *probability);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalGate, sal_gate_free)

G_END_DECLS
