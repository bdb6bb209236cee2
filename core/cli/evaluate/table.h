/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h: rows of text with tabs between, written as they come
 *
 * The file grows under its name with ".part" behind it, and has its name when it is closed.
 */
#pragma once

#include <saliency/error.h>

typedef struct _CliTable CliTable;

/**
 * cli_table_open:
 * @header: names of the columns, with tabs between
 *
 * Returns: (transfer full) (nullable): a table, or %NULL and %SAL_ERROR_FILE
 */
CliTable *cli_table_open (const char *path, const char *header, GError **error);
void cli_table_free (CliTable *self); /* NULL is a no-op; what was not closed is removed */

/* Part of a row: with the tabs and the newline at its end.  Errors show at the end. */
void cli_table_add (CliTable *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * cli_table_close:
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE if anything could not be written
 */
gboolean cli_table_close (CliTable *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliTable, cli_table_free)
