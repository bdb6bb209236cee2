/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thread-team.h: thread pool of a network: work divided among threads
 *
 * All teams of the process share one pool of threads, at most one fewer than the machine has
 * processors; whoever calls works too.  Threads start with the first team larger than one.
 */
#pragma once

#include <glib.h>

typedef struct _SalThreadTeam SalThreadTeam; /* one thread at a time */

/* One unit of the work, with the scratch of the member that does it. */
typedef void (*SalThreadTeamFunc) (gpointer data, guint unit, float *scratch);

/**
 * sal_thread_team_new:
 * @size: members, at least 1; the pool and the machine may give fewer
 * @scratch: floats of each, aligned to 64 bytes
 */
SalThreadTeam *sal_thread_team_new (guint size, gsize scratch);
void sal_thread_team_free (SalThreadTeam *self); /* NULL is a no-op */
guint sal_thread_team_get_size (const SalThreadTeam *self);
gsize sal_thread_team_get_bytes (const SalThreadTeam *self);

/**
 * sal_thread_team_run:
 *
 * Calls @func for every unit below @n_units, in any order, and returns when all are done.
 * No allocation.
 */
void sal_thread_team_run (SalThreadTeam *self, guint n_units, SalThreadTeamFunc func,
    gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalThreadTeam, sal_thread_team_free)
