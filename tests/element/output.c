/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c: what leaves is what came in: as much of it, at the same times */
#include "fixture.h"

#include <math.h>

#include <glib/gstdio.h>

#include "sound.h"

static const GstAudioFormat formats[] = {
  GST_AUDIO_FORMAT_S16,
  GST_AUDIO_FORMAT_S32,
  GST_AUDIO_FORMAT_F32,
  GST_AUDIO_FORMAT_F64,
};
static const guint rates[] = { 8000, 16000, 44100, 48000 };

static gboolean
is_silent (GstBuffer *buffer)
{
  gsize size = gst_buffer_get_size (buffer);
  g_autofree guint8 *zeros = g_malloc0 (size);
  return gst_buffer_memcmp (buffer, 0, zeros, size) == 0;
}

static void
assert_same_frame_around (GstBuffer *got, GstBuffer *want)
{
  g_assert_cmpuint (GST_BUFFER_PTS (got), ==, GST_BUFFER_PTS (want));
  g_assert_cmpuint (GST_BUFFER_DURATION (got), ==, GST_BUFFER_DURATION (want));
  g_assert_cmpuint (GST_BUFFER_OFFSET (got), ==, GST_BUFFER_OFFSET (want));
  g_assert_cmpuint (GST_BUFFER_OFFSET_END (got), ==,
      GST_BUFFER_OFFSET_END (want));
  /* one that is all zeros once it is masked is a gap as well */
  if (is_silent (got))
    GST_BUFFER_FLAG_SET (want, GST_BUFFER_FLAGS (got) & GST_BUFFER_FLAG_GAP);
  g_assert_cmpuint (GST_BUFFER_FLAGS (got), ==, GST_BUFFER_FLAGS (want));
  g_assert_cmpuint (gst_buffer_get_size (got), ==, gst_buffer_get_size (want));
}

static void
check_length_and_times (const char *properties, GstAudioFormat format,
    guint rate, guint n_channels, gsize size)
{
  Fixture *f = fixture_new (properties, format, rate, n_channels);
  guint64 n_frames = size == 1 ? rate / 5 : rate * 11 / 10 + 7;
  fixture_play (f, n_frames, size);

  g_autoptr (GPtrArray) got = fixture_take_buffers (f);
  guint64 first = 0;
  for (guint i = 0; i < got->len; i++) {
    gsize n
        = gst_buffer_get_size (got->pdata[i]) / GST_AUDIO_INFO_BPF (&f->info);
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
test_length_and_times (gconstpointer properties)
{
  static const gsize sizes[] = { 1, 160, 4096, 0 };
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++)
    for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
      for (guint n_channels = 1; n_channels <= 2; n_channels++)
        for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
          check_length_and_times (properties, formats[i], rates[r], n_channels,
              sizes[s]);
}

/* Sizes around those of blocks and frames, and longer than a hop */
static void
test_sizes (void)
{
  static const gsize sizes[] = { 1, 64, 159, 160, 480, 4096, 16000, 0 };
  static const char *modes[] = {
    "mask=none processing=async",
    "mask=time processing=async",
    "mask=time-frequency",
    "mask=time-frequency processing=async",
    "mask=none",
    "mask=time",
  };
  for (guint m = 0; m < G_N_ELEMENTS (modes); m++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
      check_length_and_times (modes[m], GST_AUDIO_FORMAT_S16, 16000, 2,
          sizes[s]);
}

static void
test_same_buffer (gconstpointer properties)
{
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 44100, 2);
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
  g_assert_cmpint (gst_buffer_memcmp (got->pdata[0], 0, map.data, map.size), !=,
      0);
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
    g_autofree char *want
        = play_and_sum (properties, rates[r], 2, n_frames, n_frames);
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
      g_autofree char *got
          = play_and_sum (properties, rates[r], 2, n_frames, sizes[i]);
      g_assert_cmpstr (got, ==, want);
    }
  }
  g_remove (speaker);
}

/* All sound of some buffers, as interleaved numbers */
static GArray *
read_buffers (const Fixture *f, GPtrArray *buffers)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < buffers->len; i++) {
    gsize n;
    g_autofree double *pcm = sound_read (&f->info, buffers->pdata[i], &n);
    g_array_append_vals (all, pcm, (guint) n * f->info.channels);
  }
  return all;
}

