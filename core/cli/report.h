/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h: the segments in which the target speaks, found and printed as maps come
 *
 * Memory does not grow with the recording, but for the segments and the true turns.
 */
#pragma once

#include "cli/settings.h"

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

typedef struct _CliReport CliReport;

/**
 * cli_report_new:
 * @path: of the recording
 * @session: must outlive the report
 * @turns: (nullable) (element-type SalTurn): the true ones; must outlive the report
 * @print: whether segments and a summary go to standard output
 *
 * Returns: (transfer full): a report without a frame
 */
CliReport *cli_report_new (const char *path, const CliSession *session, const GPtrArray *turns,
    gboolean print);
void cli_report_free (CliReport *self); /* NULL is a no-op */

/**
 * cli_report_push:
 * @map: the next one, without a hole
 */
void cli_report_push (CliReport *self, const SalMap *map);

/**
 * cli_report_finish:
 * @seconds: of the recording
 *
 * Ends the last segment and prints the summary.
 */
void cli_report_finish (CliReport *self, double seconds);

const GArray *cli_report_get_segments (const CliReport *self); /* of CliSegment */

/**
 * cli_report_get_turn:
 *
 * Returns: the mean probability over a true turn
 */
double cli_report_get_turn (const CliReport *self, guint index);

/* Frame t stands for the hop around its centre, which begins here, in seconds. */
double cli_report_frame_start (const CliSession *session, guint64 t);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliReport, cli_report_free)
