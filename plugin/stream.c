/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include "delayline.h"
#include "inference.h"
#include "report-queue.h"
#include "target-list.h"
#include "time-map.h"

#include "log.h"

struct _GssStream {
  GstElement *element;
  GssLoadControl *load_control;
  GssStreamFuncs funcs;
  SalTarget *targets[SAL_ANALYSER_MAX_TARGETS];
  char *names[SAL_ANALYSER_MAX_TARGETS]; /* of them, GRefStrings */
  guint n_targets;                       /* 0: everything passes */
  SalTarget *nobody; /* what the analyser has while there are none */
  GBytes *bands_hz;
  GstClockTime frame_duration; /* ns, of the model */
  const SalMelConfig *mel;     /* of the model, which the input keeps */
  guint hop, lookahead;        /* model frames */
  guint patience;              /* model frames that a window may be late by */
  gboolean warned;             /* of buffers that are too long */
  gboolean warned_of_samples;  /* that are not finite */
  GssAnalyserInput *input;
  GssInference *inference;
  gboolean is_async; /* else windows are waited for */
  GssDelayLine *line;
  SalGateConfig gate;      /* as set */
  GssReportQueue *reports; /* to be attached to buffers */
  gint flushing;           /* atomic */

  GstAudioInfo info;
  GssTimeMap *times;
  gboolean is_assumed;   /* no buffer had a timestamp so far */
  GstClockTime next;     /* where the stream before this one ended */
  GstClockTime reported; /* PTS up to which stretches were reported */
  guint64 n_reported;    /* stretches */
};

/* No window is computed where the sound comes in. */
static gboolean
is_deferred (const GssStream *self)
{
  return self->is_async || self->n_targets == 0;
}

/* --- reports ------------------------------------------------------------- */

static void
report_target (GssStream *self, const GssStretch *stretch, guint i,
    GssReport *report)
{
  report->map = stretch->maps[i];
  report->target_id = stretch->maps[i]->target;
  report->name = self->names[report->target_id];
  if (self->funcs.report (report, self->funcs.user_data))
    gss_report_queue_push (self->reports, report, stretch->stop);
}

/* Stretches tile the timestamps, too, where these take a step. */
static void
report_stretch (GssStream *self, const GssStretch *stretch)
{
  GstClockTime stop = gss_time_map_get_pts (self->times, stretch->stop);
  if (!GST_CLOCK_TIME_IS_VALID (self->reported))
    self->reported = gss_time_map_get_pts (self->times, stretch->start);
  GssReport report = {
    .seqnum = self->n_reported++,
    .start = self->reported,
    .stop = MAX (self->reported, stop),
    .window_start = gss_time_map_get_pts (self->times, stretch->window_start),
    .window_stop = gss_time_map_get_pts (self->times, stretch->window_stop),
    .bands_hz = self->bands_hz,
    .frame_duration = self->frame_duration,
  };
  self->reported = report.stop;
  if (self->n_targets == 0)
    return;
  if (stretch->maps[0]->flags & SAL_MAP_LATE) {
    gss_load_control_count_late (self->load_control);
    GST_INFO_OBJECT (self->element,
        "late: stretch %" G_GUINT64_FORMAT " at "
        "%" GST_TIME_FORMAT,
        report.seqnum, GST_TIME_ARGS (report.start));
  }
  for (guint i = 0; i < stretch->n_maps; i++)
    report_target (self, stretch, i, &report);
}

/* Returns whether a window was computed for any. */
static gboolean
take_stretches (GssStream *self)
{
  GssStretch stretch;
  gboolean computed = FALSE;
  while (gss_analyser_input_pop (self->input, &stretch)) {
    gss_delay_line_push_maps (self->line, stretch.maps, stretch.n_maps);
    computed |= !(stretch.maps[0]->flags & SAL_MAP_SILENCE);
    report_stretch (self, &stretch);
    gss_stretch_clear (&stretch);
  }
  return computed;
}

/* --- processing ---------------------------------------------------------- */

static void
warn_of_length (GssStream *self, GstClockTime duration)
{
  self->warned = TRUE;
  GST_ELEMENT_WARNING (self->element, STREAM, FORMAT,
      ("buffers of %" G_GUINT64_FORMAT " ms leave no time to compute windows "
       "in: they must be shorter than budget",
          duration / GST_MSECOND),
      (NULL));
}

static void
warn_of_loss (GssStream *self)
{
  double loss;
  if (!gss_analyser_input_take_loss (self->input, &loss))
    return;
  GST_ELEMENT_WARNING (self->element, STREAM, FORMAT,
      ("the channels cancel each other: their mean, which is what is heard, is "
       "%.0f dB weaker; use one of them, or invert one",
          MIN (loss, 99)),
      (NULL));
}

