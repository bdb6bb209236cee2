/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window.h: one window to be computed, and its results
 *
 * A window holds its log-Mel frames, references on the targets and how to compute the map; then the
 * results.  It needs nothing else, so that any thread may work on it.
 */
#pragma once

#include <saliency/types.h>

G_BEGIN_DECLS

/**
 * SalWindow: (skip)
 *
 * A window that sal_analyser_take() gave; one thread at a time.  The analyser owns it and uses it
 * again and again.
 *
 * Since: 0.2
 */
typedef struct _SalWindow SalWindow;

/**
 * sal_window_get_seqnum: (skip)
 * @self: a window
 *
 * Returns: its number, counted from the last reset of the analyser
 *
 * Since: 0.2
 */
SAL_API guint64 sal_window_get_seqnum (const SalWindow *self);

/**
 * sal_window_get_end: (skip)
 * @self: a window
 *
 * Returns: one past its last frame
 *
 * Since: 0.2
 */
SAL_API guint64 sal_window_get_end (const SalWindow *self);

G_END_DECLS
