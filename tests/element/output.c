/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c: what leaves is what came in: as much of it, at the same times */
#include "fixture.h"

#include <math.h>

#include <glib/gstdio.h>

static const GstAudioFormat formats[] = {
  GST_AUDIO_FORMAT_S16, GST_AUDIO_FORMAT_S32, GST_AUDIO_FORMAT_F32,
  GST_AUDIO_FORMAT_F64,
};
static const guint rates[] = { 8000, 16000, 44100, 48000 };

static void
assert_same_frame_around (GstBuffer *got, GstBuffer *want)
{
  g_assert_cmpuint (GST_BUFFER_PTS (got), ==, GST_BUFFER_PTS (want));
  g_assert_cmpuint (GST_BUFFER_DURATION (got), ==, GST_BUFFER_DURATION (want));
  g_assert_cmpuint (GST_BUFFER_OFFSET (got), ==, GST_BUFFER_OFFSET (want));
  g_assert_cmpuint (GST_BUFFER_OFFSET_END (got), ==,
      GST_BUFFER_OFFSET_END (want));
  g_assert_cmpuint (GST_BUFFER_FLAGS (got), ==, GST_BUFFER_FLAGS (want));
  g_assert_cmpuint (gst_buffer_get_size (got), ==, gst_buffer_get_size (want));
}

static void
check_length_and_times (const char *mask, GstAudioFormat format, guint rate,
    guint n_channels, gsize size)
{
  g_autofree char *properties = g_strdup_printf ("mask=%s", mask);
  Fixture *f = fixture_new (properties, format, rate, n_channels);
  guint64 n_frames = size == 1 ? rate / 5 : rate * 11 / 10 + 7;
  fixture_play (f, n_frames, size);

  g_autoptr (GPtrArray) got = fixture_take_buffers (f);
  guint64 first = 0;
  for (guint i = 0; i < got->len; i++) {
    gsize n = gst_buffer_get_size (got->pdata[i])
        / GST_AUDIO_INFO_BPF (&f->info);
    if (size > 0)
      g_assert_cmpuint (n, ==, MIN (size, n_frames - first));
    g_autoptr (GstBuffer) want = fixture_new_buffer (f, first, n);
    assert_same_frame_around (got->pdata[i], want);
    first += n;
  }
  g_assert_cmpuint (first, ==, n_frames);
  fixture_free (f);
}

static void
test_length_and_times (gconstpointer mask)
{
  static const gsize sizes[] = { 1, 160, 4096, 0 };
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++)
    for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
      for (guint n_channels = 1; n_channels <= 2; n_channels++)
        for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
          check_length_and_times (mask, formats[i], rates[r], n_channels,
              sizes[s]);
}

static void
test_same_buffer (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, 44100, 2);
  for (guint i = 0; i < 200; i++) {
    GstBuffer *buffer = fixture_new_buffer (f, i * 441, 441);
    GstBuffer *got = gst_harness_push_and_pull (f->harness, buffer);
    g_assert_true (got == buffer);
    gst_buffer_unref (got);
  }
  fixture_free (f);
}

static void
test_shared_buffer (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_F32, 16000, 1);
  GstBuffer *kept = fixture_new_buffer (f, 0, 16000);
  g_autoptr (GstBuffer) copy = gst_buffer_copy_deep (kept);
  gst_harness_push (f->harness, gst_buffer_ref (kept));
  gst_harness_push_event (f->harness, gst_event_new_eos ());
  g_autoptr (GPtrArray) got = fixture_take_buffers (f);
  g_assert_cmpuint (got->len, ==, 1);
  GstMapInfo map;
  g_assert_true (gst_buffer_map (copy, &map, GST_MAP_READ));
  g_assert_cmpint (gst_buffer_memcmp (kept, 0, map.data, map.size), ==, 0);
  g_assert_cmpint (gst_buffer_memcmp (got->pdata[0], 0, map.data, map.size),
      !=, 0);
  gst_buffer_unmap (copy, &map);
  gst_buffer_unref (kept);
  fixture_free (f);
}

