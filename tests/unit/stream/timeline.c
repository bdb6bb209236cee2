/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/timeline.h"

#include <math.h>
#include <string.h>

#include "data.h"

#define F 3         /* bands */
#define CAPACITY 64 /* frames */
#define N 24        /* frames of a window */
#define COLUMNS 3   /* of 8 frames */

static const SalLine calibration = { 0.5f, -0.25f };
static SalFrameRing *ring; /* of the timeline that was made last */

static SalTimeline *
new_timeline (void)
{
  /* Without memory, so that each frame can be computed alone. */
  const SalHmmConfig presence = { .prior = 0.5f, .rate = 1, .weight = 1 };
  const SalLinePair lines = { .clean = calibration };
  sal_frame_ring_reset (ring);
  return sal_timeline_new (F, CAPACITY, 1, &lines, &presence);
}

/* Frame t holds t, t + 1000, .. in its bands. */
static void
push_frames (guint n)
{
  for (guint i = 0; i < n; i++) {
    float frame[F];
    guint64 t = sal_frame_ring_get_n_frames (ring);
    for (guint f = 0; f < F; f++)
      frame[f] = (float) t + 1000 * f;
    sal_frame_ring_push_frame (ring, frame);
  }
}

/* Frames before `until`, of those that were pushed. */
static SalMap *
settle (SalTimeline *timeline, guint64 until)
{
  guint64 n = sal_frame_ring_get_n_frames (ring);
  const SalSettling how = { .until = MIN (until, n), .known = n };
  return sal_timeline_settle (timeline, ring, &how);
}

typedef struct {
  float *map; /* [F, N] */
  float columns[COLUMNS];
} Window;

static void
window_init (Window *w, guint32 seed)
{
  g_autofree float *noise = data_noise (seed + 100, COLUMNS);
  w->map = data_noise (seed, F * N);
  for (guint j = 0; j < COLUMNS; j++)
    w->columns[j] = 4 * noise[j];
}

static void
add (SalTimeline *timeline, guint64 start, const Window *w)
{
  sal_timeline_add (timeline, start, N, w->map, w->columns, COLUMNS, 8);
}

static double
taper (guint i)
{
  return 0.54 - 0.46 * cos (2 * G_PI * (i + 0.5) / N);
}

/* Log-odds of frame i of a window: columns are centred on 3.5, 11.5, 19.5. */
static double
column_at (const Window *w, guint i)
{
  double at = CLAMP ((i + 0.5) / 8 - 0.5, 0, COLUMNS - 1);
  guint low = MIN ((guint) at, COLUMNS - 2);
  return w->columns[low] + (at - low) * (w->columns[low + 1] - w->columns[low]);
}

static double
presence (double u)
{
  return 1 / (1 + exp (-(calibration.scale * u + calibration.offset)));
}

/* --- one and two windows against the formula ----------------------------- */

/* Frame t under windows that begin at starts. */
static void
check_frame (const SalMap *map, guint t, const Window *windows,
    const guint *starts, guint n_windows)
{
  double weight = 0, u = 0, s[F] = { 0 };
  for (guint k = 0; k < n_windows; k++) {
    if (t < starts[k] || t >= starts[k] + N)
      continue;
    guint i = t - starts[k];
    weight += taper (i);
    u += taper (i) * column_at (&windows[k], i);
    for (guint f = 0; f < F; f++)
      s[f] += taper (i) * windows[k].map[f * N + i];
  }
  u = weight > 0 ? u / weight : 0;
  /* float32 sums of two terms */
  g_assert_cmpfloat_with_epsilon (map->log_odds[t], u, 1e-5);
  g_assert_cmpfloat_with_epsilon (map->activity[t],
      weight > 0 ? presence (u) : 0, 1e-6);
  for (guint f = 0; f < F; f++) {
    double value = weight > 0 ? s[f] / weight : 0;
    value *= value > 0 ? presence (u) : 1 - presence (u);
    g_assert_cmpfloat_with_epsilon (map->saliency[f * map->n_frames + t], value,
        1e-5);
  }
}

