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
