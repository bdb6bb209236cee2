/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/session-cohort.h"

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "network/geometry.h"
#include "stream/inference.h"
#include "network/model-internal.h"
#include "stream/window-internal.h"
#include "voice/score-internal.h"
#include "voice/target-internal.h"

#define MAX_VOICES 40
#define RIPE_SECONDS 0.6f /* heard for so long a voice counts */
#define SURE 2.0f         /* beyond this, either way, it is decided who it is */
#define STEEP 2.0f        /* how soon beyond it */
#define MAX_LAG 150       /* frames; a window must still show it then */

typedef struct {
  float *sum;        /* of unit directions, [E] */
  float *direction;  /* of unit length, [E] */
  gboolean compared; /* with the cohort, and since: */
  float others;      /* log sum_j e^z_j, whoever is enrolled */
  guint n_columns;
  guint64 last_heard; /* frame */
} Voice;

struct _SalSessionCohort {
  SalModel *model;
  SalScorer *scorer;
  guint E;
  float seconds; /* of a column */
  guint n_voices;
  Voice voices[MAX_VOICES];
  guint lag;     /* frames from one remembered to the window's end */
  guint64 heard; /* frames before are remembered, or never will be */
  /* the window listened to: */
  guint64 start, end;
  guint n_columns, max_columns, per_column;
  float *directions; /* [n_columns, E] */
};

static const SalSessionCohortConfig *
get_config (const SalModel *model)
{
  return &sal_model_get_description (model)->calibration.company;
}

SalSessionCohort *
sal_session_cohort_new (SalModel *model, guint max_columns, guint lookahead)
{
  if (!get_config (model)->known
      || sal_model_get_description (model)->head != SAL_HEAD_COSINE)
    return NULL;
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  SalSessionCohort *self = g_new0 (SalSessionCohort, 1);
  self->model = sal_model_ref (model);
  self->scorer = sal_scorer_new (model);
  self->E = sal_model_get_embedding_size (model);
  self->per_column = sal_model_get_frames_per_column (model);
  self->seconds
      = (float) self->per_column * mel->hop / (float) mel->sample_rate;
  self->max_columns = max_columns;
  self->lag = MAX (MIN (lookahead, MAX_LAG),
      SAL_DENSE_COLUMNS / 2 * self->per_column);
  self->directions = g_new (float, (gsize) max_columns * self->E);
  for (guint v = 0; v < MAX_VOICES; v++) {
    self->voices[v].sum = g_new (float, self->E);
    self->voices[v].direction = g_new (float, self->E);
  }
  return self;
}

void
sal_session_cohort_free (SalSessionCohort *self)
{
  if (self == NULL)
    return;
  for (guint v = 0; v < MAX_VOICES; v++) {
    g_free (self->voices[v].sum);
    g_free (self->voices[v].direction);
  }
  g_free (self->directions);
  sal_scorer_free (self->scorer);
  sal_model_unref (self->model);
  g_free (self);
}

void
sal_session_cohort_reset (SalSessionCohort *self, guint64 from)
{
  if (self == NULL)
    return;
  self->n_voices = 0;
  self->heard = from;
  self->n_columns = 0;
}

static gboolean
is_ripe (const SalSessionCohort *self, const Voice *voice)
{
  return (float) voice->n_columns * self->seconds >= RIPE_SECONDS;
}

guint
sal_session_cohort_get_n_voices (const SalSessionCohort *self)
{
  guint n = 0;
  for (guint v = 0; v < self->n_voices; v++)
    n += is_ripe (self, &self->voices[v]) ? 1 : 0;
  return n;
}

void
sal_session_cohort_listen (SalSessionCohort *self, guint64 start,
    guint n_frames, const float *embeddings, guint n_columns)
{
  g_assert (n_columns <= self->max_columns);
  self->start = start;
  self->end = start + n_frames;
  self->n_columns = n_columns;
  memcpy (self->directions, embeddings,
      (gsize) n_columns * self->E * sizeof (float));
  for (guint j = 0; j < n_columns; j++)
    sal_vector_normalise (self->directions + (gsize) j * self->E, self->E);
}

/* --- judging ------------------------------------------------------------- */

/* Logit and log-odds of the mean of a voice. */
static SalScore
score_voice (SalSessionCohort *self, Voice *voice, const SalTarget *target)
{
  SalScore score = { 0 };
  if (!voice->compared) {
    sal_scorer_score (self->scorer, target, voice->direction, &score);
    voice->others = score.logit - score.log_odds;
    voice->compared = TRUE;
  }
  score.logit = sal_model_get_description (self->model)->head_scale
      * sal_vector_dot (voice->direction, sal_target_get_row (target), self->E);
  score.log_odds = score.logit - voice->others;
  return score;
}

/* l_v + prior */
static float
voice_llr (SalSessionCohort *self, Voice *voice, const SalTarget *target,
    float contrast)
{
  const SalDescription *record = sal_model_get_description (self->model);
  const SalSessionCohortConfig *config = get_config (self->model);
  SalScore score = score_voice (self, voice, target);
  SalLine clean = sal_curve_at (&record->calibration.window.enrolled,
      (double) voice->n_columns * self->seconds);
  SalLinePair lines = sal_description_line_pair (record, config->noisy, clean);
  SalLine line = sal_line_pair_at (&lines, contrast);
  return line.scale * sal_scorer_evidence (self->scorer, target, &score)
      + line.offset + config->prior;
}

/* log (e^a + e^b) */
static double
log_add (double a, double b)
{
  return MAX (a, b) + sal_softplus (-fabs (a - b));
}

