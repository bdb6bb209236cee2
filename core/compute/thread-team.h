/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thread-team.h: work divided among threads
 *
 * All teams of the process share one pool of threads, at most one fewer than the machine has processors;
 * whoever calls works too.  Threads start with the first team larger than one.
 */
#pragma once

#include <glib.h>

typedef struct _SalTeam SalTeam; /* one thread at a time */

/* One unit of the work, with the scratch of the member that does it. */
typedef void (*SalTeamFunc) (gpointer data, guint unit, float *scratch);

/**
 * sal_team_new:
 * @size: members, at least 1; the pool and the machine may give fewer
 * @scratch: floats of each, aligned to 64 bytes
 */
SalTeam *sal_team_new (guint size, gsize scratch);
void sal_team_free (SalTeam *self); /* NULL is a no-op */
guint sal_team_get_size (const SalTeam *self);
gsize sal_team_get_bytes (const SalTeam *self);

/**
 * sal_team_run:
 *
 * Calls @func for every unit below @n_units, in any order, and returns when all are done.
 * No allocation.
 */
void sal_team_run (SalTeam *self, guint n_units, SalTeamFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalTeam, sal_team_free)
