/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/analyser.h>

#include <math.h>
#include <string.h>

#include "data.h"
#include "stream-maps.h"

static SalModel *tiny, *mirrored; /* the second frames with reflection */

static SalAnalyser *
new_analyser (SalModel *model, const SalAnalyserConfig *config)
{
  return maps_analyser (model, "spk2", config);
}

/* --- what maps must be --------------------------------------------------- */

static void
test_cutting_changes_nothing (gconstpointer data)
{
  SalModel *model = *(SalModel *const *) data;
  const SalAnalyserConfig config = maps_config (25, 50);
  const gsize chunks[] = { 1, 7, 160, 4096, 0 };
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (SalAnalyser) analyser = new_analyser (model, &config);
  g_autoptr (GPtrArray) want = maps_analyse (analyser, sound, n, n);
  g_assert_cmpuint (want->len, >, 10);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    g_autoptr (SalAnalyser) other = new_analyser (model, &config);
    g_autoptr (GPtrArray) got = maps_analyse (other, sound, n, chunks[i]);
    maps_assert_same (got, want);
  }
}

static void
test_tiles_without_holes (gconstpointer data)
{
  SalModel *model = *(SalModel *const *) data;
  const struct {
    guint hop, lookahead;
  } cases[] = { { 25, 50 }, { 5, 0 }, { 200, 200 }, { 33, 7 }, { 60, 199 },
    { 200, 0 }, { 5, 200 } };
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    SalAnalyserConfig config = maps_config (cases[i].hop, cases[i].lookahead);
    g_autoptr (SalAnalyser) analyser = new_analyser (model, &config);
    g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
    g_assert_cmpuint (maps_assert_tiles (maps), ==, maps_n_frames (model, n));
    maps_assert_good (maps);
  }
}

/* Every length of stream, the shortest too, gives all its frames. */
static void
test_finish_settles_everything (gconstpointer data)
{
  SalModel *model = *(SalModel *const *) data;
  const gsize lengths[] = { 0, 1, 100, 399, 400, 401, 560, 1700, 3000, 4400,
    32240, 32400, 33000, 64400 };
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autofree float *voice = data_voice (4, 70000);
  g_autoptr (SalAnalyser) analyser = new_analyser (model, &config);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autoptr (GPtrArray) maps
        = maps_analyse (analyser, voice, lengths[i], 1000);
    g_assert_cmpuint (maps_assert_tiles (maps), ==,
        maps_n_frames (model, lengths[i]));
    maps_assert_good (maps);
    g_assert_null (sal_analyser_pop (analyser));
    sal_analyser_reset (analyser);
  }
}

static void
test_log_mel_is_the_front_ends (void)
{
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
  g_autoptr (SalMel) mel = sal_mel_new (sal_model_get_mel_config (tiny), NULL);
  gsize T = sal_mel_n_frames (mel, n);
  g_autofree float *want = g_new (float, 80 * T);
  sal_mel_process (mel, sound, n, want);
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i);
    for (guint f = 0; f < 80; f++)
      g_assert_cmpmem (map->log_mel + (gsize) f * map->n_frames,
          map->n_frames * 4, want + f * T + map->first_frame,
          map->n_frames * 4);
  }
}

static void
test_silence (void)
{
  gsize n;
  guint n_silent = 0;
  g_autofree float *sound = maps_sound (&n);
  const SalAnalyserConfig config = maps_config (25, 0);
  g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i);
    gsize size = (gsize) map->n_frames * 80;
    /* samples [40011, 81611) are silent: windows inside frames [251, 508) */
    gboolean want = map->window_start >= 251
        && map->window_start + map->window_frames <= 508;
    g_assert_cmpint ((map->flags & SAL_MAP_SILENCE) != 0, ==, want);
    if (!want)
      continue;
    n_silent++;
    g_assert_cmpfloat (data_magnitude (map->saliency, size), ==, 0);
    g_assert_cmpfloat (map->peak, ==, 0);
  }
  g_assert_cmpuint (n_silent, >=, 2);
}