void
sal_session_cohort_judge (SalSessionCohort *self, const SalTarget *target,
    float contrast, float *log_odds)
{
  const SalDescription *record = sal_model_get_description (self->model);
  float s = record->head_scale, penalty = get_config (self->model)->penalty;
  const float *row = sal_target_get_row (target);
  double is_target[MAX_VOICES], is_other[MAX_VOICES]; /* log P_v, log Q_v */
  if (sal_target_get_class (target) >= 0)
    return;
  for (guint v = 0; v < self->n_voices; v++) {
    if (!is_ripe (self, &self->voices[v]))
      continue;
    double llr = voice_llr (self, &self->voices[v], target, contrast);
    is_target[v] = -sal_softplus (-STEEP * (llr - SURE));
    is_other[v] = -sal_softplus (STEEP * (llr + SURE));
  }
  for (guint j = 0; j < self->n_columns; j++) {
    const float *e = self->directions + (gsize) j * self->E;
    double ours = s * sal_vector_dot (e, row, self->E),
           theirs = ours - log_odds[j];
    for (guint v = 0; v < self->n_voices; v++) {
      const Voice *voice = &self->voices[v];
      if (!is_ripe (self, voice))
        continue;
      double logit
          = s * sal_vector_dot (e, voice->direction, self->E) - penalty;
      ours = log_add (ours, logit + is_target[v]);
      theirs = log_add (theirs, logit + is_other[v]);
    }
    log_odds[j] = (float) (ours - theirs);
  }
}

/* --- remembering --------------------------------------------------------- */

static void
set_direction (const SalSessionCohort *self, Voice *voice)
{
  memcpy (voice->direction, voice->sum, self->E * sizeof (float));
  sal_vector_normalise (voice->direction, self->E);
  voice->compared = FALSE;
}

/* The voice nearest to a direction, but for one; NULL if there is none or it
 * is further than the least cosine. */
static Voice *
find_nearest (SalSessionCohort *self, const float *direction, float least,
    gboolean ripe, const Voice *except)
{
  Voice *nearest = NULL;
  for (guint v = 0; v < self->n_voices; v++) {
    Voice *voice = &self->voices[v];
    if (voice == except || (ripe && !is_ripe (self, voice)))
      continue;
    float cosine = sal_vector_dot (direction, voice->direction, self->E);
    if (cosine >= least) {
      least = cosine;
      nearest = voice;
    }
  }
  return nearest;
}

/* Whether it can be spared sooner: what counts lasts, the rest goes by age. */
static gboolean
is_less (const SalSessionCohort *self, const Voice *a, const Voice *b)
{
  if (is_ripe (self, a) != is_ripe (self, b))
    return is_ripe (self, b);
  return is_ripe (self, a) ? a->n_columns < b->n_columns
                           : a->last_heard < b->last_heard;
}

/* An empty place, or that of the voice that can best be spared. */
static Voice *
make_room (SalSessionCohort *self)
{
  Voice *least = &self->voices[0];
  if (self->n_voices < MAX_VOICES) {
    least = &self->voices[self->n_voices++];
  } else {
    for (guint v = 1; v < self->n_voices; v++)
      if (is_less (self, &self->voices[v], least))
        least = &self->voices[v];
  }
  least->n_columns = 0;
  memset (least->sum, 0, self->E * sizeof (float));
  return least;
}

/* Two that turned out to be one. */
static void
merge (SalSessionCohort *self, Voice *into, Voice *from)
{
  Voice *last = &self->voices[--self->n_voices];
  sal_vector_add_scaled (into->sum, 1, from->sum, self->E);
  into->n_columns += from->n_columns;
  into->last_heard = MAX (into->last_heard, from->last_heard);
  set_direction (self, into);
  Voice spare = *from;
  *from = *last;
  *last = spare;
}

static void
remember_column (SalSessionCohort *self, const float *direction, guint64 frame)
{
  const SalSessionCohortConfig *config = get_config (self->model);
  Voice *voice = find_nearest (self, direction, config->same, FALSE, NULL);
  if (voice == NULL)
    voice = make_room (self);
  sal_vector_add_scaled (voice->sum, 1, direction, self->E);
  voice->n_columns++;
  voice->last_heard = frame;
  set_direction (self, voice);
  if (!is_ripe (self, voice))
    return;
  Voice *other
      = find_nearest (self, voice->direction, config->merge, TRUE, voice);
  if (other != NULL)
    merge (self, other, voice);
}

void
sal_session_cohort_remember (SalSessionCohort *self)
{
  guint64 settled = self->end > self->lag ? self->end - self->lag : 0;
  for (guint j = 0; j < self->n_columns; j++) {
    guint64 frame = self->start + j * self->per_column + self->per_column / 2;
    if (frame >= self->heard && frame < settled)
      remember_column (self, self->directions + (gsize) j * self->E, frame);
  }
  self->heard = MAX (self->heard, settled);
}

void
sal_session_cohort_judge_window (SalSessionCohort *self, SalWindow *window)
{
  gboolean any = FALSE;
  if (self == NULL)
    return;
  sal_session_cohort_listen (self, window->start, window->n_frames,
      window->embeddings, window->n_columns);
  for (guint i = 0; i < window->targets->len; i++) {
    SalWindowResult *result = &window->results[i];
    if (!result->counts)
      continue;
    sal_session_cohort_judge (self, window->targets->pdata[i], window->contrast,
        result->columns);
    any = TRUE;
  }
  if (any) /* all is finite */
    sal_session_cohort_remember (self);
}
