/* SPDX-License-Identifier: GPL-2.0-or-later */
/* properties.c: what may change while playing counts from the next window on */
#include "fixture.h"

#include <math.h>

#include <glib/gstdio.h>

#include <gst/saliency/saliency.h>

#include "sound.h"

#define RATE 16000
#define BLOCK (RATE / 100)
#define N_BLOCKS 600 /* 6 s */
#define CHANGE 300   /* block before which a property changes */

typedef struct {
  guint at;         /* block */
  const char *name; /* NULL: no change */
  const char *value;
} Change;

static void
push_blocks (Fixture *f, guint n)
{
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (fixture_push (f, BLOCK), ==, GST_FLOW_OK);
}

static void
make (Fixture *f, const Change *change)
{
  if (change->name != NULL)
    gst_util_set_object_arg (G_OBJECT (f->element), change->name,
        change->value);
}

/* All blocks, with @changes in order of time */
static void
play (Fixture *f, const Change *changes, guint n_changes)
{
  guint at = 0;
  for (guint c = 0; c < n_changes; c++) {
    push_blocks (f, changes[c].at - at);
    make (f, &changes[c]);
    at = changes[c].at;
  }
  push_blocks (f, N_BLOCKS - at);
  g_assert_true (gst_harness_push_event (f->harness, gst_event_new_eos ()));
}

/* --- what messages say --------------------------------------------------- */

/* @n_before: how many of them came before @change */
static GPtrArray *
messages_of (const char *properties, const Change *change, guint *n_before)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, RATE, 1);
  push_blocks (f, change->at);
  GPtrArray *messages = fixture_take_messages (f);
  *n_before = messages->len;
  make (f, change);
  push_blocks (f, N_BLOCKS - change->at);
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_ptr_array_extend_and_steal (messages, fixture_take_messages (f));
  fixture_free (f);
  return messages;
}

static void
check_map (const char *properties, const char *name, const char *value)
{
  const Change none = { CHANGE, NULL, NULL };
  const Change change = { CHANGE, name, value };
  guint n;
  g_autoptr (GPtrArray) want = messages_of (properties, &none, &n);
  g_autoptr (GPtrArray) got = messages_of (properties, &change, &n);
  g_assert_cmpuint (got->len, ==, want->len);
  for (guint i = 0; i < got->len; i++) {
    gboolean same = get_double (got->pdata[i], "saliency")
        == get_double (want->pdata[i], "saliency");
    if (i < n)
      g_assert_true (same);
    else if (i == n)
      g_assert_false (same);
  }
}

