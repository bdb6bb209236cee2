/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "delayline.h"

#include <string.h>

#include <gst/base/gstqueuearray.h>

#include "audio-planes.h"
#include "denormals.h"

#define CHUNK_BYTES 65536 /* of float PCM converted at a time */

typedef struct {
  GstMiniObject *object; /* NULL: only time passes */
  gsize n_frames;        /* PCM frames it stands for, still in the render */
} Waiting;

struct _GssDelayLine {
  GstClockTime latency;       /* ns */
  SalRender *render;          /* NULL: no mask */
  gboolean masks;             /* there is one, and a format */
  GstQueueArray *waiting;     /* of Waiting */
  guint64 n_pushed, n_popped; /* PCM frames */
  gsize n_latest;             /* PCM frames of the latest push that had any */
  gboolean finished;
  gboolean prompt; /* nothing waits longer than for its gain */

  GstAudioInfo info;
  guint64 latency_frames; /* PCM frames */
  GstAudioConverter *to_float, *from_float;
  gpointer *planes; /* [n_channels] */
  guint chunk;      /* PCM frames */
  float *pcm;       /* [chunk, n_channels] */
};

static void
clear_waiting (gpointer data)
{
  g_clear_pointer (&((Waiting *) data)->object, gst_mini_object_unref);
}

GssDelayLine *
gss_delay_line_new (const SalGateConfig *gate, gboolean by_frequency,
    const SalMelConfig *mel, GstClockTime latency, GError **error)
{
  g_autoptr (GssDelayLine) self = g_new0 (GssDelayLine, 1);
  self->latency = latency;
  self->waiting = gst_queue_array_new_for_struct (sizeof (Waiting), 64);
  gst_queue_array_set_clear_func (self->waiting, clear_waiting);
  if (gate != NULL) {
    self->render = sal_render_new (mel, gate, by_frequency, error);
    if (self->render == NULL)
      return NULL;
  }
  return g_steal_pointer (&self);
}

static void
drop_format (GssDelayLine *self)
{
  self->masks = FALSE;
  g_clear_pointer (&self->to_float, gst_audio_converter_free);
  g_clear_pointer (&self->from_float, gst_audio_converter_free);
  g_clear_pointer (&self->planes, g_free);
  g_clear_pointer (&self->pcm, g_free);
}

void
gss_delay_line_free (GssDelayLine *self)
{
  if (self == NULL)
    return;
  drop_format (self);
  sal_render_free (self->render);
  gst_queue_array_free (self->waiting);
  g_free (self);
}

gboolean
gss_delay_line_set_gate (GssDelayLine *self, const SalGateConfig *gate,
    GError **error)
{
  return self->render == NULL
      || sal_render_set_gate (self->render, gate, error);
}

void
gss_delay_line_set_prompt (GssDelayLine *self, gboolean prompt)
{
  self->prompt = prompt;
}

static gboolean
new_converters (GssDelayLine *self, const GstAudioInfo *info, GError **error)
{
  GstAudioInfo floats;
  gst_audio_info_set_format (&floats, GST_AUDIO_FORMAT_F32,
      GST_AUDIO_INFO_RATE (info), GST_AUDIO_INFO_CHANNELS (info),
      info->position);
  self->to_float = gst_audio_converter_new (GST_AUDIO_CONVERTER_FLAG_NONE,
      (GstAudioInfo *) info, &floats, NULL);
  self->from_float = gst_audio_converter_new (GST_AUDIO_CONVERTER_FLAG_NONE,
      &floats, (GstAudioInfo *) info, NULL);
  if (self->to_float != NULL && self->from_float != NULL)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
      "%s cannot be converted to float", GST_AUDIO_INFO_NAME (info));
  return FALSE;
}

