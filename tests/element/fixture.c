/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixture.h"

#include <math.h>

#include <glib/gstdio.h>

#include <saliency/saliency.h>
#include "sound.h"

char *
test_data (const char *name)
{
  const char *folder = g_getenv ("SALIENCY_TEST_DATA");
  if (folder == NULL)
    g_error ("SALIENCY_TEST_DATA is not set: the folder of tiny.safetensors");
  return g_build_filename (folder, name, NULL);
}

GstElement *
new_element (const char *properties)
{
  g_autofree char *model = test_data ("tiny.safetensors");
  g_autofree char *line
      = g_strdup_printf ("speakersaliency model=\"%s\" target=spk0 %s", model,
          properties);
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  return gst_object_ref_sink (element);
}

void
fixture_set_format (Fixture *self, GstAudioFormat format, guint rate,
    guint n_channels)
{
  gst_audio_info_set_format (&self->info, format, rate, n_channels, NULL);
  gst_harness_set_src_caps (self->harness,
      gst_audio_info_to_caps (&self->info));
}

void
fixture_set_layout (Fixture *self, GstAudioLayout layout)
{
  self->info.layout = layout;
  gst_harness_set_src_caps (self->harness,
      gst_audio_info_to_caps (&self->info));
}

Fixture *
fixture_new (const char *properties, GstAudioFormat format, guint rate,
    guint n_channels)
{
  Fixture *self = g_new0 (Fixture, 1);
  self->element = new_element (properties);
  self->bus = gst_bus_new ();
  gst_element_set_bus (self->element, self->bus);
  self->harness = gst_harness_new_with_element (self->element, "sink", "src");
  gst_harness_set_live (self->harness, FALSE);
  fixture_set_format (self, format, rate, n_channels);
  return self;
}

void
fixture_free (Fixture *self)
{
  gst_harness_teardown (self->harness);
  gst_element_set_bus (self->element, NULL);
  gst_bus_set_flushing (self->bus, TRUE);
  gst_object_unref (self->bus);
  gst_object_unref (self->element);
  g_free (self);
}

/* A few harmonics of a gliding pitch that come and go, and a little noise */
static double
voice (double t, guint64 n, guint channel)
{
  double phase = 2 * G_PI * (120 * t + 4 * sin (2 * G_PI * 1.3 * t));
  double loudness = 0.5 + 0.5 * sin (2 * G_PI * 3.1 * t);
  double sum = 0;
  for (int k = 1; k < 12; k++)
    sum += sin (k * phase) / k;
  guint32 noise = (guint32) ((n + 1) * 2654435761u) ^ (channel * 40503u);
  return 0.15 * loudness * sum + 0.002 * (noise / 2147483648.0 - 1);
}

char *
new_speaker_file (const char *model_name)
{
  g_autofree char *model_path = test_data (model_name);
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = sal_model_load (model_path, &error);
  g_assert_no_error (error);
  guint rate = sal_model_get_mel_config (model)->sample_rate;
  gsize n = 4 * rate;
  g_autofree float *samples = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    samples[i] = (float) voice ((double) i / rate, i, 0);

  g_autoptr (SalEnrol) enrol = sal_enrol_new (model);
  sal_enrol_add (enrol, samples, n, &error);
  g_assert_no_error (error);
  g_autoptr (SalSpeaker) speaker
      = sal_enrol_finish (enrol, "made up", NULL, &error);
  g_assert_no_error (error);
  char *path = NULL;
  int fd = g_file_open_tmp ("XXXXXX.speaker", &path, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  sal_speaker_save (speaker, path, &error);
  g_assert_no_error (error);
  return path;
}

GstBuffer *
fixture_new_buffer (const Fixture *self, guint64 first, gsize n_frames)
{
  guint rate = GST_AUDIO_INFO_RATE (&self->info);
  guint n_channels = GST_AUDIO_INFO_CHANNELS (&self->info);
  g_autofree double *pcm = g_new (double, n_frames *n_channels);
  for (gsize i = 0; i < n_frames; i++)
    for (guint c = 0; c < n_channels; c++) {
      guint64 n = first + i;
      pcm[i * n_channels + c] = voice ((double) n / rate, n, c);
    }
  GstBuffer *buffer = sound_new_buffer (&self->info, pcm, n_frames);
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (first, GST_SECOND, rate);
  GST_BUFFER_DURATION (buffer)
      = gst_util_uint64_scale (first + n_frames, GST_SECOND, rate)
      - GST_BUFFER_PTS (buffer);
  GST_BUFFER_OFFSET (buffer) = first;
  GST_BUFFER_OFFSET_END (buffer) = first + n_frames;
  if (first == 0)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  return buffer;
}

GstFlowReturn
fixture_push (Fixture *self, gsize n_frames)
{
  GstBuffer *buffer = fixture_new_buffer (self, self->n_pushed, n_frames);
  self->n_pushed += n_frames;
  return gst_harness_push (self->harness, buffer);
}

void
fixture_play (Fixture *self, guint64 n_frames, gsize size)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  while (self->n_pushed < n_frames) {
    gsize n = size > 0 ? size : (gsize) g_rand_int_range (rand, 1, 5000);
    n = MIN (n, n_frames - self->n_pushed);
    g_assert_cmpint (fixture_push (self, n), ==, GST_FLOW_OK);
  }
  g_assert_true (gst_harness_push_event (self->harness, gst_event_new_eos ()));
}

GPtrArray *
fixture_take_buffers (Fixture *self)
{
  GPtrArray *buffers
      = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  GstBuffer *buffer;
  while ((buffer = gst_harness_try_pull (self->harness)) != NULL)
    g_ptr_array_add (buffers, buffer);
  return buffers;
}

GBytes *
join_buffers (GPtrArray *buffers)
{
  GByteArray *bytes = g_byte_array_new ();
  for (guint i = 0; i < buffers->len; i++) {
    GstMapInfo map;
    g_assert_true (gst_buffer_map (buffers->pdata[i], &map, GST_MAP_READ));
    g_byte_array_append (bytes, map.data, (guint) map.size);
    gst_buffer_unmap (buffers->pdata[i], &map);
  }
  return g_byte_array_free_to_bytes (bytes);
}

GPtrArray *
fixture_take_messages (Fixture *self)
{
  GPtrArray *structures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  GstMessage *message;
  while ((message = gst_bus_pop_filtered (self->bus,
              GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR))
      != NULL) {
    const GstStructure *structure = gst_message_get_structure (message);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ELEMENT);
    g_assert_true (gst_structure_has_name (structure, "speakersaliency"));
    g_ptr_array_add (structures, gst_structure_copy (structure));
    gst_message_unref (message);
  }
  return structures;
}

guint64
get_uint64 (const GstStructure *structure, const char *field)
{
  guint64 value;
  g_assert_true (gst_structure_get_uint64 (structure, field, &value));
  return value;
}

double
get_double (const GstStructure *structure, const char *field)
{
  double value;
  g_assert_true (gst_structure_get_double (structure, field, &value));
  return value;
}
