/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "latency.h"

#include "log.h"

GstClockTime
gss_latency_get (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  GstClockTime latency = self->stream != NULL
      ? self->latency
      : gss_properties_get_latency (&self->settings);
  GST_OBJECT_UNLOCK (self);
  return latency;
}

gboolean
gss_latency_is_inserted (GstSpeakerSaliency *self)
{
  GstObject *top = gst_object_ref (self), *parent;
  while ((parent = gst_object_get_parent (top)) != NULL) {
    gst_object_unref (top);
    top = parent;
  }
  gboolean plays = top != GST_OBJECT_CAST (self) && GST_IS_ELEMENT (top)
      && GST_STATE (top) == GST_STATE_PLAYING;
  gst_object_unref (top);
  return plays;
}

void
gss_latency_announce (GstSpeakerSaliency *self)
{
  GST_OBJECT_LOCK (self);
  gboolean is_news = self->stream != NULL && self->latency != self->answered;
  GST_OBJECT_UNLOCK (self);
  if (!is_news)
    return;
  GST_INFO_OBJECT (self, "the pipeline does not know the latency");
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_latency (GST_OBJECT (self)));
}

void
gss_latency_answer (GstSpeakerSaliency *self, GstQuery *query)
{
  gboolean live;
  GstClockTime min, max, latency = gss_latency_get (self);
  gst_query_parse_latency (query, &live, &min, &max);
  GST_OBJECT_LOCK (self);
  self->answered = latency;
  GST_OBJECT_UNLOCK (self);
  GST_INFO_OBJECT (self,
      "latency %" GST_TIME_FORMAT " beside %" GST_TIME_FORMAT,
      GST_TIME_ARGS (latency), GST_TIME_ARGS (min));
  min += latency;
  if (GST_CLOCK_TIME_IS_VALID (max))
    max += latency;
  gst_query_set_latency (query, live, min, max);
}
