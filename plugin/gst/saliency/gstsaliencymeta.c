/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gst/saliency/gstsaliencymeta.h>

#include <string.h>

/**
 * SECTION:gstsaliencymeta
 * @title: GstSaliencyMeta
 * @short_description: where a speaker is, in a stretch of sound
 */

GType
gst_saliency_flags_get_type (void)
{
  static gsize type = 0;
  static const GFlagsValue values[] = {
    { GST_SALIENCY_FLAG_NONE, "GST_SALIENCY_FLAG_NONE", "none" },
    { GST_SALIENCY_FLAG_PARTIAL, "GST_SALIENCY_FLAG_PARTIAL", "partial" },
    { GST_SALIENCY_FLAG_LATE, "GST_SALIENCY_FLAG_LATE", "late" },
    { GST_SALIENCY_FLAG_EMPTY, "GST_SALIENCY_FLAG_EMPTY", "empty" },
    { GST_SALIENCY_FLAG_SILENCE, "GST_SALIENCY_FLAG_SILENCE", "silence" },
    { 0, NULL, NULL },
  };
  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_flags_register_static ("GstSaliencyFlags", values));
  return type;
}

GType
gst_saliency_meta_api_get_type (void)
{
  static gsize type = 0;
  static const gchar *tags[] = { NULL };
  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        gst_meta_api_type_register ("GstSaliencyMetaAPI", tags));
  return type;
}

static gboolean
saliency_meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  GstSaliencyMeta *self = (GstSaliencyMeta *) meta;
  /* the memory of a meta is not cleared by GStreamer */
  memset ((guint8 *) self + sizeof (GstMeta), 0,
      sizeof (GstSaliencyMeta) - sizeof (GstMeta));
  self->window_start = self->window_stop = GST_CLOCK_TIME_NONE;
  self->start = self->stop = GST_CLOCK_TIME_NONE;
  self->frame_duration = GST_CLOCK_TIME_NONE;
  return TRUE;
}

static void
saliency_meta_free (GstMeta *meta, GstBuffer *buffer)
{
  GstSaliencyMeta *self = (GstSaliencyMeta *) meta;
  if (self->target != NULL)
    g_ref_string_release (self->target);
  g_clear_pointer (&self->map, g_bytes_unref);
  g_clear_pointer (&self->activity, g_bytes_unref);
  g_clear_pointer (&self->bands_hz, g_bytes_unref);
}

static GBytes *
ref_bytes (GBytes *bytes)
{
  return bytes != NULL ? g_bytes_ref (bytes) : NULL;
}

/* Every copy is accepted, of a region too: the times say what it is about. */
static gboolean
saliency_meta_transform (GstBuffer *dest, GstMeta *meta, GstBuffer *buffer,
    GQuark type, gpointer data)
{
  if (!GST_META_TRANSFORM_IS_COPY (type))
    return FALSE;

  const GstSaliencyMeta *self = (const GstSaliencyMeta *) meta;
  GstSaliencyMeta *copy = (GstSaliencyMeta *) gst_buffer_add_meta (dest,
      GST_SALIENCY_META_INFO, NULL);
  if (copy == NULL)
    return FALSE;
  GstMeta parent = copy->meta;
  *copy = *self;
  copy->meta = parent;
  if (self->target != NULL)
    copy->target = g_ref_string_acquire (self->target);
  copy->map = ref_bytes (self->map);
  copy->activity = ref_bytes (self->activity);
  copy->bands_hz = ref_bytes (self->bands_hz);
  return TRUE;
}

const GstMetaInfo *
gst_saliency_meta_get_info (void)
{
  static gsize info = 0;
  if (g_once_init_enter (&info))
    g_once_init_leave (&info,
        (gsize) gst_meta_register (GST_SALIENCY_META_API_TYPE,
            "GstSaliencyMeta", sizeof (GstSaliencyMeta), saliency_meta_init,
            saliency_meta_free, saliency_meta_transform));
  return (const GstMetaInfo *) info;
}

static gboolean
holds_floats (GBytes *bytes, gsize n)
{
  return bytes == NULL || g_bytes_get_size (bytes) == n * sizeof (gfloat);
}