static void
warn_of_samples (GssStream *self)
{
  guint64 n = gss_delay_line_get_n_replaced (self->line);
  if (n == 0 || self->warned_of_samples)
    return;
  self->warned_of_samples = TRUE;
  GST_ELEMENT_WARNING (self->element, STREAM, DECODE,
      ("%" G_GUINT64_FORMAT " samples are not finite so far: they become 0", n),
      (NULL));
}

void
gss_stream_set_async (GssStream *self, gboolean async)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->input);
  if (async == self->is_async)
    return;
  if (!async) {
    if (!gss_inference_complete (self->inference, self->n_targets > 0))
      return;
    sal_analyser_settle (analyser, 0);
    take_stretches (self);
  }
  self->is_async = async;
  sal_analyser_set_deferred (analyser, is_deferred (self));
  gss_delay_line_set_prompt (self->line, !async);
  gss_load_control_set_async (self->load_control, async);
}

gboolean
gss_stream_is_async (const GssStream *self)
{
  return self->is_async;
}

void
gss_stream_set_flushing (GssStream *self, gboolean flushing)
{
  g_atomic_int_set (&self->flushing, flushing);
  gss_inference_set_flushing (self->inference, flushing);
}

/* --- set-up -------------------------------------------------------------- */

static GBytes *
new_bands (const SalMelConfig *mel)
{
  float *hz = g_new (float, mel->n_bands);
  sal_mel_config_bands (mel, hz);
  return g_bytes_new_take (hz, mel->n_bands * sizeof (float));
}

/* How late a window may be: with a mask, as late as the budget says; without,
 * the message waits as long as the sound of the window takes. */
static guint
patience_of (const GssProperties *settings, const SalMelConfig *mel)
{
  if (settings->mask == GSS_MASK_NONE)
    return SAL_WINDOW_FRAMES;
  return gst_util_uint64_scale (settings->budget, mel->sample_rate,
      GST_SECOND * mel->hop);
}

/* While there is no target everything passes. */
static SalGateConfig
gate_in_force (const GssStream *self)
{
  SalGateConfig gate = self->gate;
  gate.bypass |= self->n_targets == 0;
  return gate;
}

/* A target for an analyser that has none to look for. */
static SalTarget *
new_nobody (SalModel *model, SalTarget *const *targets, guint n_targets,
    GError **error)
{
  if (n_targets > 0)
    return sal_target_ref (targets[0]);
  if (sal_model_get_n_classes (model) > 0)
    return sal_target_new_class (model, sal_model_get_class_name (model, 0),
        error);
  g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
      "%s has no classes to compare a voice with", sal_model_get_path (model));
  return NULL;
}

static gboolean
make_parts (GssStream *self, SalModel *model, const GssProperties *settings,
    GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  SalAnalyserConfig analyser;
  gss_properties_get_analyser_config (settings, mel, &analyser);
  gss_properties_get_gate_config (settings, &self->gate);
  SalGateConfig gate = gate_in_force (self);
  self->hop = analyser.hop;
  self->lookahead = analyser.lookahead;
  self->input = gss_analyser_input_new (model, self->nobody, &analyser, error);
  if (self->input == NULL)
    return FALSE;
  gss_analyser_input_set_tap (self->input, self->funcs.sample,
      self->funcs.user_data);
  self->line
      = gss_delay_line_new (settings->mask != GSS_MASK_NONE ? &gate : NULL,
          settings->mask == GSS_MASK_TIME_FREQUENCY, mel,
          gss_properties_get_latency (settings), error);
  if (self->line == NULL)
    return FALSE;
  gss_delay_line_set_prompt (self->line, TRUE);
  self->inference = gss_inference_new (self->element, self->input,
      self->load_control, settings->cam.method == SAL_CAM_SCORE, error);
  return self->inference != NULL;
}

GssStream *
gss_stream_new (GstElement *element, SalModel *model, SalTarget *const *targets,
    guint n_targets, const GssProperties *settings,
    GssLoadControl *load_control, const GssStreamFuncs *funcs, GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  g_autoptr (GssStream) self = g_new0 (GssStream, 1);
  gst_audio_info_init (&self->info);
  self->next = self->reported = GST_CLOCK_TIME_NONE;
  self->times = gss_time_map_new ();
  self->reports = gss_report_queue_new ();
  self->element = element;
  self->load_control = load_control;
  self->funcs = *funcs;
  self->n_targets = n_targets;
  self->nobody = new_nobody (model, targets, n_targets, error);
  self->mel = mel;
  self->bands_hz = new_bands (mel);
  self->frame_duration
      = gst_util_uint64_scale_round (mel->hop, GST_SECOND, mel->sample_rate);
  self->patience = patience_of (settings, mel);
  if (self->nobody == NULL || !make_parts (self, model, settings, error))
    return NULL;
  self->n_targets = 0; /* none yet to be released */
  gss_inference_warm_up (self->inference, mel);
  gss_stream_set_targets (self, targets, n_targets);
  gss_load_control_start (load_control, settings->hop);
  return g_steal_pointer (&self);
}

