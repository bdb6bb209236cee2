/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/hmm.h"

#include <math.h>

#define MAX_LLR 30.0f /* of one frame, before its weight */
#define SURE 1e-9     /* no state is ever ruled out */

struct _SalHmm {
  double prior, weight; /* weight: of a frame */
  double enter, leave;  /* probability of either change between frames */
  double speaks;        /* after the last settled frame */
  guint max_frames;
  double *likelihood; /* exp (llr weight), [max_frames] */
  double *forward;    /* P(speaks) given the past, [max_frames] */
};

SalHmm *
sal_hmm_new (const SalHmmConfig *config, double period, guint max_frames)
{
  SalHmm *self = g_new0 (SalHmm, 1);
  double change = MIN (config->rate * period, 1);
  self->prior = config->prior;
  self->weight = config->weight * period;
  self->enter = change * config->prior;
  self->leave = change * (1 - config->prior);
  self->max_frames = max_frames;
  self->likelihood = g_new (double, max_frames);
  self->forward = g_new (double, max_frames);
  sal_hmm_reset (self);
  return self;
}

void
sal_hmm_free (SalHmm *self)
{
  if (self == NULL)
    return;
  g_free (self->likelihood);
  g_free (self->forward);
  g_free (self);
}

void
sal_hmm_reset (SalHmm *self)
{
  self->speaks = self->prior;
}

static void
go_forward (SalHmm *self, const float *llr, guint n)
{
  double speaks = self->speaks;
  for (guint i = 0; i < n; i++) {
    double x = exp (self->weight * CLAMP (llr[i], -MAX_LLR, MAX_LLR));
    speaks = speaks * (1 - self->leave) + (1 - speaks) * self->enter;
    speaks = speaks * x / (speaks * x + 1 - speaks);
    speaks = CLAMP (speaks, SURE, 1 - SURE);
    self->likelihood[i] = x;
    self->forward[i] = speaks;
  }
}

void
sal_hmm_settle (SalHmm *self, const float *llr, guint n_frames, guint n_settled,
    float *probability)
{
  g_assert (n_settled <= n_frames && n_frames <= self->max_frames);
  if (n_settled == 0)
    return;
  go_forward (self, llr, n_frames);
  /* How well either state explains what comes after the frame. */
  double yes = 0.5, no = 0.5;
  for (guint i = n_frames; i-- > 0;) {
    double p = self->forward[i] * yes, q = (1 - self->forward[i]) * no;
    if (i < n_settled)
      probability[i] = (float) (p / (p + q));
    double seen = self->likelihood[i] * yes;
    double before_yes = (1 - self->leave) * seen + self->leave * no;
    double before_no = self->enter * seen + (1 - self->enter) * no;
    yes = before_yes / (before_yes + before_no);
    no = 1 - yes;
  }
  self->speaks = self->forward[n_settled - 1];
}
