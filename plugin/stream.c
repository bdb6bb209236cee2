/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include "delayline.h"
#include "worker.h"

/* A jump of the timestamps by more, and for longer, is a discontinuity. */
#define ALIGNMENT_THRESHOLD (40 * GST_MSECOND)
#define DISCONT_WAIT (1 * GST_SECOND)

/* That wait for a buffer to go with: those of some seconds.  While a source
 * sends nothing but gaps the older ones are dropped. */
#define MAX_REPORTS (64 * SAL_ANALYSER_MAX_TARGETS)

/* Tests make windows more expensive: guint in us, on the element. */
#define COST_KEY "speakersaliency-test-cost"

struct _GssStream {
  GstElement *element;
  GssLoadControl *pace;
  GssStreamFuncs funcs;
  SalTarget *targets[SAL_ANALYSER_MAX_TARGETS];
  guint n_targets;
  GBytes *bands_hz;
  GstClockTime frame_duration; /* ns, of the model */
  const SalMelConfig *mel;     /* of the model, which the listener keeps */
  guint hop, lookahead;        /* model frames */
  guint patience;              /* model frames that a window may be late by */
  gboolean warn_of_cost;       /* when it is known */
  gboolean warned;             /* of buffers that are too long */
  GssAnalyserInput *listener;
  GssWorker *worker;
  gboolean is_async; /* else windows are waited for */
  GssDelayLine *line;
  GQueue reports; /* of GssReport, to be attached to buffers */
  gint flushing;  /* atomic */

  GstAudioInfo info;
  GstAudioStreamAlign *align;
  GstClockTime base; /* PTS of the first PCM frame; NONE: none yet */
  GstClockTime next; /* where the stream before this one ended */
};

/* --- reports ------------------------------------------------------------- */

static void
free_report (gpointer data)
{
  gss_report_clear (data);
  g_free (data);
}

static void
keep_report (GssStream *self, const GssReport *report)
{
  GssReport *copy = g_new (GssReport, 1);
  *copy = *report;
  sal_map_ref (copy->map);
  sal_target_ref (copy->target);
  g_bytes_ref (copy->bands_hz);
  g_queue_push_tail (&self->reports, copy);
  if (g_queue_get_length (&self->reports) > MAX_REPORTS)
    free_report (g_queue_pop_head (&self->reports));
}

static void
report_stretch (GssStream *self, const GssStretch *stretch)
{
  if (stretch->maps[0]->flags & SAL_MAP_LATE)
    gss_load_control_count_late (self->pace);
  for (guint i = 0; i < stretch->n_maps; i++) {
    GssReport report = {
      .map = stretch->maps[i],
      .start = stretch->start,
      .stop = stretch->stop,
      .window_start = stretch->window_start,
      .window_stop = stretch->window_stop,
      .target = self->targets[stretch->maps[i]->target],
      .bands_hz = self->bands_hz,
      .base = self->base,
      .frame_duration = self->frame_duration,
    };
    if (self->funcs.report (&report, self->funcs.user_data))
      keep_report (self, &report);
  }
}

/* Returns whether a window was computed for any. */
static gboolean
take_stretches (GssStream *self)
{
  GssStretch stretch;
  gboolean computed = FALSE;
  while (gss_analyser_input_pop (self->listener, &stretch)) {
    gss_delay_line_push_maps (self->line, stretch.maps, stretch.n_maps);
    computed |= !(stretch.maps[0]->flags & SAL_MAP_SILENCE);
    report_stretch (self, &stretch);
    gss_stretch_clear (&stretch);
  }
  return computed;
}

/* --- windows ------------------------------------------------------------- */

static void
spend_test_cost (GssStream *self)
{
  gpointer cost = g_object_get_data (G_OBJECT (self->element), COST_KEY);
  if (cost != NULL)
    g_usleep (GPOINTER_TO_UINT (cost));
}

/* In the worker's thread. */
static void
compute_window (gpointer window, gpointer user_data)
{
  GssStream *self = user_data;
  sal_analyser_compute (gss_analyser_input_get_analyser (self->listener),
      window);
  spend_test_cost (self);
}

