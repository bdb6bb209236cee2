/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listener.h: an analyser that hears PCM of any format
 *
 * One converter makes what the model wants, mono float32 at its rate, aligned with
 * the input to a fraction of a sample; what the analyser settles comes back with times
 * counted from the first PCM frame.
 */
#pragma once

#include <gst/audio/audio.h>

#include <saliency/analyser.h>

/**
 * SalStretch:
 *
 * A settled stretch of time.  Stretches follow each other without hole or overlap.
 */
typedef struct {
  SalMap *maps[SAL_ANALYSER_MAX_TARGETS]; /* of each target */
  guint n_maps;
  GstClockTime start, stop;               /* ns from the first PCM frame */
  GstClockTime window_start, window_stop; /* likewise, of the newest window that counted */
} SalStretch;

void sal_stretch_clear (SalStretch *self);

/* What was heard, mono at the model's rate. */
typedef void (*SalSampleFunc) (const float *samples, gsize n_samples, gpointer user_data);

typedef struct _SalListener SalListener; /* one thread at a time */

/**
 * sal_listener_new:
 *
 * Returns: (transfer full) (nullable): a listener without a format, or %NULL and the error of sal_analyser_new()
 */
SalListener *sal_listener_new (SalModel *model, SalTarget *target, const SalAnalyserConfig *config, GError **error);
void sal_listener_free (SalListener *self); /* NULL is a no-op */

/**
 * sal_listener_set_format:
 * @info: signed or float of native endianness, interleaved or not
 *
 * Also forgets everything heard.
 *
 * Returns: %FALSE if GStreamer cannot convert that format: nothing may be pushed then
 */
gboolean sal_listener_set_format (SalListener *self, const GstAudioInfo *info);

/**
 * sal_listener_push:
 * @audio: (nullable): whose PCM frames from @first on are the next @n_frames; %NULL: silence
 * @n_frames: at least 1
 *
 * Takes as many as complete one window at most.
 *
 * Returns: how many it took, at least 1
 */
gsize sal_listener_push (SalListener *self, const GstAudioBuffer *audio, gsize first, gsize n_frames);
void sal_listener_finish (SalListener *self); /* end of the stream: everything is settled */
void sal_listener_reset (SalListener *self);  /* forgets everything heard */

/**
 * sal_listener_pop:
 * @stretch: (out caller-allocates): to be cleared with sal_stretch_clear()
 *
 * Returns: %FALSE if none is ready
 */
gboolean sal_listener_pop (SalListener *self, SalStretch *stretch);

/* @func gets the samples that the analyser gets, before it */
void sal_listener_set_tap (SalListener *self, SalSampleFunc func, gpointer user_data);
SalAnalyser *sal_listener_get_analyser (const SalListener *self); /* (transfer none) */

/**
 * sal_listener_get_age:
 *
 * Returns: ns of sound heard since the end of @window
 */
GstClockTime sal_listener_get_age (const SalListener *self, const SalWindow *window);
guint64 sal_listener_get_n_frames (const SalListener *self); /* PCM frames heard since the last reset */
GstClockTime sal_listener_get_time (const SalListener *self); /* the same in ns */

/**
 * sal_listener_get_delay:
 *
 * Returns: PCM frames: what is centred on PCM frame n is settled once n + delay were pushed, whatever n
 */
guint sal_listener_get_delay (const SalListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalListener, sal_listener_free)
