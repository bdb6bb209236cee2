/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gate.h"

#include <math.h>
#include <string.h>

#include "data.h"

#define FRAME_MS 10

/* Floor -40 dB = 0.01, attack 50 ms, release 100 ms, hold 30 ms. */
static const SalGateConfig good = {
  .threshold = 0.6f, .hysteresis = 0.2f, .floor_db = -40, .attack_ms = 50,
  .release_ms = 100, .hold_ms = 30,
};

static SalGate *
new_gate (const SalGateConfig *config)
{
  g_autoptr (GError) error = NULL;
  SalGate *gate = sal_gate_new (config, 1, FRAME_MS, &error);
  g_assert_no_error (error);
  g_assert_nonnull (gate);
  return gate;
}

static void
run (SalGate *gate, float probability, guint n, float *gain)
{
  for (guint t = 0; t < n; t++)
    gain[t] = probability;
  sal_gate_process (gate, gain, n, gain); /* in place */
}

static void
test_defaults_are_good (void)
{
  SalGateConfig config;
  sal_gate_config_init (&config);
  g_assert_cmpfloat (config.floor_db, ==, -40);
  g_autoptr (SalGate) gate = new_gate (&config);
  sal_gate_free (NULL);
}

static void
test_begins_closed (void)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[20];
  run (gate, 0, 20, gain);
  for (guint t = 0; t < 20; t++)
    g_assert_cmpfloat_with_epsilon (gain[t], 0.01, 1e-6);
}

/* From floor to 0 dB in the attack time, the same dB in each frame. */
static void
test_attack (void)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[12];
  run (gate, 1, 12, gain);
  g_assert_cmpfloat (gain[3], <, 0.9);
  for (guint t = 5; t < 12; t++) /* one frame for rounding */
    g_assert_cmpfloat (gain[t], ==, 1);
  for (guint t = 1; t < 4; t++)
    g_assert_cmpfloat_with_epsilon (20 * log10 (gain[t] / gain[t - 1]), 8,
        1e-3);
}

static void
test_hold_and_release (void)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[30];
  run (gate, 1, 10, gain);
  run (gate, 0, 30, gain);
  for (guint t = 0; t < 3; t++) /* held */
    g_assert_cmpfloat (gain[t], ==, 1);
  g_assert_cmpfloat (gain[5], <, 1);
  for (guint t = 5; t < 12; t++)
    g_assert_cmpfloat_with_epsilon (20 * log10 (gain[t] / gain[t - 1]), -4,
        1e-3);
  for (guint t = 14; t < 30; t++)
    g_assert_cmpfloat_with_epsilon (gain[t], 0.01, 1e-6);
}

static void
test_hysteresis (void)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[60];
  run (gate, 0.55f, 60, gain); /* below the threshold: stays closed */
  g_assert_cmpfloat_with_epsilon (gain[59], 0.01, 1e-6);
  run (gate, 0.65f, 60, gain);
  g_assert_cmpfloat (gain[59], ==, 1);
  run (gate, 0.45f, 60, gain); /* above the lower threshold: stays open */
  g_assert_cmpfloat (gain[59], ==, 1);
  run (gate, 0.35f, 60, gain);
  g_assert_cmpfloat_with_epsilon (gain[59], 0.01, 1e-6);
}

/* Dips no longer than the hold time are not heard. */
static void
test_hold_bridges_dips (void)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[10];
  run (gate, 1, 10, gain);
  for (guint n = 0; n < 20; n++) {
    run (gate, 0, 3, gain);
    for (guint t = 0; t < 3; t++)
      g_assert_cmpfloat (gain[t], ==, 1);
    run (gate, 1, 1, gain);
    g_assert_cmpfloat (gain[0], ==, 1);
  }
}

static void
test_zero_times_are_immediate (void)
{
  SalGateConfig config = good;
  config.attack_ms = config.release_ms = config.hold_ms = 0;
  g_autoptr (SalGate) gate = new_gate (&config);
  const float probability[6] = { 0, 1, 1, 0, 1, 0 };
  float gain[6];
  sal_gate_process (gate, probability, 6, gain);
  for (guint t = 0; t < 6; t++)
    g_assert_cmpfloat_with_epsilon (gain[t], probability[t] ? 1 : 0.01, 1e-6);
}

static void
test_cutting_the_stream_changes_nothing (void)
{
  g_autoptr (SalGate) whole = new_gate (&good);
  g_autoptr (SalGate) cut = new_gate (&good);
  g_autofree float *probability = data_noise (1, 500);
  float a[500], b[500];
  for (guint t = 0; t < 500; t++)
    probability[t] = fabsf (sinf (t / 20.f) + 0.1f * probability[t]);
  sal_gate_process (whole, probability, 500, a);
  for (guint at = 0, n = 1; at < 500; at += n, n = MIN (n + 3, 500 - at))
    sal_gate_process (cut, probability + at, n, b + at);
  g_assert_cmpmem (a, sizeof a, b, sizeof b);
}

