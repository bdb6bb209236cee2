/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tsv.h: tables of tab-separated values in UTF-8
 *
 * The first line names the columns, in any order.  Columns that the caller does not name and empty
 * lines are skipped.  A note, a line that begins with "# ", may come before the first line.
 */
#pragma once

#include <saliency/error.h>

/* Fields of one line, in the order asked for; %FALSE and an error ends the reading. */
typedef gboolean (*SalTsvTake) (const char *const *fields, gpointer data, GError **error);

/**
 * sal_tsv_read:
 * @columns: (array length=n_columns): names of the wanted columns
 * @n_optional: the last @n_optional columns may be absent; their fields are %NULL then
 * @note: (out) (optional) (nullable): the note without its mark, or %NULL; without @note, a file
 * with a note is refused
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE, %SAL_ERROR_FORMAT or the error of @take; the
 * message names path and line
 */
gboolean sal_tsv_read (const char *path, const char *const *columns, guint n_columns,
    guint n_optional, char **note, SalTsvTake take, gpointer data, GError **error);
