/* SPDX-License-Identifier: GPL-2.0-or-later */
/* overload.c: when windows take too long sound goes on, delayed as before */
#include "player.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define HOP "mask=time hop=100000000 "
#define BUFFERS_INSIDE                                                         \
  83 /* 820 ms, and the one whose arrival frees another                        \
      */

/* Of 1600 buffers; even a pipeline without the element loses some on a busy
 * machine.  All of 10 s would be 1000. */
#define FEW 100

/* --- too much for a while ------------------------------------------------ */

/* Resident memory of the process, bytes */
static gint64
get_resident (void)
{
  g_autofree char *text = NULL;
  long pages;
  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL)
      || sscanf (text, "%*s %ld", &pages) != 1)
    return 0; /* not here */
  return pages * sysconf (_SC_PAGESIZE);
}

/* A cost of 150 % of the hop from 1.5 s to 11.5 s of @player. */
static void
overload (Player *player)
{
  player_wait (player, 1500);
  g_assert_cmpuint (player_get_stat (player, "effective-hop"), ==,
      100 * GST_MSECOND);
  guint64 n_late = player_get_stat (player, "late");
  player_set_cost (player, 150);
  player_wait (player, 3500);
  guint64 n_late_soon = player_get_stat (player, "late");
  gint64 resident = get_resident ();
  player_wait (player, 11500);
  guint64 n_late_at_the_end = player_get_stat (player, "late");
  gint64 growth = get_resident () - resident;

  g_test_message ("%u, %u, %u stretches late; grew by %d kB", (guint) n_late,
      (guint) n_late_soon, (guint) n_late_at_the_end, (int) (growth / 1024));
  g_assert_cmpint (growth, <, 2 << 20);
  g_assert_cmpuint (n_late_soon, >, n_late + 5);
  g_assert_cmpuint (n_late_at_the_end, >, n_late_soon + 20);
}

/* Every doubling of the hop was said. */
static void
check_doubled (Player *player)
{
  PlayerCounts counts = player_get_counts (player);
  guint64 hop = player_get_stat (player, "effective-hop");
  guint64 n_skipped = player_get_stat (player, "skipped");
  g_test_message ("hop %u ms, %u skipped, %s", (guint) (hop / GST_MSECOND),
      (guint) n_skipped, counts.warning);
  g_assert_cmpuint (counts.n_warnings, >=, 1);
  g_assert_cmpuint (hop, ==, (100 * GST_MSECOND) << counts.n_warnings);
  /* the mean on its way to 150 ms, when it no longer fits into the hop */
  const char *takes = strstr (counts.warning, "a window takes ");
  g_assert_nonnull (takes);
  guint64 ms = g_ascii_strtoull (takes + strlen ("a window takes "), NULL, 10);
  g_assert_cmpuint (ms, >=, 90);
  g_assert_cmpuint (ms, <, 200 << counts.n_warnings);
  /* of the hundred windows of those 10 s every second one, or more */
  g_assert_cmpuint (n_skipped, >, 30);
  g_assert_cmpuint (n_skipped, <, 100);
}

static void
check_recovered (Player *player)
{
  player_set_cost (player, 0);
  player_wait (player, 14500);
  guint64 n_late = player_get_stat (player, "late");
  g_assert_cmpuint (player_get_stat (player, "effective-hop"), ==,
      100 * GST_MSECOND);
  player_wait (player, 16500);
  g_assert_cmpuint (player_get_stat (player, "late"), <=, n_late + 10);
}

static void
check_qos (Player *player)
{
  PlayerCounts counts = player_get_counts (player);
  g_test_message ("%u QOS, %u ms apart at least; the sink dropped %u",
      counts.n_qos, (guint) (counts.least_qos_interval / 1000),
      (guint) player->n_dropped);
  g_assert_cmpuint (counts.n_qos, >=, 8);
  g_assert_cmpuint (counts.n_qos, <=, 14);
  g_assert_cmpint (counts.least_qos_interval, >=, 990000);
  g_assert_cmpuint (player->n_dropped, <=, FEW);
  g_assert_cmpuint (counts.n_sink_qos, <=, FEW);
  g_assert_cmpint (player->least_inside, ==, BUFFERS_INSIDE);
  g_assert_cmpint (player->most_inside, ==, BUFFERS_INSIDE);
}

/* Another one plays whose windows take nine tenths of the hop. */
static void
test_overload (void)
{
  Player *player = player_new (HOP), *full = player_new (HOP);
  player_set_cost (full, 90);
  player_start (player);
  player_start (full);
  overload (player);
  check_doubled (player);
  player_stop (full);
  PlayerCounts counts = player_get_counts (full);
  g_test_message ("90 ms: %u of %u stretches late, hop %u ms; the sink dropped "
                  "%u",
      counts.n_late, counts.n_messages,
      (guint) (player_get_stat (full, "effective-hop") / GST_MSECOND),
      (guint) full->n_dropped);
  g_assert_cmpuint (full->n_dropped, <=, FEW);
  g_assert_cmpint (full->least_inside, ==, BUFFERS_INSIDE);
  g_assert_cmpint (full->most_inside, ==, BUFFERS_INSIDE);
  check_recovered (player);
  player_stop (player);
  check_qos (player);
  player_free (player);
  player_free (full);
}

/* --- nothing for a long time --------------------------------------------- */

static void
test_late_policy (void)
{
  g_autofree char *speaker = new_speaker_file ("tiny.safetensors");
  g_autofree char *open = g_strdup_printf (HOP
      "target=%s threshold=0.001 "
      "hold=0 release=50000000 late-policy=mute hold-time=500000000",
      speaker);
  Player *muted = player_new (open);
  Player *passed
      = player_new (HOP "threshold=0.9 late-policy=pass hold-time=500000000");
  player_start (muted);
  player_start (passed);
  player_wait (muted, 2500);
  player_set_cost (muted, 3000);
  player_set_cost (passed, 3000);
  player_wait (muted, 6000);
  player_wait (passed, 6000);
  player_stop (muted);
  player_stop (passed);
  /* the last one holds for half a second after what the last window heard */
  g_assert_cmpfloat (player_get_gain (muted, 1500, 2800), >, 0.99);
  g_assert_cmpfloat (player_get_gain (muted, 3500, 5000), <, 0.0101);
  g_assert_cmpfloat (player_get_gain (passed, 1500, 2800), <, 0.0101);
  g_assert_cmpfloat (player_get_gain (passed, 3500, 5000), ==, 1);
  player_free (muted);
  player_free (passed);
  g_remove (speaker);
}

/* --- a map that is expensive --------------------------------------------- */

static void
test_score_cam (void)
{
  Player *player = player_new ("method=score-cam");
  player_start (player);
  player_wait (player, 2500);
  player_stop (player);
  PlayerCounts counts = player_get_counts (player);
  g_test_message ("%s", counts.warning);
  g_assert_cmpuint (counts.n_warnings, ==, 1);
  g_assert_nonnull (strstr (counts.warning, "score-cam"));
  g_assert_nonnull (strstr (counts.warning, " ms per window"));
  player_free (player);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/overload/passes-and-leaves-no-trace",
      test_overload);
  g_test_add_func ("/speakersaliency/overload/ends-in-the-late-policy",
      test_late_policy);
  g_test_add_func ("/speakersaliency/overload/score-cam-says-its-price",
      test_score_cam);
  return g_test_run ();
}
