/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial-log.h: what came out of trials of joins, kept as it comes
 *
 * A file of text with tabs between (tsv.h).  Its note is the settings it was made with, a JSON
 * object; a line is a trial: set, form, trial, A, B, C, X, recordings, outcomes: numbers with
 * blanks between, which are the same float32 when they are read back.  A line is written at once,
 * so that what was interrupted can be gone on with; half a line at the end is dropped.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "eval/concatenation.h"

typedef struct {
  char *set; /* as of eval_speaker_sets_get_set() */
  EvalConcatenationForm form;
  guint number;
  char *who;     /* A, B, C, X and recordings, with tabs between */
  float *values; /* [n_values]; NAN is kept as such */
} EvalTrialLogEntry;

typedef struct _EvalTrialLog EvalTrialLog; /* one thread */

/**
 * eval_trial_log_open:
 * @path: (nullable): a file to write and, if it is there, to go on with; %NULL: none
 * @settings: (transfer none): an object; its member "command" may differ from that in the file
 * @n_values: of a trial, at least 1
 *
 * Returns: (transfer full) (nullable): a ledger with the trials of the file; or %NULL and
 * %SAL_ERROR_FILE, also if another process is writing, %SAL_ERROR_FORMAT, or %SAL_ERROR_MISMATCH if
 * it was made with other settings
 */
EvalTrialLog *eval_trial_log_open (const char *path, JsonNode *settings, guint n_values,
    GError **error);

/**
 * eval_trial_log_load:
 *
 * Returns: (transfer full) (nullable): a ledger that is not written, or %NULL and the errors of
 * eval_trial_log_open()
 */
EvalTrialLog *eval_trial_log_load (const char *path, GError **error);
void eval_trial_log_free (EvalTrialLog *self); /* NULL is a no-op; the file stays */

JsonObject *eval_trial_log_get_settings (const EvalTrialLog *self); /* (transfer none) */
guint eval_trial_log_get_n_values (const EvalTrialLog *self); /* 0: not known, there is no trial */
const GPtrArray *eval_trial_log_get_trials (
    EvalTrialLog *self); /* of EvalTrialLogEntry: by set, number and form */
gboolean eval_trial_log_has (const EvalTrialLog *self, const char *set, EvalConcatenationForm form,
    guint number);

/**
 * eval_trial_log_add:
 * @trial: (transfer none): copied
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE, or %SAL_ERROR_MISMATCH if it is there already
 */
gboolean eval_trial_log_add (EvalTrialLog *self, const EvalTrialLogEntry *trial, GError **error);

/**
 * eval_trial_log_merge:
 *
 * Adds the trials of @other.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_MISMATCH if it was made with other settings or has one
 * of these trials
 */
gboolean eval_trial_log_merge (EvalTrialLog *self, const EvalTrialLog *other, GError **error);

/**
 * eval_trial_log_check:
 * @n: how many trials of each form there should be; numbers from 0 on
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_MISMATCH that names one that is missing
 */
gboolean eval_trial_log_check (const EvalTrialLog *self, const char *set,
    const EvalConcatenationForm *forms, guint n_forms, guint n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalTrialLog, eval_trial_log_free)