static void
test_map (void)
{
  static const char *cases[][3] = {
    { "", "method", "layer-cam" },
    { "", "layers", "s1+s4" },
    { "layers=s3+s4", "fusion", "max" },
    { "", "gamma", "50" },
    { "", "percentile", "50" },
    { "", "score-function", "logit" },
    { "layers=s1", "degrid", "false" },
    { "method=score-cam target=spk1 score-function=posterior "
      "score-channels=1",
        "score-channels", "3" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_test_message ("%s", cases[i][1]);
    check_map (cases[i][0], cases[i][1], cases[i][2]);
  }
}

static gboolean
is_empty (const GstStructure *structure)
{
  GstSaliencyFlags flags;
  g_assert_true (gst_structure_get (structure, "flags", GST_TYPE_SALIENCY_FLAGS,
      &flags, NULL));
  return (flags & GST_SALIENCY_FLAG_EMPTY) != 0;
}

static void
test_method_none (void)
{
  const Change change = { CHANGE, "method", "none" };
  guint n;
  g_autoptr (GPtrArray) messages = messages_of ("", &change, &n);
  for (guint i = 0; i < messages->len; i++)
    g_assert_cmpint (is_empty (messages->pdata[i]), ==, i >= n);
}

static void
test_message_map (void)
{
  const Change change = { CHANGE, "message-map", "true" };
  guint n;
  g_autoptr (GPtrArray) messages = messages_of ("", &change, &n);
  for (guint i = 0; i < messages->len; i++)
    g_assert_cmpint (gst_structure_has_field (messages->pdata[i], "map"), ==,
        i >= n);
}

static void
test_post_messages (void)
{
  const Change off = { CHANGE, "post-messages", "false" };
  const Change on = { CHANGE, "post-messages", "true" };
  guint n, none;
  g_autoptr (GPtrArray) before = messages_of ("", &off, &n);
  g_assert_cmpuint (before->len, ==, n);
  g_autoptr (GPtrArray) after = messages_of ("post-messages=false", &on, &none);
  g_assert_cmpuint (none, ==, 0);
  g_assert_cmpuint (get_uint64 (after->pdata[0], "timestamp"), ==,
      get_uint64 (before->pdata[n - 1], "timestamp")
          + get_uint64 (before->pdata[n - 1], "duration"));
}

static void
test_target (void)
{
  const Change change = { CHANGE, "target", "spk1" };
  guint n;
  g_autoptr (GPtrArray) messages = messages_of ("", &change, &n);
  for (guint i = 0; i < messages->len; i++)
    g_assert_cmpstr (gst_structure_get_string (messages->pdata[i], "target"),
        ==, i < n ? "spk0" : "spk1");
}

/* One message for each target and stretch, from the next stretch on */
static void
test_targets (void)
{
  static const char *names[] = { "spk0", "spk1", "spk2" };
  const Change change = { CHANGE, "targets", "<spk1, spk2>" };
  guint n;
  g_autoptr (GPtrArray) messages = messages_of ("", &change, &n);
  g_assert_cmpuint (messages->len, >, n + 9);
  g_assert_cmpuint ((messages->len - n) % 3, ==, 0);
  for (guint i = n; i < messages->len; i++) {
    const GstStructure *first = messages->pdata[i - (i - n) % 3];
    const GstStructure *message = messages->pdata[i];
    g_assert_cmpstr (gst_structure_get_string (message, "target"), ==,
        names[(i - n) % 3]);
    g_assert_cmpuint (get_uint64 (message, "timestamp"), ==,
        get_uint64 (first, "timestamp"));
    g_assert_cmpuint (get_uint64 (message, "duration"), ==,
        get_uint64 (first, "duration"));
    g_assert_cmpuint (get_uint64 (message, "seqnum"), ==,
        get_uint64 (first, "seqnum"));
  }
}

static void
test_attach_meta (void)
{
  const Change change = { CHANGE, "attach-meta", "true" };
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_F32, RATE, 1);
  play (f, &change, 1);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  guint first = 0;
  while (gst_buffer_get_n_saliency_meta (buffers->pdata[first]) == 0)
    first++;
  g_assert_cmpuint (first, >=, CHANGE);
  g_assert_cmpuint (first, <=, CHANGE + 25);
  fixture_free (f);
}

static guint
count_threads (void)
{
  guint n = 0;
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/task", 0, NULL);
  while (folder != NULL && g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

/* More threads work, and nothing else changes. */
static void
test_threads (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_F32, RATE, 1);
  push_blocks (f, CHANGE);
  guint least = count_threads ();
  g_object_set (f->element, "threads", 4, NULL);
  push_blocks (f, 26);
  if (least == 0 || g_get_num_processors () == 1)
    g_test_skip ("threads cannot be counted here");
  else
    g_assert_cmpuint (count_threads (), >, least);
  fixture_free (f);
}

/* --- what is heard ------------------------------------------------------- */

/* Gain of each block of the output */
static double *
gains_of (const char *properties, const Change *changes, guint n_changes)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, RATE, 1);
  play (f, changes, n_changes);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  double *gains = g_new (double, N_BLOCKS);
  g_assert_cmpuint (buffers->len, ==, N_BLOCKS);
  for (guint i = 0; i < N_BLOCKS; i++) {
    g_autoptr (GstBuffer) input = fixture_new_buffer (f, i * BLOCK, BLOCK);
    gsize n;
    g_autofree double *want = sound_read (&f->info, input, &n);
    g_autofree double *got = sound_read (&f->info, buffers->pdata[i], &n);
    double in = 0, out = 0;
    for (gsize k = 0; k < n; k++) {
      in += want[k] * want[k];
      out += got[k] * got[k];
    }
    gains[i] = sqrt (out / in);
  }
  fixture_free (f);
  return gains;
}

static void
assert_gain (const double *gains, guint from, guint to, double gain)
{
  for (guint i = from; i < to; i++)
    g_assert_cmpfloat_with_epsilon (gains[i], gain, 1e-3);
}

/* What is set counts for sound that comes later, after attack or release; what
 * was settled before stays. */
static void
check_gain (const char *properties, const char *name, const char *value,
    double before, double after)
{
  const Change change = { CHANGE, name, value };
  g_autofree char *masked = g_strdup_printf ("mask=time %s", properties);
  g_autofree double *gains = gains_of (masked, &change, 1);
  g_test_message ("%s", name);
  assert_gain (gains, 0, CHANGE - 80, before);
  assert_gain (gains, CHANGE + 10, N_BLOCKS, after);
}

