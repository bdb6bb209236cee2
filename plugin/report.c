/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <math.h>

#include <gst/saliency/saliency.h>

void
gss_report_copy (GssReport *self, const GssReport *from)
{
  *self = *from;
  sal_map_ref (self->map);
  g_ref_string_acquire (self->name);
  g_bytes_ref (self->bands_hz);
}

void
gss_report_clear (GssReport *self)
{
  g_clear_pointer (&self->map, sal_map_unref);
  g_clear_pointer (&self->name, g_ref_string_release);
  g_clear_pointer (&self->bands_hz, g_bytes_unref);
}

static GstSaliencyFlags
saliency_flags (SalMapFlags flags)
{
  return (flags & SAL_MAP_PARTIAL ? GST_SALIENCY_FLAG_PARTIAL : 0)
      | (flags & SAL_MAP_EMPTY ? GST_SALIENCY_FLAG_EMPTY : 0)
      | (flags & SAL_MAP_SILENCE ? GST_SALIENCY_FLAG_SILENCE : 0)
      | (flags & SAL_MAP_LATE ? GST_SALIENCY_FLAG_LATE : 0);
}

/* The array lives as long as the map, of which the bytes keep a reference. */
static GBytes *
floats_of (SalMap *map, const float *array, gsize n)
{
  return g_bytes_new_with_free_func (array, n * sizeof (float),
      (GDestroyNotify) sal_map_unref, sal_map_ref (map));
}

static double
mean_saliency (const SalMap *map)
{
  gsize n = (gsize) map->n_bands * map->n_frames;
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += map->saliency[i];
  return n > 0 ? sum / n : 0;
}

static void
set_times (const GssReport *self, const GstSegment *segment,
    GstStructure *structure)
{
  guint64 timestamp = self->start;
  guint64 stream_time = GST_CLOCK_TIME_NONE;
  guint64 running_time = GST_CLOCK_TIME_NONE;
  if (segment->format == GST_FORMAT_TIME) {
    stream_time
        = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, timestamp);
    running_time
        = gst_segment_to_running_time (segment, GST_FORMAT_TIME, timestamp);
  }
  gst_structure_set (structure, "timestamp", G_TYPE_UINT64, timestamp,
      "stream-time", G_TYPE_UINT64, stream_time, "running-time", G_TYPE_UINT64,
      running_time, "duration", G_TYPE_UINT64, self->stop - self->start, NULL);
}

GstStructure *
gss_report_get_structure (const GssReport *self, const GstSegment *segment,
    gboolean with_map)
{
  SalMap *map = self->map;
  GstStructure *structure = gst_structure_new_empty ("speakersaliency");
  set_times (self, segment, structure);
  gst_structure_set (structure, "target", G_TYPE_STRING, self->name,
      "target-id", G_TYPE_UINT, self->target_id, "score", G_TYPE_DOUBLE,
      (double) map->score, "probability", G_TYPE_DOUBLE,
      (double) map->probability, "saliency", G_TYPE_DOUBLE, mean_saliency (map),
      "seqnum", G_TYPE_UINT64, self->seqnum, "late", G_TYPE_BOOLEAN,
      (map->flags & SAL_MAP_LATE) != 0, "flags", GST_TYPE_SALIENCY_FLAGS,
      saliency_flags (map->flags), NULL);
  if (!isnan (map->trust))
    gst_structure_set (structure, "trust", G_TYPE_DOUBLE, (double) map->trust,
        NULL);
  if (with_map) {
    g_autoptr (GBytes) bytes
        = floats_of (map, map->saliency, (gsize) map->n_bands * map->n_frames);
    gst_structure_set (structure, "bands", G_TYPE_UINT, map->n_bands, "frames",
        G_TYPE_UINT, map->n_frames, "frame-duration", G_TYPE_UINT64,
        self->frame_duration, "map", G_TYPE_BYTES, bytes, NULL);
  }
  return structure;
}

void
gss_report_attach (const GssReport *self, GstBuffer *buffer)
{
  SalMap *map = self->map;
  g_autoptr (GBytes) saliency
      = floats_of (map, map->saliency, (gsize) map->n_bands * map->n_frames);
  g_autoptr (GBytes) activity = floats_of (map, map->activity, map->n_frames);
  GstSaliencyMeta *meta = gst_buffer_add_saliency_meta (buffer, self->name,
      map->n_bands, map->n_frames, saliency, activity, self->bands_hz);
  meta->flags = saliency_flags (map->flags);
  meta->seqnum = self->seqnum;
  meta->target_id = self->target_id;
  meta->window_start = self->window_start;
  meta->window_stop = self->window_stop;
  meta->start = self->start;
  meta->stop = self->stop;
  meta->score = map->score;
  meta->probability = map->probability;
  meta->peak = map->peak;
  meta->frame_duration = self->frame_duration;
}
