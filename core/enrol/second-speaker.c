/* SPDX-License-Identifier: GPL-2.0-or-later */
/* second-speaker.c: second-speaker detection in an enrolment */
#include "enrol/second-speaker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compute/vector.h"
#include "voice/cohort.h"
#include "network/geometry.h"
#include "network/model-internal.h"
#include "signal/speech-activity.h"

#define STRETCH_SECONDS 1.6
#define GUARD_SECONDS 0.3 /* cells at this distance share sound */
#define REST_SECONDS 3.0  /* least speech to compare a stretch with */
#define MIN_SPEECH 0.5    /* least part of a stretch */
#define NEIGHBOUR_STEP 4  /* stretches from one neighbour to the next */
#define NEIGHBOURS 1000   /* largest number of neighbours */
#define LIKEST 5          /* the most similar fifth of the neighbours counts */
#define MIN_COHORT 30
#define PASSES 5
#define STARTS 20 /* of the 2-means clustering */
#define ROUNDS 10

/* Limits of z: with the most similar stretches, with the rest, and between the
 * two clusters of a split.  They were chosen on recordings of 20 s of nine
 * voices unknown to the models, development speakers of models/corpus.py.
 * Recordings below a limit, for the full model: 9 of 234 of one voice, 198 of
 * 234 with 2 s of another voice, 6 of 112 with 2 to 5 s of another session of
 * the same voice; for a model of half width, on five of the voices, 2 of 126
 * and 101 of 125.  Voices differ much: none of 26 to 5 of 26. */
#define LIKEST_LIMIT 4.7f
#define REST_LIMIT 3.8f
#define SPLIT_LIMIT 4.0f

typedef struct {
  gsize first;
  const SalCells *recording;
  SalCohortStats cohort;
  float margin; /* to the nearer limit; below 0: a second voice */
} Stretch;

typedef struct {
  const SalModel *model;
  const float *cells;
  gsize n_cells;
  guint E;
  gsize length, guard; /* cells */
  double cell_seconds;
  float *weights;    /* speech in each cell, [n_cells] */
  float *directions; /* of the stretches, [n, E] */
  GArray *stretches; /* stretches with enough speech */
  guint step;        /* stretches from one neighbour to the next */
  gboolean *foreign;
} Search;