/* Checksum of all sound and of all messages, with their maps */
static char *
play_and_sum (const char *properties, guint rate, guint n_channels,
    guint64 n_frames, gsize size)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, rate, n_channels);
  fixture_play (f, n_frames, size);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  g_autoptr (GBytes) sound = join_buffers (buffers);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize n;
  const guchar *data = g_bytes_get_data (sound, &n);
  g_checksum_update (sum, data, (gssize) n);
  g_assert_cmpuint (messages->len, >, 3);
  for (guint i = 0; i < messages->len; i++) {
    GBytes *map;
    g_assert_true (gst_structure_get (messages->pdata[i], "map", G_TYPE_BYTES,
            &map, NULL));
    data = g_bytes_get_data (map, &n);
    g_checksum_update (sum, data, (gssize) n);
    g_bytes_unref (map);
    gst_structure_remove_field (messages->pdata[i], "map");
    g_autofree char *text = gst_structure_to_string (messages->pdata[i]);
    g_checksum_update (sum, (const guchar *) text, -1);
  }
  fixture_free (f);
  return g_strdup (g_checksum_get_string (sum));
}

static void
test_buffer_size (void)
{
  static const gsize sizes[] = { 1, 64, 159, 160, 480, 4096, 40000, 0 };
  g_autofree char *speaker = new_speaker_file ("tiny.safetensors");
  g_autofree char *properties = g_strdup_printf (
      "target=%s mask=time message-map=true hop=100000000 lookahead=50000000",
      speaker);
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    guint64 n_frames = rates[r] * 13 / 10 + 5;
    g_autofree char *want =
        play_and_sum (properties, rates[r], 2, n_frames, n_frames);
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
      g_autofree char *got =
          play_and_sum (properties, rates[r], 2, n_frames, sizes[i]);
      g_assert_cmpstr (got, ==, want);
    }
  }
  g_remove (speaker);
}

static double
sample_at (GstAudioFormat format, const guint8 *data, gsize i)
{
  switch (format) {
    case GST_AUDIO_FORMAT_S16:
      return ((const gint16 *) data)[i] / 32768.0;
    case GST_AUDIO_FORMAT_S32:
      return ((const gint32 *) data)[i] / 2147483648.0;
    case GST_AUDIO_FORMAT_F32:
      return ((const float *) data)[i];
    default:
      return ((const double *) data)[i];
  }
}

/* spk0 is not heard, so the gain is that of the floor all the time. */
static void
check_floor (GstAudioFormat format, guint rate)
{
  Fixture *f = fixture_new ("mask=time floor=-20", format, rate, 2);
  guint n_frames = rate * 6 / 5;
  fixture_play (f, n_frames, 1000);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_autoptr (GBytes) got = join_buffers (buffers);
  g_autoptr (GstBuffer) input = fixture_new_buffer (f, 0, n_frames);
  GstMapInfo map;
  g_assert_true (gst_buffer_map (input, &map, GST_MAP_READ));
  const guint8 *out = g_bytes_get_data (got, NULL);
  double worst = 0;
  for (gsize i = 0; i < 2 * n_frames; i++)
    worst = MAX (worst, fabs (sample_at (format, out, i)
            - 0.1 * sample_at (format, map.data, i)));
  gst_buffer_unmap (input, &map);
  /* half a step of S16 by rounding; float32 inside */
  g_assert_cmpfloat (worst, <=,
      format == GST_AUDIO_FORMAT_S16 ? 0.51 / 32768 : 1e-6);
  fixture_free (f);
}

static void
test_many_channels (void)
{
  Fixture *f = fixture_new ("mask=time floor=-20", GST_AUDIO_FORMAT_S32, 16000,
      63);
  fixture_play (f, 20000, 1000);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 20);
  fixture_free (f);
}

