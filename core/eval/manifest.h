/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.h: corpus manifest: recordings and their speakers
 *
 * A manifest is UTF-8 text with tabs between fields.  The first line names the columns, in any
 * order: path (relative to the manifest, or absolute), speaker, sex (f or m), source, split and
 * seconds. Other columns are skipped.
 */
#pragma once

#include <saliency/error.h>

typedef struct {
  char *path; /* ready for opening */
  char *speaker;
  char sex; /* 'f' or 'm' */
  char *source;
  char *split;
  double seconds; /* > 0 */
} EvalManifestRow;

/**
 * eval_manifest_load:
 *
 * A repeated path with the same speaker and split counts once; a path with two speakers or splits
 * is an error, as is a speaker with two sexes.
 *
 * Returns: (transfer full) (nullable) (element-type EvalManifestRow): the rows in the order of the
 * file, or %NULL and %SAL_ERROR_FILE or %SAL_ERROR_FORMAT; the message names path and line
 */
GPtrArray *eval_manifest_load (const char *path, GError **error);
