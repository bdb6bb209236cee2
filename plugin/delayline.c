/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "delayline.h"

#include <string.h>

#include <gst/base/gstqueuearray.h>

#include "masker.h"

#define CHUNK_BYTES 65536 /* of float PCM converted at a time */

typedef struct {
  GstMiniObject *object; /* NULL: only time passes */
  gsize n_frames;        /* PCM frames it stands for, still in the masker */
} Waiting;

struct _SalDelayLine {
  SalGate *gate;            /* NULL: no mask */
  gboolean is_transparent;  /* the floor is 0 dB: the gain is always 1 */
  double frame_period;      /* s */
  double frame_centre;      /* s, of frame 0 */
  GstQueueArray *waiting;   /* of Waiting */
  guint64 n_popped;         /* PCM frames */

  GstAudioInfo info;
  SalMasker *masker;        /* NULL: no mask, or no format yet */
  GstAudioConverter *to_float, *from_float;
  guint chunk;              /* PCM frames */
  float *pcm;               /* [chunk, n_channels] */
};

static void
clear_waiting (gpointer data)
{
  g_clear_pointer (&((Waiting *) data)->object, gst_mini_object_unref);
}

SalDelayLine *
sal_delay_line_new (const SalGateConfig *gate, const SalMelConfig *mel,
    GError **error)
{
  g_autoptr (SalDelayLine) self = g_new0 (SalDelayLine, 1);
  self->frame_period = (double) mel->hop / mel->sample_rate;
  self->frame_centre =
      (double) sal_mel_config_centre (mel) / mel->sample_rate;
  self->waiting = gst_queue_array_new_for_struct (sizeof (Waiting), 64);
  gst_queue_array_set_clear_func (self->waiting, clear_waiting);
  if (gate != NULL) {
    self->is_transparent = gate->floor_db == 0;
    self->gate = sal_gate_new (gate, 1000 * self->frame_period, error);
    if (self->gate == NULL)
      return NULL;
  }
  return g_steal_pointer (&self);
}

static void
drop_format (SalDelayLine *self)
{
  g_clear_pointer (&self->masker, sal_masker_free);
  g_clear_pointer (&self->to_float, gst_audio_converter_free);
  g_clear_pointer (&self->from_float, gst_audio_converter_free);
  g_clear_pointer (&self->pcm, g_free);
}

void
sal_delay_line_free (SalDelayLine *self)
{
  if (self == NULL)
    return;
  drop_format (self);
  sal_gate_free (self->gate);
  gst_queue_array_free (self->waiting);
  g_free (self);
}

static void
new_converters (SalDelayLine *self, const GstAudioInfo *info)
{
  GstAudioInfo floats;
  gst_audio_info_set_format (&floats, GST_AUDIO_FORMAT_F32,
      GST_AUDIO_INFO_RATE (info), GST_AUDIO_INFO_CHANNELS (info),
      info->position);
  self->to_float = gst_audio_converter_new (GST_AUDIO_CONVERTER_FLAG_NONE,
      (GstAudioInfo *) info, &floats, NULL);
  self->from_float = gst_audio_converter_new (GST_AUDIO_CONVERTER_FLAG_NONE,
      &floats, (GstAudioInfo *) info, NULL);
}

gboolean
sal_delay_line_set_format (SalDelayLine *self, const GstAudioInfo *info,
    GError **error)
{
  drop_format (self);
  sal_delay_line_reset (self);
  self->info = *info;
  if (self->gate == NULL)
    return TRUE;

  SalMaskerConfig config = {
    .rate = GST_AUDIO_INFO_RATE (info),
    .n_channels = GST_AUDIO_INFO_CHANNELS (info),
    .n_bands = 1,
    .frame_period = self->frame_period,
    .frame_centre = self->frame_centre,
  };
  g_autoptr (SalMasker) masker = sal_masker_new (&config, error);
  if (masker == NULL)
    return FALSE;
  new_converters (self, info);
  if (self->to_float == NULL || self->from_float == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "%s cannot be converted to float", GST_AUDIO_INFO_NAME (info));
    return FALSE;
  }
  gsize frame_bytes = config.n_channels * sizeof (float);
  self->chunk = CLAMP (CHUNK_BYTES / frame_bytes, 1, 4096);
  self->pcm = g_malloc_n (self->chunk, frame_bytes);
  self->masker = g_steal_pointer (&masker);
  return TRUE;
}

