/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target-internal.h: what a target is scored with */
#pragma once

#include <saliency/target.h>
#include "voice/cohort.h"

const float *sal_target_get_row (const SalTarget *self);            /* w_c, [E] */
SalCohortStats sal_target_get_cohort_stats (const SalTarget *self); /* of w_c */
int sal_target_get_class (const SalTarget *self);                   /* -1 for an enrolled voice */
