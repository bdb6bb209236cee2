/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows of an analyser that somebody else computes. */
#include <saliency/analyser.h>

#include <string.h>

#include "data.h"
#include "stream-maps.h"
#include "voice/speaker-internal.h"

#define CHUNK 997 /* samples; less than a hop, to have every window */

static SalModel *model;
static SalTarget *enrolled; /* NULL: a class is the target */

static SalAnalyser *
new_usual (const SalAnalyserConfig *config)
{
  SalAnalyser *analyser
      = maps_analyser (model, sal_model_get_class_name (model, 2), config);
  if (enrolled != NULL)
    sal_analyser_set_targets (analyser, &enrolled, 1);
  return analyser;
}

static SalAnalyser *
new_deferred (const SalAnalyserConfig *config)
{
  SalAnalyser *analyser = new_usual (config);
  sal_analyser_set_deferred (analyser, TRUE);
  return analyser;
}

/* What an analyser that is not deferred says. */
static GPtrArray *
usual (const SalAnalyserConfig *config, const float *sound, gsize n)
{
  g_autoptr (SalAnalyser) analyser = new_usual (config);
  return maps_analyse (analyser, sound, n, 0);
}

static void
compute_and_give (SalAnalyser *analyser, SalWindow *window)
{
  sal_analyser_compute (analyser, window);
  sal_analyser_give (analyser, window);
}

/* Pushes until a window is due, and takes it. */
static SalWindow *
next_window (SalAnalyser *analyser, const float *sound)
{
  static gsize at;
  SalWindow *window;
  while ((window = sal_analyser_take (analyser)) == NULL) {
    sal_analyser_push (analyser, sound + at, CHUNK);
    at = (at + CHUNK) % 20000;
  }
  return window;
}

/* --- in time ------------------------------------------------------------- */

/* Takes what is due; the windows before come back in order, once more than
 * `delay` are out. */
static void
take_and_give (SalAnalyser *analyser, GQueue *out, guint delay)
{
  SalWindow *window = sal_analyser_take (analyser);
  if (window != NULL)
    g_queue_push_tail (out, window);
  if (out->length > delay)
    compute_and_give (analyser, g_queue_pop_head (out));
}

static void
check_in_order (const SalAnalyserConfig *config, const float *sound, gsize n,
    guint delay)
{
  g_autoptr (GPtrArray) want = usual (config, sound, n);
  g_autoptr (SalAnalyser) analyser = new_deferred (config);
  g_autoptr (GPtrArray) maps = maps_new ();
  GQueue out = G_QUEUE_INIT;
  for (gsize at = 0; at < n; at += CHUNK) {
    sal_analyser_push (analyser, sound + at, MIN (CHUNK, n - at));
    take_and_give (analyser, &out, delay);
    maps_pop (analyser, maps);
  }
  sal_analyser_finish (analyser);
  take_and_give (analyser, &out, delay);
  while (out.length > 0)
    compute_and_give (analyser, g_queue_pop_head (&out));
  sal_analyser_settle (analyser, 0);
  maps_pop (analyser, maps);
  maps_assert_same (maps, want);
}

static void
test_in_order (void)
{
  const gsize lengths[] = { G_MAXSIZE, 0, 300, 1700, 3000, 32240, 33000 };
  const SalAnalyserConfig configs[] = { maps_config (25, 50),
    maps_config (33, 7), maps_config (10, 0), maps_config (60, 199) };
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (guint j = 0; j < G_N_ELEMENTS (configs); j++)
      check_in_order (&configs[j], sound, MIN (n, lengths[i]), (i + j) % 3);
}

/* Its calibration depends on the contrast, which goes on while windows are
 * out. */
