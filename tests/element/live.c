/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.c: in real time nothing waits for a window and nothing comes too late */
#include "player.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include <glib/gstdio.h>

#define HOP "mask=time hop=100000000 "
#define LATENCY 820 /* ms: look-ahead 500, hop 100, budget 120, masking 100 */

/* Even a pipeline without the element loses some on a busy machine. */
#define FEW 5
#define TRIES 3

/* All of it is there from the buffer on after which the first one is due. */
static void
assert_delay_is_the_latency (Player *player)
{
  g_assert_cmpint (player->least_inside, ==, LATENCY / 10 + 1);
  g_assert_cmpint (player->most_inside, ==, LATENCY / 10 + 1);
}

/* --- one DISCONT --------------------------------------------------------- */

static void
test_starts_after_the_latency (gconstpointer live)
{
  Fixture *f = fixture_new (live ? "mask=time" : "mask=time processing=async",
      GST_AUDIO_FORMAT_S16, 48000, 1);
  const guint latency = (500 + 250 + 120 + 100) / 5; /* buffers */
  gst_harness_set_live (f->harness, GPOINTER_TO_INT (live));
  for (guint i = 1; i <= 1000; i++) {
    fixture_push (f, 240);
    g_assert_cmpuint (gst_harness_buffers_received (f->harness), ==,
        i > latency ? i - latency : 0);
  }
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_assert_cmpuint (gst_harness_buffers_received (f->harness), ==, 1000);
  fixture_free (f);
}

/* --- what is affordable -------------------------------------------------- */

static void
check_punctual (Player *player, guint cost)
{
  PlayerCounts counts = player_get_counts (player);
  guint64 max_cost = player_get_stat (player, "max-cost") / GST_MSECOND;
  GstClockTime max_delay;
  g_object_get (player->element, "max-observed-delay", &max_delay, NULL);
  g_test_message ("%u ms: %u of %u stretches late, a window took %u ms at most,"
                  " %u ms of sound; the sink dropped %u",
      cost, counts.n_late, counts.n_messages, (guint) max_cost,
      (guint) (max_delay / GST_MSECOND), (guint) player->n_dropped);
  assert_delay_is_the_latency (player);
  g_assert_cmpuint (counts.n_messages, >=, 40);
  g_assert_cmpuint (player_get_stat (player, "late"), ==, counts.n_late);
  if (max_cost < 100) /* less than the budget: the machine had time */
    g_assert_cmpuint (counts.n_late, <=, FEW);
  g_assert_cmpuint (max_delay, >=, (cost - 10) * GST_MSECOND);
  g_assert_cmpuint (counts.n_latency, ==, 0);
}

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer n)
{
  g_atomic_int_inc ((gint *) n);
}

/* 30 and 60 ms a window at once; how many buffers the sinks dropped. */
static guint
play_affordable (void)
{
  Player *players[2];
  gint n_notified[2] = { 0 };
  guint n_dropped = 0;
  for (guint i = 0; i < 2; i++) {
    players[i] = player_new (HOP);
    g_signal_connect (players[i]->element, "notify::max-observed-delay",
        G_CALLBACK (count_notify), &n_notified[i]);
    player_set_cost (players[i], 30 * (i + 1));
    player_start (players[i]);
  }
  for (guint i = 0; i < 2; i++) {
    player_wait (players[i], 5000);
    player_stop (players[i]);
    g_assert_cmpint (n_notified[i], >, 0);
    check_punctual (players[i], 30 * (i + 1));
    PlayerCounts counts = player_get_counts (players[i]);
    g_assert_cmpuint (counts.n_enter, ==, 1);
    g_assert_cmpuint (counts.n_leave, ==, 1);
    n_dropped += players[i]->n_dropped;
    player_free (players[i]);
  }
  return n_dropped;
}

static void
test_affordable (void)
{
  for (guint i = 0; i < TRIES; i++)
    if (play_affordable () <= FEW)
      return;
  g_test_fail ();
}

/* --- as measured by others ----------------------------------------------- */

