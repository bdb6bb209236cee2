/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target-list.h: the target speakers of the element, changed at any time by any thread */
#pragma once

#include <gst/gst.h>

#include <saliency/analyser.h>

typedef struct _GssTargetList GssTargetList;

GssTargetList *gss_target_list_new (void);
void gss_target_list_free (GssTargetList *self); /* NULL is a no-op */

/**
 * gss_target_list_load:
 * @first: (nullable): class name or path
 * @others: (nullable): more of them
 * @failed: (out) (optional): the target that @error is about; points into the arguments
 * @repeated: (out) (optional) (nullable): a target that was given twice and counts once; points
 * into the arguments
 *
 * Reads the files in the calling thread; one caller at a time.  A voice that has not changed stays
 * the same SalTarget.
 *
 * Returns: %FALSE and the error of sal_target_load(), or %SAL_ERROR_CONFIG if there are more than
 * %SAL_ANALYSER_MAX_TARGETS; the list is as before then
 */
gboolean gss_target_list_load (GssTargetList *self, SalModel *model, const char *first,
    char *const *others, const char **failed, const char **repeated, GError **error);

/**
 * gss_target_list_take:
 * @targets: (out caller-allocates): [SAL_ANALYSER_MAX_TARGETS], references to be released
 * @n_targets: (out): how many there are
 *
 * Returns: whether they changed since the last call; if not, nothing is written
 */
gboolean gss_target_list_take (GssTargetList *self, SalTarget **targets, guint *n_targets);

/**
 * gss_target_list_new_name:
 * @targets: of which the first @index + 1 are read
 *
 * Returns: (transfer full): a GRefString, the name of target @index, with a number if earlier ones
 * have the same
 */
char *gss_target_list_new_name (SalTarget *const *targets, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssTargetList, gss_target_list_free)
