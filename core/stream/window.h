/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window.h: one window: what is to be computed, and what came of it
 *
 * Its frames, references on the targets and how to compute the map; then the results.  It has all
 * that is needed, so that whoever has it may work on it in any thread.  SalAnalyser owns it and
 * uses it again and again.
 */
#pragma once

#include <saliency/cam.h>

typedef struct _SalWindow SalWindow; /* one thread at a time */

SAL_API guint64 sal_window_get_seqnum (const SalWindow *self); /* k, counted from the last reset */
SAL_API guint64 sal_window_get_end (const SalWindow *self);    /* one past its last frame */
