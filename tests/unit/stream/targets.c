/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several targets of one analyser. */
#include <saliency/analyser.h>

#include <math.h>

#include "data.h"
#include "stream-maps.h"

static SalModel *model;

/* What an analyser of one target says. */
static GPtrArray *
alone (const char *name, const SalAnalyserConfig *config, const float *sound,
    gsize n)
{
  g_autoptr (SalAnalyser) analyser = maps_analyser (model, name, config);
  return maps_analyse (analyser, sound, n, 0);
}

static void
set_two (SalAnalyser *analyser, SalTarget *a, SalTarget *b)
{
  SalTarget *const both[] = { a, b };
  sal_analyser_set_targets (analyser, both, 2);
}

static void
check_two (const SalAnalyserConfig *config)
{
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (SalTarget) a = maps_target (model, "spk2");
  g_autoptr (SalTarget) b = maps_target (model, "spk9");
  g_autoptr (SalAnalyser) analyser = maps_analyser (model, "spk0", config);
  set_two (analyser, a, b);
  g_autoptr (GPtrArray) maps = maps_analyse (analyser, sound, n, 0);
  for (guint i = 0; i < maps->len; i++) {
    g_assert_cmpuint (maps_at (maps, i)->target, ==, i % 2);
    g_assert_cmpuint (maps_at (maps, i)->seqnum, ==,
        maps_at (maps, i - i % 2)->seqnum);
  }
  g_autoptr (GPtrArray) first = maps_of (maps, 0), second = maps_of (maps, 1);
  g_autoptr (GPtrArray) want = alone ("spk2", config, sound, n);
  g_autoptr (GPtrArray) other = alone ("spk9", config, sound, n);
  maps_assert_same (first, want);
  maps_assert_same (second, other);
  g_assert_cmpfloat (maps_at (first, 5)->score, !=, maps_at (second, 5)->score);
}

static void
test_two_equal_one_each (void)
{
  SalAnalyserConfig config = maps_config (25, 50);
  check_two (&config);
  config.cam.method = SAL_CAM_NONE;
  check_two (&config);
  config = maps_config (33, 7);
  config.cam.method = SAL_CAM_LAYER;
  config.cam.layers = SAL_CAM_S1 | SAL_CAM_S3 | SAL_CAM_S4;
  check_two (&config);
}

static void
test_swap_keeps_the_other (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (SalTarget) a = maps_target (model, "spk2");
  g_autoptr (SalTarget) b = maps_target (model, "spk9");
  g_autoptr (SalTarget) c = maps_target (model, "spk4");
  g_autoptr (SalAnalyser) analyser = maps_analyser (model, "spk2", &config);
  g_autoptr (GPtrArray) maps = maps_new (), kept = maps_new ();
  set_two (analyser, a, b);
  sal_analyser_push (analyser, sound, 25000);
  maps_pop (analyser, maps);
  guint before = maps->len;
  set_two (analyser, c, a); /* a goes on, at another place */
  sal_analyser_push (analyser, sound + 25000, n - 25000);
  sal_analyser_finish (analyser);
  maps_pop (analyser, maps);
  for (guint i = 0; i < maps->len; i++)
    if (maps_at (maps, i)->target == (i < before ? 0 : 1))
      g_ptr_array_add (kept, sal_map_ref (maps->pdata[i]));
  g_autoptr (GPtrArray) want = alone ("spk2", &config, sound, n);
  maps_assert_same (kept, want);
  g_assert_cmpuint (maps->len, ==, 2 * kept->len);
}

/* The new one knows nothing yet, and as much as a new analyser would of what
 * the next windows cover. */
static void
test_new_one_begins_with_zeros (void)
{
  const SalAnalyserConfig config = maps_config (25, 200);
  const gsize n = 60000;
  g_autofree float *voice = data_voice (2, n);
  g_autoptr (SalTarget) a = maps_target (model, "spk2");
  g_autoptr (SalTarget) b = maps_target (model, "spk9");
  g_autoptr (SalAnalyser) analyser = maps_analyser (model, "spk2", &config);
  g_autoptr (GPtrArray) maps = maps_new ();
  sal_analyser_set_targets (analyser, &a, 1);
  sal_analyser_push (analyser, voice, n);
  maps_pop (analyser, maps);
  g_ptr_array_set_size (maps, 0);
  set_two (analyser, a, b);
  g_autoptr (GPtrArray) none = maps_new ();
  maps_pop (analyser, none);
  g_assert_cmpuint (none->len, ==, 0);
  while (maps->len == 0) {
    sal_analyser_push (analyser, voice, 160);
    maps_pop (analyser, maps);
  }
  g_assert_cmpuint (maps->len, ==, 2);
  const SalMap *old = maps_at (maps, 0), *new = maps_at (maps, 1);
  g_assert_cmpuint (new->first_frame, ==, old->first_frame);
  g_assert_cmpuint (new->n_frames, ==, old->n_frames);
  g_assert_cmpfloat (data_magnitude (old->log_odds, old->n_frames), >, 0);
  /* the newest window begins 200 frames before its end, as these end */
  for (guint t = 0; t < new->n_frames; t++) {
    gboolean covered = new->first_frame + t >= new->window_start;
    g_assert_cmpint (new->log_odds[t] != 0, ==, covered);
    if (!covered)
      g_assert_cmpfloat (new->activity[t], ==, 0);
  }
}