static void
test_windows_are_weighted (void)
{
  g_autoptr (SalTimeline) timeline = new_timeline ();
  Window windows[2];
  const guint starts[2] = { 0, 10 };
  for (guint k = 0; k < 2; k++)
    window_init (&windows[k], k);
  push_frames (40);
  add (timeline, 0, &windows[0]);
  add (timeline, 10, &windows[1]);
  g_autoptr (SalMap) map = settle (timeline, 40);
  double sum = 0;
  g_assert_cmpuint (map->first_frame, ==, 0);
  g_assert_cmpuint (map->n_frames, ==, 40);
  g_assert_cmpuint (map->n_bands, ==, F);
  for (guint t = 0; t < 40; t++) {
    check_frame (map, t, windows, starts, 2);
    sum += map->activity[t];
    for (guint f = 0; f < F; f++)
      g_assert_cmpfloat (map->log_mel[f * 40 + t], ==, t + 1000 * f);
  }
  g_assert_cmpfloat_with_epsilon (map->probability, sum / 40, 1e-6);
  for (guint k = 0; k < 2; k++)
    g_free (windows[k].map);
}

/* What is settled stays; later windows count for the rest only. */
static void
test_settled_is_settled (void)
{
  g_autoptr (SalTimeline) timeline = new_timeline ();
  Window windows[2];
  for (guint k = 0; k < 2; k++)
    window_init (&windows[k], k);
  push_frames (N);
  add (timeline, 0, &windows[0]);
  g_autoptr (SalMap) first = settle (timeline, 10);
  g_assert_cmpuint (first->n_frames, ==, 10);
  g_assert_cmpuint (sal_timeline_get_n_settled (timeline), ==, 10);
  g_assert_null (settle (timeline, 10));
  g_assert_null (settle (timeline, 4));
  add (timeline, 0, &windows[1]);
  g_autoptr (SalMap) second = settle (timeline, 1000);
  g_assert_cmpuint (second->first_frame, ==, 10);
  g_assert_cmpuint (second->n_frames, ==, N - 10);
  double u = (column_at (&windows[0], 12) + column_at (&windows[1], 12)) / 2;
  g_assert_cmpfloat_with_epsilon (second->log_odds[2], u, 1e-5);
  for (guint k = 0; k < 2; k++)
    g_free (windows[k].map);
}

/* What is known beyond a stretch counts up to where the caller says. */
static void
test_known_is_what_counts (void)
{
  const SalHmmConfig presence = { .prior = 0.5f, .rate = 0.1f, .weight = 1 };
  const SalLinePair lines = { .clean = calibration };
  const guint64 known[] = { 10, 11, N };
  SalMap *maps[3];
  Window window;
  window_init (&window, 1);
  sal_frame_ring_reset (ring);
  push_frames (N);
  for (guint k = 0; k < 3; k++) {
    const SalSettling how = { .until = 10, .known = known[k] };
    g_autoptr (SalTimeline) timeline
        = sal_timeline_new (F, CAPACITY, 1, &lines, &presence);
    add (timeline, 0, &window);
    maps[k] = sal_timeline_settle (timeline, ring, &how);
  }
  g_assert_cmpfloat (maps[0]->activity[9], !=, maps[1]->activity[9]);
  g_assert_cmpfloat (maps[1]->activity[9], !=, maps[2]->activity[9]);
  for (guint k = 0; k < 3; k++)
    sal_map_unref (maps[k]);
  g_free (window.map);
}

static void
test_frames_without_windows_are_zeros (void)
{
  g_autoptr (SalTimeline) timeline = new_timeline ();
  push_frames (20);
  g_autoptr (SalMap) map = settle (timeline, 20);
  g_assert_cmpfloat (data_magnitude (map->saliency, F * 20), ==, 0);
  g_assert_cmpfloat (data_magnitude (map->activity, 20), ==, 0);
  g_assert_cmpfloat (data_magnitude (map->log_odds, 20), ==, 0);
  g_assert_cmpfloat (map->probability, ==, 0);
}

