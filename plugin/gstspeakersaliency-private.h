/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gstspeakersaliency-private.h: the element inside: what dataflow.c shares with the rest */
#pragma once

#include "enrolment.h"
#include "gstspeakersaliency.h"
#include "target-list.h"
#include "stream.h"

GST_DEBUG_CATEGORY_EXTERN (speaker_saliency_debug);

struct _GstSpeakerSaliency {
  GstAudioFilter parent;

  /* each safe for any thread */
  GssTargetList *roster;
  GssEnrolment *enrolment;
  GssLoadControl *pace;
  gint settings_changed; /* atomic, so are the next two */
  gint reset_wanted;
  gint mode_unknown; /* whether upstream is live must be found out */

  GMutex loading; /* held while files are read, never while posting */

  /* protected by the object lock */
  GssProperties settings;
  SalModel *model;      /* from start to stop */
  GstClockTime latency; /* ns, L, as of the last start; NONE before */

  /* as of the last start, before the streaming thread begins */
  GssProcessing processing;
  guint64 hop, budget; /* ns */

  /* of the streaming thread; the pointer also under the object lock */
  GssStream *stream;    /* from start to stop */
  GstBuffer *untouched; /* leaves as it is: of a stream played backwards */
  gint64 qos_time;      /* monotonic, of the last QOS message */
};