/* The sink blocks the only thread: it must add nothing to the latency. */
static char *
new_tracer_output (void)
{
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autofree char *model_property = g_strdup_printf ("model=%s", model);
  const char *argv[] = { g_getenv ("GST_LAUNCH"), "-q", "audiotestsrc",
    "is-live=true", "wave=red-noise", "samplesperbuffer=160", "num-buffers=300",
    "!", "audio/x-raw,rate=16000,channels=1", "!", "speakersaliency",
    model_property, "target=spk0", "mask=time", "hop=100000000", "!",
    "fakesink", "sync=true", "processing-deadline=0", NULL };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) environment = g_get_environ ();
  char *output = NULL;
  int status;
  environment = g_environ_setenv (environment, "GST_TRACERS",
      "latency(flags=element+reported)", TRUE);
  environment
      = g_environ_setenv (environment, "GST_DEBUG", "GST_TRACER:7", TRUE);
  environment = g_environ_setenv (environment, "GST_DEBUG_NO_COLOR", "1", TRUE);
  g_spawn_sync (NULL, (char **) argv, environment, G_SPAWN_DEFAULT, NULL, NULL,
      NULL, &output, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  return output;
}

/* The values of @field in lines "@name, .." about the element */
static GArray *
find_values (const char *output, const char *name, const char *field)
{
  g_autofree char *pattern
      = g_strdup_printf ("%s, .*element=\\(string\\)speakersaliency0, .*"
                         "%s=\\(guint64\\)([0-9]+)",
          name, field);
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  GArray *values = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (g_regex_match (regex, output, 0, &match); g_match_info_matches (match);
       g_match_info_next (match, NULL)) {
    g_autofree char *text = g_match_info_fetch (match, 1);
    guint64 value = g_ascii_strtoull (text, NULL, 10);
    g_array_append_val (values, value);
  }
  return values;
}

static guint
count_above (GArray *values, guint64 limit)
{
  guint n = 0;
  for (guint i = 0; i < values->len; i++)
    n += g_array_index (values, guint64, i) > limit;
  return n;
}

static void
test_measured (void)
{
  if (g_getenv ("GST_LAUNCH") == NULL) {
    g_test_skip ("no gst-launch-1.0");
    return;
  }
  g_autofree char *output = new_tracer_output ();
  g_autoptr (GArray) reported
      = find_values (output, "element-reported-latency", "min");
  g_autoptr (GArray) measured = find_values (output, "element-latency", "time");
  guint n_above = count_above (measured, (LATENCY + 10) * GST_MSECOND);
  g_test_message ("%u of %u are above %u ms", n_above, measured->len,
      LATENCY + 10);
  g_assert_cmpuint (reported->len, >, 0);
  g_assert_cmpuint (count_above (reported, LATENCY * GST_MSECOND), ==, 0);
  g_assert_cmpuint (count_above (reported, LATENCY * GST_MSECOND - 1), ==,
      reported->len);
  g_assert_cmpuint (measured->len, >, 0);
  g_assert_cmpuint (count_above (measured, (LATENCY - 20) * GST_MSECOND), ==,
      measured->len);
  /* a busy machine may take some time to wake up */
  g_assert_cmpuint (4 * n_above, <=, measured->len);
  g_assert_cmpuint (count_above (measured, (LATENCY + 100) * GST_MSECOND), ==,
      0);
}

/* --- many commands ------------------------------------------------------- */

/* A thousand a second for two seconds */
static void
command (GstElement *element)
{
  for (guint i = 0; i < 2000; i++) {
    g_object_set (element, "floor", -40.0 + i % 30, "threshold",
        0.1 + 0.0001 * i, "gamma", 1 + 0.001 * i, "hold-time", i * GST_MSECOND,
        NULL);
    if (i % 2 == 0)
      g_signal_emit_by_name (element, "reset");
    g_usleep (1000);
  }
}

/* How many more buffers are dropped than beside it, where nobody commands */
static gint
play_commanded (void)
{
  Player *player = player_new (HOP), *quiet = player_new (HOP);
  player_start (player);
  player_start (quiet);
  player_wait (player, 1000);
  command (player->element);
  player_wait (player, 3000);
  player_stop (player);
  player_stop (quiet);
  PlayerCounts counts = player_get_counts (player);
  g_test_message ("the sinks dropped %u and %u; %u of %u stretches late",
      (guint) player->n_dropped, (guint) quiet->n_dropped, counts.n_late,
      counts.n_messages);
  assert_delay_is_the_latency (player);
  g_assert_cmpuint (counts.n_messages, >=, 20);
  gint n_more = (gint) player->n_dropped - (gint) quiet->n_dropped;
  player_free (player);
  player_free (quiet);
  return n_more;
}

