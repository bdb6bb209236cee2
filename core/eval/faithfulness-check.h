/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faithfulness-check.h: the trust meter against deletion and insertion curves
 *
 * Over trials, the rank correlation of the trust in a map (faithfulness.h, four passes) with the
 * area under the insertion curve minus the area under the deletion curve of the same map
 * (deletion.h, 98 passes).
 */
#pragma once

#include "eval/deletion.h"

typedef struct {
  EvalConcatenationForm form;
  guint row, n_trials;
  double log_odds;  /* correlation with the difference of the areas under log-odds */
  double low, high; /* 95 % interval by Fisher's z; NAN for fewer than 4 trials and at 1 and -1 */
  double top1;      /* correlation with the difference of the areas under Top-1 */
  double mean;      /* mean trust */
} EvalFaithfulnessResult;

GArray *eval_faithfulness_check_rows (
    guint n_trials); /* (transfer full): of EvalDeletionRow: signed Layer-CAM of S4, Layer-CAM of
                        all layers */

/**
 * eval_faithfulness_check_run:
 * @rows: (element-type EvalDeletionRow): maps only
 * @results: (element-type EvalFaithfulnessResult): appended form by form, one for each row
 *
 * Returns: %TRUE, or %FALSE and the errors of eval_deletion_run()
 */
gboolean eval_faithfulness_check_run (EvalSpeakerSets *cast, const EvalDeletionConfig *config,
    const GArray *rows, GArray *results, GError **error);
