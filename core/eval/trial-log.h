/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial-log.h: log of trial outcomes, for resumed runs and merged shards
 *
 * The file is a table (tsv.h).  Its note is a JSON object with the settings of the run.  A line is
 * a trial: set, form, trial, A, B, C, X, recordings, and outcomes, numbers with blanks between that
 * read back as the same float32.  Each line is written at once: an interrupted run can resume, and
 * an incomplete last line is dropped.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "eval/concatenation.h"

typedef struct {
  char *set; /* name by eval_speaker_sets_get_set() */
  EvalConcatenationForm form;
  guint number;
  char *who;     /* A, B, C, X and recordings, with tabs between */
  float *values; /* [n_values]; NAN stays NAN */
} EvalTrialLogEntry;

typedef struct _EvalTrialLog EvalTrialLog; /* one thread */

/**
 * eval_trial_log_open:
 * @path: (nullable): a file to write, resumed if it exists; %NULL: no file
 * @settings: (transfer none): an object; its member "command" may differ from the file's
 * @n_values: number of values of a trial, at least 1
 *
 * Returns: (transfer full) (nullable): a log with the trials of the file; or %NULL and
 * %SAL_ERROR_FILE, also if another process writes the file, %SAL_ERROR_FORMAT, or
 * %SAL_ERROR_MISMATCH if the file has other settings
 */
EvalTrialLog *eval_trial_log_open (const char *path, JsonNode *settings, guint n_values,
    GError **error);

/**
 * eval_trial_log_load:
 *
 * Returns: (transfer full) (nullable): a log that writes no file, or %NULL and the errors of
 * eval_trial_log_open()
 */
EvalTrialLog *eval_trial_log_load (const char *path, GError **error);
void eval_trial_log_free (EvalTrialLog *self); /* NULL is a no-op; the file stays */

JsonObject *eval_trial_log_get_settings (const EvalTrialLog *self); /* (transfer none) */
guint eval_trial_log_get_n_values (const EvalTrialLog *self); /* 0: unknown, without a trial */
const GPtrArray *eval_trial_log_get_trials (
    EvalTrialLog *self); /* of EvalTrialLogEntry, sorted by set, number and form */
gboolean eval_trial_log_has (const EvalTrialLog *self, const char *set, EvalConcatenationForm form,
    guint number);

/**
 * eval_trial_log_add:
 * @trial: (transfer none): copied
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE, or %SAL_ERROR_MISMATCH for a repeated trial
 */
gboolean eval_trial_log_add (EvalTrialLog *self, const EvalTrialLogEntry *trial, GError **error);

/**
 * eval_trial_log_merge:
 *
 * Adds the trials of @other.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_MISMATCH if @other has other settings or repeats a trial
 */
gboolean eval_trial_log_merge (EvalTrialLog *self, const EvalTrialLog *other, GError **error);

/**
 * eval_trial_log_check:
 * @n: required number of trials of each form, numbered from 0
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_MISMATCH, which names a missing trial
 */
gboolean eval_trial_log_check (const EvalTrialLog *self, const char *set,
    const EvalConcatenationForm *forms, guint n_forms, guint n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalTrialLog, eval_trial_log_free)
