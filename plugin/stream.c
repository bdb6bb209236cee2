/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include "delayline.h"

/* A jump of the timestamps by more, and for longer, is a discontinuity. */
#define ALIGNMENT_THRESHOLD (40 * GST_MSECOND)
#define DISCONT_WAIT (1 * GST_SECOND)

struct _SalStream {
  SalReportFunc report;
  gpointer user_data;
  SalTarget *target;
  GBytes *bands_hz;
  GstClockTime frame_duration; /* ns */
  SalListener *listener;
  SalDelayLine *line;
  GQueue reports;              /* of SalReport, to be attached to buffers */

  GstAudioInfo info;
  GstAudioStreamAlign *align;
  GstClockTime base;           /* PTS of the first PCM frame; NONE: none yet */
  GstClockTime next;           /* where the stream before this one ended */
};

SalStream *
sal_stream_new (SalModel *model, SalTarget *target,
    const SalSettings *settings, SalReportFunc report, gpointer user_data,
    GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  g_autoptr (SalStream) self = g_new0 (SalStream, 1);
  gst_audio_info_init (&self->info);
  self->base = self->next = GST_CLOCK_TIME_NONE;
  self->report = report;
  self->user_data = user_data;
  self->target = sal_target_ref (target);
  self->frame_duration =
      gst_util_uint64_scale_round (mel->hop, GST_SECOND, mel->sample_rate);
  float *hz = g_new (float, mel->n_bands);
  sal_mel_config_bands (mel, hz);
  self->bands_hz = g_bytes_new_take (hz, mel->n_bands * sizeof (float));

  SalAnalyserConfig analyser;
  sal_settings_get_analyser_config (settings, mel, &analyser);
  self->listener = sal_listener_new (model, target, &analyser, error);
  if (self->listener == NULL)
    return NULL;

  SalGateConfig gate;
  sal_settings_get_gate_config (settings, &gate);
  self->line = sal_delay_line_new (
      settings->mask == SAL_MASK_TIME ? &gate : NULL, mel, error);
  if (self->line == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

static void
free_report (gpointer data)
{
  sal_report_clear (data);
  g_free (data);
}

void
sal_stream_free (SalStream *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->reports, free_report);
  g_clear_pointer (&self->align, gst_audio_stream_align_free);
  sal_delay_line_free (self->line);
  sal_listener_free (self->listener);
  g_bytes_unref (self->bands_hz);
  sal_target_unref (self->target);
  g_free (self);
}

gboolean
sal_stream_set_format (SalStream *self, const GstAudioInfo *info,
    GError **error)
{
  gst_audio_info_init (&self->info);
  if (!sal_listener_set_format (self->listener, info)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "%s at %d Hz cannot be converted to what the model hears",
        GST_AUDIO_INFO_NAME (info), GST_AUDIO_INFO_RATE (info));
    return FALSE;
  }
  if (!sal_delay_line_set_format (self->line, info, error))
    return FALSE;
  self->info = *info;
  g_clear_pointer (&self->align, gst_audio_stream_align_free);
  self->align = gst_audio_stream_align_new (GST_AUDIO_INFO_RATE (info),
      ALIGNMENT_THRESHOLD, DISCONT_WAIT);
  sal_stream_reset (self);
  return TRUE;
}

const GstAudioInfo *
sal_stream_get_format (const SalStream *self)
{
  return &self->info;
}

void
sal_stream_set_target (SalStream *self, SalTarget *target)
{
  sal_listener_set_target (self->listener, target);
  sal_target_unref (self->target);
  self->target = sal_target_ref (target);
}

gboolean
sal_stream_follow (SalStream *self, GstClockTime pts, gsize n_frames,
    gboolean is_discont)
{
  gboolean has_pts = GST_CLOCK_TIME_IS_VALID (pts);
  gboolean begins = !GST_CLOCK_TIME_IS_VALID (self->base);
  if (begins && has_pts)
    self->base = pts;
  else if (begins)
    self->base = GST_CLOCK_TIME_IS_VALID (self->next) ? self->next : 0;

  if (has_pts)
    is_discont = gst_audio_stream_align_process (self->align,
        is_discont || begins, pts, n_frames, NULL, NULL, NULL);
  return begins || !is_discont;
}