static void
test_in_order_as_contrast_grows (void)
{
  const SalAnalyserConfig config = maps_config (50, 50);
  const gsize n = 64000;
  g_autofree char *path = data_shipped_model ();
  if (path == NULL) {
    g_test_skip ("the shipped model is not in the tree");
    return;
  }
  g_autofree float *sound = data_voice (2, n);
  for (gsize i = 0; i < n; i++)
    sound[i] *= 0.02f + (float) i / n;
  g_autoptr (SalModel) shipped = data_load_model ("shipped");
  SalModel *tiny = model;
  model = shipped;
  check_in_order (&config, sound, n, 2);
  model = tiny;
}

/* Of who spoke before, nothing is left. */
static void
check_reset (const SalAnalyserConfig *config, const float *sound, gsize n)
{
  g_autoptr (GPtrArray) want = usual (config, sound, n);
  g_autoptr (SalAnalyser) analyser = new_usual (config);
  g_autoptr (GPtrArray) before
      = maps_analyse (analyser, sound + n / 3, n - n / 3, 0);
  sal_analyser_reset (analyser);
  g_autoptr (GPtrArray) after = maps_analyse (analyser, sound, n, 0);
  maps_assert_same (after, want);
}

/* Who was heard decides, too, and windows wait to be given back. */
static void
test_in_order_in_company (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) in_company
      = data_load_calibrated ("tiny", 0.5, 1, DATA_COMPANY ("0.4", "0.6"));
  g_autofree float *direction
      = data_noise (3, sal_model_get_embedding_size (in_company));
  g_autoptr (SalSpeaker) speaker
      = sal_speaker_new ("three", in_company, direction, 1, 2);
  g_autoptr (SalTarget) target
      = sal_target_new_speaker (in_company, speaker, &error);
  g_assert_no_error (error);
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  SalModel *tiny = model;
  model = in_company;
  enrolled = target;
  for (guint delay = 0; delay < 3; delay++)
    check_in_order (&config, sound, n, delay);
  check_reset (&config, sound, n);
  model = tiny;
  enrolled = NULL;
}

static void
test_stops_being_deferred (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (GPtrArray) want = usual (&config, sound, n);
  g_autoptr (SalAnalyser) analyser = new_deferred (&config);
  g_autoptr (GPtrArray) maps = maps_new ();
  sal_analyser_push (analyser, sound, 4500); /* one window is due */
  sal_analyser_set_deferred (analyser, FALSE);
  sal_analyser_push (analyser, sound + 4500, n - 4500);
  sal_analyser_finish (analyser);
  maps_pop (analyser, maps);
  maps_assert_same (maps, want);
  g_assert_null (sal_analyser_take (analyser));
}

/* --- one after the other ------------------------------------------------- */

static void
test_newest_is_taken (void)
{
  const SalAnalyserConfig config = maps_config (25, 0);
  g_autofree float *voice = data_voice (2, 40000);
  g_autoptr (SalAnalyser) analyser = new_deferred (&config);
  g_autoptr (GPtrArray) maps = maps_new ();
  g_assert_null (sal_analyser_take (analyser));
  sal_analyser_push (analyser, voice, 400 + 99 * 160); /* 100 frames */
  SalWindow *window = sal_analyser_take (analyser);
  g_assert_cmpuint (sal_window_get_seqnum (window), ==, 3);
  g_assert_cmpuint (sal_window_get_end (window), ==, 100);
  g_assert_null (sal_analyser_take (analyser));
  compute_and_give (analyser, window);
  maps_pop (analyser, maps);
  g_assert_cmpuint (maps->len, ==, 4); /* those passed over are settled, too */
  g_assert_cmpuint (maps_assert_tiles (maps), ==, 100);
  for (guint i = 0; i < 4; i++) {
    const SalMap *map = maps_at (maps, i);
    g_assert_cmpuint (map->seqnum, ==, i);
    g_assert_cmpuint (map->n_frames, ==, 25);
    g_assert_cmpuint (map->window_frames, ==, 100);
    g_assert_cmpint (map->flags, ==, SAL_MAP_PARTIAL);
    g_assert_cmpfloat (map->log_odds[12], !=, 0);
  }
}

