/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyser-input.h: resampling and downmix: PCM of any format for an analyser
 *
 * One converter makes mono float32 at the model's rate, aligned with the input to a fraction of a
 * sample.  Stretches that the analyser settles come back with times counted from the first PCM
 * frame.
 */
#pragma once

#include <gst/audio/audio.h>

#include <saliency/analyser.h>

/**
 * GssStretch:
 *
 * A settled stretch of time.  Stretches follow each other without hole or overlap.
 */
typedef struct {
  SalMap *maps[SAL_ANALYSER_MAX_TARGETS]; /* of each target */
  guint n_maps;
  GstClockTime start, stop;               /* ns from the first PCM frame */
  GstClockTime window_start, window_stop; /* likewise, of the newest window that counted */
} GssStretch;

void gss_stretch_clear (GssStretch *self);

/* Gets the samples that the analyser gets, mono at the model's rate. */
typedef void (*GssSampleFunc) (const float *samples, gsize n_samples, gpointer user_data);

typedef struct _GssAnalyserInput GssAnalyserInput; /* one thread at a time */

/**
 * gss_analyser_input_new:
 *
 * Returns: (transfer full) (nullable): an input without a format, or %NULL and the error of
 * sal_analyser_new()
 */
GssAnalyserInput *gss_analyser_input_new (SalModel *model, SalTarget *target,
    const SalAnalyserConfig *config, GError **error);
void gss_analyser_input_free (GssAnalyserInput *self); /* NULL is a no-op */

/**
 * gss_analyser_input_set_format:
 * @info: signed or float of native endianness, interleaved or not
 *
 * Also forgets everything heard.
 *
 * Returns: %FALSE if GStreamer cannot convert that format: nothing may be pushed then
 */
gboolean gss_analyser_input_set_format (GssAnalyserInput *self, const GstAudioInfo *info);

/**
 * gss_analyser_input_push:
 * @audio: (nullable): whose PCM frames from @first on are the next @n_frames; %NULL: silence
 * @n_frames: at least 1
 *
 * Takes as many as complete one window at most.
 *
 * Returns: how many it took, at least 1
 */
gsize gss_analyser_input_push (GssAnalyserInput *self, const GstAudioBuffer *audio, gsize first,
    gsize n_frames);
void gss_analyser_input_finish (
    GssAnalyserInput *self); /* end of the stream: everything is settled */
void gss_analyser_input_reset (GssAnalyserInput *self); /* forgets everything heard */

/**
 * gss_analyser_input_pop:
 * @stretch: (out caller-allocates): to be cleared with gss_stretch_clear()
 *
 * Returns: %FALSE if none is ready
 */
gboolean gss_analyser_input_pop (GssAnalyserInput *self, GssStretch *stretch);

/**
 * gss_analyser_input_take_loss:
 * @loss: (out): dB by which the mono mix is weaker than the channels, 10 or more
 *
 * Returns: whether the channels cancel each other; %TRUE once for a format
 */
gboolean gss_analyser_input_take_loss (GssAnalyserInput *self, double *loss);

/* @func gets the samples that the analyser gets, before it */
void gss_analyser_input_set_tap (GssAnalyserInput *self, GssSampleFunc func, gpointer user_data);
SalAnalyser *gss_analyser_input_get_analyser (const GssAnalyserInput *self); /* (transfer none) */

/**
 * gss_analyser_input_get_age:
 *
 * Returns: ns of sound heard since the end of @window
 */
GstClockTime gss_analyser_input_get_age (const GssAnalyserInput *self, const SalWindow *window);
guint64 gss_analyser_input_get_n_frames (
    const GssAnalyserInput *self); /* PCM frames heard since the last reset */
GstClockTime gss_analyser_input_get_time (const GssAnalyserInput *self); /* the same in ns */

/**
 * gss_analyser_input_get_delay:
 *
 * Returns: PCM frames: what is centred on PCM frame n is settled once n + delay were pushed,
 * whatever n
 */
guint gss_analyser_input_get_delay (const GssAnalyserInput *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssAnalyserInput, gss_analyser_input_free)