static void
test_gain_stays_between_floor_and_1 (void)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[400];
  g_autofree float *noise = data_noise (3, 400);
  sal_gate_process (gate, noise, 400, gain);
  for (guint t = 0; t < 400; t++) {
    g_assert_cmpfloat (gain[t], >=, 0.00999);
    g_assert_cmpfloat (gain[t], <=, 1);
  }
}

static void
test_reset_closes (void)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[20];
  run (gate, 1, 20, gain);
  sal_gate_reset (gate);
  run (gate, 0, 1, gain);
  g_assert_cmpfloat_with_epsilon (gain[0], 0.01, 1e-6);
}

static void
test_nan_closes (void)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[40];
  run (gate, 1, 20, gain);
  run (gate, NAN, 40, gain);
  data_assert_finite ("gain", gain, 40);
  g_assert_cmpfloat_with_epsilon (gain[39], 0.01, 1e-6);
}

static void
test_floor_of_0_db_is_open (void)
{
  SalGateConfig config = good;
  config.floor_db = 0;
  g_autoptr (SalGate) gate = new_gate (&config);
  float gain[20];
  run (gate, 0, 20, gain);
  for (guint t = 0; t < 20; t++)
    g_assert_cmpfloat (gain[t], ==, 1);
}

static const struct {
  const char *path, *field;
  gsize offset;
  float value;
} bad[] = {
  { "threshold-0", "threshold", offsetof (SalGateConfig, threshold), 0 },
  { "threshold-1", "threshold", offsetof (SalGateConfig, threshold), 1 },
  { "threshold-nan", "threshold", offsetof (SalGateConfig, threshold), NAN },
  { "negative-hysteresis", "hysteresis", offsetof (SalGateConfig, hysteresis),
      -0.1f },
  { "hysteresis-as-large-as-threshold", "hysteresis",
      offsetof (SalGateConfig, hysteresis), 0.6f },
  { "hysteresis-nan", "hysteresis", offsetof (SalGateConfig, hysteresis), NAN },
  { "floor-above-0", "floor", offsetof (SalGateConfig, floor_db), 1 },
  { "floor-below-120", "floor", offsetof (SalGateConfig, floor_db), -121 },
  { "floor-nan", "floor", offsetof (SalGateConfig, floor_db), NAN },
  { "negative-attack", "attack", offsetof (SalGateConfig, attack_ms), -1 },
  { "attack-nan", "attack", offsetof (SalGateConfig, attack_ms), NAN },
  { "negative-release", "release", offsetof (SalGateConfig, release_ms), -1 },
  { "release-infinite", "release", offsetof (SalGateConfig, release_ms),
      INFINITY },
  { "negative-hold", "hold", offsetof (SalGateConfig, hold_ms), -1 },
  { "hold-nan", "hold", offsetof (SalGateConfig, hold_ms), NAN },
};

static void
test_rejects (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  SalGateConfig config = good;
  g_autoptr (GError) error = NULL;
  memcpy ((char *) &config + bad[i].offset, &bad[i].value, sizeof (float));
  g_autoptr (SalGate) gate = sal_gate_new (&config, 1, FRAME_MS, &error);
  if (gate != NULL)
    g_test_fail_printf ("accepted");
  else
    data_assert_error (error, SAL_ERROR_CONFIG, bad[i].field, NULL);
}

/* --- changes while running ----------------------------------------------- */

static float
largest_step (const float *gain, guint n)
{
  float largest = 0;
  for (guint t = 1; t < n; t++)
    largest = MAX (largest, fabsf (gain[t] - gain[t - 1]));
  return largest;
}

/* Open or closed, then `other` from frame 30 of 100 on. */
static void
change (float probability, const SalGateConfig *other, float *gain)
{
  g_autoptr (SalGate) gate = new_gate (&good);
  run (gate, probability, 30, gain);
  g_assert_true (sal_gate_set_config (gate, other, NULL));
  run (gate, probability, 70, gain + 30);
}

static void
test_change_never_jumps (void)
{
  float gain[100];
  SalGateConfig config = good;
  config.floor_db = -60;
  change (0, &config, gain);
  g_assert_cmpfloat_with_epsilon (gain[99], 0.001, 1e-6);
  config.floor_db = -6;
  change (0, &config, gain);
  g_assert_cmpfloat_with_epsilon (gain[99], powf (10, -0.3f), 1e-6);
  /* 34 dB evenly in five frames: the last one is the largest */
  g_assert_cmpfloat (largest_step (gain, 100), <, 0.28);
  config = good;
  config.removed = TRUE;
  change (1, &config, gain);
  g_assert_cmpfloat (gain[99], ==, 0);
  g_assert_cmpfloat (largest_step (gain + 29, 70), <, 0.21);
  config = good;
  config.bypass = TRUE;
  change (0, &config, gain);
  g_assert_cmpfloat (gain[99], ==, 1);
  g_assert_cmpfloat (largest_step (gain + 29, 70), <, 0.21);
}

static void
test_change_of_threshold (void)
{
  float gain[100];
  SalGateConfig config = good;
  config.threshold = 0.3f;
  change (0.35f, &config, gain);
  g_assert_cmpfloat_with_epsilon (gain[29], 0.01, 1e-6);
  g_assert_cmpfloat (gain[99], ==, 1);
}

