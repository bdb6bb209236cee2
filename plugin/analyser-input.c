/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyser-input.h"

#include "audio-planes.h"
#include "denormals.h"
#include "downmix-check.h"

#define CHUNK_BYTES 65536 /* of PCM converted at a time, at most */
#define CHUNKS_PER_S 25   /* at least: less than a hop each */

struct _GssAnalyserInput {
  SalAnalyser *analyser;
  GssSampleFunc tap; /* NULL: none */
  gpointer tap_data;
  guint model_rate;   /* Hz */
  guint frame_centre; /* samples at the model's rate, of frame 0 */
  guint frame_hop;    /* samples at the model's rate */

  GstAudioInfo info;
  GstAudioConverter *converter;
  GssDownmixCheck *check; /* NULL: no format yet */
  guint chunk;            /* PCM frames */
  guint8 *silence;        /* [chunk] PCM frames */
  gpointer *planes;       /* [n_channels] */
  float *samples;         /* [n_room], at the model's rate */
  gsize n_room;
  guint64 n_frames;  /* PCM frames heard */
  guint64 n_samples; /* given to the analyser */

  gboolean finished;
  SalMap *next; /* popped ahead, to know which one is the last */
};

void
gss_stretch_clear (GssStretch *self)
{
  while (self->n_maps > 0)
    sal_map_unref (self->maps[--self->n_maps]);
}

GssAnalyserInput *
gss_analyser_input_new (SalModel *model, SalTarget *target,
    const SalAnalyserConfig *config, GError **error)
{
  g_autoptr (SalAnalyser) analyser
      = sal_analyser_new (model, target, config, error);
  if (analyser == NULL)
    return NULL;

  const SalMelConfig *mel = sal_model_get_mel_config (model);
  GssAnalyserInput *self = g_new0 (GssAnalyserInput, 1);
  self->analyser = g_steal_pointer (&analyser);
  self->model_rate = mel->sample_rate;
  self->frame_centre = sal_mel_config_centre (mel);
  self->frame_hop = mel->hop;
  return self;
}

void
gss_analyser_input_free (GssAnalyserInput *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->next, sal_map_unref);
  g_clear_pointer (&self->converter, gst_audio_converter_free);
  gss_downmix_check_free (self->check);
  sal_analyser_free (self->analyser);
  g_free (self->silence);
  g_free (self->planes);
  g_free (self->samples);
  g_free (self);
}

/* One row, 1/n for each of n channels: any order of channels is heard alike. */
static void
set_mean_of_channels (GstStructure *options, guint n_channels)
{
  g_auto (GValue) matrix = G_VALUE_INIT;
  g_auto (GValue) row = G_VALUE_INIT;
  g_auto (GValue) weight = G_VALUE_INIT;
  g_value_init (&matrix, GST_TYPE_ARRAY);
  g_value_init (&row, GST_TYPE_ARRAY);
  g_value_init (&weight, G_TYPE_FLOAT);
  g_value_set_float (&weight, 1.0f / n_channels);
  for (guint c = 0; c < n_channels; c++)
    gst_value_array_append_value (&row, &weight);
  gst_value_array_append_value (&matrix, &row);
  gst_structure_set_value (options, GST_AUDIO_CONVERTER_OPT_MIX_MATRIX,
      &matrix);
}

static GstAudioConverter *
new_converter (const GstAudioInfo *in, guint rate)
{
  GstAudioInfo out;
  gst_audio_info_set_format (&out, GST_AUDIO_FORMAT_F32, rate, 1, NULL);
  GstStructure *options = gst_structure_new_empty ("options");
  set_mean_of_channels (options, GST_AUDIO_INFO_CHANNELS (in));
  gst_structure_set (options, GST_AUDIO_CONVERTER_OPT_RESAMPLER_METHOD,
      GST_TYPE_AUDIO_RESAMPLER_METHOD, GST_AUDIO_RESAMPLER_METHOD_KAISER, NULL);
  gst_audio_resampler_options_set_quality (GST_AUDIO_RESAMPLER_METHOD_KAISER,
      GST_AUDIO_RESAMPLER_QUALITY_DEFAULT, GST_AUDIO_INFO_RATE (in), rate,
      options);
  return gst_audio_converter_new (GST_AUDIO_CONVERTER_FLAG_NONE,
      (GstAudioInfo *) in, &out, options);
}

/* gst_audio_converter_reset() keeps the phase of the resampler, and what comes
 * out would depend on what was heard before: so each stream gets a new one. */
static void
renew_converter (GssAnalyserInput *self)
{
  g_clear_pointer (&self->converter, gst_audio_converter_free);
  self->converter = new_converter (&self->info, self->model_rate);
}

void
gss_analyser_input_reset (GssAnalyserInput *self)
{
  if (self->n_frames > 0)
    renew_converter (self);
  sal_analyser_reset (self->analyser);
  g_clear_pointer (&self->next, sal_map_unref);
  self->finished = FALSE;
  self->n_frames = self->n_samples = 0;
}

gboolean
gss_analyser_input_set_format (GssAnalyserInput *self, const GstAudioInfo *info)
{
  self->info = *info;
  self->n_frames = 0;
  gss_analyser_input_reset (self);
  renew_converter (self);
  gss_downmix_check_free (self->check);
  self->check = gss_downmix_check_new (info);
  self->chunk = CLAMP (CHUNK_BYTES / GST_AUDIO_INFO_BPF (info), 1,
      GST_AUDIO_INFO_RATE (info) / CHUNKS_PER_S);
  g_free (self->silence);
  self->silence = g_malloc0_n (self->chunk, GST_AUDIO_INFO_BPF (info));
  g_free (self->planes);
  self->planes = g_new (gpointer, GST_AUDIO_INFO_CHANNELS (info));
  return self->converter != NULL;
}