static void
warn_of_cost (GssStream *self, GstClockTime cost)
{
  self->warn_of_cost = FALSE;
  GST_ELEMENT_WARNING (self->element, RESOURCE, BUSY,
      ("method score-cam takes %" G_GUINT64_FORMAT " ms per window; fewer "
       "score-channels take less",
          cost / GST_MSECOND),
      (NULL));
}

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
count_window (GssStream *self, GstClockTime cost)
{
  GssLoadStats stats;
  if (self->warn_of_cost)
    warn_of_cost (self, cost);
  if (!gss_load_control_count_window (self->pace, cost))
    return;
  gss_load_control_get_stats (self->pace, &stats);
  GST_ELEMENT_WARNING (self->element, RESOURCE, BUSY,
      ("a window takes %" G_GUINT64_FORMAT " ms, too much for one every hop; "
       "from now on there is one every %" G_GUINT64_FORMAT " ms",
          stats.mean_cost / GST_MSECOND, stats.effective_hop / GST_MSECOND),
      (NULL));
}

/* Windows that are done come back. */
static void
collect_windows (GssStream *self)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->listener);
  SalWindow *window;
  GstClockTime cost;
  while ((window = gss_worker_collect (self->worker, &cost)) != NULL) {
    guint64 age = gss_analyser_input_get_age (self->listener, window);
    count_window (self, cost);
    if (gss_load_control_observe_delay (self->pace, age))
      g_object_notify (G_OBJECT (self->element), "max-observed-delay");
    sal_analyser_give (analyser, window);
  }
}

/* The newest window goes to the worker, if there is time for it. */
static void
dispatch_window (GssStream *self, gboolean in_any_case)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->listener);
  guint64 seqnum;
  if (!sal_analyser_get_due (analyser, &seqnum)
      || !(in_any_case || gss_load_control_wants (self->pace, seqnum)))
    return;
  SalWindow *window = sal_analyser_take (analyser);
  if (window != NULL)
    window = gss_worker_submit (self->worker, window);
  if (window == NULL)
    return;
  gss_load_control_count_superseded (self->pace);
  sal_analyser_give (analyser, window);
}

/* Waits until all windows that are due are done; FALSE if flushing ended it. */
static gboolean
complete_windows (GssStream *self)
{
  if (!gss_worker_wait (self->worker))
    return FALSE;
  collect_windows (self);
  dispatch_window (self, TRUE);
  if (!gss_worker_wait (self->worker))
    return FALSE;
  collect_windows (self);
  return TRUE;
}

/* Windows that wait or are done have no more use; one that runs comes back
 * later and is dropped. */
static void
drop_windows (GssStream *self)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->listener);
  GstClockTime cost;
  SalWindow *window = gss_worker_withdraw (self->worker);
  if (window != NULL)
    sal_analyser_give (analyser, window);
  while ((window = gss_worker_collect (self->worker, &cost)) != NULL)
    sal_analyser_give (analyser, window);
}

void
gss_stream_set_async (GssStream *self, gboolean async)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->listener);
  if (async == self->is_async)
    return;
  if (!async) {
    if (!complete_windows (self))
      return;
    sal_analyser_settle (analyser, 0);
    take_stretches (self);
  }
  self->is_async = async;
  sal_analyser_set_deferred (analyser, async);
  gss_load_control_set_async (self->pace, async);
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
  gss_worker_set_flushing (self->worker, flushing);
}

/* --- set-up -------------------------------------------------------------- */

/* One window of faint noise: memory is there and weights are in their place
 * before there is a hurry. */
static void
warm_up (GssStream *self, const SalMelConfig *mel)
{
  SalAnalyser *analyser = gss_analyser_input_get_analyser (self->listener);
  gsize n = (gsize) (SAL_WINDOW_FRAMES + 4) * mel->hop;
  g_autofree float *noise = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    noise[i] = (i * 7919 % 101 - 50.0f) / 5000;
  sal_analyser_set_deferred (analyser, TRUE);
  sal_analyser_push (analyser, noise, n);
  SalWindow *window = sal_analyser_take (analyser);
  if (window != NULL) {
    sal_analyser_compute (analyser, window);
    sal_analyser_give (analyser, window);
  }
  sal_analyser_set_deferred (analyser, FALSE);
  sal_analyser_reset (analyser);
}

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