static void
test_change_of_slopes_and_hold (void)
{
  float slow[100];
  SalGateConfig config = good;
  g_autoptr (SalGate) gate = new_gate (&good);
  config.attack_ms = 400;
  config.hold_ms = 200;
  g_assert_true (sal_gate_set_config (gate, &config, NULL));
  run (gate, 1, 45, slow);
  g_assert_cmpfloat (slow[38], <, 1);
  g_assert_cmpfloat (slow[40], ==, 1);
  run (gate, 0, 40, slow);
  g_assert_cmpfloat (slow[19], ==, 1);
  g_assert_cmpfloat (slow[20], <, 1);
}

static void
test_refused_change_changes_nothing (void)
{
  g_autoptr (GError) error = NULL;
  float gain[10];
  SalGateConfig config = good;
  g_autoptr (SalGate) gate = new_gate (&good);
  config.floor_db = -130;
  g_assert_false (sal_gate_set_config (gate, &config, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_CONFIG);
  run (gate, 0, 10, gain);
  g_assert_cmpfloat_with_epsilon (gain[9], 0.01, 1e-6);
}

/* What is kept and what is removed are all of it. */
static void
test_removed_is_the_rest (void)
{
  float kept[60], removed[60];
  SalGateConfig config = good;
  config.removed = TRUE;
  g_autoptr (SalGate) gate = new_gate (&good);
  g_autoptr (SalGate) other = new_gate (&config);
  for (guint t = 0; t < 60; t++)
    kept[t] = removed[t] = t / 20 == 1 ? 0.9f : 0.1f;
  sal_gate_process (gate, kept, 60, kept);
  sal_gate_process (other, removed, 60, removed);
  for (guint t = 0; t < 60; t++)
    g_assert_cmpfloat_with_epsilon (kept[t] + removed[t], 1, 1e-6);
}

/* --- bands --------------------------------------------------------------- */

static void
test_bands_have_states_of_their_own (void)
{
  SalGateConfig config = good;
  g_autoptr (SalGate) gate = sal_gate_new (&config, 3, FRAME_MS, NULL);
  float gain[40 * 3];
  for (guint t = 0; t < 40; t++) {
    gain[3 * t] = 0;
    gain[3 * t + 1] = 1;
    gain[3 * t + 2] = t < 20 ? 1 : 0;
  }
  sal_gate_process (gate, gain, 40, gain);
  g_assert_cmpfloat_with_epsilon (gain[3 * 39], 0.01, 1e-6);
  g_assert_cmpfloat (gain[3 * 39 + 1], ==, 1);
  g_assert_cmpfloat (gain[3 * 19 + 2], ==, 1);
  g_assert_cmpfloat_with_epsilon (gain[3 * 39 + 2], 0.01, 1e-6);
}

static void
test_band_probability (void)
{
  g_autoptr (SalMap) map = sal_map_new (2, 3);
  const float saliency[] = { 0.5f, -0.3f, -0.9f, 0.1f, 0.2f, 0.9f };
  const float want[] = { 1, 0.7f, 0.2f, 0.7f, 0, 1 };
  float probability[6];
  memcpy (map->saliency, saliency, sizeof (saliency));
  map->activity[0] = 0.6f;
  map->activity[1] = 0.5f;
  map->activity[2] = 0.3f;
  sal_gate_band_probability (map, probability);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpfloat_with_epsilon (probability[i], want[i], 1e-6);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/gate/defaults-are-good", test_defaults_are_good },
    { "/gate/begins-closed", test_begins_closed },
    { "/gate/attack-takes-its-time", test_attack },
    { "/gate/holds-then-releases", test_hold_and_release },
    { "/gate/hysteresis-has-two-thresholds", test_hysteresis },
    { "/gate/hold-bridges-dips", test_hold_bridges_dips },
    { "/gate/zero-times-are-immediate", test_zero_times_are_immediate },
    { "/gate/cutting-the-stream-changes-nothing",
        test_cutting_the_stream_changes_nothing },
    { "/gate/gain-stays-between-floor-and-1",
        test_gain_stays_between_floor_and_1 },
    { "/gate/reset-closes", test_reset_closes },
    { "/gate/nan-closes", test_nan_closes },
    { "/gate/floor-of-0-db-is-open", test_floor_of_0_db_is_open },
    { "/gate/change/never-jumps", test_change_never_jumps },
    { "/gate/change/of-the-threshold", test_change_of_threshold },
    { "/gate/change/of-slopes-and-hold", test_change_of_slopes_and_hold },
    { "/gate/change/that-is-refused-changes-nothing",
        test_refused_change_changes_nothing },
    { "/gate/removed-is-the-rest", test_removed_is_the_rest },
    { "/gate/bands/have-states-of-their-own",
        test_bands_have_states_of_their_own },
    { "/gate/bands/probability", test_band_probability },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *path = g_strconcat ("/gate/rejects-", bad[i].path, NULL);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_rejects);
  }
  return g_test_run ();
}
