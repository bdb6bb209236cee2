/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gstspeakersaliency-private.h: fields of the element, for its own files */
#pragma once

#include "enrolment.h"
#include "gstspeakersaliency.h"
#include "target-list.h"
#include "stream.h"

struct _GstSpeakerSaliency {
  GstAudioFilter parent;

  /* each safe for any thread */
  GssTargetList *target_list;
  GssEnrolment *enrolment;
  GssLoadControl *load_control;
  gint settings_changed; /* atomic, so are the next three */
  gint reset_wanted;
  gint mode_unknown;    /* whether upstream is live must be found out */
  gint latency_unknown; /* whether the pipeline knows L must be seen to */

  GMutex loading;      /* held while files are read, never while posting */
  SalModel *preloaded; /* from READY to NULL, so that the file is read once */

  /* protected by the object lock */
  GssProperties settings; /* as set */
  GssProperties in_force; /* as of the last start, and as changed since */
  SalModel *model;        /* from start to stop */
  GstClockTime latency;   /* ns, L, as of the last start; NONE before */
  GstClockTime answered;  /* L as the last LATENCY query was told; 0 before */

  /* as of the last start, before the streaming thread begins */
  GssProcessing processing;
  guint64 hop, budget; /* ns */

  /* of the streaming thread; the pointer also under the object lock */
  GssStream *stream;   /* from start to stop */
  gboolean has_pushed; /* a buffer since the start */
  gint64 qos_time;     /* monotonic, of the last QOS message */
};
