/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load-control.c: fewer windows when they cost too much, and all of them again
 */
#include "load-control.h"

#define HOP (100 * GST_MSECOND)

static GssLoadControl *
new_async (void)
{
  GssLoadControl *control = gss_load_control_new ();
  gss_load_control_start (control, HOP);
  gss_load_control_set_async (control, TRUE);
  return control;
}

/* How often the control got slower. */
static guint
count (GssLoadControl *control, guint n, GstClockTime cost)
{
  guint slower = 0;
  for (guint i = 0; i < n; i++)
    slower += gss_load_control_count_window (control, cost);
  return slower;
}

static GstClockTime
hop_of (GssLoadControl *control)
{
  GssLoadStats stats;
  gss_load_control_get_stats (control, &stats);
  return stats.effective_hop;
}

static void
test_affordable (void)
{
  g_autoptr (GssLoadControl) control = new_async ();
  g_assert_cmpuint (count (control, 100, 85 * GST_MSECOND), ==, 0);
  g_assert_cmpuint (hop_of (control), ==, HOP);
  for (guint i = 0; i < 5; i++)
    g_assert_true (gss_load_control_wants (control, i));
}

static void
test_too_much (void)
{
  g_autoptr (GssLoadControl) control = new_async ();
  g_assert_cmpuint (count (control, 100, 150 * GST_MSECOND), ==, 1);
  g_assert_cmpuint (hop_of (control), ==, 2 * HOP);
  guint n = 0;
  for (guint i = 0; i < 20; i++) /* each is asked for twice */
    n += gss_load_control_wants (control, i / 2);
  g_assert_cmpuint (n, ==, 10);
  GssLoadStats stats;
  gss_load_control_get_stats (control, &stats);
  g_assert_cmpuint (stats.skipped, ==, 5);
}

static void
test_recovers (void)
{
  g_autoptr (GssLoadControl) control = new_async ();
  count (control, 20, 350 * GST_MSECOND);
  g_assert_cmpuint (hop_of (control), ==, 4 * HOP);
  /* a little less is not enough: it would be too much again */
  count (control, 100, 160 * GST_MSECOND);
  g_assert_cmpuint (hop_of (control), ==, 4 * HOP);
  count (control, 12, 30 * GST_MSECOND);
  g_assert_cmpuint (hop_of (control), <, 4 * HOP);
  count (control, 20, 30 * GST_MSECOND);
  g_assert_cmpuint (hop_of (control), ==, HOP);
}

static void
test_has_a_limit (void)
{
  g_autoptr (GssLoadControl) control = new_async ();
  count (control, 100, 10 * GST_SECOND);
  g_assert_cmpuint (hop_of (control), ==, 8 * HOP);
}

static void
test_sync_never_skips (void)
{
  g_autoptr (GssLoadControl) control = gss_load_control_new ();
  gss_load_control_start (control, HOP);
  g_assert_cmpuint (count (control, 100, 10 * GST_SECOND), ==, 0);
  g_assert_true (gss_load_control_wants (control, 1));
}

static void
test_structure (void)
{
  g_autoptr (GssLoadControl) control = new_async ();
  guint64 value;
  count (control, 4, 20 * GST_MSECOND);
  count (control, 1, 60 * GST_MSECOND);
  gss_load_control_count_late (control);
  g_autoptr (GstStructure) stats = gss_load_control_get_structure (control);
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

/* A sink that is late costs one window, however often it says so before. */
static void
test_yield (void)
{
  GssLoadControl *control = gss_load_control_new ();
  GssLoadStats stats;
  gss_load_control_start (control, GST_SECOND / 4);
  gss_load_control_yield (control); /* sync: nothing is left out */
  g_assert_true (gss_load_control_wants (control, 0));
  gss_load_control_set_async (control, TRUE);
  gss_load_control_yield (control);
  gss_load_control_yield (control);
  g_assert_false (gss_load_control_wants (control, 1));
  g_assert_false (gss_load_control_wants (control, 1));
  g_assert_true (gss_load_control_wants (control, 2));
  gss_load_control_get_stats (control, &stats);
  g_assert_cmpuint (stats.skipped, ==, 1);
  gss_load_control_free (control);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/load-control/affordable-windows-are-all-computed",
      test_affordable);
  g_test_add_func ("/load-control/every-second-one-when-they-cost-too-much",
      test_too_much);
  g_test_add_func ("/load-control/comes-back-late-and-for-good", test_recovers);
  g_test_add_func ("/load-control/has-a-limit", test_has_a_limit);
  g_test_add_func ("/load-control/sync-never-skips", test_sync_never_skips);
  g_test_add_func ("/load-control/tells-what-it-counted", test_structure);
  g_test_add_func ("/load-control/yields-one-window", test_yield);
  return g_test_run ();
}
