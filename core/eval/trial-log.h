/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial-log.h: what came out of trials of joins, kept as it comes
 *
 * A file of text with tabs between (tsv.h).  Its note is the settings it was made with, a JSON object; a line is a trial:
 * set, form, trial, A, B, C, X, recordings, outcomes: numbers with blanks between, which are the same float32 when they are
 * read back.  A line is written at once, so that what was interrupted can be gone on with; half a line at the end is
 * dropped.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "eval/concatenation.h"

typedef struct {
  char *set;      /* as of sal_cast_get_set() */
  SalJoinForm form;
  guint number;
  char *who;      /* A, B, C, X and recordings, with tabs between */
  float *values;  /* [n_values]; NAN is kept as such */
} SalLedgerTrial;

typedef struct _SalLedger SalLedger; /* one thread */

/**
 * sal_ledger_open:
 * @path: (nullable): a file to write and, if it is there, to go on with; %NULL: none
 * @settings: (transfer none): an object; its member "command" may differ from that in the file
 * @n_values: of a trial, at least 1
 *
 * Returns: (transfer full) (nullable): a ledger with the trials of the file; or %NULL and %SAL_ERROR_FILE, also if
 *   another process is writing, %SAL_ERROR_FORMAT, or %SAL_ERROR_MISMATCH if it was made with other settings
 */
SalLedger *sal_ledger_open (const char *path, JsonNode *settings, guint n_values, GError **error);

/**
 * sal_ledger_load:
 *
 * Returns: (transfer full) (nullable): a ledger that is not written, or %NULL and the errors of sal_ledger_open()
 */
SalLedger *sal_ledger_load (const char *path, GError **error);
void sal_ledger_free (SalLedger *self); /* NULL is a no-op; the file stays */

JsonObject *sal_ledger_get_settings (const SalLedger *self); /* (transfer none) */
guint sal_ledger_get_n_values (const SalLedger *self); /* 0: not known, there is no trial */
const GPtrArray *sal_ledger_get_trials (SalLedger *self); /* of SalLedgerTrial: by set, number and form */
gboolean sal_ledger_has (const SalLedger *self, const char *set, SalJoinForm form, guint number);

/**
 * sal_ledger_add:
 * @trial: (transfer none): copied
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE, or %SAL_ERROR_MISMATCH if it is there already
 */
gboolean sal_ledger_add (SalLedger *self, const SalLedgerTrial *trial, GError **error);

/**
 * sal_ledger_merge:
 *
 * Adds the trials of @other.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_MISMATCH if it was made with other settings or has one of these trials
 */
gboolean sal_ledger_merge (SalLedger *self, const SalLedger *other, GError **error);

/**
 * sal_ledger_check:
 * @n: how many trials of each form there should be; numbers from 0 on
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_MISMATCH that names one that is missing
 */
gboolean sal_ledger_check (const SalLedger *self, const char *set, const SalJoinForm *forms, guint n_forms, guint n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalLedger, sal_ledger_free)
