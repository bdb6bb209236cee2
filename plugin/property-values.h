/* SPDX-License-Identifier: GPL-2.0-or-later */
/* property-values.h: the values of the element's properties, and what follows from them */
#pragma once

#include <gst/gst.h>

#include <saliency/analyser.h>
#include <saliency/gate.h>

typedef enum { GSS_MASK_NONE, GSS_MASK_TIME, GSS_MASK_TIME_FREQUENCY } GssMask;
typedef enum { GSS_PROCESSING_AUTO, GSS_PROCESSING_SYNC, GSS_PROCESSING_ASYNC } GssProcessing;
typedef enum { GSS_LATE_PASS, GSS_LATE_MUTE } GssLatePolicy;

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
  PROP_LATE_HOLD,
  PROP_HOLD_TIME, /* the old name of the same */
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
  char *model;    /* path */
  char *target;   /* class name or path; NULL: unset */
  char **targets; /* more of them; NULL: none */
  SalCamConfig cam;
  guint64 hop, lookahead, budget; /* ns */
  GssProcessing processing;
  GssLatePolicy late_policy;
  guint64 late_hold; /* ns */
  guint threads;
  GssMask mask;
  float floor; /* dB */
  float threshold, hysteresis;
  guint64 attack, release, hold; /* ns */
  gboolean solo_removed, bypass;
  guint trust_interval; /* windows */
  gboolean post_messages, message_map, attach_meta;
} GssProperties;

void gss_properties_init (GssProperties *self); /* the defaults */
void gss_properties_copy (GssProperties *self, const GssProperties *from);
void gss_properties_clear (GssProperties *self);

/* The values that may change while playing; targets are not among them */
void gss_properties_copy_live (GssProperties *self, const GssProperties *from);
void gss_properties_copy_targets (GssProperties *self, const GssProperties *from);

/* Whether a property may only change in READY and below */
#define GSS_PROPERTY_WAITS(pspec) (((pspec)->flags & GST_PARAM_MUTABLE_READY) != 0)

/* Whether the values of a property differ */
gboolean gss_properties_differ (const GssProperties *self, const GssProperties *other,
    GParamSpec *pspec, guint prop_id);
char *gss_properties_to_string (const GssProperties *self); /* (transfer full): for the log */

/* FALSE if it is no setting */
gboolean gss_properties_set (GssProperties *self, guint prop_id, const GValue *value);
gboolean gss_properties_get (const GssProperties *self, guint prop_id, GValue *value);

/**
 * gss_properties_get_analyser_config:
 * @mel: front end of the model; times are rounded to its frames
 */
void gss_properties_get_analyser_config (const GssProperties *self, const SalMelConfig *mel,
    SalAnalyserConfig *config);
void gss_properties_get_gate_config (const GssProperties *self, SalGateConfig *config);

/**
 * gss_properties_get_latency:
 *
 * Returns: ns, L, whatever the model and the format are; 0 without a mask
 */
GstClockTime gss_properties_get_latency (const GssProperties *self);