static void
test_commanded (void)
{
  for (guint i = 0; i < TRIES; i++)
    if (play_commanded () <= FEW)
      return;
  g_test_fail ();
}

/* --- not live ------------------------------------------------------------ */

static Player *
play_offline (const char *properties)
{
  Player *player = player_new (properties);
  g_autoptr (GstElement) source
      = gst_bin_get_by_name (GST_BIN (player->pipeline), "source");
  g_object_set (source, "is-live", FALSE, "num-buffers", 800, NULL);
  g_object_set (player->sink, "sync", FALSE, NULL);
  player->structures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  player_start (player);
  while (g_atomic_int_get (&player->n_out) < 800)
    g_usleep (1000);
  player_stop (player);
  return player;
}

static void
test_offline (void)
{
  g_autofree char *speaker = new_speaker_file ("tiny.safetensors");
  g_autofree char *automatic
      = g_strdup_printf ("mask=time target=%s threshold=0.3", speaker);
  g_autofree char *sync = g_strdup_printf ("%s processing=sync", automatic);
  gint64 since = g_get_monotonic_time ();
  Player *a = play_offline (automatic), *b = play_offline (sync);
  g_assert_cmpint (g_get_monotonic_time () - since, <, 16 * G_USEC_PER_SEC);
  g_assert_cmpint (memcmp (a->out, b->out,
                       800 * PLAYER_BUFFER * sizeof (float)),
      ==, 0);
  g_assert_cmpuint (a->structures->len, ==, b->structures->len);
  for (guint i = 0; i < a->structures->len; i++)
    g_assert_true (gst_structure_is_equal (a->structures->pdata[i],
        b->structures->pdata[i]));
  g_assert_cmpuint (player_get_stat (a, "late"), ==, 0);
  player_free (a);
  player_free (b);
  g_remove (speaker);
}

/* --- idle ---------------------------------------------------------------- */

/* ms of the processor that the process takes while @player goes on for @ms */
static double
get_cpu (Player *player, guint ms)
{
  struct timespec before, after;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &before);
  g_usleep (1000 * ms);
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &after);
  return 1e3 * (double) (after.tv_sec - before.tv_sec)
      + 1e-6 * (double) (after.tv_nsec - before.tv_nsec);
}

static void
test_idle (void)
{
  Player *player = player_new (HOP);
  player_start (player);
  player_wait (player, 500);
  g_atomic_int_set (&player->is_silent, TRUE);
  player_wait (player, 3200); /* and no window with sound in it is left */
  guint64 n_windows = player_get_stat (player, "windows");
  double silent = get_cpu (player, 1000);
  g_assert_cmpuint (player_get_stat (player, "windows"), ==, n_windows);
  gst_element_set_state (player->pipeline, GST_STATE_PAUSED);
  double paused = get_cpu (player, 1000);
  g_test_message ("%.1f ms of CPU in a second of silence, %.1f ms paused",
      silent, paused);
  g_assert_cmpfloat (silent, <, 200);
  g_assert_cmpfloat (paused, <, 20);
  player_free (player);
}

/* --- several targets ----------------------------------------------------- */

static void
check_pairs (GPtrArray *structures, const char *first, const char *second)
{
  g_assert_cmpuint (structures->len, >=, 40);
  for (guint i = 0; i + 1 < structures->len; i += 2) {
    const GstStructure *a = structures->pdata[i];
    const GstStructure *b = structures->pdata[i + 1];
    g_assert_cmpstr (gst_structure_get_string (a, "target"), ==, first);
    g_assert_cmpstr (gst_structure_get_string (b, "target"), ==, second);
    g_assert_cmpuint (get_uint64 (a, "timestamp"), ==,
        get_uint64 (b, "timestamp"));
    g_assert_cmpuint (get_uint64 (a, "seqnum"), ==, get_uint64 (b, "seqnum"));
  }
}