/* Real zeros, for without input the converter of GStreamer 1.22 mixes channels
 * that nobody has written. */
static void
locate_silence (GssAnalyserInput *self)
{
  for (gint c = 0; c < GST_AUDIO_INFO_CHANNELS (&self->info); c++)
    self->planes[c] = self->silence;
}

/* What self->planes point to; @n is at most self->chunk, and no more than
 * @n_wanted of the samples are used. */
static void
push_chunk (GssAnalyserInput *self, gsize n, guint64 n_wanted)
{
  gsize n_samples = gst_audio_converter_get_out_frames (self->converter, n);
  if (n_samples > self->n_room) {
    g_free (self->samples);
    self->samples = g_new (float, n_samples);
    self->n_room = n_samples;
  }
  gpointer out[1] = { self->samples };
  GssFloatMode mode = gss_denormals_flush ();
  gst_audio_converter_samples (self->converter, GST_AUDIO_CONVERTER_FLAG_NONE,
      self->planes, n, out, n_samples);
  gss_denormals_restore (mode);
  n_samples = MIN (n_samples, n_wanted);
  gss_denormals_clear (self->samples, n_samples);
  if (self->tap != NULL)
    self->tap (self->samples, n_samples, self->tap_data);
  sal_analyser_push (self->analyser, self->samples, n_samples);
  self->n_samples += n_samples;
}

gsize
gss_analyser_input_push (GssAnalyserInput *self, const GstAudioBuffer *audio,
    gsize first, gsize n_frames)
{
  g_return_val_if_fail (self->converter != NULL && !self->finished, n_frames);

  gsize n = MIN (n_frames, self->chunk);
  if (audio != NULL) {
    gss_downmix_check_push (self->check, audio, first, n);
    gss_audio_planes_locate (audio, first, self->planes);
  } else {
    locate_silence (self);
  }
  push_chunk (self, n, G_MAXUINT64);
  self->n_frames += n;
  return n;
}

void
gss_analyser_input_finish (GssAnalyserInput *self)
{
  g_return_if_fail (self->converter != NULL && !self->finished);

  guint64 n_wanted = gst_util_uint64_scale (self->n_frames, self->model_rate,
      GST_AUDIO_INFO_RATE (&self->info));
  locate_silence (self);
  while (self->n_samples < n_wanted)
    push_chunk (self, MIN (self->chunk, 256), n_wanted - self->n_samples);
  sal_analyser_finish (self->analyser);
  self->finished = TRUE;
}

/* ns at which frame @t begins, half a hop before its centre; the first one has
 * what is before it as well */
static GstClockTime
frame_time (const GssAnalyserInput *self, guint64 t)
{
  if (t == 0)
    return 0;
  guint64 twice = 2 * self->frame_centre + (2 * t - 1) * self->frame_hop;
  return gst_util_uint64_scale_round (twice, GST_SECOND,
      2 * (guint64) self->model_rate);
}

/* The map of the next stretch's first target. */
static SalMap *
next_map (GssAnalyserInput *self)
{
  SalMap *map = g_steal_pointer (&self->next);
  return map != NULL ? map : sal_analyser_pop (self->analyser);
}

gboolean
gss_analyser_input_pop (GssAnalyserInput *self, GssStretch *stretch)
{
  SalMap *map = next_map (self);
  if (map == NULL)
    return FALSE;
  guint64 first_frame = map->first_frame;
  for (stretch->n_maps = 0; map != NULL && map->first_frame == first_frame;
       map = sal_analyser_pop (self->analyser))
    stretch->maps[stretch->n_maps++] = map;
  self->next = map;

  map = stretch->maps[0];
  GstClockTime end = gss_analyser_input_get_time (self);
  gboolean is_last = self->finished && self->next == NULL;
  GstClockTime stop = frame_time (self, map->first_frame + map->n_frames);
  GstClockTime window_stop
      = frame_time (self, map->window_start + map->window_frames);
  stretch->start = MIN (frame_time (self, map->first_frame), end);
  stretch->stop = is_last ? end : MIN (stop, end);
  stretch->window_start = MIN (frame_time (self, map->window_start), end);
  stretch->window_stop = is_last ? end : MIN (window_stop, end);
  return TRUE;
}

gboolean
gss_analyser_input_take_loss (GssAnalyserInput *self, double *loss)
{
  return gss_downmix_check_take (self->check, loss);
}

void
gss_analyser_input_set_tap (GssAnalyserInput *self, GssSampleFunc func,
    gpointer user_data)
{
  self->tap = func;
  self->tap_data = user_data;
}

SalAnalyser *
gss_analyser_input_get_analyser (const GssAnalyserInput *self)
{
  return self->analyser;
}

GstClockTime
gss_analyser_input_get_age (const GssAnalyserInput *self,
    const SalWindow *window)
{
  GstClockTime end = frame_time (self, sal_window_get_end (window));
  GstClockTime now = gss_analyser_input_get_time (self);
  return now > end ? now - end : 0;
}

guint64
gss_analyser_input_get_n_frames (const GssAnalyserInput *self)
{
  return self->n_frames;
}

GstClockTime
gss_analyser_input_get_time (const GssAnalyserInput *self)
{
  return gst_util_uint64_scale_round (self->n_frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&self->info));
}

guint
gss_analyser_input_get_delay (const GssAnalyserInput *self)
{
  guint rate = GST_AUDIO_INFO_RATE (&self->info);
  guint delay
      = gst_util_uint64_scale_ceil (sal_analyser_get_delay (self->analyser),
          rate, self->model_rate);
  if (rate == self->model_rate)
    return delay;
  /* a sample is made at most one PCM frame after the filter could make it */
  return delay + gst_audio_converter_get_max_latency (self->converter) + 1;
}