static void
test_only_silence (void)
{
  const gsize n = 50000;
  g_autofree float *sound = g_new0 (float, n);
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
  g_assert_cmpuint (maps_assert_tiles (maps), ==, maps_n_frames (tiny, n));
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i);
    g_assert_true (map->flags & SAL_MAP_SILENCE);
    g_assert_cmpfloat (data_magnitude (map->saliency, map->n_frames * 80), ==,
        0);
    g_assert_cmpfloat (data_magnitude (map->activity, map->n_frames), ==, 0);
    g_assert_cmpfloat (map->probability, ==, 0);
  }
}

static void
test_first_windows_are_partial (void)
{
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  const SalAnalyserConfig config = maps_config (25, 0);
  g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i);
    gboolean partial = map->window_frames < SAL_WINDOW_FRAMES;
    g_assert_cmpint ((map->flags & SAL_MAP_PARTIAL) != 0, ==, partial);
    g_assert_cmpint (partial, ==, i < 7); /* ends at 25, 50 .. 175 */
    if (i + 1 < maps->len)
      g_assert_cmpuint (map->window_start + map->window_frames, ==,
          25 * (i + 1));
  }
}

/* The score of a window is that of the net on those frames alone. */
static void
test_score_is_the_windows (void)
{
  gsize n, checked = 0;
  g_autofree float *sound = maps_sound (&n);
  const SalAnalyserConfig config = maps_config (50, 25);
  g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
  g_autoptr (SalMel) mel = sal_mel_new (sal_model_get_mel_config (tiny), NULL);
  g_autoptr (SalNet) net = sal_net_new (tiny, SAL_WINDOW_FRAMES, 3, 1);
  g_autoptr (SalScorer) scorer = sal_scorer_new (tiny);
  g_autoptr (SalTarget) target = sal_target_new_class (tiny, "spk2", NULL);
  g_autoptr (SalCam) cam = sal_cam_new (tiny, SAL_WINDOW_FRAMES);
  gsize T = sal_mel_n_frames (mel, n);
  g_autofree float *log_mel = g_new (float, 80 * T);
  g_autofree float *window = g_new (float, 80 * SAL_WINDOW_FRAMES);
  g_autofree float *scratch = g_new (float, 80 * SAL_WINDOW_FRAMES);
  sal_mel_process (mel, sound, n, log_mel);
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i);
    SalScore score;
    float peak;
    if (map->flags & (SAL_MAP_SILENCE | SAL_MAP_EMPTY))
      continue;
    for (guint f = 0; f < 80; f++)
      memcpy (window + f * map->window_frames,
          log_mel + f * T + map->window_start, map->window_frames * 4);
    sal_net_forward (net, window, map->window_frames);
    sal_scorer_score (scorer, target, sal_net_get_embedding (net), &score);
    g_assert_cmpfloat (map->score, ==, score.log_odds);
    sal_cam_compute (cam, net, target, &config.cam, scratch, &peak);
    g_assert_cmpfloat (map->peak, ==, peak);
    checked++;
  }
  g_assert_cmpuint (checked, >, 5);
}

/* --- delay --------------------------------------------------------------- */

static void
check_delay (SalModel *model, guint hop, guint lookahead)
{
  const SalAnalyserConfig config = maps_config (hop, lookahead);
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  const gsize n = 80000, step = 40;
  g_autofree float *voice = data_voice (4, n);
  g_autoptr (SalAnalyser) analyser = new_analyser (model, &config);
  guint delay = sal_analyser_get_delay (analyser);
  gsize centre = sal_mel_config_centre (mel), settled = 0, latest = 0;
  for (gsize at = step; at <= n; at += step) {
    sal_analyser_push (analyser, voice + at - step, step);
    SalMap *map;
    while ((map = sal_analyser_pop (analyser)) != NULL) {
      settled += map->n_frames;
      sal_map_unref (map);
    }
    /* frames centred at or before at - delay */
    if (at >= delay + centre)
      g_assert_cmpuint (settled, >, (at - delay - centre) / mel->hop);
    latest = MAX (latest, at - MIN (at, centre + settled * mel->hop));
  }
  /* the promise is no worse than what happens by more than a step and a hop */
  g_test_message ("hop %u, lookahead %u: delay %u, longest %" G_GSIZE_FORMAT,
      hop, lookahead, delay, latest);
  g_assert_cmpuint (delay, <=, latest + step + mel->hop);
}

