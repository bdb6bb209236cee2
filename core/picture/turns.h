/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turns.h: who truly speaks when
 *
 * A turns file is text, one turn a line: start and end in seconds and a name, with
 * tabs between.  Empty lines and lines that begin with # are left out.
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
 * sal_turns_lanes:
 * @lanes: (out caller-allocates): for each turn a row, so that turns that overlap lie in different
 * rows, [n]
 *
 * Returns: the number of rows
 */
guint sal_turns_lanes (const GPtrArray *turns, guint *lanes);
