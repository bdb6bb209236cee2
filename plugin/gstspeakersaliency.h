/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gstspeakersaliency.h: the element speakersaliency */
#pragma once

#include <gst/audio/gstaudiofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_SPEAKER_SALIENCY (gst_speaker_saliency_get_type ())
G_DECLARE_FINAL_TYPE (GstSpeakerSaliency, gst_speaker_saliency, GST, SPEAKER_SALIENCY,
    GstAudioFilter)

GST_ELEMENT_REGISTER_DECLARE (speakersaliency);

G_END_DECLS