static void
test_delay (gconstpointer data)
{
  SalModel *model = *(SalModel *const *) data;
  check_delay (model, 25, 50);
  check_delay (model, 5, 0);
  check_delay (model, 33, 7);
  check_delay (model, 200, 0);
  check_delay (model, 50, 200);
}

/* --- unusual input ------------------------------------------------------- */

static void
test_not_finite_counts_as_zero (void)
{
  gsize n;
  g_autofree float *zeros = maps_sound (&n);
  const SalAnalyserConfig config = maps_config (25, 50);
  for (gsize i = 1000; i < n; i += 999)
    zeros[i] = 0;
  g_autofree float *bad = g_memdup2 (zeros, n * sizeof (float));
  const float values[] = { NAN, INFINITY, -INFINITY };
  for (gsize i = 1000; i < n; i += 999)
    bad[i] = values[i % 3];
  g_autoptr (SalAnalyser) a = new_analyser (tiny, &config);
  g_autoptr (SalAnalyser) b = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) want = maps_analyse (a, zeros, n, 0);
  g_autoptr (GPtrArray) got = maps_analyse (b, bad, n, 0);
  maps_assert_same (got, want);
}

/* Far beyond full scale squares overflow; still nothing may leave that is not a
 * number. */
static void
test_huge_samples (void)
{
  const gsize n = 40000;
  const float sizes[] = { 1e3f, 1e10f, 1e20f, 3e38f };
  const SalAnalyserConfig config = maps_config (25, 50);
  for (guint k = 0; k < G_N_ELEMENTS (sizes); k++) {
    g_autofree float *sound = data_noise (1, n);
    for (gsize i = 0; i < n; i++)
      sound[i] *= sizes[k];
    g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
    g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
    for (guint i = 0; i < maps->len; i++) {
      const SalMap *map = maps_at (maps, i);
      gsize size = (gsize) map->n_frames * 80;
      data_assert_finite ("saliency", map->saliency, size);
      data_assert_finite ("activity", map->activity, map->n_frames);
      data_assert_finite ("log-odds", map->log_odds, map->n_frames);
      data_assert_finite ("log-Mel", map->log_mel, size);
      data_assert_finite ("score", &map->score, 1);
      data_assert_finite ("peak", &map->peak, 1);
    }
  }
}

static void
test_very_soft_sound (void)
{
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  const SalAnalyserConfig config = maps_config (25, 50);
  for (gsize i = 0; i < n; i++)
    sound[i] *= 1e-20f;
  g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
  maps_assert_good (maps);
}

/* --- control ------------------------------------------------------------- */

static void
test_reset_begins_anew (void)
{
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) want = maps_analyse (analyser, sound, n, 0);
  sal_analyser_reset (analyser);
  sal_analyser_push (analyser, sound + 5000, 44444);
  sal_analyser_reset (analyser);
  g_assert_null (sal_analyser_pop (analyser));
  g_autoptr (GPtrArray) got = maps_analyse (analyser, sound, n, 777);
  maps_assert_same (got, want);
}

static void
test_target_can_change (void)
{
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autoptr (SalTarget) target = sal_target_new_class (tiny, "spk9", NULL);
  g_autoptr (SalAnalyser) changed = new_analyser (tiny, &config);
  g_autoptr (SalAnalyser) same = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) a = maps_new ();
  sal_analyser_push (changed, sound, 30000);
  maps_pop (changed, a);
  sal_analyser_set_targets (changed, &target, 1);
  guint before = a->len;
  sal_analyser_push (changed, sound + 30000, n - 30000);
  sal_analyser_finish (changed);
  maps_pop (changed, a);
  g_autoptr (GPtrArray) b = maps_analyse (same, sound, n, 0);
  g_assert_cmpuint (maps_assert_tiles (a), ==, maps_n_frames (tiny, n));
  maps_assert_good (a);
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++) {
    if (maps_at (a, i)->flags & SAL_MAP_EMPTY)
      continue;
    if (i < before)
      g_assert_cmpfloat (maps_at (a, i)->score, ==, maps_at (b, i)->score);
    else
      g_assert_cmpfloat (maps_at (a, i)->score, !=, maps_at (b, i)->score);
  }
}

