/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sound.h"

#include <math.h>
#include <string.h>

#define MARGIN 16 /* bytes between planes */

const GstAudioFormat sound_formats[6] = {
  GST_AUDIO_FORMAT_S16,
  GST_AUDIO_FORMAT_S24,
  GST_AUDIO_FORMAT_S24_32,
  GST_AUDIO_FORMAT_S32,
  GST_AUDIO_FORMAT_F32,
  GST_AUDIO_FORMAT_F64,
};

/* A whole number of @bytes bytes, native endianness */
static void
write_int (guint8 *data, guint bytes, gint32 value)
{
  for (guint i = 0; i < bytes; i++)
    data[G_BYTE_ORDER == G_LITTLE_ENDIAN ? i : bytes - 1 - i]
        = (guint8) (value >> (8 * i));
}

static gint32
read_int (const guint8 *data, guint bytes)
{
  guint32 value = 0;
  for (guint i = 0; i < bytes; i++)
    value |= (guint32) data[G_BYTE_ORDER == G_LITTLE_ENDIAN ? i : bytes - 1 - i]
        << (8 * i);
  guint unused = 32 - 8 * bytes;
  return (gint32) (value << unused) >> unused;
}

static void
write_sample (const GstAudioFormatInfo *format, guint8 *data, double x)
{
  float single = (float) x;
  guint bytes = GST_AUDIO_FORMAT_INFO_WIDTH (format) / 8;
  if (GST_AUDIO_FORMAT_INFO_IS_INTEGER (format))
    write_int (data, bytes,
        (gint32) rint (ldexp (x, GST_AUDIO_FORMAT_INFO_DEPTH (format) - 1)));
  else if (bytes == sizeof single)
    memcpy (data, &single, sizeof single);
  else
    memcpy (data, &x, sizeof x);
}

static double
read_sample (const GstAudioFormatInfo *format, const guint8 *data)
{
  float single;
  double x;
  guint bytes = GST_AUDIO_FORMAT_INFO_WIDTH (format) / 8;
  if (GST_AUDIO_FORMAT_INFO_IS_INTEGER (format))
    return ldexp (read_int (data, bytes),
        1 - (int) GST_AUDIO_FORMAT_INFO_DEPTH (format));
  if (bytes == sizeof single) {
    memcpy (&single, data, sizeof single);
    return single;
  }
  memcpy (&x, data, sizeof x);
  return x;
}

static gboolean
is_planar (const GstAudioInfo *info)
{
  return info->layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
}

static guint8 *
sample_place (const GstAudioBuffer *audio, gsize i, guint c)
{
  gsize width = GST_AUDIO_INFO_WIDTH (&audio->info) / 8;
  if (is_planar (&audio->info))
    return (guint8 *) audio->planes[c] + i * width;
  return (guint8 *) audio->planes[0] + i * audio->info.bpf + c * width;
}

static GstBuffer *
new_empty_buffer (const GstAudioInfo *info, gsize n_frames)
{
  guint n_channels = GST_AUDIO_INFO_CHANNELS (info);
  gsize plane = n_frames * GST_AUDIO_INFO_WIDTH (info) / 8;
  gsize margin = is_planar (info) ? MARGIN : 0;
  gsize size = n_channels * (plane + margin);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);
  gst_buffer_memset (buffer, 0, 0x55, size);
  if (is_planar (info)) {
    g_autofree gsize *offsets = g_new (gsize, n_channels);
    for (guint c = 0; c < n_channels; c++)
      offsets[c] = c * (plane + margin);
    gst_buffer_add_audio_meta (buffer, info, n_frames, offsets);
  }
  return buffer;
}

GstBuffer *
sound_new_buffer (const GstAudioInfo *info, const double *pcm, gsize n_frames)
{
  guint n_channels = GST_AUDIO_INFO_CHANNELS (info);
  GstBuffer *buffer = new_empty_buffer (info, n_frames);
  GstAudioBuffer audio;
  g_assert_true (gst_audio_buffer_map (&audio, info, buffer, GST_MAP_WRITE));
  for (gsize i = 0; i < n_frames; i++)
    for (guint c = 0; c < n_channels; c++)
      write_sample (info->finfo, sample_place (&audio, i, c),
          pcm[i * n_channels + c]);
  gst_audio_buffer_unmap (&audio);
  return buffer;
}

double *
sound_read (const GstAudioInfo *info, GstBuffer *buffer, gsize *n_frames)
{
  guint n_channels = GST_AUDIO_INFO_CHANNELS (info);
  GstAudioBuffer audio;
  g_assert_true (gst_audio_buffer_map (&audio, info, buffer, GST_MAP_READ));
  double *pcm = g_new (double, audio.n_samples *n_channels);
  for (gsize i = 0; i < audio.n_samples; i++)
    for (guint c = 0; c < n_channels; c++)
      pcm[i * n_channels + c]
          = read_sample (info->finfo, sample_place (&audio, i, c));
  *n_frames = audio.n_samples;
  gst_audio_buffer_unmap (&audio);
  return pcm;
}

double
sound_step (GstAudioFormat format)
{
  const GstAudioFormatInfo *info = gst_audio_format_get_info (format);
  if (GST_AUDIO_FORMAT_INFO_IS_INTEGER (info))
    return ldexp (1, 1 - (int) GST_AUDIO_FORMAT_INFO_DEPTH (info));
  return GST_AUDIO_FORMAT_INFO_WIDTH (info) == 32 ? 1e-8 : 1e-17;
}
