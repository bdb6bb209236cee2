/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.h: the recordings of a corpus and who speaks in them
 *
 * A manifest is UTF-8 text with tabs between fields.  Its first line names the columns, in
 * any order: path (beside the manifest, or absolute), speaker, sex (f, m, or u: unknown), source,
 * split and seconds, and, if there are any, room and session; others are not read.
 */
#pragma once

#include <saliency/error.h>

/* @room is equal for recordings of one room and microphone, @session for those of one sitting.
 * Without such columns the room is the speaker's name and the session the path before its last
 * number. */
typedef struct {
  char *path; /* that can be opened */
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
 * A path that comes twice with the same speaker and split counts once; else it may not, and a
 * speaker has one sex.
 *
 * Returns: (transfer full) (nullable) (element-type EvalManifestRow): the rows in the order of the
 * file, or %NULL and %SAL_ERROR_FILE or %SAL_ERROR_FORMAT; the message names path and line
 */
GPtrArray *eval_manifest_load (const char *path, GError **error);

/**
 * eval_manifest_load_all:
 * @paths: (array zero-terminated=1): one manifest or more
 *
 * As eval_manifest_load(), of all of them one after the other; a speaker or a path of two manifests
 * is one.
 */
GPtrArray *eval_manifest_load_all (const char *const *paths, GError **error);
