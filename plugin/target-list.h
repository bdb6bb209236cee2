/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target-list.h: whom the element looks for, changed at any time by any thread */
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
 * @failed: (out) (optional): the one that @error is about; points into the arguments
 *
 * Reads the files in the calling thread; one caller at a time.  A voice that has not changed stays
 * the same SalTarget.
 *
 * Returns: %FALSE and the error of sal_target_load(), or %SAL_ERROR_CONFIG if there is none or
 * there are more than %SAL_ANALYSER_MAX_TARGETS; the roster is as before then
 */
gboolean gss_target_list_load (GssTargetList *self, SalModel *model, const char *first,
    char *const *others, const char **failed, GError **error);

/**
 * gss_target_list_take:
 * @targets: (out caller-allocates): [SAL_ANALYSER_MAX_TARGETS], references to be released
 *
 * Returns: how many there are, if they changed since the last call; 0 if not
 */
guint gss_target_list_take (GssTargetList *self, SalTarget **targets);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssTargetList, gss_target_list_free)
