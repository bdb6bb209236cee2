/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.h: the properties of speakersaliency and their values */
#pragma once

#include <gst/gst.h>

#include "analyser.h"
#include "gate.h"

typedef enum { SAL_MASK_NONE, SAL_MASK_TIME } SalMask;

enum {
  PROP_0,
  PROP_MODEL,
  PROP_TARGET,
  PROP_METHOD,
  PROP_LAYERS,
  PROP_FUSION,
  PROP_GAMMA,
  PROP_SCORE_FUNCTION,
  PROP_DEGRID,
  PROP_SCORE_CHANNELS,
  PROP_PERCENTILE,
  PROP_HOP,
  PROP_LOOKAHEAD,
  PROP_THREADS,
  PROP_MASK,
  PROP_FLOOR,
  PROP_THRESHOLD,
  PROP_ATTACK,
  PROP_RELEASE,
  PROP_HOLD,
  PROP_POST_MESSAGES,
  PROP_MESSAGE_MAP,
  PROP_ATTACH_META,
  N_PROPS
};

typedef struct {
  char *model;            /* path */
  char *target;           /* class name or path; NULL: unset */
  SalCamConfig cam;
  guint64 hop, lookahead; /* ns */
  guint threads;
  SalMask mask;
  float floor;            /* dB */
  float threshold;
  guint64 attack, release, hold; /* ns */
  gboolean post_messages, message_map, attach_meta;
} SalSettings;

void sal_settings_install (GObjectClass *klass); /* and marks the types as plugin API */
void sal_settings_init (SalSettings *self);      /* the defaults */
void sal_settings_copy (SalSettings *self, const SalSettings *from);
void sal_settings_clear (SalSettings *self);

/* FALSE if there is no such property */
gboolean sal_settings_set (SalSettings *self, guint prop_id, const GValue *value);
gboolean sal_settings_get (const SalSettings *self, guint prop_id, GValue *value);

/**
 * sal_settings_get_analyser_config:
 * @mel: front end of the model; times are rounded to its frames
 */
void sal_settings_get_analyser_config (const SalSettings *self, const SalMelConfig *mel, SalAnalyserConfig *config);
void sal_settings_get_gate_config (const SalSettings *self, SalGateConfig *config);