static void
test_no_more_than_three (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autofree float *voice = data_voice (2, 40000);
  g_autoptr (SalAnalyser) analyser = new_deferred (&config);
  SalWindow *windows[SAL_ANALYSER_MAX_WINDOWS];
  for (guint i = 0; i < SAL_ANALYSER_MAX_WINDOWS; i++)
    windows[i] = next_window (analyser, voice);
  sal_analyser_push (analyser, voice, 8000);
  g_assert_null (sal_analyser_take (analyser));
  guint64 last = sal_window_get_seqnum (windows[2]);
  sal_analyser_give (analyser, windows[1]);
  windows[1] = sal_analyser_take (analyser);
  g_assert_cmpuint (sal_window_get_seqnum (windows[1]), >, last);
}

/* Not computed it counts as never taken, unless a newer one was. */
static void
test_given_back_as_it_was (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autofree float *voice = data_voice (2, 40000);
  g_autoptr (SalAnalyser) analyser = new_deferred (&config);
  SalWindow *window = next_window (analyser, voice);
  guint64 k = sal_window_get_seqnum (window);
  sal_analyser_give (analyser, window);
  SalWindow *again = sal_analyser_take (analyser);
  g_assert_cmpuint (sal_window_get_seqnum (again), ==, k);
  SalWindow *newer = next_window (analyser, voice);
  g_assert_cmpuint (sal_window_get_seqnum (newer), ==, k + 1);
  sal_analyser_give (analyser, again);
  g_assert_null (sal_analyser_take (analyser));
}

static void
test_silence_waits_its_turn (void)
{
  const SalAnalyserConfig config = maps_config (25, 0);
  g_autofree float *voice = data_voice (2, 4400);
  g_autofree float *silence = g_new0 (float, 48000);
  g_autoptr (SalAnalyser) analyser = new_deferred (&config);
  g_autoptr (GPtrArray) maps = maps_new ();
  sal_analyser_push (analyser, voice, 4400);
  sal_analyser_push (analyser, silence, 48000);
  SalWindow *window = sal_analyser_take (analyser);
  maps_pop (analyser, maps);
  g_assert_cmpuint (maps->len, ==, 0);
  compute_and_give (analyser, window);
  maps_pop (analyser, maps);
  g_assert_cmpuint (maps_assert_tiles (maps), ==, 325);
  const SalMap *last = maps_at (maps, maps->len - 1);
  g_assert_cmpint (last->flags, ==, SAL_MAP_SILENCE | SAL_MAP_EMPTY);
  g_assert_cmpuint (last->window_start, ==, 125);
  g_assert_cmpfloat (data_magnitude (last->activity, 25), ==, 0);
}

/* --- too late ------------------------------------------------------------ */

static void
test_late (void)
{
  SalAnalyserConfig config = maps_config (25, 50);
  g_autofree float *voice = data_voice (2, 40000);
  config.hold = 10;
  config.late_pass = TRUE;
  g_autoptr (SalAnalyser) analyser = new_deferred (&config);
  g_autoptr (GPtrArray) maps = maps_new ();
  for (guint i = 0; i < 4; i++) /* settles [0, 50) */
    compute_and_give (analyser, next_window (analyser, voice));
  SalWindow *window = next_window (analyser, voice); /* of [0, 125) */
  sal_analyser_settle (analyser, 25);
  maps_pop (analyser, maps);
  g_assert_cmpuint (maps_assert_tiles (maps), ==, 50);
  sal_analyser_settle (analyser, 0);
  maps_pop (analyser, maps);
  g_assert_cmpuint (maps_assert_tiles (maps), ==, 75);
  const SalMap *map = maps_at (maps, 2); /* held by the windows before */
  g_assert_cmpint (map->flags, ==, SAL_MAP_LATE | SAL_MAP_PARTIAL);
  g_assert_cmpuint (map->seqnum, ==, 4);
  g_assert_cmpuint (map->window_frames, ==, 100);
  g_assert_cmpfloat (map->log_odds[24], !=, 0);
  sal_analyser_push (analyser, voice, 25 * 160);
  sal_analyser_push (analyser, voice, 25 * 160);
  compute_and_give (analyser, window); /* [75, 125) count, all the same */
  sal_analyser_settle (analyser, 0);
  sal_analyser_push (analyser, voice, 25 * 160);
  sal_analyser_settle (analyser, 0);
  maps_pop (analyser, maps);
  g_assert_cmpuint (maps_assert_tiles (maps), ==, 150);
  for (guint t = 75; t < 150; t++) {
    map = maps_at (maps, t / 25);
    g_assert_true (map->flags & SAL_MAP_LATE);
    g_assert_cmpuint (map->window_frames, ==, 125);
    g_assert_cmpint (map->log_odds[t % 25] != 0, ==, t < 125);
    if (t >= 125)
      g_assert_cmpfloat (map->activity[t % 25], ==,
          t < 135 ? maps_at (maps, 4)->activity[24] : 1);
  }
}

