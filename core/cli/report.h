/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h: what an analysis found, for people and for programs */
#pragma once

#include <json-glib/json-glib.h>

#include "cli/settings.h"

typedef struct {
  const char *path;
  const CliSession *session;
  double seconds;   /* of the recording */
  GPtrArray *maps;  /* of SalMap */
  GPtrArray *turns; /* of SalTurn; NULL: unknown */
  float *activity;  /* [T], of all maps */
  float *log_odds;  /* [T] */
  guint n_frames;   /* T */
  GArray *segments; /* of CliSegment */
} CliReport;

/**
 * CliSegment:
 *
 * A stretch in which the target speaks: between the frames where a gate with the session's
 * threshold, hysteresis and hold opens and falls below.
 */
typedef struct {
  double start, end;  /* seconds */
  double probability; /* mean over it */
} CliSegment;

/**
 * cli_report_init:
 * @maps: (transfer full)
 * @turns: (transfer full) (nullable)
 */
void cli_report_init (CliReport *self, const char *path, const CliSession *session, double seconds,
    GPtrArray *maps, GPtrArray *turns);
void cli_report_clear (CliReport *self);
void cli_report_print (const CliReport *self);
JsonNode *cli_report_to_json (const CliReport *self); /* (transfer full) */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliReport, cli_report_clear)
