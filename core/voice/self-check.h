/* SPDX-License-Identifier: GPL-2.0-or-later */
/* self-check.h: golden-value check of a model, stage by stage
 *
 * A model file may hold a short sound and, for each stage, some of the values that the training
 * program computed from the sound.  The most common silent failure of speaker networks is a front
 * end with one wrong setting; the check finds it.
 */
#pragma once

#include <saliency/model.h>
#include "network/description.h"

typedef struct {
  const char *stage; /* log_mel, s1 .. s4, embedding, score */
  float difference;  /* largest, relative to the largest magnitude of the stage; absolute for
                         log_mel */
  float tolerance;
} SalSelfCheckStage;

/**
 * sal_self_check_run:
 * @stages: (out caller-allocates): one entry for each stage with golden values
 * @n_stages: (out): number of entries
 *
 * Returns: %TRUE if every stage is within its tolerance; else %FALSE and %SAL_ERROR_MISMATCH, which
 * names the first stage outside, or %SAL_ERROR_DESCRIPTION if the file has no golden values
 */
gboolean sal_self_check_run (SalModel *model, SalSelfCheckStage stages[SAL_GOLDEN_STAGES],
    guint *n_stages, GError **error);