/* Nobody computes anything: what is too old is settled without. */
static void
test_nobody_computes (void)
{
  SalAnalyserConfig configs[] = { maps_config (25, 50), maps_config (5, 0),
    maps_config (200, 200), maps_config (60, 0) };
  g_autofree float *voice = data_voice (2, 300000);
  for (guint i = 0; i < G_N_ELEMENTS (configs); i++) {
    g_autoptr (SalAnalyser) analyser = new_deferred (&configs[i]);
    g_autoptr (GPtrArray) maps = maps_new ();
    sal_analyser_push (analyser, voice, 300000);
    maps_pop (analyser, maps);
    gsize settled = maps_assert_tiles (maps);
    g_assert_cmpuint (settled, >=,
        1872 - SAL_ANALYSER_MAX_AGE - 2 * configs[i].hop
            - configs[i].lookahead);
    g_assert_cmpuint (settled, <=, 1873 - SAL_ANALYSER_MAX_AGE);
    sal_analyser_finish (analyser);
    sal_analyser_settle (analyser, 0);
    maps_pop (analyser, maps);
    g_assert_cmpuint (maps_assert_tiles (maps), ==,
        maps_n_frames (model, 300000));
    for (guint k = 0; k < maps->len; k++) {
      const SalMap *map = maps_at (maps, k);
      g_assert_true ((map->flags & SAL_MAP_LATE)
          || map->first_frame + map->n_frames < 16); /* too short */
      g_assert_cmpfloat (data_magnitude (map->activity, map->n_frames), ==, 0);
    }
  }
}

/* --- any order ----------------------------------------------------------- */

typedef struct {
  SalAnalyser *analyser;
  GRand *rand;
  SalWindow *out[SAL_ANALYSER_MAX_WINDOWS];
  guint n_out;
  guint64 first_lost; /* from this window on results may differ */
  guint64 next;       /* window that should come back */
} Mess;

/* Gives one of those that are out, mostly the oldest and computed. */
static void
give_any (Mess *self)
{
  guint i = g_rand_int_range (self->rand, 0, 8) > 0
      ? 0
      : (guint) g_rand_int_range (self->rand, 0, (gint) self->n_out);
  SalWindow *window = self->out[i];
  guint64 k = sal_window_get_seqnum (window);
  self->n_out--;
  memmove (&self->out[i], &self->out[i + 1],
      (self->n_out - i) * sizeof (SalWindow *));
  if (k != self->next)
    self->first_lost = MIN (self->first_lost, self->next);
  self->next = k + 1;
  if (g_rand_int_range (self->rand, 0, 30) == 0)
    self->first_lost = MIN (self->first_lost, k); /* dropped */
  else
    sal_analyser_compute (self->analyser, window);
  sal_analyser_give (self->analyser, window);
}