static void
search_clear (Search *self)
{
  g_free (self->weights);
  g_free (self->directions);
  g_clear_pointer (&self->stretches, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

/* sum += sign * the cells of [first, last) that are not foreign.  Returns:
 * their speech, in cells */
static double
add_cells (const Search *self, gsize first, gsize last, float sign, float *sum)
{
  double speech = 0;
  for (gsize c = first; c < last; c++)
    if (!self->foreign[c]) {
      sal_vector_add_scaled (sum, sign, self->cells + c * self->E, self->E);
      speech += self->weights[c];
    }
  return speech;
}

/* Cohort statistics of a direction. */
static SalCohortStats
meet_cohort (const Search *self, const float *direction)
{
  guint N = sal_model_get_n_classes (self->model);
  g_autofree float *cosines = g_new (float, 2 * (gsize) N);
  const float *rows = sal_model_get_rows (self->model);
  for (guint j = 0; j < N; j++)
    cosines[j]
        = sal_vector_dot (rows + (gsize) j * self->E, direction, self->E);
  return sal_cohort_stats (self->model, cosines, -1, cosines + N);
}

static void
list_stretches (Search *self, const SalCells *recordings, guint n_recordings)
{
  self->stretches = g_array_new (FALSE, FALSE, sizeof (Stretch));
  self->directions = g_new (float, self->n_cells * self->E);
  for (guint r = 0; r < n_recordings; r++) {
    const SalCells *recording = &recordings[r];
    gsize end = recording->first + recording->n;
    for (gsize c = recording->first; c + self->length <= end; c++) {
      Stretch stretch = { .first = c, .recording = recording };
      float *direction
          = self->directions + (gsize) self->stretches->len * self->E;
      memset (direction, 0, self->E * sizeof (float));
      double speech = add_cells (self, c, c + self->length, 1, direction);
      if (speech < MIN_SPEECH * (double) self->length
          || sal_vector_normalise (direction, self->E) <= 0)
        continue;
      stretch.cohort = meet_cohort (self, direction);
      g_array_append_val (self->stretches, stretch);
    }
  }
  self->step = MAX (NEIGHBOUR_STEP, self->stretches->len / NEIGHBOURS + 1);
}

/* --- two clusters -------------------------------------------------------- */

/* 2-means clustering: two directions, [2, E], each stretch with the nearer. */
typedef struct {
  float *means;
  float *cosines;   /* [2, n] */
  gboolean *second; /* [n] */
  guint n, n_second;
} Split;

static Split *
split_new (guint n, guint E)
{
  Split *self = g_new0 (Split, 1);
  self->means = g_new0 (float, 2 * (gsize) E);
  self->cosines = g_new (float, 2 * (gsize) n);
  self->second = g_new0 (gboolean, n);
  self->n = n;
  return self;
}

static void
split_free (Split *self)
{
  g_free (self->means);
  g_free (self->cosines);
  g_free (self->second);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Split, split_free)

/* Assigns each stretch to the nearer mean.  Returns: the mean cosine with it */
static double
assign (const Search *self, Split *split)
{
  double sum = 0;
  split->n_second = 0;
  for (guint k = 0; k < 2; k++)
    for (guint i = 0; i < split->n; i++)
      split->cosines[k * split->n + i]
          = sal_vector_dot (self->directions + (gsize) i * self->E,
              split->means + k * self->E, self->E);
  for (guint i = 0; i < split->n; i++) {
    const float *y = split->cosines + i;
    split->second[i] = y[split->n] > y[0];
    split->n_second += split->second[i];
    sum += MAX (y[0], y[split->n]);
  }
  return sum / split->n;
}

/* Means of the clusters; FALSE if one cluster is empty. */
static gboolean
update (const Search *self, Split *split)
{
  if (split->n_second == 0 || split->n_second == split->n)
    return FALSE;
  memset (split->means, 0, 2 * self->E * sizeof (float));
  for (guint i = 0; i < split->n; i++)
    sal_vector_add_scaled (split->means + (split->second[i] ? self->E : 0), 1,
        self->directions + (gsize) i * self->E, self->E);
  return sal_vector_normalise (split->means, self->E) > 0
      && sal_vector_normalise (split->means + self->E, self->E) > 0;
}

/* 2-means clustering that starts from one stretch and the mean of all. */
static double
split_from (const Search *self, Split *split, guint start)
{
  memset (split->means, 0, self->E * sizeof (float));
  for (guint i = 0; i < split->n; i++)
    sal_vector_add_scaled (split->means, 1,
        self->directions + (gsize) i * self->E, self->E);
  sal_vector_normalise (split->means, self->E);
  memcpy (split->means + self->E, self->directions + (gsize) start * self->E,
      self->E * sizeof (float));
  double fit = assign (self, split);
  for (guint i = 0; i < ROUNDS && update (self, split); i++)
    fit = assign (self, split);
  return fit;
}

/* A second voice with much speech resembles itself elsewhere.  The best split
 * of the stretches into two clusters is therefore tried first: if the clusters
 * are as far apart as two voices, the cells of the smaller cluster start as
 * foreign. The cohort statistics are those of the larger cluster. */
static void
split_voices (Search *self)
{
  guint n = self->stretches->len, best = 0;
  if (n < 2)
    return;
  double most = -1;
  g_autoptr (Split) split = split_new (n, self->E);
  for (guint k = 0; k < MIN (STARTS, n); k++) {
    guint start = (guint) ((guint64) k * (n - 1) / (MIN (STARTS, n) - 1));
    double fit = split_from (self, split, start);
    if (fit > most) {
      most = fit;
      best = start;
    }
  }
  split_from (self, split, best);
  gboolean smaller = split->n_second <= n / 2;
  const float *larger = split->means + (smaller ? 0 : self->E);
  float y = sal_vector_dot (split->means, split->means + self->E, self->E);
  SalCohortStats cohort = meet_cohort (self, larger);
  if (split->n_second == 0 || split->n_second == n
      || (y - cohort.mean) / cohort.deviation >= SPLIT_LIMIT)
    return;
  for (guint i = 0; i < n; i++)
    if ((split->second[i] != FALSE) == smaller)
      self->foreign[g_array_index (self->stretches, Stretch, i).first
          + self->length / 2]
          = TRUE;
}

/* --- stretches ----------------------------------------------------------- */

static int
highest_first (gconstpointer a, gconstpointer b)
{
  float x = *(const float *) a, y = *(const float *) b;
  return x > y ? -1 : x < y;
}

/* Sorts the cosines.  Returns: the mean of the highest fifth */
static float
mean_of_highest (float *cosines, guint n)
{
  guint n_highest = MAX (1, n / LIKEST);
  double sum = 0;
  qsort (cosines, n, sizeof (float), highest_first);
  for (guint i = 0; i < n_highest; i++)
    sum += cosines[i];
  return (float) (sum / n_highest);
}

static Stretch *
get_stretch (const Search *self, guint i)
{
  return &g_array_index (self->stretches, Stretch, i);
}

static float
normalise (const Stretch *self, float cosine)
{
  return (cosine - self->cohort.mean) / self->cohort.deviation;
}

static guint
n_neighbours (const Search *self)
{
  return (self->stretches->len + self->step - 1) / self->step;
}

/* Whether a neighbour holds no foreign cell, [n_neighbours]. */
static gboolean *
find_pure (const Search *self)
{
  guint n = n_neighbours (self);
  gboolean *pure = g_new (gboolean, n);
  for (guint k = 0; k < n; k++)
    pure[k] = sal_speech_activity_count (self->foreign
                      + get_stretch (self, k * self->step)->first,
                  self->length)
        == 0;
  return pure;
}

static gboolean
are_near (const Search *self, const Stretch *a, const Stretch *b)
{
  gsize apart = MAX (a->first, b->first) - MIN (a->first, b->first);
  return a->recording == b->recording && apart < self->length + self->guard;
}

/* Mean cosine of stretch i with its most similar neighbours; 1 without any. */
static float
meet_likest (const Search *self, guint i, const gboolean *pure, float *cosines)
{
  const Stretch *s = get_stretch (self, i);
  guint n = n_neighbours (self), n_met = 0;
  for (guint k = 0; k < n; k++)
    cosines[k]
        = sal_vector_dot (self->directions + (gsize) k * self->step * self->E,
            self->directions + (gsize) i * self->E, self->E);
  for (guint k = 0; k < n; k++)
    if (pure[k] && !are_near (self, s, get_stretch (self, k * self->step)))
      cosines[n_met++] = cosines[k];
  return n_met > 0 ? mean_of_highest (cosines, n_met) : 1;
}

/* Subtracts a stretch and its surroundings from the sum of all.  Returns: their
 * speech, in cells */
static double
leave_out (const Search *self, const Stretch *s, float *sum)
{
  gsize begin = s->recording->first, end = begin + s->recording->n;
  gsize from = MAX (s->first, begin + self->guard) - self->guard;
  gsize to = MIN (s->first + self->length + self->guard, end);
  return add_cells (self, from, to, -1, sum);
}

/* Compares every stretch with its most similar neighbours and with all the
 * rest, and marks stretches below a limit. */
static void
judge (Search *self, gboolean *marked)
{
  g_autofree float *total = g_new0 (float, self->E);
  g_autofree float *rest = g_new (float, self->E);
  g_autofree gboolean *pure = find_pure (self);
  g_autofree float *cosines = g_new (float, n_neighbours (self));
  double all = add_cells (self, 0, self->n_cells, 1, total);
  memset (marked, 0, self->n_cells * sizeof (gboolean));
  for (guint i = 0; i < self->stretches->len; i++) {
    Stretch *s = get_stretch (self, i);
    memcpy (rest, total, self->E * sizeof (float));
    double speech = all - leave_out (self, s, rest);
    s->margin = INFINITY;
    if (speech * self->cell_seconds < REST_SECONDS
        || sal_vector_normalise (rest, self->E) <= 0)
      continue;
    float likest = meet_likest (self, i, pure, cosines);
    float y = sal_vector_dot (self->directions + (gsize) i * self->E, rest,
        self->E);
    s->margin = MIN (normalise (s, likest) - LIKEST_LIMIT,
        normalise (s, y) - REST_LIMIT);
    for (gsize c = 0; s->margin < 0 && c < self->length; c++)
      marked[s->first + c] = TRUE;
  }
}

static double
speech_of (const Search *self, const gboolean *flags)
{
  double sum = 0;
  for (gsize c = 0; c < self->n_cells; c++)
    sum += flags[c] ? self->weights[c] : 0;
  return sum;
}

/* Marks until nothing changes, or the second voice would have most speech. */
static void
separate (Search *self)
{
  gsize size = self->n_cells * sizeof (gboolean);
  g_autofree gboolean *marked = g_new (gboolean, self->n_cells);
  double half = 0;
  for (gsize c = 0; c < self->n_cells; c++)
    half += 0.5 * self->weights[c];
  split_voices (self);
  for (guint pass = 0; pass < PASSES; pass++) {
    judge (self, marked);
    if (speech_of (self, marked) > half
        || memcmp (marked, self->foreign, size) == 0)
      return;
    memcpy (self->foreign, marked, size);
  }
}

/* Lowest margin of the stretches that begin in a run. */
static float
lowest (const Search *self, SalCells run)
{
  float margin = INFINITY;
  for (guint i = 0; i < self->stretches->len; i++) {
    const Stretch *s = get_stretch (self, i);
    if (s->first >= run.first && s->first < run.first + run.n)
      margin = MIN (margin, s->margin);
  }
  return margin;
}

static gboolean
nearer (const Search *self, gsize cell, const float *a, const float *b)
{
  const float *x = self->cells + cell * self->E;
  return sal_vector_dot (x, a, self->E) > sal_vector_dot (x, b, self->E);
}

/* Marking takes whole stretches.  The ends of a run go back to `voice` where
 * they are nearer to it than to the mean of the run. */
static SalCells
trim (const Search *self, SalCells run, const float *voice)
{
  gsize first = run.first, last = run.first + run.n;
  g_autofree float *mean = g_new0 (float, self->E);
  for (gsize c = first; c < last; c++)
    sal_vector_add_scaled (mean, 1, self->cells + c * self->E, self->E);
  sal_vector_normalise (mean, self->E);
  while (last - first > 1 && !nearer (self, first, mean, voice))
    self->foreign[first++] = FALSE;
  while (last - first > 1 && !nearer (self, last - 1, mean, voice))
    self->foreign[--last] = FALSE;
  return (SalCells){ first, last - first };
}

/* Trims every run and finds the one that differs most.  Returns: FALSE if there
 * is none */
static gboolean
trim_runs (const Search *self, const SalCells *recordings, guint n_recordings,
    SalCells *where)
{
  float worst = 0;
  gboolean any = FALSE;
  g_autofree float *voice = g_new0 (float, self->E);
  add_cells (self, 0, self->n_cells, 1, voice);
  sal_vector_normalise (voice, self->E);
  for (guint r = 0; r < n_recordings; r++) {
    gsize end = recordings[r].first + recordings[r].n;
    for (gsize c = recordings[r].first, next; c < end; c = next) {
      for (next = c; next < end && self->foreign[next]; next++)
        ;
      if (next == c) {
        next++;
        continue;
      }
      SalCells run = { c, next - c };
      float margin = lowest (self, run);
      run = trim (self, run, voice);
      if (!any || margin < worst) {
        worst = margin;
        *where = run;
      }
      any = TRUE;
    }
  }
  return any;
}

static guint
cohort_size (const SalModel *model)
{
  guint n = 0;
  for (guint j = 0; j < sal_model_get_n_classes (model); j++)
    n += sal_model_get_description (model)->in_cohort[j] != FALSE;
  return n;
}

static void
search_init (Search *self, const SalModel *model, const float *cells,
    gsize n_cells, gboolean *foreign)
{
  const SalMelConfig *mel = &sal_model_get_description (model)->mel;
  double cell = (double) sal_model_get_frames_per_column (model) * mel->hop
      / mel->sample_rate;
  *self = (Search){ .model = model,
    .cells = cells,
    .n_cells = n_cells,
    .E = sal_model_get_embedding_size (model),
    .cell_seconds = cell,
    .length = MAX (1, (gsize) lround (STRETCH_SECONDS / cell)),
    .guard = (gsize) lround (GUARD_SECONDS / cell),
    .foreign = foreign };
  self->weights = g_new (float, n_cells);
  for (gsize c = 0; c < n_cells; c++)
    self->weights[c] = sqrtf (
        sal_vector_dot (cells + c * self->E, cells + c * self->E, self->E));
}

gboolean
sal_second_speaker_find (const SalModel *model, const SalCells *recordings,
    guint n_recordings, const float *cells, gboolean *foreign, SalCells *where)
{
  g_return_val_if_fail (n_recordings > 0, FALSE);
  g_auto (Search) search = { 0 };
  const SalCells *last = &recordings[n_recordings - 1];
  gsize n_cells = last->first + last->n;
  memset (foreign, 0, n_cells * sizeof (gboolean));
  if (n_cells == 0 || cohort_size (model) < MIN_COHORT)
    return FALSE;
  search_init (&search, model, cells, n_cells, foreign);
  list_stretches (&search, recordings, n_recordings);
  separate (&search);
  return trim_runs (&search, recordings, n_recordings, where);
}
