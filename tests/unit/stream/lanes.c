/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lanes of several look-aheads are, to the bit, what lanes of one look-ahead
 * each are, also when windows come late. */
#include "stream/lanes.h"

#include "data.h"
#include "stream-maps.h"
#include "stream/inference.h"
#include "stream/window-internal.h"

#define HOP 25

static const guint lookaheads[] = { 0, 50, 200 };

#define L G_N_ELEMENTS (lookaheads)

typedef struct {
  SalModel *model;
  SalTarget *targets[2];
  float *sound;
  gsize n_samples;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->model = data_load_model ("tiny");
  f->targets[0] = maps_target (f->model, "spk0");
  f->targets[1] = maps_target (f->model, "spk2");
  f->sound = maps_sound (&f->n_samples);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sal_target_unref (f->targets[0]);
  sal_target_unref (f->targets[1]);
  sal_model_unref (f->model);
  g_free (f->sound);
}

static SalLanes *
new_lanes (Fixture *f, const guint *A, guint n_lookaheads, guint n_targets)
{
  g_autoptr (GError) error = NULL;
  const SalLanesConfig config = { .hop = HOP,
    .lookaheads = A,
    .n_lookaheads = n_lookaheads,
    .max_age = 8 * HOP };
  SalLanes *lanes
      = sal_lanes_new (f->model, &config, f->targets, n_targets, &error);
  g_assert_no_error (error);
  return lanes;
}

/* --- a stream ------------------------------------------------------------ */

typedef struct {
  SalLanes *lanes;
  SalInference *inference;
  SalCamConfig cam;
  gboolean late;   /* two windows in three come back late, or not at all */
  SalWindow *held; /* not given back yet */
  guint n_points;
  GPtrArray *maps;
} Walk;

static void
compute (Walk *self, SalWindow *window)
{
  window->threads = 1;
  window->cam = self->cam;
  window->wants_trust = FALSE;
  sal_inference_compute (self->inference, window);
}

/* One point; late, windows are held over the next ones. */
static void
step (Walk *self)
{
  SalWindow *window = self->held == NULL ? sal_lanes_take (self->lanes) : NULL;
  guint k = self->n_points++;
  if (self->held != NULL && k % 3 == 2) {
    if (k % 2 == 0)
      compute (self, self->held);
    sal_lanes_give (self->lanes, g_steal_pointer (&self->held));
  }
  if (window == NULL)
    return;
  if (self->late && k % 3 != 2) {
    self->held = window;
    return;
  }
  compute (self, window);
  sal_lanes_give (self->lanes, window);
}

static void
pop (Walk *self)
{
  SalMap *map;
  while ((map = sal_lanes_pop (self->lanes)) != NULL)
    g_ptr_array_add (self->maps, map);
}

/* The first part of the stream, without its end. */
static void
walk_along (Walk *self, const float *sound, gsize n)
{
  while (n > 0) {
    gsize used = sal_lanes_listen (self->lanes, sound, n);
    while (sal_lanes_advance (self->lanes))
      step (self);
    sal_lanes_settle (self->lanes, 4 * HOP);
    pop (self);
    sound += used;
    n -= used;
  }
}

static void
walk_to_the_end (Walk *self)
{
  sal_lanes_finish (self->lanes);
  while (sal_lanes_advance (self->lanes))
    step (self);
  if (self->held != NULL)
    sal_lanes_give (self->lanes, g_steal_pointer (&self->held));
  sal_lanes_settle (self->lanes, 0);
  pop (self);
}

static Walk
walk_new (Fixture *f, const guint *A, guint n_lookaheads, guint n_targets,
    gboolean late)
{
  Walk walk = { .lanes = new_lanes (f, A, n_lookaheads, n_targets),
    .late = late,
    .maps = maps_new () };
  sal_cam_config_init (&walk.cam);
  sal_lanes_set_hold (walk.lanes, 30, 0.25f);
  walk.inference
      = sal_inference_new (f->model, SAL_WINDOW_FRAMES, &walk.cam, 1);
  return walk;
}