/* --- bypass and what is removed ------------------------------------------ */

/* For a second or more, after which all that is heard now has left. */
static void
toggle (Player *player, const char *property, double gain)
{
  guint now = 10 * g_atomic_int_get (&player->n_in);
  g_object_set (player->element, property, TRUE, NULL);
  player_wait (player, now + LATENCY + 300);
  g_assert_cmpfloat (fabs (
                         player_get_gain (player, now + 60, now + 250) - gain),
      <, 1e-6);
  g_object_set (player->element, property, FALSE, NULL);
}

static void
test_toggled (void)
{
  g_autofree char *speaker = new_speaker_file ("tiny.safetensors");
  g_autofree char *properties
      = g_strdup_printf ("mask=none targets=\"<%s>\" hop=100000000", speaker);
  Player *player = player_new (HOP "threshold=0.999 hysteresis=0");
  Player *two = player_new (properties);
  two->structures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  player_start (player);
  player_start (two);
  player_wait (player, 1000);
  toggle (player, "bypass", 1);
  toggle (player, "solo-removed", 0.99);
  player_wait (player, 4500);
  player_stop (player);
  player_stop (two);
  double step = player_get_largest_step (player, 0, 3600);
  g_test_message ("largest change of the gain in a sample: %g", step);
  g_assert_cmpfloat (step, <, 2.0 / (0.05 * PLAYER_RATE)); /* fades of 50 ms */
  g_assert_cmpfloat (player_get_gain (player, 0, 300), <, 0.0101);
  assert_delay_is_the_latency (player);
  check_pairs (two->structures, "spk0", "made up");
  player_free (player);
  player_free (two);
  g_remove (speaker);
}

static void
test_kept_and_removed (void)
{
  g_autofree char *speaker = new_speaker_file ("tiny.safetensors");
  g_autofree char *kept
      = g_strdup_printf ("mask=time target=%s threshold=0.3", speaker);
  g_autofree char *removed = g_strdup_printf ("%s solo-removed=true", kept);
  Player *a = play_offline (kept), *b = play_offline (removed);
  double worst = 0, largest = 0, least = 1;
  for (guint i = 0; i < 800; i++) {
    g_autoptr (GstBuffer) buffer
        = fixture_new_buffer (&a->sound, i * PLAYER_BUFFER, PLAYER_BUFFER);
    float in[PLAYER_BUFFER];
    gst_buffer_extract (buffer, 0, in, sizeof in);
    for (guint k = 0; k < PLAYER_BUFFER; k++) {
      guint n = i * PLAYER_BUFFER + k;
      worst = MAX (worst, fabsf (a->out[n] + b->out[n] - in[k]));
    }
    double gain = player_get_gain (a, 10 * i, 10 * i + 10);
    largest = MAX (largest, gain);
    least = MIN (least, gain);
  }
  g_test_message ("off by %g, gains %g to %g", worst, least, largest);
  g_assert_cmpfloat (worst, <, 1e-6);
  g_assert_cmpfloat (least, <, 0.5); /* the gate moved */
  g_assert_cmpfloat (largest, ==, 1);
  player_free (a);
  player_free (b);
  g_remove (speaker);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/speakersaliency/live/starts-after-the-latency",
      GINT_TO_POINTER (TRUE), test_starts_after_the_latency);
  g_test_add_data_func (
      "/speakersaliency/live/starts-after-the-latency-elsewhere",
      GINT_TO_POINTER (FALSE), test_starts_after_the_latency);
  g_test_add_func ("/speakersaliency/live/affordable-windows-are-in-time",
      test_affordable);
  g_test_add_func ("/speakersaliency/live/tracer-measures-what-is-reported",
      test_measured);
  g_test_add_func ("/speakersaliency/live/commands-do-not-hold-it-up",
      test_commanded);
  g_test_add_func ("/speakersaliency/live/elsewhere-all-windows-count",
      test_offline);
  g_test_add_func ("/speakersaliency/live/idle-takes-no-time", test_idle);
  g_test_add_func ("/speakersaliency/live/toggles-without-a-click",
      test_toggled);
  g_test_add_func ("/speakersaliency/live/kept-and-removed-are-the-input",
      test_kept_and_removed);
  return g_test_run ();
}
