/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.h: corpus manifest: recordings, their speakers, rooms and sessions
 *
 * A manifest is UTF-8 text with tabs between fields.  The first line names the columns, in any
 * order: path (relative to the manifest, or absolute), speaker, sex (f, m, or u: unknown), source,
 * split, seconds, and optionally room and session.  Other columns are skipped.
 */
#pragma once

#include <saliency/error.h>

/* Recordings of one room and microphone have equal @room, recordings of one sitting equal @session.
 * Without these columns the room is the speaker's name and the session the path before its last
 * number. */
typedef struct {
  char *path; /* ready for opening */
  char *speaker;
  char sex; /* 'f', 'm' or 'u' */
  char *source;
  char *split;
  char *room, *session;
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

/**
 * eval_manifest_load_all:
 * @paths: (array zero-terminated=1): one manifest or more
 *
 * Like eval_manifest_load(), for several manifests in turn.  A speaker or a path in two manifests
 * is the same one.
 */
GPtrArray *eval_manifest_load_all (const char *const *paths, GError **error);