static void
test_method_none_has_activity_only (void)
{
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  SalAnalyserConfig config = maps_config (25, 50);
  g_autoptr (SalAnalyser) with = new_analyser (tiny, &config);
  config.cam.method = SAL_CAM_NONE;
  g_autoptr (SalAnalyser) without = new_analyser (tiny, &config);
  g_autoptr (GPtrArray) a = maps_analyse (with, sound, n, 0);
  g_autoptr (GPtrArray) b = maps_analyse (without, sound, n, 0);
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++) {
    const SalMap *x = maps_at (a, i), *y = maps_at (b, i);
    g_assert_true (y->flags & SAL_MAP_EMPTY);
    g_assert_cmpfloat (data_magnitude (y->saliency, y->n_frames * 80), ==, 0);
    g_assert_cmpmem (x->activity, x->n_frames * 4, y->activity,
        y->n_frames * 4);
  }
}

static void
test_default_config (void)
{
  SalAnalyserConfig config;
  sal_analyser_config_init (&config);
  g_assert_cmpuint (config.hop, ==, 25);
  g_assert_cmpuint (config.lookahead, ==, 50);
  g_autoptr (SalAnalyser) analyser = new_analyser (tiny, &config);
  g_assert_cmpuint (sal_analyser_get_delay (analyser), >=, 50 * 160);
  sal_analyser_free (NULL);
}

static void
test_rejects_bad_settings (void)
{
  g_autoptr (SalTarget) target = sal_target_new_class (tiny, "spk2", NULL);
  SalAnalyserConfig bad[5];
  const char *fields[] = { "hop", "hop", "lookahead", "layers", "gamma" };
  bad[0] = maps_config (4, 50);
  bad[1] = maps_config (201, 50);
  bad[2] = maps_config (25, 201);
  bad[3] = bad[4] = maps_config (25, 50);
  bad[3].cam.layers = (SalCamLayers) 0;
  bad[4].cam.gamma = NAN;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (sal_analyser_new (tiny, target, &bad[i], &error));
    data_assert_error (error, SAL_ERROR_CONFIG, fields[i], NULL);
  }
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestDataFunc test;
  } framings[] = {
    { "/analyser/cutting-changes-nothing", test_cutting_changes_nothing },
    { "/analyser/tiles-without-holes", test_tiles_without_holes },
    { "/analyser/finish-settles-everything", test_finish_settles_everything },
    { "/analyser/frames-are-settled-after-the-delay", test_delay },
  };
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/analyser/log-mel-is-the-front-ends", test_log_mel_is_the_front_ends },
    { "/analyser/silence-is-flagged-zeros", test_silence },
    { "/analyser/nothing-but-silence", test_only_silence },
    { "/analyser/first-windows-are-partial", test_first_windows_are_partial },
    { "/analyser/score-is-the-windows", test_score_is_the_windows },
    { "/analyser/not-finite-counts-as-zero", test_not_finite_counts_as_zero },
    { "/analyser/huge-samples-give-finite-maps", test_huge_samples },
    { "/analyser/very-soft-sound-gives-good-maps", test_very_soft_sound },
    { "/analyser/reset-begins-anew", test_reset_begins_anew },
    { "/analyser/target-can-change", test_target_can_change },
    { "/analyser/method-none-has-activity-only",
        test_method_none_has_activity_only },
    { "/analyser/config/default-is-good", test_default_config },
    { "/analyser/config/rejects-bad-settings", test_rejects_bad_settings },
  };
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  mirrored = data_load_model ("sunine");
  for (guint i = 0; i < G_N_ELEMENTS (framings); i++) {
    g_autofree char *plain = g_strconcat (framings[i].path, "/plain", NULL);
    g_autofree char *mirror = g_strconcat (framings[i].path, "/mirrored", NULL);
    g_test_add_data_func (plain, &tiny, framings[i].test);
    g_test_add_data_func (mirror, &mirrored, framings[i].test);
  }
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  int result = g_test_run ();
  sal_model_unref (tiny);
  sal_model_unref (mirrored);
  return result;
}