/* spk0 is not heard, so the gain is that of the floor all the time. */
static void
check_floor (GstAudioFormat format, guint rate, GstAudioLayout layout)
{
  Fixture *f = fixture_new ("mask=time floor=-20", format, rate, 2);
  guint n_frames = rate * 6 / 5;
  gsize n;
  fixture_set_layout (f, layout);
  fixture_play (f, n_frames, 1000);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_autoptr (GArray) got = read_buffers (f, buffers);
  g_autoptr (GstBuffer) input = fixture_new_buffer (f, 0, n_frames);
  g_autofree double *want = sound_read (&f->info, input, &n);
  double worst = 0;
  g_assert_cmpuint (got->len, ==, 2 * n_frames);
  for (gsize i = 0; i < 2 * n_frames; i++)
    worst = MAX (worst, fabs (g_array_index (got, double, i) - 0.1 * want[i]));
  /* half a step by rounding; float32 inside */
  g_assert_cmpfloat (worst, <=, 0.51 * sound_step (format) + 5e-7);
  fixture_free (f);
}

static void
test_many_channels (void)
{
  Fixture *f
      = fixture_new ("mask=time floor=-20", GST_AUDIO_FORMAT_S32, 16000, 63);
  fixture_play (f, 20000, 1000);
  g_assert_cmpuint (gst_harness_buffers_in_queue (f->harness), ==, 20);
  fixture_free (f);
}

static void
test_floor (void)
{
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++)
    for (guint i = 0; i < G_N_ELEMENTS (sound_formats); i++) {
      check_floor (sound_formats[i], rates[r], GST_AUDIO_LAYOUT_INTERLEAVED);
      check_floor (sound_formats[i], rates[r],
          GST_AUDIO_LAYOUT_NON_INTERLEAVED);
    }
}

/* Silence needs no inference. */
static void
check_format (Fixture *f, guint64 *n_buffers)
{
  const GstAudioInfo *info = &f->info;
  const gsize sizes[] = { 1, info->rate / 50 + 1, info->rate / 100 };
  g_autoptr (GstCaps) want_caps = gst_audio_info_to_caps (info);
  g_autoptr (GstQuery) drain = gst_query_new_drain ();
  GstClockTime pts = 0;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree double *pcm = g_new0 (double, sizes[i] * info->channels);
    GstBuffer *buffer = sound_new_buffer (info, pcm, sizes[i]);
    GST_BUFFER_PTS (buffer) = pts;
    pts += gst_util_uint64_scale (sizes[i], GST_SECOND, info->rate);
    g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
  }
  gst_pad_peer_query (f->harness->srcpad, drain);

  g_autoptr (GPtrArray) got = fixture_take_buffers (f);
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (f->harness->sinkpad);
  g_assert_true (gst_caps_is_equal (caps, want_caps));
  g_assert_cmpuint (got->len, ==, G_N_ELEMENTS (sizes));
  for (guint i = 0; i < got->len; i++) {
    gsize n;
    g_autofree double *pcm = sound_read (info, got->pdata[i], &n);
    g_assert_cmpuint (n, ==, sizes[i]);
    for (gsize k = 0; k < n * info->channels; k++)
      g_assert_cmpfloat (pcm[k], ==, 0);
  }
  *n_buffers += got->len;
}

static void
test_formats (gconstpointer mask)
{
  static const guint all_rates[] = {
    8000,
    11025,
    16000,
    22050,
    44100,
    48000,
    96000,
    192000,
  };
  static const guint channels[] = { 1, 2, 6, 8 };
  g_autofree char *properties = g_strdup_printf ("mask=%s", (char *) mask);
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 16000, 1);
  guint64 n_buffers = 0;
  for (guint i = 0; i < G_N_ELEMENTS (sound_formats); i++)
    for (guint r = 0; r < G_N_ELEMENTS (all_rates); r++)
      for (guint c = 0; c < G_N_ELEMENTS (channels); c++) {
        fixture_set_format (f, sound_formats[i], all_rates[r], channels[c]);
        check_format (f, &n_buffers);
        fixture_set_layout (f, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
        check_format (f, &n_buffers);
      }
  g_assert_cmpuint (n_buffers, ==, 6 * 8 * 4 * 2 * 3);
  fixture_free (f);
}

