/* SPDX-License-Identifier: GPL-2.0-or-later */
/* self-check.h: does this program compute what the model's maker computed?
 *
 * A model file may carry a short sound and, for each stage, some of the values its
 * maker got.  The commonest silent failure with speaker networks is a front end that
 * differs in one setting; this finds it.
 */
#pragma once

#include <saliency/model.h>
#include "network/description.h"

typedef struct {
  const char *stage; /* log_mel, s1 .. s4, embedding, score */
  float difference; /* largest, by the largest magnitude of the stage's values; absolute for log_mel
                     */
  float tolerance;
} SalSelfCheckStage;

/**
 * sal_self_check_run:
 * @stages: (out caller-allocates): one entry for each stage the file has
 * @n_stages: (out): how many
 *
 * Returns: %TRUE if every stage is within its tolerance; else %FALSE and %SAL_ERROR_MISMATCH naming
 * the first stage that is not, or %SAL_ERROR_DESCRIPTION if the file has no golden values
 */
gboolean sal_self_check_run (SalModel *model, SalSelfCheckStage stages[SAL_GOLDEN_STAGES],
    guint *n_stages, GError **error);