static void
unref_targets (GssStream *self)
{
  while (self->n_targets > 0) {
    g_clear_pointer (&self->targets[--self->n_targets], sal_target_unref);
    g_clear_pointer (&self->names[self->n_targets], g_ref_string_release);
  }
}

static void
free_parts (GssStream *self)
{
  gss_inference_free (self->inference);
  gss_delay_line_free (self->line);
  gss_analyser_input_free (self->input);
}

void
gss_stream_free (GssStream *self)
{
  if (self == NULL)
    return;
  free_parts (self);
  gss_report_queue_free (self->reports);
  gss_time_map_free (self->times);
  g_bytes_unref (self->bands_hz);
  unref_targets (self);
  sal_target_unref (self->nobody);
  g_free (self);
}

gboolean
gss_stream_set_format (GssStream *self, const GstAudioInfo *info,
    GError **error)
{
  gst_audio_info_init (&self->info);
  if (!gss_analyser_input_set_format (self->input, info)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "%s at %d Hz cannot be converted to what the model hears",
        GST_AUDIO_INFO_NAME (info), GST_AUDIO_INFO_RATE (info));
    return FALSE;
  }
  if (!gss_delay_line_set_format (self->line, info, error))
    return FALSE;
  self->info = *info;
  gss_stream_reset (self);
  return TRUE;
}

const GstAudioInfo *
gss_stream_get_format (const GssStream *self)
{
  return &self->info;
}

static void
set_analyser_targets (GssStream *self, SalTarget *const *targets,
    guint n_targets)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->input);
  if (n_targets > 0)
    sal_analyser_set_targets (analyser, targets, n_targets);
  else
    sal_analyser_set_targets (analyser, &self->nobody, 1);
  sal_analyser_set_deferred (analyser, self->is_async || n_targets == 0);
}

void
gss_stream_set_targets (GssStream *self, SalTarget *const *targets,
    guint n_targets)
{
  take_stretches (self); /* of those before */
  set_analyser_targets (self, targets, n_targets);
  for (guint i = 0; i < n_targets; i++)
    sal_target_ref (targets[i]);
  unref_targets (self);
  for (guint i = 0; i < n_targets; i++) {
    self->targets[i] = targets[i];
    self->names[i] = gss_target_list_new_name (targets, i);
  }
  self->n_targets = n_targets;
  SalGateConfig gate = gate_in_force (self);
  gss_delay_line_set_gate (self->line, &gate, NULL);
}

gboolean
gss_stream_set_settings (GssStream *self, const GssProperties *settings,
    GError **error)
{
  SalAnalyserConfig analyser;
  gss_properties_get_analyser_config (settings, self->mel, &analyser);
  analyser.hop = self->hop;
  analyser.lookahead = self->lookahead;
  if (!sal_analyser_set_config (gss_analyser_input_get_analyser (self->input),
          &analyser, error))
    return FALSE;
  gss_properties_get_gate_config (settings, &self->gate);
  SalGateConfig gate = gate_in_force (self);
  return gss_delay_line_set_gate (self->line, &gate, error);
}

/* --- buffers ------------------------------------------------------------- */

static GstClockTime
time_of_frames (const GssStream *self, guint64 n_frames)
{
  return gst_util_uint64_scale_round (n_frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&self->info));
}

static void
begin (GssStream *self, GstClockTime pts)
{
  self->is_assumed = !GST_CLOCK_TIME_IS_VALID (pts);
  if (self->is_assumed)
    pts = GST_CLOCK_TIME_IS_VALID (self->next) ? self->next : 0;
  gss_time_map_begin (self->times, pts);
}

gboolean
gss_stream_follow (GssStream *self, GstClockTime pts, gsize n_frames,
    gboolean is_discont, gsize *n_missing)
{
  GstClockTime position = gss_analyser_input_get_time (self->input);
  GstClockTime hole = 0;
  *n_missing = 0;
  if (!gss_time_map_has_begun (self->times)) {
    begin (self, pts);
    return TRUE;
  }
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return !is_discont;
  if (self->is_assumed && !is_discont) {
    begin (self, pts - position);
    return TRUE;
  }
  GssContinuity how = gss_time_map_follow (self->times, position, pts,
      time_of_frames (self, n_frames), is_discont, &hole);
  *n_missing = gst_util_uint64_scale_round (hole,
      GST_AUDIO_INFO_RATE (&self->info), GST_SECOND);
  return how != GSS_TIME_JUMP;
}

