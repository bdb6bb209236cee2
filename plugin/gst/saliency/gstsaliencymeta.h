/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gstsaliencymeta.h: where a speaker is, in a stretch of sound
 *
 * An element that knows attaches one meta for each stretch of time it has settled.
 * The times say which stretch that is; the buffer that carries the meta may be a
 * later one, and elements that split or join buffers may repeat it (same target and start).
 * The meta has no tags: converters, resamplers and queues let it through.
 *
 * Arrays are float32 in the machine's byte order, immutable and shared by copies.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#ifdef BUILDING_GST_SALIENCY
#define GST_SALIENCY_API GST_API_EXPORT
#else
#define GST_SALIENCY_API GST_API_IMPORT
#endif

/**
 * GstSaliencyFlags:
 * @GST_SALIENCY_FLAG_NONE: nothing special
 * @GST_SALIENCY_FLAG_PARTIAL: from a window shorter than the usual one
 * @GST_SALIENCY_FLAG_LATE: the newest result was not ready: an older one was used
 * @GST_SALIENCY_FLAG_EMPTY: the map was flat, or none was asked for: it is zeros
 * @GST_SALIENCY_FLAG_SILENCE: no sound in the window: nothing was computed
 */
typedef enum {
  GST_SALIENCY_FLAG_NONE = 0,
  GST_SALIENCY_FLAG_PARTIAL = 1 << 0,
  GST_SALIENCY_FLAG_LATE = 1 << 1,
  GST_SALIENCY_FLAG_EMPTY = 1 << 2,
  GST_SALIENCY_FLAG_SILENCE = 1 << 3,
} GstSaliencyFlags;

#define GST_TYPE_SALIENCY_FLAGS (gst_saliency_flags_get_type ())
GST_SALIENCY_API
GType gst_saliency_flags_get_type (void);

typedef struct _GstSaliencyMeta GstSaliencyMeta;

/**
 * GstSaliencyMeta:
 * @meta: parent
 * @flags: what is special about the newest window that counted
 * @seqnum: number of the stretch since the stream last began, from 0; the same for all targets
 * @window_start: PTS at which that window begins
 * @window_stop: PTS at which it ends
 * @start: PTS at which the settled stretch begins
 * @stop: PTS at which it ends
 * @target_id: index of the target among those of the element, from 0, as in its messages
 * @target: (type utf8) (transfer none): name of the target, a #GRefString that
 * gst_buffer_add_saliency_meta() made: to be read, not replaced
 * @score: log-odds of the target for that window
 * @probability: mean of @activity, 0 to 1
 * @peak: largest magnitude of the window's saliency map before normalisation
 * @n_bands: rows of @map, 0 if there is none
 * @n_frames: columns of @map, length of @activity
 * @frame_duration: time from one frame to the next, ns
 * @map: (transfer none) (nullable): saliency, [n_bands, n_frames] row-major, 0 to 1, or -1 to 1 for
 * signed methods
 * @activity: (transfer none) (nullable): probability that the target speaks, [n_frames], 0 to 1
 * @bands_hz: (transfer none) (nullable): centre frequency of each band, Hz, [n_bands]
 *
 * A settled stretch of time. Scalar fields may be set by whoever added the meta,
 * while the buffer is writable; all fields may be read.
 */
struct _GstSaliencyMeta {
  GstMeta meta;

  GstSaliencyFlags flags;
  guint64 seqnum;
  GstClockTime window_start;
  GstClockTime window_stop;
  GstClockTime start;
  GstClockTime stop;
  guint target_id;
  GRefString *target;
  gfloat score;
  gfloat probability;
  gfloat peak;
  guint n_bands;
  guint n_frames;
  GstClockTime frame_duration;
  GBytes *map;
  GBytes *activity;
  GBytes *bands_hz;

  /*< private >*/
  gpointer _gst_reserved[GST_PADDING];
};

#define GST_SALIENCY_META_API_TYPE (gst_saliency_meta_api_get_type ())
#define GST_SALIENCY_META_INFO (gst_saliency_meta_get_info ())

GST_SALIENCY_API
GType gst_saliency_meta_api_get_type (void);

GST_SALIENCY_API
const GstMetaInfo *gst_saliency_meta_get_info (void);

GST_SALIENCY_API
GstSaliencyMeta *gst_buffer_add_saliency_meta (GstBuffer *buffer, const gchar *target,
    guint n_bands, guint n_frames, GBytes *map, GBytes *activity, GBytes *bands_hz);

GST_SALIENCY_API
guint gst_buffer_get_n_saliency_meta (GstBuffer *buffer);

GST_SALIENCY_API
GstSaliencyMeta *gst_buffer_get_saliency_meta (GstBuffer *buffer);

GST_SALIENCY_API
GstSaliencyMeta *gst_buffer_get_nth_saliency_meta (GstBuffer *buffer, guint index);

GST_SALIENCY_API
const gchar *gst_saliency_meta_get_target (const GstSaliencyMeta *meta);

GST_SALIENCY_API
GBytes *gst_saliency_meta_get_map (const GstSaliencyMeta *meta);

GST_SALIENCY_API
GBytes *gst_saliency_meta_get_activity (const GstSaliencyMeta *meta);

GST_SALIENCY_API
GBytes *gst_saliency_meta_get_bands_hz (const GstSaliencyMeta *meta);

G_END_DECLS
