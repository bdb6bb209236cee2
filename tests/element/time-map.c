/* SPDX-License-Identifier: GPL-2.0-or-later */
/* time-map.c: holes, overlaps, jitter, clock skew and jumps of timestamps */
#include "time-map.h"

#define MS GST_MSECOND

/* Buffers of 10 ms; @n of them so far */
typedef struct {
  GssTimeMap *map;
  GstClockTime position;
} Times;

static Times
begin (void)
{
  Times self = { gss_time_map_new (), 0 };
  gss_time_map_begin (self.map, GST_SECOND);
  return self;
}

/* The next buffer, @late ns after its position would say */
static GssContinuity
follow (Times *self, gint64 late, gboolean is_discont, GstClockTime *hole)
{
  GstClockTime pts
      = (GstClockTime) ((gint64) (GST_SECOND + self->position) + late);
  GssContinuity how = gss_time_map_follow (self->map, self->position, pts,
      10 * MS, is_discont, hole);
  self->position += *hole + 10 * MS;
  return how;
}

static void
test_flag (void)
{
  static const struct {
    gint64 late; /* ms */
    GssContinuity how;
  } cases[] = {
    { 0, GSS_TIME_CONTINUES },
    { 20, GSS_TIME_HOLE },
    { 249, GSS_TIME_HOLE },
    { 250, GSS_TIME_JUMP },
    { 10000, GSS_TIME_JUMP },
    { -1, GSS_TIME_CONTINUES },
    { -40, GSS_TIME_CONTINUES },
    { -41, GSS_TIME_JUMP },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstClockTime hole;
    Times times = begin ();
    gint64 late = cases[i].late * (gint64) MS;
    g_assert_cmpint (follow (&times, 0, TRUE, &hole), ==, GSS_TIME_CONTINUES);
    g_assert_cmpint (follow (&times, late, TRUE, &hole), ==, cases[i].how);
    g_assert_cmpuint (hole, ==,
        cases[i].how == GSS_TIME_HOLE ? (guint64) late : 0);
    if (cases[i].how == GSS_TIME_CONTINUES)
      g_assert_cmpuint (gss_time_map_get_pts (times.map, times.position), ==,
          GST_SECOND + times.position + late);
    gss_time_map_free (times.map);
  }
}

/* The hole is filled: what follows is on time. */
static void
test_hole_is_filled (void)
{
  GstClockTime hole;
  Times times = begin ();
  follow (&times, 0, FALSE, &hole);
  g_assert_cmpint (follow (&times, 60 * MS, TRUE, &hole), ==, GSS_TIME_HOLE);
  g_assert_cmpuint (times.position, ==, 80 * MS);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (follow (&times, 0, i % 7 == 0, &hole), ==,
        GSS_TIME_CONTINUES);
  g_assert_cmpuint (gss_time_map_get_pts (times.map, times.position), ==,
      GST_SECOND + times.position);
  gss_time_map_free (times.map);
}

/* A clock that is off by @ppm, for half an hour */
static void
test_skew (gconstpointer data)
{
  gint64 ppm = GPOINTER_TO_INT (data);
  Times times = begin ();
  for (guint i = 0; i < 180000; i++) {
    GstClockTime hole;
    gint64 late = (gint64) times.position * ppm / 1000000;
    g_assert_cmpint (follow (&times, late, FALSE, &hole), ==,
        GSS_TIME_CONTINUES);
    gint64 pts = (gint64) gss_time_map_get_pts (times.map, times.position);
    gint64 off = pts - (gint64) (GST_SECOND + times.position) - late;
    g_assert_cmpint (ABS (off), <, 2 * (gint64) MS);
  }
  gss_time_map_free (times.map);
}

/* Timestamps that are up to 30 ms off, but right on average, move nothing. */
static void
test_jitter (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  Times times = begin ();
  for (guint i = 0; i < 10000; i++) {
    GstClockTime hole;
    gint64 late = g_rand_int_range (rand, -30, 31) * (gint64) MS;
    g_assert_cmpint (follow (&times, late, FALSE, &hole), ==,
        GSS_TIME_CONTINUES);
    gint64 pts = (gint64) gss_time_map_get_pts (times.map, times.position);
    g_assert_cmpint (ABS (pts - (gint64) (GST_SECOND + times.position)), <,
        15 * (gint64) MS);
  }
  gss_time_map_free (times.map);
}

/* Without the flag a jump must last for a second. */
static void
test_jump_without_flag (gconstpointer data)
{
  gint64 late = GPOINTER_TO_INT (data) * (gint64) MS;
  Times times = begin ();
  GstClockTime hole;
  guint n = 0;
  follow (&times, 0, FALSE, &hole);
  follow (&times, late, FALSE, &hole); /* once is nothing */
  follow (&times, 0, FALSE, &hole);
  GssContinuity how;
  do
    how = follow (&times, late, FALSE, &hole);
  while (how == GSS_TIME_CONTINUES && ++n < 1000);
  g_assert_cmpuint (n, ==, 100);
  g_assert_cmpint (how, ==,
      late > 0 && late < 250 * (gint64) MS ? GSS_TIME_HOLE : GSS_TIME_JUMP);
  gss_time_map_free (times.map);
}

/* Results from before and after a step or a pause have their own times. */
static void
test_times_of_results (void)
{
  GstClockTime hole;
  Times times = begin ();
  for (guint i = 0; i < 10; i++)
    follow (&times, 0, FALSE, &hole);
  gss_time_map_skip (times.map, times.position, 5 * GST_SECOND);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (follow (&times, 5 * GST_SECOND, FALSE, &hole), ==,
        GSS_TIME_CONTINUES);
  g_assert_cmpuint (gss_time_map_get_pts (times.map, 0), ==, GST_SECOND);
  g_assert_cmpuint (gss_time_map_get_pts (times.map, 100 * MS), ==, 1100 * MS);
  g_assert_cmpuint (gss_time_map_get_pts (times.map, 101 * MS), ==, 6101 * MS);
  gss_time_map_reset (times.map);
  g_assert_false (gss_time_map_has_begun (times.map));
  gss_time_map_free (times.map);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/time-map/flag-counts-with-a-hole", test_flag);
  g_test_add_func ("/time-map/hole-is-filled", test_hole_is_filled);
  g_test_add_data_func ("/time-map/skew/fast", GINT_TO_POINTER (100),
      test_skew);
  g_test_add_data_func ("/time-map/skew/slow", GINT_TO_POINTER (-100),
      test_skew);
  g_test_add_func ("/time-map/jitter-moves-nothing", test_jitter);
  g_test_add_data_func ("/time-map/jump-without-flag/hole",
      GINT_TO_POINTER (100), test_jump_without_flag);
  g_test_add_data_func ("/time-map/jump-without-flag/far",
      GINT_TO_POINTER (5000), test_jump_without_flag);
  g_test_add_data_func ("/time-map/jump-without-flag/back",
      GINT_TO_POINTER (-500), test_jump_without_flag);
  g_test_add_func ("/time-map/results-have-their-times", test_times_of_results);
  return g_test_run ();
}
