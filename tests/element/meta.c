/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meta.c: what is attached to buffers */
#include "fixture.h"

#include <gst/saliency/saliency.h>

static GBytes *
floats (guint n)
{
  return g_bytes_new_take (g_new0 (float, n), n * sizeof (float));
}

static void
test_copies_share (void)
{
  g_autoptr (GBytes) map = floats (12);
  g_autoptr (GBytes) activity = floats (4);
  g_autoptr (GBytes) bands = floats (3);
  g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, 100, NULL);
  GstSaliencyMeta *meta = gst_buffer_add_saliency_meta (buffer, "alice", 3, 4,
      map, activity, bands);
  g_assert_cmpuint (meta->start, ==, GST_CLOCK_TIME_NONE);
  meta->seqnum = 7;

  g_autoptr (GstBuffer) copy = gst_buffer_copy (buffer);
  g_autoptr (GstBuffer) part
      = gst_buffer_copy_region (copy, GST_BUFFER_COPY_ALL, 10, 20);
  g_clear_pointer (&buffer, gst_buffer_unref);
  meta = gst_buffer_get_saliency_meta (part);
  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->seqnum, ==, 7);
  g_assert_cmpstr (gst_saliency_meta_get_target (meta), ==, "alice");
  g_assert_true (gst_saliency_meta_get_map (meta) == map);
  g_assert_true (gst_saliency_meta_get_activity (meta) == activity);
  g_assert_true (gst_saliency_meta_get_bands_hz (meta) == bands);
}

static void
test_several (void)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_assert_null (gst_buffer_get_saliency_meta (buffer));
  for (guint i = 0; i < 5; i++) {
    GstSaliencyMeta *meta
        = gst_buffer_add_saliency_meta (buffer, NULL, 0, 0, NULL, NULL, NULL);
    meta->seqnum = i;
  }
  g_assert_cmpuint (gst_buffer_get_n_saliency_meta (buffer), ==, 5);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpuint (gst_buffer_get_nth_saliency_meta (buffer, i)->seqnum, ==,
        i);
  g_assert_null (gst_buffer_get_nth_saliency_meta (buffer, 5));
}

static void
test_no_tags (void)
{
  const gchar *const *tags
      = gst_meta_api_type_get_tags (GST_SALIENCY_META_API_TYPE);
  g_assert_true (tags == NULL || tags[0] == NULL);
}

static void
test_target_id (void)
{
  static const char *names[] = { "spk0", "spk2", "spk1" };
  Fixture *f = fixture_new ("attach-meta=true targets=<spk2,spk1>",
      GST_AUDIO_FORMAT_S16, 16000, 1);
  guint n = 0;
  fixture_play (f, 32000, 1600);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  for (guint i = 0; i < buffers->len; i++)
    for (guint k = 0; k < gst_buffer_get_n_saliency_meta (buffers->pdata[i]);
         k++, n++) {
      GstSaliencyMeta *meta
          = gst_buffer_get_nth_saliency_meta (buffers->pdata[i], k);
      g_assert_cmpuint (meta->target_id, ==, n % 3);
      g_assert_cmpstr (meta->target, ==, names[n % 3]);
    }
  g_assert_cmpuint (n, >, 9);
  fixture_free (f);
}

/* The same stretches as in the messages, each on a buffer that ends where it
 * ends or later; with a mask none is lost. */
static void
test_attached (gconstpointer mask)
{
  g_autofree char *properties
      = g_strdup_printf ("mask=%s attach-meta=true", (char *) mask);
  Fixture *f = fixture_new (properties, GST_AUDIO_FORMAT_S16, 44100, 2);
  fixture_play (f, 3 * 44100, 30000);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  g_autoptr (GPtrArray) messages = fixture_take_messages (f);
  guint n = 0;
  for (guint i = 0; i < buffers->len; i++) {
    GstBuffer *buffer = buffers->pdata[i];
    for (guint k = 0; k < gst_buffer_get_n_saliency_meta (buffer); k++, n++) {
      GstSaliencyMeta *meta = gst_buffer_get_nth_saliency_meta (buffer, k);
      const GstStructure *message = messages->pdata[n];
      g_assert_cmpuint (meta->start, ==, get_uint64 (message, "timestamp"));
      g_assert_cmpuint (meta->stop - meta->start, ==,
          get_uint64 (message, "duration"));
      g_assert_cmpuint (meta->seqnum, ==, get_uint64 (message, "seqnum"));
      g_assert_cmpfloat (meta->score, ==,
          (float) get_double (message, "score"));
      g_assert_cmpuint (meta->window_start, <, meta->window_stop);
      g_assert_cmpuint (meta->window_stop, >=, meta->stop);
      g_assert_cmpuint (meta->stop, <=,
          GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer) + 1);
      g_assert_cmpuint (meta->frame_duration, ==, 10 * GST_MSECOND);
      g_assert_cmpuint (g_bytes_get_size (meta->map), ==,
          4 * meta->n_bands * meta->n_frames);
    }
  }
  if (g_str_equal (mask, "time"))
    g_assert_cmpuint (n, ==, messages->len);
  else
    g_assert_cmpuint (n, ==, messages->len - 1); /* the tail comes at the end */
  fixture_free (f);
}

static void
test_not_attached (void)
{
  Fixture *f = fixture_new ("", GST_AUDIO_FORMAT_S16, 16000, 1);
  fixture_play (f, 32000, 0);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  for (guint i = 0; i < buffers->len; i++)
    g_assert_null (gst_buffer_get_saliency_meta (buffers->pdata[i]));
  fixture_free (f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/saliency-meta/copies-share-the-map", test_copies_share);
  g_test_add_func ("/saliency-meta/several-on-a-buffer", test_several);
  g_test_add_func ("/saliency-meta/has-no-tags", test_no_tags);
  g_test_add_data_func ("/speakersaliency/meta/is-what-messages-say", "none",
      test_attached);
  g_test_add_data_func ("/speakersaliency/meta/is-what-messages-say-masked",
      "time", test_attached);
  g_test_add_func ("/speakersaliency/meta/numbers-the-targets", test_target_id);
  g_test_add_func ("/speakersaliency/meta/only-if-asked-for",
      test_not_attached);
  return g_test_run ();
}
