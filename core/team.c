/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "team.h"

struct _SalTeam {
  guint size;
  gsize scratch_size;
  float *scratch; /* [size, scratch_size] */
};

SalTeam *
sal_team_new (guint size, gsize scratch)
{
  SalTeam *self = g_new0 (SalTeam, 1);
  self->size = 1;
  self->scratch_size = (scratch + 15) / 16 * 16;
  self->scratch = g_aligned_alloc0 (MAX (self->size * self->scratch_size, 16), sizeof (float), 64);
  return self;
}

void
sal_team_free (SalTeam *self)
{
  if (self == NULL)
    return;
  g_aligned_free (self->scratch);
  g_free (self);
}

guint
sal_team_get_size (const SalTeam *self)
{
  return self->size;
}

gsize
sal_team_get_bytes (const SalTeam *self)
{
  return self->size * self->scratch_size * sizeof (float);
}

void
sal_team_run (SalTeam *self, guint n_units, SalTeamFunc func, gpointer data)
{
  for (guint unit = 0; unit < n_units; unit++)
    func (data, unit, self->scratch);
}