static void
walk_clear (Walk *self)
{
  sal_lanes_free (self->lanes);
  sal_inference_free (self->inference);
  g_ptr_array_unref (self->maps);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static void
run (Fixture *f, Walk *walk)
{
  walk_along (walk, f->sound, f->n_samples);
  walk_to_the_end (walk);
}

/* --- tests --------------------------------------------------------------- */

/* Lane i of `all` against the lanes of one look-ahead. */
static void
check_lanes (Fixture *f, const Walk *all, guint n_targets, gboolean late)
{
  for (guint l = 0; l < L; l++) {
    g_auto (Walk) one = walk_new (f, &lookaheads[l], 1, n_targets, late);
    run (f, &one);
    for (guint i = 0; i < n_targets; i++) {
      g_autoptr (GPtrArray) got = maps_of (all->maps, i * L + l);
      g_autoptr (GPtrArray) want = maps_of (one.maps, i);
      g_assert_cmpuint (maps_assert_tiles (got), ==,
          sal_lanes_get_n_frames (all->lanes));
      g_assert_cmpuint (got->len, ==, want->len);
      for (guint k = 0; k < want->len; k++)
        maps_assert_same_map (maps_at (got, k), maps_at (want, k));
    }
  }
}

static guint
count_late (const Walk *walk)
{
  guint n = 0;
  for (guint k = 0; k < walk->maps->len; k++)
    n += (maps_at (walk->maps, k)->flags & SAL_MAP_LATE) != 0;
  return n;
}

static void
test_look_aheads_are_apart (Fixture *f, gconstpointer data)
{
  g_auto (Walk) all = walk_new (f, lookaheads, L, 2, FALSE);
  run (f, &all);
  g_assert_cmpuint (count_late (&all), ==, 0);
  check_lanes (f, &all, 2, FALSE);
}

static void
test_look_aheads_are_apart_late (Fixture *f, gconstpointer data)
{
  g_auto (Walk) all = walk_new (f, lookaheads, L, 2, TRUE);
  run (f, &all);
  g_assert_cmpuint (count_late (&all), >, 0);
  check_lanes (f, &all, 2, TRUE);
}

/* A point every hop, and one at the end. */
static void
test_advances_from_point_to_point (Fixture *f, gconstpointer data)
{
  g_auto (Walk) walk = walk_new (f, lookaheads, L, 1, FALSE);
  const float *sound = f->sound;
  for (gsize n = f->n_samples, used; n > 0; n -= used, sound += used) {
    used = sal_lanes_listen (walk.lanes, sound, n);
    g_assert_cmpuint (used, >, 0);
    while (sal_lanes_advance (walk.lanes)) {
      step (&walk);
      g_assert_cmpuint (sal_lanes_get_n_frames (walk.lanes), ==,
          walk.n_points * HOP);
    }
  }
  guint before = walk.n_points;
  walk_to_the_end (&walk);
  g_assert_cmpuint (walk.n_points, ==,
      sal_lanes_get_n_frames (walk.lanes) / HOP + 1);
  g_assert_cmpuint (walk.n_points, <=, before + 2);
  g_assert_false (sal_lanes_advance (walk.lanes));
}

static void
test_reset_begins_anew (Fixture *f, gconstpointer data)
{
  g_auto (Walk) once = walk_new (f, lookaheads, L, 2, FALSE);
  g_auto (Walk) twice = walk_new (f, lookaheads, L, 2, FALSE);
  run (f, &once);
  walk_along (&twice, f->sound, f->n_samples / 3);
  sal_lanes_reset (twice.lanes);
  g_ptr_array_set_size (twice.maps, 0);
  twice.n_points = 0;
  run (f, &twice);
  maps_assert_same (once.maps, twice.maps);
}

/* In every look-ahead a new target begins where the others are, and one that
 * was there goes on. */
static void
test_targets_change (Fixture *f, gconstpointer data)
{
  SalTarget *swapped[] = { f->targets[1], f->targets[0] };
  g_auto (Walk) steady = walk_new (f, lookaheads, L, 1, FALSE);
  g_auto (Walk) walk = walk_new (f, lookaheads, L, 1, FALSE);
  gsize half = f->n_samples / 2;
  run (f, &steady);
  walk_along (&walk, f->sound, half);
  guint n = walk.maps->len;
  sal_lanes_set_targets (walk.lanes, swapped, 2);
  walk_along (&walk, f->sound + half, f->n_samples - half);
  walk_to_the_end (&walk);
  for (guint l = 0; l < L; l++) {
    g_autoptr (GPtrArray) want = maps_of (steady.maps, l);
    guint at = 0;
    for (guint k = 0; k < walk.maps->len; k++) {
      const SalMap *map = maps_at (walk.maps, k);
      if (map->target == (k < n ? l : L + l))
        maps_assert_same_map (map, maps_at (want, at++));
    }
    g_assert_cmpuint (at, ==, want->len);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test)                                                        \
  g_test_add ("/lanes/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("look-aheads-are-apart", test_look_aheads_are_apart);
  ADD ("look-aheads-are-apart/late", test_look_aheads_are_apart_late);
  ADD ("advances-from-point-to-point", test_advances_from_point_to_point);
  ADD ("reset-begins-anew", test_reset_begins_anew);
  ADD ("targets-change", test_targets_change);
  return g_test_run ();
}