/**
 * gst_buffer_add_saliency_meta:
 * @buffer: a writable #GstBuffer
 * @target: (nullable): name of the target
 * @n_bands: rows of @map
 * @n_frames: columns of @map
 * @map: (nullable): float32 [n_bands, n_frames], row-major; a reference is
 * taken, so for the others
 * @activity: (nullable): float32 [n_frames]
 * @bands_hz: (nullable): float32 [n_bands]
 *
 * Attaches a meta. Times are %GST_CLOCK_TIME_NONE and numbers 0 until they are
 * set in the structure.
 *
 * Returns: (transfer none) (nullable): the meta; %NULL if the size of an array
 * is not what the counts say
 */
GstSaliencyMeta *
gst_buffer_add_saliency_meta (GstBuffer *buffer, const gchar *target,
    guint n_bands, guint n_frames, GBytes *map, GBytes *activity,
    GBytes *bands_hz)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (gst_buffer_is_writable (buffer), NULL);
  g_return_val_if_fail (holds_floats (map, (gsize) n_bands * n_frames), NULL);
  g_return_val_if_fail (holds_floats (activity, n_frames), NULL);
  g_return_val_if_fail (holds_floats (bands_hz, n_bands), NULL);

  GstSaliencyMeta *self = (GstSaliencyMeta *) gst_buffer_add_meta (buffer,
      GST_SALIENCY_META_INFO, NULL);
  g_return_val_if_fail (self != NULL, NULL);
  if (target != NULL)
    self->target = g_ref_string_new (target);
  self->n_bands = n_bands;
  self->n_frames = n_frames;
  self->map = ref_bytes (map);
  self->activity = ref_bytes (activity);
  self->bands_hz = ref_bytes (bands_hz);
  return self;
}

/**
 * gst_buffer_get_n_saliency_meta:
 * @buffer: a #GstBuffer
 *
 * Returns: how many saliency metas @buffer carries
 */
guint
gst_buffer_get_n_saliency_meta (GstBuffer *buffer)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), 0);
  return gst_buffer_get_n_meta (buffer, GST_SALIENCY_META_API_TYPE);
}

/**
 * gst_buffer_get_saliency_meta:
 * @buffer: a #GstBuffer
 *
 * Returns: (transfer none) (nullable): the first saliency meta of @buffer,
 * valid as long as the buffer; %NULL if there is none
 */
GstSaliencyMeta *
gst_buffer_get_saliency_meta (GstBuffer *buffer)
{
  return gst_buffer_get_nth_saliency_meta (buffer, 0);
}

/**
 * gst_buffer_get_nth_saliency_meta:
 * @buffer: a #GstBuffer
 * @index: from 0
 *
 * A long buffer carries a meta for each stretch that it settled, in order of
 * time.
 *
 * Returns: (transfer none) (nullable): that saliency meta of @buffer; %NULL if
 * there are not so many
 */
GstSaliencyMeta *
gst_buffer_get_nth_saliency_meta (GstBuffer *buffer, guint index)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  gpointer state = NULL;
  GstMeta *meta;
  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_SALIENCY_META_API_TYPE))
      != NULL)
    if (index-- == 0)
      return (GstSaliencyMeta *) meta;
  return NULL;
}

/**
 * gst_saliency_meta_get_target:
 * @meta: a #GstSaliencyMeta
 *
 * Returns: (transfer none) (nullable): name of the target
 */
const gchar *
gst_saliency_meta_get_target (const GstSaliencyMeta *meta)
{
  g_return_val_if_fail (meta != NULL, NULL);
  return meta->target;
}

/**
 * gst_saliency_meta_get_map:
 * @meta: a #GstSaliencyMeta
 *
 * Returns: (transfer none) (nullable): float32 [n_bands, n_frames], row-major
 */
GBytes *
gst_saliency_meta_get_map (const GstSaliencyMeta *meta)
{
  g_return_val_if_fail (meta != NULL, NULL);
  return meta->map;
}

/**
 * gst_saliency_meta_get_activity:
 * @meta: a #GstSaliencyMeta
 *
 * Returns: (transfer none) (nullable): float32 [n_frames]
 */
GBytes *
gst_saliency_meta_get_activity (const GstSaliencyMeta *meta)
{
  g_return_val_if_fail (meta != NULL, NULL);
  return meta->activity;
}

/**
 * gst_saliency_meta_get_bands_hz:
 * @meta: a #GstSaliencyMeta
 *
 * Returns: (transfer none) (nullable): float32 [n_bands]
 */
GBytes *
gst_saliency_meta_get_bands_hz (const GstSaliencyMeta *meta)
{
  g_return_val_if_fail (meta != NULL, NULL);
  return meta->bands_hz;
}