static void
test_same_targets_change_nothing (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (SalTarget) a = maps_target (model, "spk2");
  g_autoptr (SalAnalyser) analyser = maps_analyser (model, "spk0", &config);
  g_autoptr (GPtrArray) maps = maps_new ();
  sal_analyser_set_targets (analyser, &a, 1);
  for (gsize at = 0; at < n; at += 1000) {
    sal_analyser_push (analyser, sound + at, MIN (1000, n - at));
    sal_analyser_set_targets (analyser, &a, 1);
  }
  sal_analyser_finish (analyser);
  maps_pop (analyser, maps);
  g_autoptr (GPtrArray) want = alone ("spk2", &config, sound, n);
  maps_assert_same (maps, want);
}

/* Up to sixteen and back, while the first goes on; one may be there twice. */
static void
test_many (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  const guint most = SAL_ANALYSER_MAX_TARGETS;
  const gsize n = 60000;
  g_autofree float *voice = data_voice (2, n);
  SalTarget *targets[SAL_ANALYSER_MAX_TARGETS];
  for (guint i = 0; i < most; i++) {
    g_autofree char *name = g_strdup_printf ("spk%u", i % 8);
    targets[i] = maps_target (model, name);
  }
  sal_target_unref (targets[15]);
  targets[15] = sal_target_ref (targets[0]);
  g_autoptr (SalAnalyser) analyser = maps_analyser (model, "spk0", &config);
  g_autoptr (GPtrArray) maps = maps_new ();
  const guint counts[] = { 1, 16, 3, 16, 1 };
  for (guint k = 0; k < 5; k++) {
    sal_analyser_set_targets (analyser, targets, counts[k]);
    sal_analyser_push (analyser, voice + k * n / 5, n / 5);
  }
  sal_analyser_finish (analyser);
  maps_pop (analyser, maps);
  g_autoptr (GPtrArray) first = maps_of (maps, 0);
  g_assert_cmpuint (maps_assert_tiles (first), ==, maps_n_frames (model, n));
  maps_assert_good (maps);
  g_assert_cmpuint (maps->len, >, 2 * first->len);
  g_autoptr (SalAnalyser) other = maps_analyser (model, "spk0", &config);
  sal_analyser_set_targets (other, targets, 1);
  g_autoptr (GPtrArray) want = maps_analyse (other, voice, n, 0);
  maps_assert_same (first, want);
  for (guint i = 0; i < most; i++)
    sal_target_unref (targets[i]);
}

/* Trying maps changes nothing else, and is done of every target. */
static void
test_trust (void)
{
  SalAnalyserConfig config = maps_config (25, 50);
  gsize n;
  guint n_tried[2] = { 0, 0 };
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (SalTarget) a = maps_target (model, "spk2");
  g_autoptr (SalTarget) b = maps_target (model, "spk9");
  SalTarget *targets[] = { a, b };
  g_autoptr (SalAnalyser) plain = maps_analyser (model, "spk2", &config);
  config.trust_interval = 3;
  g_autoptr (SalAnalyser) trying = maps_analyser (model, "spk2", &config);
  sal_analyser_set_targets (plain, targets, 2);
  sal_analyser_set_targets (trying, targets, 2);
  g_autoptr (GPtrArray) want = maps_analyse (plain, sound, n, 0);
  g_autoptr (GPtrArray) maps = maps_analyse (trying, sound, n, 0);
  maps_assert_same (maps, want);
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i);
    gboolean tried = !isnan (map->trust);
    g_assert_true (isnan (maps_at (want, i)->trust));
    if (map->flags & SAL_MAP_EMPTY)
      g_assert_false (tried);
    else if (map->window_start + map->window_frames == 25 * (map->seqnum + 1))
      g_assert_cmpint (tried, ==, map->seqnum % 3 == 0);
    if (tried)
      g_assert_cmpfloat (fabsf (map->trust), <=, 1);
    n_tried[map->target] += tried;
  }
  g_assert_cmpuint (n_tried[0], >=, 3);
  g_assert_cmpuint (n_tried[1], ==, n_tried[0]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  model = data_load_model ("tiny");
  g_test_add_func ("/targets/two-equal-one-each", test_two_equal_one_each);
  g_test_add_func ("/targets/swap-keeps-the-other", test_swap_keeps_the_other);
  g_test_add_func ("/targets/new-one-begins-with-zeros",
      test_new_one_begins_with_zeros);
  g_test_add_func ("/targets/same-targets-change-nothing",
      test_same_targets_change_nothing);
  g_test_add_func ("/targets/up-to-sixteen", test_many);
  g_test_add_func ("/targets/trust-is-tried-of-each", test_trust);
  int result = g_test_run ();
  sal_model_unref (model);
  return result;
}