/* Planes without a word of where they are cannot be read. */
static void
test_refuses_planes_without_meta (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_F32, 16000, 2);
  fixture_set_layout (f, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 8000, NULL);
  gst_buffer_memset (buffer, 0, 0, 8000);
  g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_ERROR);
  g_autoptr (GstMessage) message
      = gst_bus_pop_filtered (f->bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  fixture_free (f);
}

static void
test_floor_of_0_db (gconstpointer mask)
{
  g_autofree char *properties
      = g_strdup_printf ("mask=%s floor=0", (char *) mask);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (sound_formats); i++) {
    Fixture *f = fixture_new (properties, sound_formats[i / 2], 44100, 2);
    if (i % 2 == 1)
      fixture_set_layout (f, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
    guint64 first = 0;
    fixture_play (f, 50000, 0);
    g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
    for (guint b = 0; b < buffers->len; b++) {
      guint64 next = GST_BUFFER_OFFSET_END (buffers->pdata[b]);
      g_autoptr (GstBuffer) want = fixture_new_buffer (f, first, next - first);
      GstMapInfo map;
      g_assert_true (gst_buffer_map (want, &map, GST_MAP_READ));
      g_assert_cmpuint (gst_buffer_get_size (buffers->pdata[b]), ==, map.size);
      g_assert_cmpint (gst_buffer_memcmp (buffers->pdata[b], 0, map.data,
                           map.size),
          ==, 0);
      gst_buffer_unmap (want, &map);
      first = next;
    }
    g_assert_cmpuint (first, ==, 50000);
    fixture_free (f);
  }
}

static void
test_target_is_heard (void)
{
  g_autofree char *speaker = new_speaker_file ("tiny.safetensors");
  g_autofree char *properties
      = g_strdup_printf ("target=%s mask=time threshold=0.3", speaker);
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
      "mask=none", test_length_and_times);
  g_test_add_data_func (
      "/speakersaliency/output/has-length-and-times-of-input-when-masked",
      "mask=time", test_length_and_times);
  g_test_add_func ("/speakersaliency/output/has-length-and-times-for-all-sizes",
      test_sizes);
  g_test_add_data_func ("/speakersaliency/output/has-format-of-input", "none",
      test_formats);
  g_test_add_data_func (
      "/speakersaliency/output/has-format-of-input-when-masked", "time",
      test_formats);
  g_test_add_func ("/speakersaliency/output/refuses-planes-without-meta",
      test_refuses_planes_without_meta);
  g_test_add_data_func ("/speakersaliency/output/is-the-very-same-buffer",
      "processing=sync", test_same_buffer);
  g_test_add_data_func ("/speakersaliency/output/is-the-very-same-buffer-async",
      "processing=async", test_same_buffer);
  g_test_add_func ("/speakersaliency/output/leaves-shared-buffers-untouched",
      test_shared_buffer);
  g_test_add_func ("/speakersaliency/output/independent-of-buffer-size",
      test_buffer_size);
  g_test_add_func ("/speakersaliency/output/is-input-at-the-floor", test_floor);
  g_test_add_func ("/speakersaliency/output/of-63-channels",
      test_many_channels);
  g_test_add_data_func ("/speakersaliency/output/is-input-if-floor-is-0-db",
      "time", test_floor_of_0_db);
  g_test_add_data_func (
      "/speakersaliency/output/is-input-if-floor-is-0-db-by-band",
      "time-frequency", test_floor_of_0_db);
  g_test_add_func ("/speakersaliency/output/passes-the-target",
      test_target_is_heard);
  g_test_add_data_func ("/speakersaliency/output/of-nothing-and-little", "none",
      test_nothing_and_little);
  g_test_add_data_func ("/speakersaliency/output/of-nothing-and-little-masked",
      "time", test_nothing_and_little);
  g_test_add_func ("/speakersaliency/output/leaves-before-the-end",
      test_leaves_before_the_end);
  return g_test_run ();
}
