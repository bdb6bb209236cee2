/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h: the speaker to look for
 *
 * A target is a class of the model or an enrolled voice: a row w_c, of unit length if the model's
 * head is a cosine one, and the class, if any, that it must not be compared with.
 */
#pragma once

#include <saliency/speaker.h>

G_BEGIN_DECLS

/**
 * SalTarget:
 *
 * A speaker to look for, for one model.  Immutable and atomically reference-counted; any thread.
 *
 * Since: 0.2
 */
typedef struct _SalTarget SalTarget;

#define SAL_TYPE_TARGET (sal_target_get_type ())
SAL_API GType sal_target_get_type (void);

/**
 * sal_target_new_class:
 * @model: a model with a head
 * @name: name of a class
 * @error: return location for a #GError
 *
 * Returns: (transfer full) (nullable): that class, or %NULL and %SAL_ERROR_TARGET
 *
 * Since: 0.2
 */
SAL_API SalTarget *sal_target_new_class (const SalModel *model, const char *name, GError **error);

/**
 * sal_target_new_speaker:
 * @model: the model that made @speaker, with a cosine head
 * @speaker: an enrolled voice
 * @error: return location for a #GError
 *
 * Returns: (transfer full) (nullable): @speaker as a target, or %NULL and %SAL_ERROR_MISMATCH if
 * another model made it, or %SAL_ERROR_TARGET if @model has no classes to compare it with, or a
 * linear head, which knows no other voices
 *
 * Since: 0.2
 */
SAL_API SalTarget *sal_target_new_speaker (const SalModel *model, const SalSpeaker *speaker,
    GError **error);

/**
 * sal_target_load: (constructor)
 * @model: a model
 * @text: (type filename): the name of a class of @model; else the path of a .speaker file
 * @error: return location for a #GError
 *
 * Returns: (transfer full) (nullable): a target, or %NULL and %SAL_ERROR_TARGET if there is neither
 * class nor file, the error of the file, or %SAL_ERROR_MISMATCH if another model made it
 *
 * Since: 0.2
 */
SAL_API SalTarget *sal_target_load (const SalModel *model, const char *text, GError **error);

/**
 * sal_target_ref: (skip)
 * @self: a target
 *
 * Returns: (transfer full): @self, with one more reference
 *
 * Since: 0.2
 */
SAL_API SalTarget *sal_target_ref (SalTarget *self);

/**
 * sal_target_unref: (skip)
 * @self: (transfer full) (nullable): a target; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_target_unref (SalTarget *self);

/**
 * sal_target_fits:
 * @self: a target
 * @model: a model
 *
 * Returns: whether @self was made for @model
 *
 * Since: 0.2
 */
SAL_API gboolean sal_target_fits (const SalTarget *self, const SalModel *model);

/**
 * sal_target_equal:
 * @self: a target
 * @other: another
 *
 * Returns: whether both are of one model, one name and one voice
 *
 * Since: 0.2
 */
SAL_API gboolean sal_target_equal (const SalTarget *self, const SalTarget *other);

/**
 * sal_target_is_enrolled:
 * @self: a target
 *
 * Returns: %TRUE for an enrolled voice, %FALSE for a class of the model
 *
 * Since: 0.2
 */
SAL_API gboolean sal_target_is_enrolled (const SalTarget *self);

/**
 * sal_target_get_name:
 * @self: a target
 *
 * Returns: (transfer none): its name, for people
 *
 * Since: 0.2
 */
SAL_API const char *sal_target_get_name (const SalTarget *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalTarget, sal_target_unref)

G_END_DECLS