static void
test_map_may_be_missing (void)
{
  g_autoptr (SalTimeline) timeline = new_timeline ();
  Window window;
  window_init (&window, 1);
  push_frames (N);
  sal_timeline_add (timeline, 0, N, NULL, window.columns, COLUMNS, 8);
  g_autoptr (SalMap) map = settle (timeline, N);
  g_assert_cmpfloat (data_magnitude (map->saliency, F * N), ==, 0);
  g_assert_cmpfloat_with_epsilon (map->log_odds[12], column_at (&window, 12),
      1e-5);
  g_free (window.map);
}

/* --- the ring ------------------------------------------------------------ */

static void
test_goes_round (void)
{
  g_autoptr (SalTimeline) timeline = new_timeline ();
  Window window;
  window_init (&window, 1);
  guint64 settled = 0;
  for (guint round = 0; round < 40; round++) {
    push_frames (7);
    guint64 n = sal_frame_ring_get_n_frames (ring);
    if (n < N)
      continue;
    float log_mel[F * N];
    sal_frame_ring_get_frames (ring, n - N, N, log_mel);
    for (guint i = 0; i < N; i++)
      for (guint f = 0; f < F; f++)
        g_assert_cmpfloat (log_mel[f * N + i], ==, n - N + i + 1000 * f);
    add (timeline, n - N, &window);
    g_autoptr (SalMap) map = settle (timeline, n - 10);
    g_assert_cmpuint (map->first_frame, ==, settled);
    settled += map->n_frames;
    g_assert_cmpfloat (map->log_mel[0], ==, map->first_frame);
    /* once under way, every frame had the same windows over it: 7 apart */
    if (map->first_frame > 2 * N)
      g_assert_cmpuint (map->n_frames, ==, 7);
  }
  g_assert_cmpuint (settled, ==, 40 * 7 - 10);
  g_free (window.map);
}

static void
test_forget (void)
{
  g_autoptr (SalTimeline) timeline = new_timeline ();
  Window windows[2];
  const guint starts[1] = { 0 };
  for (guint k = 0; k < 2; k++)
    window_init (&windows[k], k);
  push_frames (N);
  add (timeline, 0, &windows[0]);
  sal_timeline_reset (timeline, 0);
  add (timeline, 0, &windows[1]);
  g_autoptr (SalMap) map = settle (timeline, N);
  for (guint t = 0; t < N; t++) {
    check_frame (map, t, &windows[1], starts, 1);
    g_assert_cmpfloat (map->log_mel[t], ==, t); /* frames are kept */
  }
  for (guint k = 0; k < 2; k++)
    g_free (windows[k].map);
}

static void
test_reset (void)
{
  g_autoptr (SalTimeline) timeline = new_timeline ();
  Window window;
  window_init (&window, 1);
  push_frames (N);
  add (timeline, 0, &window);
  sal_timeline_reset (timeline, 0);
  sal_frame_ring_reset (ring);
  g_assert_cmpuint (sal_frame_ring_get_n_frames (ring), ==, 0);
  g_assert_null (settle (timeline, 100));
  push_frames (N);
  g_autoptr (SalMap) map = settle (timeline, N);
  g_assert_cmpuint (map->first_frame, ==, 0);
  g_assert_cmpfloat (data_magnitude (map->log_odds, N), ==, 0);
  sal_timeline_reset (timeline, N - 5);
  g_autoptr (SalMap) rest = settle (timeline, N);
  g_assert_cmpuint (rest->first_frame, ==, N - 5);
  g_free (window.map);
  sal_timeline_free (NULL);
}

/* --- late ---------------------------------------------------------------- */