static void
keep_report (SalStream *self, const SalReport *report)
{
  SalReport *copy = g_new (SalReport, 1);
  *copy = *report;
  sal_map_ref (copy->stretch.map);
  sal_target_ref (copy->target);
  g_bytes_ref (copy->bands_hz);
  g_queue_push_tail (&self->reports, copy);
}

static void
take_stretches (SalStream *self)
{
  SalReport report = {
    .target = self->target,
    .bands_hz = self->bands_hz,
    .base = self->base,
    .frame_duration = self->frame_duration,
  };
  while (sal_listener_pop (self->listener, &report.stretch)) {
    const SalMap *map = report.stretch.map;
    sal_delay_line_push_activity (self->line, map->activity, map->n_frames);
    if (self->report (&report, self->user_data))
      keep_report (self, &report);
    sal_stretch_clear (&report.stretch);
  }
}

void
sal_stream_push (SalStream *self, GstMiniObject *object, const guint8 *pcm,
    gsize n_frames)
{
  sal_listener_push (self->listener, pcm, n_frames);
  sal_delay_line_push (self->line, object, pcm, n_frames);
  take_stretches (self);
}

void
sal_stream_queue (SalStream *self, GstEvent *event)
{
  sal_delay_line_push (self->line, GST_MINI_OBJECT_CAST (event), NULL, 0);
}

/* A report goes with the first buffer that does not end before its stretch. */
static GstBuffer *
attach_reports (SalStream *self, GstBuffer *buffer)
{
  guint64 n_frames = sal_delay_line_get_n_frames (self->line);
  GstClockTime end = gst_util_uint64_scale_round (n_frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&self->info));
  SalReport *report;
  while ((report = g_queue_peek_head (&self->reports)) != NULL
      && report->stretch.stop <= end) {
    buffer = gst_buffer_make_writable (buffer);
    sal_report_attach (report, buffer);
    free_report (g_queue_pop_head (&self->reports));
  }
  return buffer;
}

GstMiniObject *
sal_stream_pop (SalStream *self)
{
  GstMiniObject *object = sal_delay_line_pop (self->line);
  if (object == NULL || !GST_IS_BUFFER (object))
    return object;
  GstBuffer *buffer = attach_reports (self, GST_BUFFER_CAST (object));
  return GST_MINI_OBJECT_CAST (buffer);
}

void
sal_stream_finish (SalStream *self)
{
  sal_listener_finish (self->listener);
  take_stretches (self);
  sal_delay_line_finish (self->line);
}

void
sal_stream_restart (SalStream *self)
{
  if (GST_CLOCK_TIME_IS_VALID (self->base))
    self->next = self->base + sal_listener_get_time (self->listener);
  self->base = GST_CLOCK_TIME_NONE;
  g_queue_clear_full (&self->reports, free_report);
  sal_delay_line_reset (self->line);
  sal_listener_reset (self->listener);
}

void
sal_stream_reset (SalStream *self)
{
  self->base = GST_CLOCK_TIME_NONE;
  sal_stream_restart (self);
  self->next = GST_CLOCK_TIME_NONE;
}

GstMiniObject *
sal_stream_abandon (SalStream *self)
{
  return sal_delay_line_abandon (self->line);
}

gboolean
sal_stream_is_waiting (const SalStream *self)
{
  return !sal_delay_line_is_empty (self->line);
}

gboolean
sal_stream_has_heard (const SalStream *self)
{
  return sal_listener_get_n_frames (self->listener) > 0;
}

GstClockTime
sal_stream_get_latency (const SalStream *self)
{
  guint delay = sal_delay_line_get_delay (self->line);
  if (delay == 0)
    return 0;
  return gst_util_uint64_scale_ceil (
      (guint64) delay + sal_listener_get_delay (self->listener), GST_SECOND,
      GST_AUDIO_INFO_RATE (&self->info));
}
