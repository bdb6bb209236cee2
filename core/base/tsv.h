/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tsv.h: reading UTF-8 text with tabs between fields
 *
 * The first line names the columns, in any order; columns that nobody asks for are not read, nor
 * are empty lines. A note may come before: a line that begins with "# ".
 */
#pragma once

#include <saliency/error.h>

/* Fields of one line, in the order asked for; %FALSE and an error ends the reading. */
typedef gboolean (*SalTsvTake) (const char *const *fields, gpointer data, GError **error);

/**
 * sal_tsv_read:
 * @columns: (array length=n_columns): names of those wanted
 * @n_optional: the last so many of them need not be there: their fields are %NULL then
 * @note: (out) (optional) (nullable): the note without its mark, %NULL if there is none; if @note
 * is %NULL there may be none
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE, %SAL_ERROR_FORMAT or the error of @take; the
 * message names path and line
 */
gboolean sal_tsv_read (const char *path, const char *const *columns, guint n_columns,
    guint n_optional, char **note, SalTsvTake take, gpointer data, GError **error);