static void
test_gain (void)
{
  check_gain ("", "floor", "-20", 0.01, 0.1);
  check_gain ("floor=-20", "floor", "-60", 0.1, 0.001);
  check_gain ("", "bypass", "true", 0.01, 1);
  check_gain ("bypass=true", "bypass", "false", 1, 0.01);
  check_gain ("floor=-20", "solo-removed", "true", 0.1, 0.9);
}

static guint
count_between (const double *gains, double low, double high)
{
  guint n = 0;
  for (guint i = 0; i < N_BLOCKS; i++)
    n += gains[i] > low && gains[i] < high;
  return n;
}

/* spk1 is uncertain: it depends on the threshold what passes. */
static void
test_threshold (void)
{
  const Change lower = { CHANGE, "threshold", "0.001" };
  const Change wider = { CHANGE, "hysteresis", "0.999" };
  g_autofree double *gains
      = gains_of ("mask=time target=spk1 threshold=0.999 hysteresis=0.999",
          &lower, 1);
  g_assert_cmpuint (count_between (gains, 0, 0.011), >, 100);
  assert_gain (gains, CHANGE + 10, N_BLOCKS, 1);

  /* once open it stays so */
  g_autofree double *narrow
      = gains_of ("mask=time target=spk1 threshold=0.9 hysteresis=0", &wider,
          1);
  g_assert_cmpuint (count_between (narrow, 0, 0.011), >, 10);
  guint opened = CHANGE + 10;
  while (opened < N_BLOCKS && narrow[opened] < 0.999)
    opened++;
  g_assert_cmpuint (opened, <, N_BLOCKS - 100);
  assert_gain (narrow, opened, N_BLOCKS, 1);
}

/* The voice that is heard becomes the target, or no longer is: so it opens, or
 * closes, over the time that was set a while before. */
static void
check_motion (const char *voice, const char *name, guint n_blocks)
{
  gboolean opens = g_str_equal (name, "attack");
  const Change changes[] = {
    { 250, name, "1000000000" },
    { 350, "target", opens ? voice : "spk0" },
  };
  g_autofree char *properties
      = g_strdup_printf ("mask=time target=%s", opens ? "spk0" : voice);
  g_autofree double *gains = gains_of (properties, changes, 2);
  g_autofree double *usual = gains_of (properties, changes + 1, 1);
  guint n = count_between (gains, 0.0101, 0.999);
  guint n_usual = count_between (usual, 0.0101, 0.999);
  g_test_message ("%s: %u blocks, usually %u", name, n, n_usual);
  g_assert_cmpuint (n, >, n_usual + n_blocks - 10);
  g_assert_cmpuint (n, <, n_usual + n_blocks + 10);
}

static void
check_hold (const char *voice)
{
  const Change changes[] = {
    { 250, "hold", "1000000000" },
    { 350, "target", "spk0" },
  };
  g_autofree char *properties = g_strdup_printf ("mask=time target=%s", voice);
  g_autofree double *gains = gains_of (properties, changes, 2);
  g_autofree double *usual = gains_of (properties, changes + 1, 1);
  guint later = count_between (gains, 0.999, 1.001)
      - count_between (usual, 0.999, 1.001);
  g_test_message ("hold: %u blocks", later);
  g_assert_cmpuint (later, >=, 98);
  g_assert_cmpuint (later, <=, 102);
}

static void
test_motion (void)
{
  g_autofree char *voice = new_speaker_file ("tiny.safetensors");
  check_motion (voice, "attack", 98);
  check_motion (voice, "release", 95);
  check_hold (voice);
  g_remove (voice);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/p27/map", test_map);
  g_test_add_func ("/speakersaliency/p27/method-none", test_method_none);
  g_test_add_func ("/speakersaliency/p27/message-map", test_message_map);
  g_test_add_func ("/speakersaliency/p27/post-messages", test_post_messages);
  g_test_add_func ("/speakersaliency/p27/attach-meta", test_attach_meta);
  g_test_add_func ("/speakersaliency/p27/target", test_target);
  g_test_add_func ("/speakersaliency/p27/targets", test_targets);
  g_test_add_func ("/speakersaliency/p27/threads", test_threads);
  g_test_add_func ("/speakersaliency/p27/floor-bypass-solo-removed", test_gain);
  g_test_add_func ("/speakersaliency/p27/threshold-hysteresis", test_threshold);
  g_test_add_func ("/speakersaliency/p27/attack-release-hold", test_motion);
  return g_test_run ();
}
