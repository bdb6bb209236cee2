/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.h: the properties of speakersaliency and their values */
#pragma once

#include <gst/gst.h>

#include <saliency/analyser.h>
#include <saliency/gate.h>

typedef enum { SAL_MASK_NONE, SAL_MASK_TIME, SAL_MASK_TIME_FREQUENCY } SalMask;
typedef enum { SAL_PROCESSING_AUTO, SAL_PROCESSING_SYNC, SAL_PROCESSING_ASYNC } SalProcessing;
typedef enum { SAL_LATE_PASS, SAL_LATE_MUTE } SalLatePolicy;

enum {
  PROP_0,
  PROP_MODEL,
  PROP_TARGET,
  PROP_TARGETS,
  PROP_METHOD,
  PROP_LAYERS,
  PROP_FUSION,
  PROP_GAMMA,
  PROP_PERCENTILE,
  PROP_SCORE_FUNCTION,
  PROP_SCORE_CHANNELS,
  PROP_DEGRID,
  PROP_HOP,
  PROP_LOOKAHEAD,
  PROP_BUDGET,
  PROP_PROCESSING,
  PROP_LATE_POLICY,
  PROP_HOLD_TIME,
  PROP_THREADS,
  PROP_MASK,
  PROP_FLOOR,
  PROP_THRESHOLD,
  PROP_HYSTERESIS,
  PROP_ATTACK,
  PROP_RELEASE,
  PROP_HOLD,
  PROP_SOLO_REMOVED,
  PROP_BYPASS,
  PROP_TRUST_INTERVAL,
  PROP_POST_MESSAGES,
  PROP_MESSAGE_MAP,
  PROP_ATTACH_META,
  N_SETTINGS,
  /* what can only be read */
  PROP_STATS = N_SETTINGS,
  PROP_MAX_OBSERVED_DELAY,
  N_PROPS
};

typedef struct {
  char *model;            /* path */
  char *target;           /* class name or path; NULL: unset */
  char **targets;         /* more of them; NULL: none */
  SalCamConfig cam;
  guint64 hop, lookahead, budget; /* ns */
  SalProcessing processing;
  SalLatePolicy late_policy;
  guint64 hold_time;      /* ns */
  guint threads;
  SalMask mask;
  float floor;            /* dB */
  float threshold, hysteresis;
  guint64 attack, release, hold; /* ns */
  gboolean solo_removed, bypass;
  guint trust_interval;   /* windows */
  gboolean post_messages, message_map, attach_meta;
} SalSettings;

void sal_settings_install (GObjectClass *klass); /* all but those that can only be read; marks the types as plugin API */
void sal_settings_init (SalSettings *self);      /* the defaults */
void sal_settings_copy (SalSettings *self, const SalSettings *from);
void sal_settings_clear (SalSettings *self);

/* FALSE if it is no setting */
gboolean sal_settings_set (SalSettings *self, guint prop_id, const GValue *value);
gboolean sal_settings_get (const SalSettings *self, guint prop_id, GValue *value);

/**
 * sal_settings_get_analyser_config:
 * @mel: front end of the model; times are rounded to its frames
 */
void sal_settings_get_analyser_config (const SalSettings *self, const SalMelConfig *mel, SalAnalyserConfig *config);
void sal_settings_get_gate_config (const SalSettings *self, SalGateConfig *config);

/**
 * sal_settings_get_latency:
 *
 * Returns: ns, L, whatever the model and the format are; 0 without a mask
 */
GstClockTime sal_settings_get_latency (const SalSettings *self);
