/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.c: fewer windows when they cost too much, and all of them again */
#include "load-control.h"

#define HOP (100 * GST_MSECOND)

static GssLoadControl *
new_async (void)
{
  GssLoadControl *pace = gss_load_control_new ();
  gss_load_control_start (pace, HOP);
  gss_load_control_set_async (pace, TRUE);
  return pace;
}

/* How often the pace got slower. */
static guint
count (GssLoadControl *pace, guint n, GstClockTime cost)
{
  guint slower = 0;
  for (guint i = 0; i < n; i++)
    slower += gss_load_control_count_window (pace, cost);
  return slower;
}

static GstClockTime
hop_of (GssLoadControl *pace)
{
  GssLoadStats stats;
  gss_load_control_get_stats (pace, &stats);
  return stats.effective_hop;
}

static void
test_affordable (void)
{
  g_autoptr (GssLoadControl) pace = new_async ();
  g_assert_cmpuint (count (pace, 100, 85 * GST_MSECOND), ==, 0);
  g_assert_cmpuint (hop_of (pace), ==, HOP);
  for (guint i = 0; i < 5; i++)
    g_assert_true (gss_load_control_wants (pace, i));
}

static void
test_too_much (void)
{
  g_autoptr (GssLoadControl) pace = new_async ();
  g_assert_cmpuint (count (pace, 100, 150 * GST_MSECOND), ==, 1);
  g_assert_cmpuint (hop_of (pace), ==, 2 * HOP);
  guint n = 0;
  for (guint i = 0; i < 20; i++) /* each is asked for twice */
    n += gss_load_control_wants (pace, i / 2);
  g_assert_cmpuint (n, ==, 10);
  GssLoadStats stats;
  gss_load_control_get_stats (pace, &stats);
  g_assert_cmpuint (stats.skipped, ==, 5);
}

static void
test_recovers (void)
{
  g_autoptr (GssLoadControl) pace = new_async ();
  count (pace, 20, 350 * GST_MSECOND);
  g_assert_cmpuint (hop_of (pace), ==, 4 * HOP);
  /* a little less is not enough: it would be too much again */
  count (pace, 100, 160 * GST_MSECOND);
  g_assert_cmpuint (hop_of (pace), ==, 4 * HOP);
  count (pace, 12, 30 * GST_MSECOND);
  g_assert_cmpuint (hop_of (pace), <, 4 * HOP);
  count (pace, 20, 30 * GST_MSECOND);
  g_assert_cmpuint (hop_of (pace), ==, HOP);
}

static void
test_has_a_limit (void)
{
  g_autoptr (GssLoadControl) pace = new_async ();
  count (pace, 100, 10 * GST_SECOND);
  g_assert_cmpuint (hop_of (pace), ==, 8 * HOP);
}

static void
test_sync_never_skips (void)
{
  g_autoptr (GssLoadControl) pace = gss_load_control_new ();
  gss_load_control_start (pace, HOP);
  g_assert_cmpuint (count (pace, 100, 10 * GST_SECOND), ==, 0);
  g_assert_true (gss_load_control_wants (pace, 1));
}

static void
test_structure (void)
{
  g_autoptr (GssLoadControl) pace = new_async ();
  guint64 value;
  count (pace, 4, 20 * GST_MSECOND);
  count (pace, 1, 60 * GST_MSECOND);
  gss_load_control_count_late (pace);
  g_autoptr (GstStructure) stats = gss_load_control_get_structure (pace);
  g_assert_true (gst_structure_get_uint64 (stats, "windows", &value));
  g_assert_cmpuint (value, ==, 5);
  g_assert_true (gst_structure_get_uint64 (stats, "late", &value));
  g_assert_cmpuint (value, ==, 1);
  g_assert_true (gst_structure_get_uint64 (stats, "max-cost", &value));
  g_assert_cmpuint (value, ==, 60 * GST_MSECOND);
  g_assert_true (gst_structure_get_uint64 (stats, "mean-cost", &value));
  g_assert_cmpuint (value, ==, 30 * GST_MSECOND);
  g_assert_cmpstr (gst_structure_get_string (stats, "effective-processing"), ==,
      "async");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pace/affordable-windows-are-all-computed",
      test_affordable);
  g_test_add_func ("/pace/every-second-one-when-they-cost-too-much",
      test_too_much);
  g_test_add_func ("/pace/comes-back-late-and-for-good", test_recovers);
  g_test_add_func ("/pace/has-a-limit", test_has_a_limit);
  g_test_add_func ("/pace/sync-never-skips", test_sync_never_skips);
  g_test_add_func ("/pace/tells-what-it-counted", test_structure);
  return g_test_run ();
}