static gboolean
make_parts (GssStream *self, SalModel *model, const GssProperties *settings,
    GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  SalAnalyserConfig analyser;
  SalGateConfig gate;
  gss_properties_get_analyser_config (settings, mel, &analyser);
  gss_properties_get_gate_config (settings, &gate);
  self->hop = analyser.hop;
  self->lookahead = analyser.lookahead;
  self->listener
      = gss_analyser_input_new (model, self->targets[0], &analyser, error);
  if (self->listener == NULL)
    return FALSE;
  gss_analyser_input_set_tap (self->listener, self->funcs.sample,
      self->funcs.user_data);
  self->line
      = gss_delay_line_new (settings->mask != GSS_MASK_NONE ? &gate : NULL,
          settings->mask == GSS_MASK_TIME_FREQUENCY, mel,
          gss_properties_get_latency (settings), error);
  if (self->line == NULL)
    return FALSE;
  self->worker = gss_worker_new (self->element, compute_window, self, error);
  return self->worker != NULL;
}

GssStream *
gss_stream_new (GstElement *element, SalModel *model, SalTarget *const *targets,
    guint n_targets, const GssProperties *settings, GssLoadControl *pace,
    const GssStreamFuncs *funcs, GError **error)
{
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  g_autoptr (GssStream) self = g_new0 (GssStream, 1);
  gst_audio_info_init (&self->info);
  self->base = self->next = GST_CLOCK_TIME_NONE;
  self->element = element;
  self->pace = pace;
  self->funcs = *funcs;
  self->targets[0] = sal_target_ref (targets[0]);
  self->n_targets = 1;
  self->mel = mel;
  self->bands_hz = new_bands (mel);
  self->frame_duration
      = gst_util_uint64_scale_round (mel->hop, GST_SECOND, mel->sample_rate);
  self->patience = patience_of (settings, mel);
  self->warn_of_cost = settings->cam.method == SAL_CAM_SCORE;
  if (!make_parts (self, model, settings, error))
    return NULL;
  gss_stream_set_targets (self, targets, n_targets);
  warm_up (self, mel);
  gss_load_control_start (pace, settings->hop);
  return g_steal_pointer (&self);
}

static void
unref_targets (GssStream *self)
{
  while (self->n_targets > 0)
    g_clear_pointer (&self->targets[--self->n_targets], sal_target_unref);
}

void
gss_stream_free (GssStream *self)
{
  if (self == NULL)
    return;
  if (self->worker != NULL) {
    gss_worker_stop (self->worker);
    drop_windows (self);
  }
  gss_worker_free (self->worker);
  g_queue_clear_full (&self->reports, free_report);
  g_clear_pointer (&self->align, gst_audio_stream_align_free);
  gss_delay_line_free (self->line);
  gss_analyser_input_free (self->listener);
  g_bytes_unref (self->bands_hz);
  unref_targets (self);
  g_free (self);
}

gboolean
gss_stream_set_format (GssStream *self, const GstAudioInfo *info,
    GError **error)
{
  gst_audio_info_init (&self->info);
  if (!gss_analyser_input_set_format (self->listener, info)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "%s at %d Hz cannot be converted to what the model hears",
        GST_AUDIO_INFO_NAME (info), GST_AUDIO_INFO_RATE (info));
    return FALSE;
  }
  if (!gss_delay_line_set_format (self->line, info, error))
    return FALSE;
  self->info = *info;
  g_clear_pointer (&self->align, gst_audio_stream_align_free);
  self->align = gst_audio_stream_align_new (GST_AUDIO_INFO_RATE (info),
      ALIGNMENT_THRESHOLD, DISCONT_WAIT);
  gss_stream_reset (self);
  return TRUE;
}

const GstAudioInfo *
gss_stream_get_format (const GssStream *self)
{
  return &self->info;
}

void
gss_stream_set_targets (GssStream *self, SalTarget *const *targets,
    guint n_targets)
{
  take_stretches (self); /* of those before */
  sal_analyser_set_targets (gss_analyser_input_get_analyser (self->listener),
      targets, n_targets);
  for (guint i = 0; i < n_targets; i++)
    sal_target_ref (targets[i]);
  unref_targets (self);
  for (guint i = 0; i < n_targets; i++)
    self->targets[i] = targets[i];
  self->n_targets = n_targets;
}

