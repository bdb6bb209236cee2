/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faithfulness-check.h: does the trust meter, of four passes, say what whole curves say?
 *
 * Over trials, the rank correlation of trust.h with the area under the curve of insertion less that
 * of deletion, of 98 passes (deletion.h), of the same map.
 */
#pragma once

#include "eval/deletion.h"

typedef struct {
  EvalConcatenationForm form;
  guint row, n_trials;
  double log_odds;  /* correlation with the difference of areas under log-odds */
  double low, high; /* of its 95 % interval, by Fisher's z; no numbers with less than 4 trials, nor
                       at 1 or -1 */
  double top1;      /* correlation with that under Top-1 */
  double mean;      /* of trust */
} EvalFaithfulnessResult;

GArray *eval_faithfulness_check_rows (
    guint n_trials); /* (transfer full): of EvalDeletionRow: signed Layer-CAM of S4, Layer-CAM of
                        all */

/**
 * eval_faithfulness_check_run:
 * @rows: (element-type EvalDeletionRow): maps only
 * @results: (element-type EvalFaithfulnessResult): form by form, one for each row
 *
 * Returns: %TRUE, or %FALSE and the errors of eval_deletion_run()
 */
gboolean eval_faithfulness_check_run (EvalSpeakerSets *cast, const EvalDeletionConfig *config,
    const GArray *rows, GArray *results, GError **error);