static void
do_anything (Mess *self)
{
  if (self->n_out < SAL_ANALYSER_MAX_WINDOWS
      && g_rand_int_range (self->rand, 0, 6) > 0) {
    SalWindow *window = sal_analyser_take (self->analyser);
    if (window != NULL)
      self->out[self->n_out++] = window;
  }
  if (self->n_out > 0 && g_rand_int_range (self->rand, 0, 3) > 0)
    give_any (self);
  if (g_rand_int_range (self->rand, 0, 20) == 0)
    sal_analyser_settle (self->analyser,
        (guint) g_rand_int_range (self->rand, 20, 300));
}

/* Returns how many maps were compared with those of the usual way. */
static guint
check_mess (guint32 seed, const float *sound, gsize n,
    const SalAnalyserConfig *config, const GPtrArray *want)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (SalAnalyser) analyser = new_deferred (config);
  g_autoptr (GPtrArray) maps = maps_new ();
  Mess mess = { .analyser = analyser, .rand = rand, .first_lost = G_MAXUINT64 };
  for (gsize at = 0; at < n;) {
    gsize size = (gsize) g_rand_int_range (rand, 0, 2000);
    size = MIN (size, n - at);
    sal_analyser_push (analyser, sound + at, size);
    at += size;
    do_anything (&mess);
    maps_pop (analyser, maps);
  }
  sal_analyser_finish (analyser);
  while (mess.n_out > 0)
    give_any (&mess);
  sal_analyser_settle (analyser, 0);
  maps_pop (analyser, maps);
  g_assert_cmpuint (maps_assert_tiles (maps), ==, maps_n_frames (model, n));
  maps_assert_good (maps);
  g_assert_cmpuint (maps->len, ==, want->len);
  guint n_same = 0, n_late = 0;
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i), *other = maps_at (want, i);
    g_assert_cmpuint (map->first_frame, ==, other->first_frame);
    g_assert_cmpuint (map->seqnum, ==, other->seqnum);
    if (map->flags & SAL_MAP_LATE)
      n_late++;
    if (n_late == 0 && map->seqnum < mess.first_lost) {
      maps_assert_same_map (map, other);
      n_same++;
    }
  }
  return n_same;
}

static void
test_any_order (void)
{
  const SalAnalyserConfig configs[]
      = { maps_config (25, 50), maps_config (33, 7), maps_config (10, 0) };
  gsize n;
  guint n_same = 0;
  g_autofree float *sound = maps_sound (&n);
  for (guint i = 0; i < G_N_ELEMENTS (configs); i++) {
    g_autoptr (GPtrArray) want = usual (&configs[i], sound, n);
    for (guint32 seed = 0; seed < 12; seed++)
      n_same += check_mess (seed, sound, n, &configs[i], want);
  }
  g_test_message ("%u maps were those of the usual way", n_same);
  g_assert_cmpuint (n_same, >, 36);
}

/* --- control ------------------------------------------------------------- */

static void
test_reset_drops_windows (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (GPtrArray) want = usual (&config, sound, n);
  g_autoptr (SalAnalyser) analyser = new_deferred (&config);
  g_autoptr (GPtrArray) maps = maps_new ();
  SalWindow *window = next_window (analyser, sound);
  sal_analyser_compute (analyser, window);
  next_window (analyser, sound); /* never comes back */
  sal_analyser_reset (analyser);
  g_assert_null (sal_analyser_take (analyser));
  sal_analyser_give (analyser, window);
  GQueue out = G_QUEUE_INIT;
  for (gsize at = 0; at < n; at += CHUNK) {
    sal_analyser_push (analyser, sound + at, MIN (CHUNK, n - at));
    take_and_give (analyser, &out, 0);
  }
  sal_analyser_finish (analyser);
  take_and_give (analyser, &out, 0);
  sal_analyser_settle (analyser, 0);
  maps_pop (analyser, maps);
  maps_assert_same (maps, want);
}

