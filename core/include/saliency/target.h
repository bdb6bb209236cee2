/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h: whom to look for
 *
 * A target is a class of the model or an enrolled voice: a row w_c, of unit length if
 * the model's head is a cosine one, and the class, if any, that it must not be compared
 * with.  Immutable and atomically reference-counted.
 */
#pragma once

#include "voice/cohort.h"
#include <saliency/speaker.h>

typedef struct _SalTarget SalTarget;

/**
 * sal_target_new_class:
 *
 * Returns: (transfer full) (nullable): class @name of @model, or %NULL and %SAL_ERROR_TARGET
 */
SAL_API SalTarget *sal_target_new_class (const SalModel *model, const char *name, GError **error);

/**
 * sal_target_new_speaker:
 *
 * Returns: (transfer full) (nullable): @speaker, or %NULL and %SAL_ERROR_MISMATCH if another model
 * made it, %SAL_ERROR_TARGET if @model has no classes to compare it with, or a linear head, which
 * knows no others
 */
SAL_API SalTarget *sal_target_new_speaker (const SalModel *model, const SalSpeaker *speaker,
    GError **error);

/**
 * sal_target_load:
 * @text: the name of a class of @model; else the path of a .speaker file
 *
 * Returns: (transfer full) (nullable): a target, or %NULL and %SAL_ERROR_TARGET if there is
 * neither, the error of the file, or %SAL_ERROR_MISMATCH if another model made it
 */
SAL_API SalTarget *sal_target_load (const SalModel *model, const char *text, GError **error);

SAL_API SalTarget *sal_target_ref (SalTarget *self);
SAL_API void sal_target_unref (SalTarget *self); /* NULL is a no-op */

SAL_API gboolean sal_target_fits (const SalTarget *self,
    const SalModel *model); /* was it made for @model */
SAL_API const char *sal_target_get_name (const SalTarget *self);
SAL_API const float *sal_target_get_row (const SalTarget *self);            /* w_c, [E] */
SAL_API SalCohortStats sal_target_get_cohort_stats (const SalTarget *self); /* of w_c */
SAL_API int sal_target_get_class (const SalTarget *self); /* -1 for an enrolled voice */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalTarget, sal_target_unref)
