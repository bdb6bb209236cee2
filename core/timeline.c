/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timeline.h"

#include <math.h>
#include <string.h>

#include "contrast.h"

/* What is known of one frame. */
typedef struct {
  float weight;   /* sum of h over the windows */
  float log_odds; /* sum of h u */
} Frame;

struct _SalTimeline {
  guint n_bands, capacity;
  SalLinePair lines;
  SalContrast *contrast;
  SalPresence *presence;
  float *llr;      /* of the frames not settled, [capacity] */
  guint64 n_frames, n_settled;
  float *log_odds; /* of a window, column to frames, [capacity] */
  /* rings: frame t is at t % capacity */
  Frame *frames;
  float *log_mel;  /* [capacity, F] */
  float *saliency; /* sum of h S, [capacity, F] */
};

SalTimeline *
sal_timeline_new (guint n_bands, guint capacity, double period,
    const SalLinePair *lines, const SalPresenceConfig *presence)
{
  SalTimeline *self = g_new0 (SalTimeline, 1);
  self->n_bands = n_bands;
  self->capacity = capacity;
  self->lines = *lines;
  self->contrast = sal_contrast_new ();
  self->presence = sal_presence_new (presence, period, capacity);
  self->llr = g_new (float, capacity);
  self->log_odds = g_new (float, capacity);
  self->frames = g_new0 (Frame, capacity);
  self->log_mel = g_new0 (float, (gsize) capacity * n_bands);
  self->saliency = g_new0 (float, (gsize) capacity * n_bands);
  return self;
}

void
sal_timeline_free (SalTimeline *self)
{
  if (self == NULL)
    return;
  sal_contrast_free (self->contrast);
  sal_presence_free (self->presence);
  g_free (self->llr);
  g_free (self->log_odds);
  g_free (self->frames);
  g_free (self->log_mel);
  g_free (self->saliency);
  g_free (self);
}

void
sal_timeline_reset (SalTimeline *self)
{
  self->n_frames = self->n_settled = 0;
  sal_contrast_reset (self->contrast);
  sal_presence_reset (self->presence);
}

static void
clear_frame (SalTimeline *self, guint64 t)
{
  gsize at = t % self->capacity;
  self->frames[at] = (Frame){ 0, 0 };
  memset (self->saliency + at * self->n_bands, 0,
      self->n_bands * sizeof (float));
}

void
sal_timeline_forget (SalTimeline *self)
{
  for (guint64 t = self->n_settled; t < self->n_frames; t++)
    clear_frame (self, t);
  sal_presence_reset (self->presence);
}

void
sal_timeline_set_lines (SalTimeline *self, const SalLinePair *lines)
{
  self->lines = *lines;
}

void
sal_timeline_push_frame (SalTimeline *self, const float *log_mel)
{
  g_assert (self->n_frames - self->n_settled < self->capacity);
  clear_frame (self, self->n_frames);
  memcpy (self->log_mel + self->n_frames % self->capacity * self->n_bands,
      log_mel, self->n_bands * sizeof (float));
  sal_contrast_push (self->contrast, log_mel, self->n_bands);
  self->n_frames++;
}

guint64
sal_timeline_get_n_frames (const SalTimeline *self)
{
  return self->n_frames;
}

guint64
sal_timeline_get_n_settled (const SalTimeline *self)
{
  return self->n_settled;
}

/* [F, n] from the ring. */
static void
gather (const SalTimeline *self, const float *ring, guint64 start, guint n,
    float *out)
{
  for (guint i = 0; i < n; i++) {
    const float *frame = ring + (start + i) % self->capacity * self->n_bands;
    for (guint f = 0; f < self->n_bands; f++)
      out[(gsize) f * n + i] = frame[f];
  }
}

void
sal_timeline_get_window (const SalTimeline *self, guint64 start,
    guint n_frames, float *log_mel)
{
  g_assert (start + n_frames <= self->n_frames
      && self->n_frames - start <= self->capacity);
  gather (self, self->log_mel, start, n_frames, log_mel);
}

void
sal_timeline_add (SalTimeline *self, guint64 start, guint n_frames,
    const float *map, const float *columns, guint n_columns, guint per_column)
{
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

/* The probabilities of frames [settled, until), from all that is known. */
static void
find_presence (SalTimeline *self, guint64 until, float *probability)
{
  guint n = (guint) (self->n_frames - self->n_settled);
  SalLine line = sal_line_pair_at (&self->lines,
      sal_contrast_get (self->contrast));
  for (guint i = 0; i < n; i++) {
    guint64 t = self->n_settled + i;
    self->llr[i] = self->frames[t % self->capacity].weight > 0
        ? line.scale * frame_log_odds (self, t) + line.offset : 0;
  }
  sal_presence_settle (self->presence, self->llr, n,
      (guint) (until - self->n_settled), probability);
}

static void
settle_frame (const SalTimeline *self, guint64 t, SalMap *out, guint i)
{
  gsize at = t % self->capacity;
  const Frame *frame = &self->frames[at];
  const float *saliency = self->saliency + at * self->n_bands;
  if (!(frame->weight > 0)) { /* nobody looked: silence */
    out->activity[i] = 0;
    return;
  }
  float presence = out->activity[i];
  out->log_odds[i] = frame_log_odds (self, t);
  for (guint f = 0; f < self->n_bands; f++) {
    float value = saliency[f] / frame->weight;
    out->saliency[(gsize) f * out->n_frames + i]
        = value * (value > 0 ? presence : 1 - presence);
  }
}

SalMap *
sal_timeline_settle (SalTimeline *self, guint64 until)
{
  until = MIN (until, self->n_frames);
  if (until <= self->n_settled)
    return NULL;
  guint n = (guint) (until - self->n_settled);
  SalMap *out = sal_map_new (self->n_bands, n);
  double sum = 0;
  out->first_frame = self->n_settled;
  gather (self, self->log_mel, self->n_settled, n, out->log_mel);
  find_presence (self, until, out->activity);
  for (guint i = 0; i < n; i++) {
    settle_frame (self, self->n_settled + i, out, i);
    sum += out->activity[i];
  }
  out->probability = (float) (sum / n);
  self->n_settled = until;
  return out;
}