static void
test_floor (void)
{
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++)
    for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
      check_floor (formats[i], rates[r]);
}

static void
test_floor_of_0_db (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    Fixture *f = fixture_new ("mask=time floor=0", formats[i], 44100, 2);
    fixture_play (f, 50000, 0);
    g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
    g_autoptr (GBytes) got = join_buffers (buffers);
    g_autoptr (GstBuffer) input = fixture_new_buffer (f, 0, 50000);
    gsize n;
    gconstpointer data = g_bytes_get_data (got, &n);
    g_assert_cmpuint (n, ==, gst_buffer_get_size (input));
    g_assert_cmpint (gst_buffer_memcmp (input, 0, data, n), ==, 0);
    fixture_free (f);
  }
}

static void
test_target_is_heard (void)
{
  g_autofree char *speaker = new_speaker_file ("tiny.safetensors");
  g_autofree char *properties =
      g_strdup_printf ("target=%s mask=time threshold=0.3", speaker);
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_F32, 16000, 1);
  fixture_play (f, 4 * 16000, 160);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  guint n_equal = 0;
  for (guint i = 0; i < buffers->len; i++) {
    g_autoptr (GstBuffer) want = fixture_new_buffer (f, i * 160, 160);
    GstMapInfo map;
    g_assert_true (gst_buffer_map (want, &map, GST_MAP_READ));
    if (gst_buffer_memcmp (buffers->pdata[i], 0, map.data, map.size) == 0)
      n_equal++;
    gst_buffer_unmap (want, &map);
  }
  g_test_message ("%u of %u buffers unchanged", n_equal, buffers->len);
  g_assert_cmpuint (n_equal, >, buffers->len / 2);
  fixture_free (f);
  g_remove (speaker);
}

static void
test_nothing_and_little (gconstpointer mask)
{
  static const guint64 lengths[] = { 0, 1, 100, 4000 };
  g_autofree char *properties = g_strdup_printf ("mask=%s", (char *) mask);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 48000, 6);
    fixture_play (f, lengths[i], 0);
    g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
    g_autoptr (GBytes) got = join_buffers (buffers);
    g_assert_cmpuint (g_bytes_get_size (got), ==, lengths[i] * 12);
    fixture_free (f);
  }
}

/* A first buffer with DISCONT does not keep the line shut. */
static void
test_leaves_before_the_end (void)
{
  Fixture *f = fixture_new ("mask=time", GST_AUDIO_FORMAT_S16, 48000, 1);
  for (guint i = 0; i < 1000; i++)
    fixture_push (f, 240);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), >, 1000 - 200);
  fixture_free (f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/speakersaliency/output/has-length-and-times-of-input",
      "none", test_length_and_times);
  g_test_add_data_func (
      "/speakersaliency/output/has-length-and-times-of-input-when-masked",
      "time", test_length_and_times);
  g_test_add_func ("/speakersaliency/output/is-the-very-same-buffer",
      test_same_buffer);
  g_test_add_func ("/speakersaliency/output/leaves-shared-buffers-untouched",
      test_shared_buffer);
  g_test_add_func ("/speakersaliency/output/independent-of-buffer-size",
      test_buffer_size);
  g_test_add_func ("/speakersaliency/output/is-input-at-the-floor",
      test_floor);
  g_test_add_func ("/speakersaliency/output/of-63-channels",
      test_many_channels);
  g_test_add_func ("/speakersaliency/output/is-input-if-floor-is-0-db",
      test_floor_of_0_db);
  g_test_add_func ("/speakersaliency/output/passes-the-target",
      test_target_is_heard);
  g_test_add_data_func ("/speakersaliency/output/of-nothing-and-little",
      "none", test_nothing_and_little);
  g_test_add_data_func ("/speakersaliency/output/of-nothing-and-little-masked",
      "time", test_nothing_and_little);
  g_test_add_func ("/speakersaliency/output/leaves-before-the-end",
      test_leaves_before_the_end);
  return g_test_run ();
}