gboolean
gss_delay_line_set_format (GssDelayLine *self, const GstAudioInfo *info,
    GError **error)
{
  guint n_channels = GST_AUDIO_INFO_CHANNELS (info);
  drop_format (self);
  gss_delay_line_reset (self);
  self->info = *info;
  self->latency_frames = gst_util_uint64_scale (self->latency,
      GST_AUDIO_INFO_RATE (info), GST_SECOND);
  if (self->render == NULL)
    return TRUE;

  if (!sal_render_set_format (self->render, GST_AUDIO_INFO_RATE (info),
          n_channels, error)
      || !new_converters (self, info, error))
    return FALSE;
  gsize frame_bytes = n_channels * sizeof (float);
  self->chunk = CLAMP (CHUNK_BYTES / frame_bytes, 1, 4096);
  self->pcm = g_malloc_n (self->chunk, frame_bytes);
  self->planes = g_new (gpointer, n_channels);
  self->masks = TRUE;
  return TRUE;
}

static void
push_pcm (GssDelayLine *self, const GstAudioBuffer *audio, gsize n_frames)
{
  guint n_channels = GST_AUDIO_INFO_CHANNELS (&self->info);
  gpointer out[1] = { self->pcm };
  GssFloatMode mode = gss_denormals_flush ();
  if (audio == NULL)
    memset (self->pcm, 0, self->chunk * n_channels * sizeof (float));
  for (gsize at = 0, n; at < n_frames; at += n) {
    n = MIN (n_frames - at, self->chunk);
    if (audio != NULL) {
      gss_audio_planes_locate (audio, at, self->planes);
      gst_audio_converter_samples (self->to_float,
          GST_AUDIO_CONVERTER_FLAG_NONE, self->planes, n, out, n);
    }
    sal_render_push (self->render, self->pcm, n);
  }
  gss_denormals_restore (mode);
}

void
gss_delay_line_push (GssDelayLine *self, GstMiniObject *object,
    const GstAudioBuffer *audio, gsize n_frames)
{
  g_return_if_fail (audio == NULL || audio->n_samples == n_frames);

  Waiting waiting = { object, n_frames };
  if (self->masks)
    push_pcm (self, audio, n_frames);
  gst_queue_array_push_tail_struct (self->waiting, &waiting);
  self->n_pushed += n_frames;
  if (n_frames > 0)
    self->n_latest = n_frames;
}

void
gss_delay_line_push_maps (GssDelayLine *self, SalMap *const *maps, guint n_maps)
{
  if (!self->masks)
    return;
  GssFloatMode mode = gss_denormals_flush ();
  sal_render_push_maps (self->render, maps, n_maps);
  gss_denormals_restore (mode);
}

/* How many of the next @n_frames may leave. */
static gsize
get_n_ready (const GssDelayLine *self, gsize n_frames)
{
  if (!self->finished && !self->prompt && self->latency_frames > 0) {
    guint64 next = self->n_pushed + self->n_latest; /* after one more push */
    guint64 late = self->n_popped + self->latency_frames;
    /* what ends at n_popped + n is due if next > n + late */
    n_frames = (gsize) MIN (n_frames, next > late ? next - late - 1 : 0);
  }
  if (self->masks)
    n_frames = MIN (n_frames, sal_render_get_n_ready (self->render));
  return n_frames;
}

static void
skip (GssDelayLine *self, gsize n_frames)
{
  if (self->masks)
    sal_render_skip (self->render, n_frames);
  self->n_popped += n_frames;
}

/* Masked sound over that of @audio; where the gain is 1 that stays. */
static void
write_masked (GssDelayLine *self, const GstAudioBuffer *audio, gsize n_frames)
{
  gpointer in[1] = { self->pcm };
  GssFloatMode mode = gss_denormals_flush ();
  for (gsize at = 0, n; at < n_frames; at += n) {
    gboolean is_plain;
    n = MIN (sal_render_get_run (self->render, &is_plain), n_frames - at);
    if (is_plain) {
      sal_render_skip (self->render, n);
      continue;
    }
    n = MIN (n, self->chunk);
    sal_render_pull (self->render, self->pcm, n);
    gss_audio_planes_locate (audio, at, self->planes);
    gst_audio_converter_samples (self->from_float,
        GST_AUDIO_CONVERTER_FLAG_NONE, in, n, self->planes, n);
  }
  gss_denormals_restore (mode);
  self->n_popped += n_frames;
}

