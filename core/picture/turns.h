/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turns.h: the true turns of a recording, as diarization is scored with
 *
 * A turns file is UTF-8 text with one turn on a line, in one of two formats:
 *
 *   labels   start and end in seconds and the name of the speaker, with tabs between, as Audacity
 *            exports labels; lines that begin with # are left out
 *   RTTM     Rich Transcription Time Marked: SPEAKER FILE CHANNEL START DURATION <NA> <NA> NAME ..,
 *            all of one FILE; other types of line, and those that begin with ;;, are left out
 */
#pragma once

#include <saliency/error.h>

typedef struct {
  double start; /* seconds */
  double end;   /* seconds, > start */
  char *name;
} SalTurn;

/**
 * sal_turns_load:
 *
 * Returns: (transfer full) (nullable) (element-type SalTurn): the turns in the order of the file,
 * or %NULL and %SAL_ERROR_FILE or %SAL_ERROR_FORMAT; the message names path and line
 */
GPtrArray *sal_turns_load (const char *path, GError **error);

/**
 * sal_turns_list_names:
 *
 * Returns: (transfer full): the names of the speakers, each once, with commas between
 */
char *sal_turns_list_names (const GPtrArray *turns);

gboolean sal_turns_have (const GPtrArray *turns, const char *name); /* a turn of that speaker */

/**
 * sal_turns_lanes:
 * @lanes: (out caller-allocates): for each turn a row, so that turns that overlap lie in different
 * rows, [n]
 *
 * Returns: the number of rows
 */
guint sal_turns_lanes (const GPtrArray *turns, guint *lanes);
