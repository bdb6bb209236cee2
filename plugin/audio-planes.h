/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audio-planes.h: planes of an audio buffer: places of PCM frames, interleaved or planar */
#pragma once

#include <gst/audio/audio.h>

/**
 * gss_audio_planes_map:
 * @audio: (out caller-allocates): to be unmapped with gst_audio_buffer_unmap()
 *
 * gst_audio_buffer_map() for buffers from anywhere: a buffer without the #GstAudioMeta that its
 * layout needs, or with the meta of another layout, is refused.
 */
static inline gboolean
gss_audio_planes_map (GstAudioBuffer *audio, const GstAudioInfo *info, GstBuffer *buffer,
    GstMapFlags flags)
{
  const GstAudioMeta *meta = gst_buffer_get_audio_meta (buffer);
  gboolean fits = meta == NULL ? info->layout == GST_AUDIO_LAYOUT_INTERLEAVED
                               : meta->info.layout == info->layout && meta->info.bpf == info->bpf
          && meta->info.channels == info->channels;
  return fits && gst_audio_buffer_map (audio, info, buffer, flags);
}

/**
 * gss_audio_planes_locate:
 * @at: PCM frame, at most @audio->n_samples
 * @planes: (out caller-allocates): its place in each plane of @audio; room for one per
 * channel is enough
 */
static inline void
gss_audio_planes_locate (const GstAudioBuffer *audio, gsize at, gpointer *planes)
{
  const GstAudioInfo *info = &audio->info;
  gsize step = GST_AUDIO_INFO_BPF (info);
  if (GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED)
    step /= GST_AUDIO_INFO_CHANNELS (info);
  for (gint i = 0; i < audio->n_planes; i++)
    planes[i] = (guint8 *) audio->planes[i] + at * step;
}
