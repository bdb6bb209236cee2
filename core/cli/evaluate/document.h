/* SPDX-License-Identifier: GPL-2.0-or-later */
/* document.h: a report as Markdown and as one HTML file at once
 *
 * Text is plain; pictures are linked in the one and part of the other.
 */
#pragma once

#include <saliency/error.h>

typedef struct _CliDocument CliDocument;

CliDocument *cli_document_new (const char *title,
    const char *folder);                    /* where its files lie, and those of its pictures */
void cli_document_free (CliDocument *self); /* NULL is a no-op */

void cli_document_heading (CliDocument *self, guint level, const char *text); /* 2 .. */
void cli_document_text (CliDocument *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3); /* a paragraph */
void cli_document_item (CliDocument *self, const char *mark,
    const char *text); /* of a list; @mark stands out */

/* A row of a table; the first one has the headings. */
void cli_document_row (CliDocument *self, const char *const *cells, guint n);

/**
 * cli_document_picture:
 * @name: of a PNG file in the folder
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean cli_document_picture (CliDocument *self, const char *name, GError **error);

/**
 * cli_document_save:
 * @name: of the files: .md and .html are added
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean cli_document_save (CliDocument *self, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliDocument, cli_document_free)