/* All bits 0, which is silence in every format here */
static gboolean
is_silent (const GstAudioBuffer *audio)
{
  gsize size = GST_AUDIO_INFO_BPF (&audio->info) * audio->n_samples
      / (gsize) audio->n_planes;
  for (gint i = 0; i < audio->n_planes; i++) {
    const guint8 *plane = audio->planes[i];
    if (size > 0 && (plane[0] != 0 || memcmp (plane, plane + 1, size - 1) != 0))
      return FALSE;
  }
  return TRUE;
}

/* Nothing rather than what should be masked and cannot be. */
static void
make_empty (GstBuffer *buffer)
{
  GstAudioMeta *meta = gst_buffer_get_audio_meta (buffer);
  gst_buffer_resize (buffer, 0, 0);
  if (meta != NULL)
    meta->samples = 0;
}

static GstBuffer *
mask_buffer (GssDelayLine *self, GstBuffer *buffer, gsize n_frames)
{
  GstAudioBuffer audio;
  buffer = gst_buffer_make_writable (buffer);
  if (gss_audio_planes_map (&audio, &self->info, buffer, GST_MAP_READWRITE)) {
    write_masked (self, &audio, n_frames);
    gboolean silent = is_silent (&audio);
    gst_audio_buffer_unmap (&audio);
    if (silent)
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  } else {
    GST_ERROR ("no memory to write %" GST_PTR_FORMAT, buffer);
    make_empty (buffer);
    skip (self, n_frames);
  }
  return buffer;
}

static gboolean
is_plain (const GssDelayLine *self, gsize n_frames)
{
  gboolean plain;
  return !self->masks || n_frames == 0
      || (sal_render_get_run (self->render, &plain) >= n_frames && plain);
}

static GstMiniObject *
take_object (GssDelayLine *self, GstMiniObject *object, gsize n_frames)
{
  /* silence by flag stays the silence it is */
  if (GST_IS_BUFFER (object) && !is_plain (self, n_frames)
      && !GST_BUFFER_FLAG_IS_SET (object, GST_BUFFER_FLAG_GAP))
    return GST_MINI_OBJECT_CAST (
        mask_buffer (self, GST_BUFFER_CAST (object), n_frames));
  skip (self, n_frames);
  return object;
}

GstMiniObject *
gss_delay_line_pop (GssDelayLine *self)
{
  Waiting *head;
  while ((head = gst_queue_array_peek_head_struct (self->waiting)) != NULL) {
    gsize n_ready = get_n_ready (self, head->n_frames);
    if (head->object == NULL) {
      /* silence may be long and need not be in memory at once */
      skip (self, n_ready);
      head->n_frames -= n_ready;
    }
    if (head->object == NULL ? head->n_frames > 0 : n_ready < head->n_frames)
      return NULL;

    Waiting *waiting = gst_queue_array_pop_head_struct (self->waiting);
    if (waiting->object != NULL)
      return take_object (self, waiting->object, waiting->n_frames);
  }
  return NULL;
}

guint64
gss_delay_line_get_n_frames (const GssDelayLine *self)
{
  return self->n_popped;
}

GstMiniObject *
gss_delay_line_abandon (GssDelayLine *self)
{
  Waiting *waiting;
  while ((waiting = gst_queue_array_pop_head_struct (self->waiting)) != NULL)
    if (waiting->object != NULL)
      return waiting->object;
  return NULL;
}

void
gss_delay_line_finish (GssDelayLine *self)
{
  self->finished = TRUE;
  if (self->masks)
    sal_render_finish (self->render);
}

void
gss_delay_line_reset (GssDelayLine *self)
{
  gst_queue_array_clear (self->waiting);
  self->n_pushed = self->n_popped = 0;
  self->n_latest = 0;
  self->finished = FALSE;
  if (self->render != NULL)
    sal_render_reset (self->render);
}

gboolean
gss_delay_line_is_empty (const GssDelayLine *self)
{
  return gst_queue_array_is_empty (self->waiting);
}

guint
gss_delay_line_get_delay (const GssDelayLine *self)
{
  return self->masks ? sal_render_get_delay (self->render) : 0;
}

guint64
gss_delay_line_get_n_replaced (const GssDelayLine *self)
{
  return self->masks ? sal_render_get_n_replaced (self->render) : 0;
}
