/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/timeline.h"

#include <math.h>
#include <string.h>

#include "stream/hmm.h"

/* Evidence for one frame. */
typedef struct {
  float weight;   /* sum of h over the windows */
  float log_odds; /* sum of h u */
} Frame;

struct _SalTimeline {
  guint n_bands, capacity;
  SalLinePair lines;
  SalHmm *hmm;
  float *llr; /* of the frames not settled, [capacity] */
  guint64 n_settled;
  guint64 n_known; /* one past the last settled frame with evidence, or 0 */
  float last;      /* its probability */
  float *log_odds; /* of a window, column to frames, [capacity] */
  /* rings: frame t is at t % capacity; zeros unless a window held it */
  Frame *frames;
  float *saliency; /* sum of h S, [capacity, F] */
};

SalTimeline *
sal_timeline_new (guint n_bands, guint capacity, double period,
    const SalLinePair *lines, const SalHmmConfig *hmm)
{
  SalTimeline *self = g_new0 (SalTimeline, 1);
  self->n_bands = n_bands;
  self->capacity = capacity;
  self->lines = *lines;
  self->hmm = sal_hmm_new (hmm, period, capacity);
  self->llr = g_new (float, capacity);
  self->log_odds = g_new (float, capacity);
  self->frames = g_new0 (Frame, capacity);
  self->saliency = g_new0 (float, (gsize) capacity *n_bands);
  return self;
}

void
sal_timeline_free (SalTimeline *self)
{
  if (self == NULL)
    return;
  sal_hmm_free (self->hmm);
  g_free (self->llr);
  g_free (self->log_odds);
  g_free (self->frames);
  g_free (self->saliency);
  g_free (self);
}

void
sal_timeline_reset (SalTimeline *self, guint64 first)
{
  gsize size = (gsize) self->capacity * self->n_bands;
  memset (self->frames, 0, self->capacity * sizeof (Frame));
  memset (self->saliency, 0, size * sizeof (float));
  sal_hmm_reset (self->hmm);
  self->n_settled = first;
  self->n_known = 0;
}

void
sal_timeline_set_lines (SalTimeline *self, const SalLinePair *lines)
{
  self->lines = *lines;
}

guint64
sal_timeline_get_n_settled (const SalTimeline *self)
{
  return self->n_settled;
}

void
sal_timeline_add (SalTimeline *self, guint64 start, guint n_frames,
    const float *map, const float *columns, guint n_columns, guint per_column)
{
  g_assert (start + n_frames <= self->n_settled + self->capacity);
  sal_map_resize (columns, 1, n_columns, self->log_odds, 1, n_frames, 1,
      1.0f / (float) per_column);
  for (guint i = 0; i < n_frames; i++) {
    guint64 t = start + i;
    if (t < self->n_settled)
      continue;
    gsize at = t % self->capacity;
    float *saliency = self->saliency + at * self->n_bands;
    float h = 0.54f
        - 0.46f * cosf (2 * (float) G_PI * ((float) i + 0.5f) / n_frames);
    self->frames[at].weight += h;
    self->frames[at].log_odds += h * self->log_odds[i];
    for (guint f = 0; map != NULL && f < self->n_bands; f++)
      saliency[f] += h * map[(gsize) f * n_frames + i];
  }
}

static float
frame_log_odds (const SalTimeline *self, guint64 t)
{
  const Frame *frame = &self->frames[t % self->capacity];
  return frame->log_odds / frame->weight;
}

/* The probabilities of frames [settled, until), from all evidence. */
static void
find_probability (SalTimeline *self, const SalSettling *how, float *probability)
{
  guint n = (guint) (how->known - self->n_settled);
  SalLine line = sal_line_pair_at (&self->lines, how->contrast);
  for (guint i = 0; i < n; i++) {
    guint64 t = self->n_settled + i;
    self->llr[i] = self->frames[t % self->capacity].weight > 0
        ? line.scale * frame_log_odds (self, t) + line.offset
        : 0;
  }
  sal_hmm_settle (self->hmm, self->llr, n,
      (guint) (how->until - self->n_settled), probability);
}

/* The probability of a frame that no window held. */
static float
guess (const SalTimeline *self, guint64 t, const SalSettling *how)
{
  if (!how->late)
    return 0; /* no window was wanted: silence */
  return self->n_known > 0 && t < self->n_known + how->hold ? self->last
                                                            : how->rest;
}

static void
settle_frame (SalTimeline *self, guint64 t, const SalSettling *how, SalMap *out,
    guint i)
{
  gsize at = t % self->capacity;
  Frame *frame = &self->frames[at];
  float *saliency = self->saliency + at * self->n_bands;
  if (!(frame->weight > 0)) {
    out->activity[i] = guess (self, t, how);
  } else {
    float probability = out->activity[i];
    out->log_odds[i] = frame_log_odds (self, t);
    for (guint f = 0; f < self->n_bands; f++) {
      float value = saliency[f] / frame->weight;
      out->saliency[(gsize) f * out->n_frames + i]
          = value * (value > 0 ? probability : 1 - probability);
    }
  }
  if (frame->weight > 0 || !how->late) {
    self->n_known = t + 1;
    self->last = out->activity[i];
  }
  *frame = (Frame){ 0, 0 }; /* the place of a frame to come */
  memset (saliency, 0, self->n_bands * sizeof (float));
}

SalMap *
sal_timeline_settle (SalTimeline *self, const SalFrameRing *ring,
    const SalSettling *how)
{
  if (how->until <= self->n_settled)
    return NULL;
  g_assert (how->until <= how->known
      && how->known <= self->n_settled + self->capacity);
  guint n = (guint) (how->until - self->n_settled);
  SalMap *out = sal_map_new (self->n_bands, n);
  double sum = 0;
  out->first_frame = self->n_settled;
  if (ring != NULL)
    sal_frame_ring_get_frames (ring, self->n_settled, n, out->log_mel);
  find_probability (self, how, out->activity);
  for (guint i = 0; i < n; i++) {
    settle_frame (self, self->n_settled + i, how, out, i);
    sum += out->activity[i];
  }
  out->probability = (float) (sum / n);
  self->n_settled = how->until;
  return out;
}
