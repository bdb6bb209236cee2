/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report-json.h: an analysis as JSON, written as maps come
 *
 * Settings and stretches are written at once; what is known at the end only, and the values of
 * every frame, wait in temporary files, so that memory does not grow with the recording.
 */
#pragma once

#include "cli/report.h"

typedef struct _CliReportJson CliReportJson;

/**
 * cli_report_json_new:
 * @path: a file, replaced at the end, or "-" for standard output, written as it goes
 * @recording: path of the recording
 * @with_map: whether every frame has the values of its bands
 *
 * Returns: (transfer full) (nullable): a writer, or %NULL and %SAL_ERROR_FILE
 */
CliReportJson *cli_report_json_new (const char *path, const char *recording,
    const CliSession *session, gboolean with_map, GError **error);
void cli_report_json_free (CliReportJson *self); /* NULL is a no-op */

/**
 * cli_report_json_push:
 * @map: the next one, without a hole
 */
void cli_report_json_push (CliReportJson *self, const SalMap *map);

/**
 * cli_report_json_finish:
 * @report: finished
 * @seconds: of the recording
 * @turns: (nullable): the true ones of @report
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean cli_report_json_finish (CliReportJson *self, const CliReport *report, double seconds,
    const GPtrArray *turns, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliReportJson, cli_report_json_free)
