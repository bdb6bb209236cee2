/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faithfulness-check.h: does the trust meter, of four passes, say what whole curves say?
 *
 * Over trials, the rank correlation of trust.h with the area under the curve of insertion less that of deletion, of 98
 * passes (deletion.h), of the same map.
 */
#pragma once

#include "eval/deletion.h"

typedef struct {
  SalJoinForm form;
  guint row, n_trials;
  double log_odds;  /* correlation with the difference of areas under log-odds */
  double low, high; /* of its 95 % interval, by Fisher's z; no numbers with less than 4 trials, nor at 1 or -1 */
  double top1;      /* correlation with that under Top-1 */
  double mean;      /* of trust */
} SalBeliefResult;

GArray *sal_belief_rows (guint n_trials); /* (transfer full): of SalDeletionRow: signed Layer-CAM of S4, Layer-CAM of all */

/**
 * sal_belief_run:
 * @rows: (element-type SalDeletionRow): maps only
 * @results: (element-type SalBeliefResult): form by form, one for each row
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_deletion_run()
 */
gboolean sal_belief_run (SalCast *cast, const SalDeletionConfig *config, const GArray *rows, GArray *results, GError **error);