void
gss_stream_skip (GssStream *self, GstClockTime duration)
{
  gss_time_map_skip (self->times, gss_analyser_input_get_time (self->input),
      duration);
}

/* After sound was heard by a stream that waits, since @since (monotonic). */
static void
account_for (GssStream *self, gint64 since)
{
  if (!take_stretches (self))
    return;
  gss_inference_count (self->inference,
      (g_get_monotonic_time () - since) * GST_USECOND);
}

/* As much of [first, first + n) as brings one window at most; how much. */
static gsize
hear_some (GssStream *self, const GstAudioBuffer *audio, gsize first, gsize n,
    guint patience)
{
  gint64 since = g_get_monotonic_time ();
  gsize n_heard = gss_analyser_input_push (self->input, audio, first, n);
  if (is_deferred (self)) {
    gss_inference_collect (self->inference);
    if (self->n_targets > 0)
      gss_inference_dispatch (self->inference, FALSE);
    sal_analyser_settle (gss_analyser_input_get_analyser (self->input),
        self->n_targets > 0 ? patience : 0);
    take_stretches (self);
  } else {
    account_for (self, since);
  }
  return n_heard;
}

void
gss_stream_push (GssStream *self, GstMiniObject *object,
    const GstAudioBuffer *audio, gsize n_frames)
{
  /* the next chance to act comes a buffer later */
  GstClockTime wait = gst_util_uint64_scale_ceil (n_frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&self->info));
  guint n_wait = (wait + self->frame_duration - 1) / self->frame_duration;
  guint patience = self->patience > n_wait ? self->patience - n_wait : 0;
  if (patience == 0 && n_frames > 0 && self->is_async && !self->warned)
    warn_of_length (self, wait);
  gss_delay_line_push (self->line, object, audio, n_frames);
  for (gsize n = 0; n < n_frames && !g_atomic_int_get (&self->flushing);)
    n += hear_some (self, audio, n, n_frames - n, patience);
  warn_of_loss (self);
  warn_of_samples (self);
}

void
gss_stream_queue (GssStream *self, GstEvent *event)
{
  gss_delay_line_push (self->line, GST_MINI_OBJECT_CAST (event), NULL, 0);
}

GstMiniObject *
gss_stream_pop (GssStream *self)
{
  GstMiniObject *object = gss_delay_line_pop (self->line);
  if (object == NULL || !GST_IS_BUFFER (object))
    return object;
  GstClockTime end
      = time_of_frames (self, gss_delay_line_get_n_frames (self->line));
  return GST_MINI_OBJECT_CAST (
      gss_report_queue_attach (self->reports, GST_BUFFER_CAST (object), end));
}

void
gss_stream_finish (GssStream *self, gboolean wait)
{
  gint64 since = g_get_monotonic_time ();
  wait &= !g_atomic_int_get (&self->flushing);
  if (self->is_async && wait)
    gss_inference_complete (self->inference, self->n_targets > 0);
  gss_analyser_input_finish (self->input);
  if (is_deferred (self)) {
    if (wait)
      gss_inference_complete (self->inference, self->n_targets > 0);
    sal_analyser_settle (gss_analyser_input_get_analyser (self->input), 0);
    take_stretches (self);
  } else {
    account_for (self, since);
  }
  gss_delay_line_finish (self->line);
}

void
gss_stream_restart (GssStream *self)
{
  if (gss_time_map_has_begun (self->times))
    self->next = gss_time_map_get_pts (self->times,
        gss_analyser_input_get_time (self->input));
  gss_time_map_reset (self->times);
  self->reported = GST_CLOCK_TIME_NONE;
  self->n_reported = 0;
  gss_report_queue_clear (self->reports);
  gss_inference_drop (self->inference);
  gss_delay_line_reset (self->line);
  gss_analyser_input_reset (self->input);
}

void
gss_stream_reset (GssStream *self)
{
  gss_stream_restart (self);
  self->next = GST_CLOCK_TIME_NONE;
}

void
gss_stream_forget (GssStream *self)
{
  gss_inference_drop (self->inference);
  sal_analyser_forget (gss_analyser_input_get_analyser (self->input));
}

GstMiniObject *
gss_stream_abandon (GssStream *self)
{
  return gss_delay_line_abandon (self->line);
}

gboolean
gss_stream_is_waiting (const GssStream *self)
{
  return !gss_delay_line_is_empty (self->line);
}

gboolean
gss_stream_has_heard (const GssStream *self)
{
  return gss_analyser_input_get_n_frames (self->input) > 0;
}
