/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mask/gate-internal.h"

#include <math.h>
#include <string.h>

#include "data.h"

#define FRAME_MS 10

/* Floor -40 dB = 0.01, attack 50 ms, release 100 ms, hold 30 ms. */
static const SalGateConfig good = {
  .threshold = 0.6f,
  .hysteresis = 0.2f,
  .floor_db = -40,
  .attack_ms = 50,
  .release_ms = 100,
  .hold_ms = 30,
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

/* --- bands --------------------------------------------------------------- */

static void
test_bands_are_gates_of_their_own (void)
{
  enum { B = 3, T = 300 };
  g_autoptr (SalGate) all = sal_gate_new (&good, B, FRAME_MS, NULL);
  g_autofree float *noise = data_noise (1, B * T);
  float together[B * T], alone[T];
  for (guint i = 0; i < B * T; i++)
    noise[i] = fabsf (sinf (i / B / (10.f + i % B)) + 0.1f * noise[i]);
  sal_gate_process (all, noise, T, together);
  for (guint b = 0; b < B; b++) {
    g_autoptr (SalGate) one = new_gate (&good);
    for (guint t = 0; t < T; t++)
      alone[t] = noise[t * B + b];
    sal_gate_process (one, alone, T, alone);
    for (guint t = 0; t < T; t++)
      g_assert_cmpfloat (together[t * B + b], ==, alone[t]);
  }
}

static void
test_band_probability (void)
{
  g_autoptr (SalMap) map = sal_map_new (2, 3);
  const float activity[3] = { 0, 0.5f, 1 };
  const float saliency[6] = { -0.5f, 0.25f, -0.25f, 0.75f, 0.75f, 0.5f };
  const float want[6] = { 0, 0.75f, 0.75f, 1, 0.75f, 1 };
  float got[6];
  memcpy (map->activity, activity, sizeof activity);
  memcpy (map->saliency, saliency, sizeof saliency);
  sal_gate_band_probability (map, got);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpfloat (got[i], ==, want[i]);
}

/* --- changes while it runs ----------------------------------------------- */

/* Times that make every step small */
static const SalGateConfig slow = {
  .threshold = 0.6f,
  .hysteresis = 0.2f,
  .floor_db = -40,
  .attack_ms = 500,
  .release_ms = 500,
  .hold_ms = 100,
};

/* The largest step of the gain after a change, on the way to where it stays,
 * from any state the gate may be in: closed, opening, open, closing. */
static float
largest_step (const SalGateConfig *from, const SalGateConfig *to, float *last)
{
  float most = 0;
  for (guint n = 0; n <= 100; n += 5)
    for (guint now_open = 0; now_open < 2; now_open++) {
      g_autoptr (SalGate) gate = new_gate (from);
      float gain[300];
      run (gate, 0.55f, 1, gain);
      run (gate, n > 50 ? 1 : 0, 60, gain);
      run (gate, n > 50 ? 0 : 1, n % 50 + 1, gain);
      gain[0] = gain[n % 50];
      g_assert_true (sal_gate_set_config (gate, to, NULL));
      run (gate, now_open, 299, gain + 1);
      for (guint t = 1; t < 300; t++)
        most = MAX (most, fabsf (gain[t] - gain[t - 1]));
      *last = gain[299];
      g_assert_cmpfloat (fabsf (gain[299] - gain[290]), <, 1e-6);
    }
  return most;
}

static const struct {
  const char *path;
  SalGateConfig to;
  float limit; /* linear */
} changes[] = {
  /* 40 dB in 50 frames: 0.8 dB are 0.088 at full gain */
  { "threshold", { 0.9f, 0.2f, -40, 500, 500, 100 }, 0.1f },
  { "hysteresis", { 0.6f, 0, -40, 500, 500, 100 }, 0.1f },
  { "hold", { 0.6f, 0.2f, -40, 500, 500, 0 }, 0.1f },
  { "higher-floor", { 0.6f, 0.2f, -10, 500, 500, 100 }, 0.1f },
  { "floor-of-0-db", { 0.6f, 0.2f, 0, 500, 500, 100 }, 0.1f },
  { "lower-floor", { 0.6f, 0.2f, -80, 500, 500, 100 }, 0.18f },
  { "attack", { 0.6f, 0.2f, -40, 200, 500, 100 }, 0.21f },
  { "release", { 0.6f, 0.2f, -40, 500, 200, 100 }, 0.21f },
  /* a fade of 5 frames and the gate; two of them */
  { "removed", { 0.6f, 0.2f, -40, 500, 500, 100, TRUE, FALSE }, 0.3f },
  { "bypass", { 0.6f, 0.2f, -40, 500, 500, 100, FALSE, TRUE }, 0.3f },
  { "both", { 0.6f, 0.2f, -40, 500, 500, 100, TRUE, TRUE }, 0.5f },
};

static void
test_change (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  float there_last, back_last;
  float there = largest_step (&slow, &changes[i].to, &there_last);
  float back = largest_step (&changes[i].to, &slow, &back_last);
  g_test_message ("largest step %g there, %g back", there, back);
  g_assert_cmpfloat (there, <=, changes[i].limit);
  g_assert_cmpfloat (back, <=, changes[i].limit);
  g_assert_cmpfloat (back_last, ==, 1);
}

static void
test_closed_gate_goes_to_new_floor (void)
{
  static const float floors[] = { -20, 0, -60 };
  for (guint i = 0; i < G_N_ELEMENTS (floors); i++) {
    SalGateConfig config = good;
    g_autoptr (SalGate) gate = new_gate (&good);
    float gain[12], before = 0.01f;
    run (gate, 0, 10, gain);
    config.floor_db = floors[i];
    g_assert_true (sal_gate_set_config (gate, &config, NULL));
    run (gate, 0, 12, gain);
    g_assert_cmpfloat_with_epsilon (gain[11], pow (10, floors[i] / 20), 1e-6);
    for (guint t = 0; t < 12; t++) {
      double step = 20 * log10 (gain[t] / before);
      g_assert_cmpfloat (fabs (step), <=, 8.01); /* 40 dB in 5 frames */
      before = gain[t];
    }
  }
}

static void
test_removed_is_the_rest (void)
{
  SalGateConfig config = good;
  config.removed = TRUE;
  g_autoptr (SalGate) kept = new_gate (&good);
  g_autoptr (SalGate) removed = new_gate (&config);
  g_autofree float *noise = data_noise (5, 200);
  float a[200], b[200];
  sal_gate_process (kept, noise, 200, a);
  sal_gate_process (removed, noise, 200, b);
  for (guint t = 0; t < 200; t++)
    g_assert_cmpfloat (b[t], ==, 1 - a[t]);
}

/* In five even steps to exactly 1, and back to what the gate has become */
static void
test_bypass_fades (void)
{
  SalGateConfig config = good;
  config.bypass = TRUE;
  g_autoptr (SalGate) gate = new_gate (&good);
  float gain[20];
  run (gate, 0, 10, gain);
  g_assert_true (sal_gate_set_config (gate, &config, NULL));
  run (gate, 0, 20, gain);
  for (guint t = 0; t < 4; t++)
    g_assert_cmpfloat_with_epsilon (gain[t], 0.01 + 0.99 * (t + 1) / 5, 1e-6);
  for (guint t = 4; t < 20; t++)
    g_assert_cmpfloat (gain[t], ==, 1);
  g_assert_true (sal_gate_set_config (gate, &good, NULL));
  run (gate, 0, 20, gain);
  for (guint t = 0; t < 4; t++)
    g_assert_cmpfloat_with_epsilon (gain[t], 1 - 0.99 * (t + 1) / 5, 1e-6);
  for (guint t = 4; t < 20; t++)
    g_assert_cmpfloat_with_epsilon (gain[t], 0.01, 1e-6);
}

static void
test_begins_bypassed (void)
{
  SalGateConfig config = good;
  config.bypass = TRUE;
  g_autoptr (SalGate) gate = new_gate (&config);
  float gain[5];
  for (guint round = 0; round < 2; round++) {
    run (gate, 0, 5, gain);
    for (guint t = 0; t < 5; t++)
      g_assert_cmpfloat (gain[t], ==, 1);
    sal_gate_reset (gate);
  }
}

static void
test_refused_change_changes_nothing (void)
{
  SalGateConfig config = good;
  g_autoptr (SalGate) gate = new_gate (&good);
  g_autoptr (SalGate) same = new_gate (&good);
  g_autoptr (GError) error = NULL;
  float a[50], b[50];
  config.floor_db = 1;
  config.bypass = TRUE;
  run (gate, 1, 3, a);
  run (same, 1, 3, b);
  g_assert_false (sal_gate_set_config (gate, &config, &error));
  data_assert_error (error, SAL_ERROR_CONFIG, "floor", NULL);
  run (gate, 0, 50, a);
  run (same, 0, 50, b);
  g_assert_cmpmem (a, sizeof a, b, sizeof b);
}

/* --- settings ------------------------------------------------------------ */

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
    { "/gate/bands/are-gates-of-their-own", test_bands_are_gates_of_their_own },
    { "/gate/bands/probability-is-activity-and-saliency",
        test_band_probability },
    { "/gate/change/closed-gate-goes-to-new-floor",
        test_closed_gate_goes_to_new_floor },
    { "/gate/change/is-nothing-if-refused",
        test_refused_change_changes_nothing },
    { "/gate/removed-is-the-rest", test_removed_is_the_rest },
    { "/gate/bypass/fades-to-exactly-1", test_bypass_fades },
    { "/gate/bypass/may-be-there-from-the-start", test_begins_bypassed },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_autofree char *path
        = g_strdup_printf ("/gate/change/of-%s-does-not-jump", changes[i].path);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_change);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *path = g_strconcat ("/gate/rejects-", bad[i].path, NULL);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_rejects);
  }
  return g_test_run ();
}
