/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.h: input files are never overwritten
 *
 * A call notes every file that it reads: recordings, targets, models, turns, manifests.  No output
 * of the call may take the place of one of them, whether it is named by the same path, by a hard
 * link or by a symbolic link.
 */
#pragma once

#include <saliency/error.h>

/**
 * cli_input_add:
 * @path: (nullable): a file that this call reads; %NULL and what is no file are left out
 */
void cli_input_add (const char *path);

/**
 * cli_is_same_file:
 *
 * Returns: whether two paths lead to one file, or will when it is written
 */
gboolean cli_is_same_file (const char *a, const char *b);

/**
 * cli_output_check:
 *
 * Files are replaced; devices, folders and inputs of the call must not be.
 *
 * "-" is refused: what may go to standard output is not checked here.
 *
 * Returns: %TRUE if @path lies in a folder that can be written to, and is no input, and is a
 * regular file if it is there at all; else %FALSE and %SAL_ERROR_FILE
 */
gboolean cli_output_check (const char *path, GError **error);
