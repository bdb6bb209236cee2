/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "presence.h"

#include <math.h>
#include <string.h>

#define MAX_LLR 30.0f  /* of one frame, before its weight */
#define LEAST 1e-12    /* no state is ever ruled out */

/* States: whether the target is around, then whether such a voice speaks. */
enum { QUIET, RIVAL, WAITING, TARGET, STATES };

struct _SalPresence {
  SalPresenceConfig config;
  double weight;                  /* of a frame */
  double change[STATES][STATES];  /* from, to: between frames */
  double now[STATES];             /* after the last settled frame */
  guint max_frames;
  double (*likelihood)[STATES];   /* of the frame, [max_frames] */
  double (*forward)[STATES];      /* given the past, [max_frames] */
};

void
sal_presence_config_init (SalPresenceConfig *config)
{
  config->prior = 0.03f;
  config->rate = 3;
  config->weight = 5;
  config->around = 1;
  config->memory = 60;
  config->rival = 1.5f;
  config->doubt = 0.08f;
}

/* Of one part: a new state is drawn, with this chance, or the old one stays. */
static double
part_change (double drawn, double prior, guint from, guint to)
{
  return drawn * (to ? prior : 1 - prior) + (1 - drawn) * (from == to);
}

SalPresence *
sal_presence_new (const SalPresenceConfig *config, double period,
    guint max_frames)
{
  SalPresence *self = g_new0 (SalPresence, 1);
  double turns = MIN (config->rate * period, 1);
  double comings = MIN (period / config->memory, 1);
  self->config = *config;
  self->weight = config->weight * period;
  for (guint i = 0; i < STATES; i++)
    for (guint j = 0; j < STATES; j++)
      self->change[i][j] = part_change (turns, config->prior, i & 1, j & 1)
          * part_change (comings, config->around, i >> 1, j >> 1);
  self->max_frames = max_frames;
  self->likelihood = g_malloc_n (max_frames, sizeof *self->likelihood);
  self->forward = g_malloc_n (max_frames, sizeof *self->forward);
  sal_presence_reset (self);
  return self;
}

void
sal_presence_free (SalPresence *self)
{
  if (self == NULL)
    return;
  g_free (self->likelihood);
  g_free (self->forward);
  g_free (self);
}

void
sal_presence_reset (SalPresence *self)
{
  double prior = self->config.prior, around = self->config.around;
  for (guint i = 0; i < STATES; i++)
    self->now[i] = (i & 1 ? prior : 1 - prior)
        * (i >> 1 ? around : 1 - around);
}

/* To a sum of 1. */
static void
normalise (double state[STATES], double least)
{
  double sum = 0;
  for (guint i = 0; i < STATES; i++)
    sum += state[i];
  for (guint i = 0; i < STATES; i++)
    state[i] = MAX (state[i] / sum, least);
}

static void
find_likelihood (const SalPresence *self, float llr, double out[STATES])
{
  double ratio = CLAMP (llr, -MAX_LLR, MAX_LLR);
  out[QUIET] = out[WAITING] = 1;
  out[RIVAL] = exp (self->weight * MIN (ratio, self->config.rival));
  out[TARGET] = exp (self->weight * ratio);
}

static void
go_forward (SalPresence *self, const float *llr, guint n)
{
  const double *before = self->now;
  for (guint t = 0; t < n; t++) {
    double *after = self->forward[t];
    find_likelihood (self, llr[t], self->likelihood[t]);
    for (guint j = 0; j < STATES; j++) {
      after[j] = 0;
      for (guint i = 0; i < STATES; i++)
        after[j] += before[i] * self->change[i][j];
      after[j] *= self->likelihood[t][j];
    }
    normalise (after, LEAST);
    before = after;
  }
}

/* From how well each state explains what comes after frame t, to what comes
 * after the frame before. */
static void
go_backward (const SalPresence *self, guint t, double later[STATES])
{
  double seen[STATES];
  for (guint j = 0; j < STATES; j++)
    seen[j] = self->likelihood[t][j] * later[j];
  for (guint i = 0; i < STATES; i++) {
    later[i] = 0;
    for (guint j = 0; j < STATES; j++)
      later[i] += self->change[i][j] * seen[j];
  }
  normalise (later, 0);
}

void
sal_presence_settle (SalPresence *self, const float *llr, guint n_frames,
    guint n_settled, float *probability)
{
  g_assert (n_settled <= n_frames && n_frames <= self->max_frames);
  if (n_settled == 0)
    return;
  go_forward (self, llr, n_frames);
  double later[STATES] = { 1, 1, 1, 1 };
  for (guint t = n_frames; t-- > 0;) {
    double p[STATES];
    for (guint i = 0; i < STATES; i++)
      p[i] = self->forward[t][i] * later[i];
    normalise (p, 0);
    if (t < n_settled)
      probability[t] = (float) (p[TARGET] + self->config.doubt * p[RIVAL]);
    go_backward (self, t, later);
  }
  memcpy (self->now, self->forward[n_settled - 1], sizeof self->now);
}