/* N frames with a window, then 20 without. */
static SalMap *
settle_late (SalTimeline *timeline, const Window *window, guint hold,
    float rest)
{
  const SalSettling how = { .until = N + 20,
    .known = N + 20,
    .late = TRUE,
    .hold = hold,
    .rest = rest };
  push_frames (N + 20);
  if (window != NULL)
    add (timeline, 0, window);
  return sal_timeline_settle (timeline, ring, &how);
}

static void
test_late_frames_hold (void)
{
  const struct {
    guint hold;
    float rest;
  } cases[] = { { 0, 0 }, { 0, 1 }, { 7, 0 }, { 7, 1 }, { 100, 0 } };
  Window window;
  const guint starts[1] = { 0 };
  window_init (&window, 1);
  for (guint k = 0; k < G_N_ELEMENTS (cases); k++) {
    g_autoptr (SalTimeline) timeline = new_timeline ();
    g_autoptr (SalMap) map
        = settle_late (timeline, &window, cases[k].hold, cases[k].rest);
    for (guint t = 0; t < N; t++)
      check_frame (map, t, &window, starts, 1);
    for (guint t = N; t < N + 20; t++) {
      g_assert_cmpfloat (map->activity[t], ==,
          t - N < cases[k].hold ? map->activity[N - 1] : cases[k].rest);
      g_assert_cmpfloat (map->log_odds[t], ==, 0);
      for (guint f = 0; f < F; f++)
        g_assert_cmpfloat (map->saliency[f * map->n_frames + t], ==, 0);
    }
  }
  g_free (window.map);
}

/* Frames are counted from the last that was no guess, over all stretches. */
static void
test_hold_goes_on (void)
{
  Window window;
  window_init (&window, 1);
  g_autoptr (SalTimeline) timeline = new_timeline ();
  g_autoptr (SalMap) first = settle_late (timeline, &window, 25, 1);
  push_frames (10);
  const SalSettling how = { .until = N + 30,
    .known = N + 30,
    .late = TRUE,
    .hold = 25,
    .rest = 1 };
  g_autoptr (SalMap) second = sal_timeline_settle (timeline, ring, &how);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpfloat (second->activity[i], ==,
        i < 5 ? first->activity[N - 1] : 1);
  /* silence is known, too */
  push_frames (5);
  g_autoptr (SalMap) silence = settle (timeline, N + 35);
  g_assert_cmpfloat (data_magnitude (silence->activity, 5), ==, 0);
  push_frames (5);
  const SalSettling again = { .until = N + 40,
    .known = N + 40,
    .late = TRUE,
    .hold = 3,
    .rest = 1 };
  g_autoptr (SalMap) third = sal_timeline_settle (timeline, ring, &again);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpfloat (third->activity[i], ==, i < 3 ? 0 : 1);
  g_free (window.map);
}

static void
test_nothing_to_hold (void)
{
  g_autoptr (SalTimeline) timeline = new_timeline ();
  g_autoptr (SalMap) map = settle_late (timeline, NULL, 10, 1);
  for (guint t = 0; t < N + 20; t++)
    g_assert_cmpfloat (map->activity[t], ==, 1);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/timeline/windows-are-weighted", test_windows_are_weighted },
    { "/timeline/settled-is-settled", test_settled_is_settled },
    { "/timeline/frames-without-windows-are-zeros",
        test_frames_without_windows_are_zeros },
    { "/timeline/known-is-what-counts", test_known_is_what_counts },
    { "/timeline/map-may-be-missing", test_map_may_be_missing },
    { "/timeline/goes-round", test_goes_round },
    { "/timeline/forgets-what-windows-said", test_forget },
    { "/timeline/reset-begins-anew", test_reset },
    { "/timeline/late/frames-hold", test_late_frames_hold },
    { "/timeline/late/hold-goes-on-over-stretches", test_hold_goes_on },
    { "/timeline/late/nothing-to-hold", test_nothing_to_hold },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  ring = sal_frame_ring_new (F, CAPACITY, 160, 1);
  int result = g_test_run ();
  sal_frame_ring_free (ring);
  return result;
}
