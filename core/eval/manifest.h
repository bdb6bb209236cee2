/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.h: the recordings of a corpus and who speaks in them
 *
 * A manifest is UTF-8 text with tabs between fields.  Its first line names the columns, in
 * any order: path (beside the manifest, or absolute), speaker, sex (f or m), source,
 * split and seconds; others are not read.
 */
#pragma once

#include <saliency/error.h>

typedef struct {
  char *path; /* that can be opened */
  char *speaker;
  char sex; /* 'f' or 'm' */
  char *source;
  char *split;
  double seconds; /* > 0 */
} EvalManifestRow;

/**
 * eval_manifest_load:
 *
 * A path that comes twice with the same speaker and split counts once; else it may not, and a
 * speaker has one sex.
 *
 * Returns: (transfer full) (nullable) (element-type EvalManifestRow): the rows in the order of the
 * file, or %NULL and %SAL_ERROR_FILE or %SAL_ERROR_FORMAT; the message names path and line
 */
GPtrArray *eval_manifest_load (const char *path, GError **error);