gboolean
gss_stream_set_settings (GssStream *self, const GssProperties *settings,
    GError **error)
{
  SalAnalyserConfig analyser;
  SalGateConfig gate;
  gss_properties_get_analyser_config (settings, self->mel, &analyser);
  gss_properties_get_gate_config (settings, &gate);
  analyser.hop = self->hop;
  analyser.lookahead = self->lookahead;
  return sal_analyser_set_config (gss_analyser_input_get_analyser (
                                      self->listener),
             &analyser, error)
      && gss_delay_line_set_gate (self->line, &gate, error);
}

/* --- buffers ------------------------------------------------------------- */

gboolean
gss_stream_follow (GssStream *self, GstClockTime pts, gsize n_frames,
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

/* After sound was heard by a stream that waits, since @since (monotonic). */
static void
account_for (GssStream *self, gint64 since)
{
  if (!take_stretches (self))
    return;
  spend_test_cost (self);
  count_window (self, (g_get_monotonic_time () - since) * GST_USECOND);
}

/* As much of [first, first + n) as brings one window at most; how much. */
static gsize
hear_some (GssStream *self, const GstAudioBuffer *audio, gsize first, gsize n,
    guint patience)
{
  gint64 since = g_get_monotonic_time ();
  gsize n_heard = gss_analyser_input_push (self->listener, audio, first, n);
  if (self->is_async) {
    collect_windows (self);
    dispatch_window (self, FALSE);
    sal_analyser_settle (gss_analyser_input_get_analyser (self->listener),
        patience);
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
}

void
gss_stream_queue (GssStream *self, GstEvent *event)
{
  gss_delay_line_push (self->line, GST_MINI_OBJECT_CAST (event), NULL, 0);
}

/* A report goes with the first buffer that does not end before its stretch. */
static GstBuffer *
attach_reports (GssStream *self, GstBuffer *buffer)
{
  guint64 n_frames = gss_delay_line_get_n_frames (self->line);
  GstClockTime end = gst_util_uint64_scale_round (n_frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&self->info));
  GssReport *report;
  while ((report = g_queue_peek_head (&self->reports)) != NULL
      && report->stop <= end) {
    buffer = gst_buffer_make_writable (buffer);
    gss_report_attach (report, buffer);
    free_report (g_queue_pop_head (&self->reports));
  }
  return buffer;
}

GstMiniObject *
gss_stream_pop (GssStream *self)
{
  GstMiniObject *object = gss_delay_line_pop (self->line);
  if (object == NULL || !GST_IS_BUFFER (object))
    return object;
  GstBuffer *buffer = attach_reports (self, GST_BUFFER_CAST (object));
  return GST_MINI_OBJECT_CAST (buffer);
}

void
gss_stream_finish (GssStream *self, gboolean wait)
{
  gint64 since = g_get_monotonic_time ();
  wait &= !g_atomic_int_get (&self->flushing);
  if (self->is_async && wait)
    complete_windows (self);
  gss_analyser_input_finish (self->listener);
  if (self->is_async) {
    if (wait)
      complete_windows (self);
    sal_analyser_settle (gss_analyser_input_get_analyser (self->listener), 0);
    take_stretches (self);
  } else {
    account_for (self, since);
  }
  gss_delay_line_finish (self->line);
}

void
gss_stream_restart (GssStream *self)
{
  if (GST_CLOCK_TIME_IS_VALID (self->base))
    self->next = self->base + gss_analyser_input_get_time (self->listener);
  self->base = GST_CLOCK_TIME_NONE;
  g_queue_clear_full (&self->reports, free_report);
  drop_windows (self);
  gss_delay_line_reset (self->line);
  gss_analyser_input_reset (self->listener);
}

void
gss_stream_reset (GssStream *self)
{
  self->base = GST_CLOCK_TIME_NONE;
  gss_stream_restart (self);
  self->next = GST_CLOCK_TIME_NONE;
}

void
gss_stream_forget (GssStream *self)
{
  drop_windows (self);
  sal_analyser_forget (gss_analyser_input_get_analyser (self->listener));
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
  return gss_analyser_input_get_n_frames (self->listener) > 0;
}