static void
test_forget (void)
{
  const SalAnalyserConfig config = maps_config (25, 50);
  g_autofree float *voice = data_voice (2, 40000);
  g_autoptr (SalAnalyser) analyser = new_deferred (&config);
  g_autoptr (GPtrArray) maps = maps_new ();
  for (guint i = 0; i < 8; i++)
    compute_and_give (analyser, next_window (analyser, voice));
  SalWindow *window = next_window (analyser, voice);
  maps_pop (analyser, maps);
  guint before = maps->len;
  g_assert_cmpuint (maps_assert_tiles (maps), ==, 150);
  sal_analyser_forget (analyser);
  compute_and_give (analyser, window); /* dropped */
  g_assert_null (sal_analyser_pop (analyser));
  sal_analyser_settle (analyser, 0);
  maps_pop (analyser, maps);
  g_assert_cmpuint (maps->len, ==, before + 1);
  g_assert_cmpuint (maps_assert_tiles (maps), ==, 175); /* time goes on */
  const SalMap *map = maps_at (maps, before);
  g_assert_true (map->flags & SAL_MAP_LATE);
  g_assert_cmpfloat (data_magnitude (map->log_odds, 25), ==, 0);
  g_assert_cmpfloat (data_magnitude (map->saliency, 25 * 80), ==, 0);
}

/* From the first window on it is as if it had always been so. */
static void
test_config_can_change (void)
{
  SalAnalyserConfig config = maps_config (25, 50);
  SalAnalyserConfig deep = config;
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  deep.cam.method = SAL_CAM_LAYER;
  deep.cam.layers = SAL_CAM_S1 | SAL_CAM_S2;
  deep.threads = 2;
  g_autoptr (GPtrArray) shallow = usual (&config, sound, n);
  g_autoptr (GPtrArray) want = usual (&deep, sound, n);
  g_autoptr (SalAnalyser) analyser = maps_analyser (model, "spk2", &config);
  g_assert_true (sal_analyser_set_config (analyser, &deep, NULL));
  g_autoptr (GPtrArray) got = maps_analyse (analyser, sound, n, 0);
  maps_assert_same (got, want);
  sal_analyser_reset (analyser);
  g_assert_true (sal_analyser_set_config (analyser, &config, NULL));
  g_autoptr (GPtrArray) back = maps_analyse (analyser, sound, n, 0);
  maps_assert_same (back, shallow);
  for (guint i = 0; i < 5; i++) {
    g_autoptr (GError) error = NULL;
    SalAnalyserConfig bad = config;
    const char *fields[] = { "hop", "lookahead", "threads", "hold", "gamma" };
    bad.hop += i == 0;
    bad.lookahead += i == 1;
    bad.threads += i == 2 ? 64 : 0;
    bad.hold += i == 3 ? 901 : 0;
    bad.cam.gamma *= i == 4 ? -1 : 1;
    g_assert_false (sal_analyser_set_config (analyser, &bad, &error));
    data_assert_error (error, SAL_ERROR_CONFIG, fields[i], NULL);
  }
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/deferred/in-order-changes-nothing", test_in_order },
    { "/deferred/in-order-as-contrast-grows", test_in_order_as_contrast_grows },
    { "/deferred/in-order-in-company", test_in_order_in_company },
    { "/deferred/can-be-left", test_stops_being_deferred },
    { "/deferred/newest-is-taken", test_newest_is_taken },
    { "/deferred/no-more-than-three", test_no_more_than_three },
    { "/deferred/given-back-as-it-was", test_given_back_as_it_was },
    { "/deferred/silence-waits-its-turn", test_silence_waits_its_turn },
    { "/deferred/late", test_late },
    { "/deferred/nobody-computes", test_nobody_computes },
    { "/deferred/any-order-tiles", test_any_order },
    { "/deferred/reset-drops-windows", test_reset_drops_windows },
    { "/deferred/forget-drops-windows", test_forget },
    { "/deferred/config-can-change", test_config_can_change },
  };
  g_test_init (&argc, &argv, NULL);
  model = data_load_model ("tiny");
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  int result = g_test_run ();
  sal_model_unref (model);
  return result;
}