static void
push_pcm (SalDelayLine *self, const guint8 *pcm, gsize n_frames)
{
  guint n_channels = GST_AUDIO_INFO_CHANNELS (&self->info);
  while (n_frames > 0) {
    gsize n = MIN (n_frames, self->chunk);
    if (pcm != NULL) {
      gpointer in[1] = { (gpointer) pcm };
      gpointer out[1] = { self->pcm };
      gst_audio_converter_samples (self->to_float,
          GST_AUDIO_CONVERTER_FLAG_NONE, in, n, out, n);
      pcm += n * GST_AUDIO_INFO_BPF (&self->info);
    } else {
      memset (self->pcm, 0, n * n_channels * sizeof (float));
    }
    sal_masker_push (self->masker, self->pcm, n);
    n_frames -= n;
  }
}

/* Takes @n_frames out of the masker, into @pcm unless that is NULL. */
static void
pull_pcm (SalDelayLine *self, guint8 *pcm, gsize n_frames)
{
  while (n_frames > 0) {
    gsize n = MIN (n_frames, self->chunk);
    sal_masker_pull (self->masker, self->pcm, n);
    if (pcm != NULL) {
      gpointer in[1] = { self->pcm };
      gpointer out[1] = { pcm };
      gst_audio_converter_samples (self->from_float,
          GST_AUDIO_CONVERTER_FLAG_NONE, in, n, out, n);
      pcm += n * GST_AUDIO_INFO_BPF (&self->info);
    }
    n_frames -= n;
  }
}

void
sal_delay_line_push (SalDelayLine *self, GstMiniObject *object,
    const guint8 *pcm, gsize n_frames)
{
  Waiting waiting = { object, n_frames };
  if (self->masker != NULL)
    push_pcm (self, pcm, n_frames);
  gst_queue_array_push_tail_struct (self->waiting, &waiting);
}

void
sal_delay_line_push_activity (SalDelayLine *self, const float *activity,
    guint n_frames)
{
  if (self->masker == NULL)
    return;
  g_autofree float *gains = g_new (float, n_frames);
  sal_gate_process (self->gate, activity, n_frames, gains);
  sal_masker_push_gains (self->masker, gains, n_frames);
}

static void
take_silence (SalDelayLine *self, gsize n_frames)
{
  if (self->masker != NULL)
    pull_pcm (self, NULL, n_frames);
  self->n_popped += n_frames;
}

static GstMiniObject *
take_object (SalDelayLine *self, GstMiniObject *object, gsize n_frames)
{
  GstBuffer *buffer = (GstBuffer *) object;
  /* silence by flag stays the silence it is, and a gain of 1 changes nothing */
  if (self->masker == NULL || self->is_transparent || n_frames == 0
      || !GST_IS_BUFFER (object)
      || GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)) {
    take_silence (self, n_frames);
    return object;
  }

  buffer = gst_buffer_make_writable (buffer);
  GstMapInfo map;
  if (!gst_buffer_map (buffer, &map, GST_MAP_READWRITE)) {
    GST_ERROR ("no memory to write %" GST_PTR_FORMAT, buffer);
    gst_buffer_resize (buffer, 0, 0); /* nothing rather than what is masked */
    take_silence (self, n_frames);
    return GST_MINI_OBJECT_CAST (buffer);
  }
  pull_pcm (self, map.data, n_frames);
  gst_buffer_unmap (buffer, &map);
  self->n_popped += n_frames;
  return GST_MINI_OBJECT_CAST (buffer);
}

GstMiniObject *
sal_delay_line_pop (SalDelayLine *self)
{
  Waiting *head;
  while ((head = gst_queue_array_peek_head_struct (self->waiting)) != NULL) {
    gsize n_ready = head->n_frames;
    if (self->masker != NULL)
      n_ready = MIN (n_ready, sal_masker_get_n_ready (self->masker));
    if (head->object == NULL) {
      /* silence may be long and need not be in memory at once */
      take_silence (self, n_ready);
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
sal_delay_line_get_n_frames (const SalDelayLine *self)
{
  return self->n_popped;
}

GstMiniObject *
sal_delay_line_abandon (SalDelayLine *self)
{
  Waiting *waiting;
  while ((waiting = gst_queue_array_pop_head_struct (self->waiting)) != NULL)
    if (waiting->object != NULL)
      return waiting->object;
  return NULL;
}

void
sal_delay_line_finish (SalDelayLine *self)
{
  if (self->masker != NULL)
    sal_masker_finish (self->masker);
}

void
sal_delay_line_reset (SalDelayLine *self)
{
  gst_queue_array_clear (self->waiting);
  self->n_popped = 0;
  if (self->gate != NULL)
    sal_gate_reset (self->gate);
  if (self->masker != NULL)
    sal_masker_reset (self->masker);
}

gboolean
sal_delay_line_is_empty (const SalDelayLine *self)
{
  return gst_queue_array_is_empty (self->waiting);
}

guint
sal_delay_line_get_delay (const SalDelayLine *self)
{
  return self->masker != NULL ? sal_masker_get_delay (self->masker) : 0;
}
