/* SPDX-License-Identifier: GPL-2.0-or-later */
/* roster.h: whom the element looks for, changed at any time by any thread */
#pragma once

#include <gst/gst.h>

#include <saliency/analyser.h>

typedef struct _SalRoster SalRoster;

SalRoster *sal_roster_new (void);
void sal_roster_free (SalRoster *self); /* NULL is a no-op */

/**
 * sal_roster_load:
 * @first: (nullable): class name or path
 * @others: (nullable): more of them
 * @failed: (out) (optional): the one that @error is about; points into the arguments
 *
 * Reads the files in the calling thread; one caller at a time.  A voice that has not changed stays the same SalTarget.
 *
 * Returns: %FALSE and the error of sal_target_load(), or %SAL_ERROR_CONFIG if there is none or there are more than
 *   %SAL_ANALYSER_MAX_TARGETS; the roster is as before then
 */
gboolean sal_roster_load (SalRoster *self, SalModel *model, const char *first, char *const *others, const char **failed, GError **error);

/**
 * sal_roster_take:
 * @targets: (out caller-allocates): [SAL_ANALYSER_MAX_TARGETS], references to be released
 *
 * Returns: how many there are, if they changed since the last call; 0 if not
 */
guint sal_roster_take (SalRoster *self, SalTarget **targets);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalRoster, sal_roster_free)
