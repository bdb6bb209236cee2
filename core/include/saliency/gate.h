/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.h: noise gate: from the probability that the target speaks to a gain
 *
 * The gate opens when the probability passes a threshold and closes below a lower one after a hold
 * time; in between the gain moves evenly in dB.  Each band has its own state.
 */
#pragma once

#include <saliency/error.h>

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

G_END_DECLS
