/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intruder.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "cohort.h"
#include "model-private.h"

#define STRETCH_SECONDS 0.96
#define GUARD_SECONDS 0.3 /* cells so near share what they were made from */
#define REST_SECONDS 3.0  /* of speech, at least, to compare with */
#define MIN_SPEECH 0.5    /* part of a stretch */
#define MIN_COHORT 30
#define PASSES 5
#define STARTS 20 /* of a split */
#define ROUNDS 10

/* Of z, for a stretch and for the smaller side of a split.  With voices that the
 * models had not heard (tests/corpus/enrolment.py --development) the twentieth
 * part of clean recordings of 20 s is below 4.2 for a model of half width and
 * below 4.0 for one of full width: the unit hardly depends on the model. */
#define LIMIT 4.0f

typedef struct {
  gsize first;
  const SalCells *recording;
  SalCohortStats cohort;
  float z;
} Stretch;

typedef struct {
  const SalModel *model;
  const float *cells;
  gsize n_cells;
  guint E;
  gsize length, guard;  /* of a stretch, cells */
  double cell_seconds;
  float *weights;       /* speech in each cell, [n_cells] */
  float *directions;    /* of the stretches, [n, E] */
  GArray *stretches;    /* those that can be judged */
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

guint
sal_intruder_cell_frames (const SalModel *model)
{
  const SalTopology *topology = &sal_model_get_record (model)->topology;
  guint n = 1;
  for (guint i = 0; i < SAL_RECORD_STAGES; i++)
    n *= topology->strides[i];
  return n;
}

static float
dot (const float *a, const float *b, guint n)
{
  return cblas_sdot ((int) n, a, 1, b, 1);
}

/* sum += sign * the cells [first, last) that are not foreign; returns their
 * speech, in cells. */
static double
add_cells (const Search *self, gsize first, gsize last, float sign, float *sum)
{
  double speech = 0;
  for (gsize c = first; c < last; c++)
    if (!self->foreign[c]) {
      cblas_saxpy ((int) self->E, sign, self->cells + c * self->E, 1, sum, 1);
      speech += self->weights[c];
    }
  return speech;
}

/* What a direction scores with the cohort. */
static SalCohortStats
meet_cohort (const Search *self, const float *direction)
{
  guint N = sal_model_get_n_classes (self->model);
  g_autofree float *cosines = g_new (float, 2 * (gsize) N);
  cblas_sgemv (CblasRowMajor, CblasNoTrans, (int) N, (int) self->E, 1,
      sal_model_get_rows (self->model), (int) self->E, direction, 1, 0,
      cosines, 1);
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
          || sal_unit_length (direction, self->E) <= 0)
        continue;
      stretch.cohort = meet_cohort (self, direction);
      g_array_append_val (self->stretches, stretch);
    }
  }
}

/* --- two voices of much speech ------------------------------------------- */

/* Two directions, [2, E], and which of them each stretch is nearer to. */
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

/* Each stretch to the nearer mean; returns the mean cosine with it. */
static double
assign (const Search *self, Split *split)
{
  double sum = 0;
  split->n_second = 0;
  for (guint k = 0; k < 2; k++)
    cblas_sgemv (CblasRowMajor, CblasNoTrans, (int) split->n, (int) self->E, 1,
        self->directions, (int) self->E, split->means + k * self->E, 1, 0,
        split->cosines + k * split->n, 1);
  for (guint i = 0; i < split->n; i++) {
    const float *y = split->cosines + i;
    split->second[i] = y[split->n] > y[0];
    split->n_second += split->second[i];
    sum += MAX (y[0], y[split->n]);
  }
  return sum / split->n;
}

/* Means of what was assigned; FALSE if one side is empty. */
static gboolean
update (const Search *self, Split *split)
{
  if (split->n_second == 0 || split->n_second == split->n)
    return FALSE;
  memset (split->means, 0, 2 * self->E * sizeof (float));
  for (guint i = 0; i < split->n; i++)
    cblas_saxpy ((int) self->E, 1, self->directions + (gsize) i * self->E, 1,
        split->means + (split->second[i] ? self->E : 0), 1);
  return sal_unit_length (split->means, self->E) > 0
      && sal_unit_length (split->means + self->E, self->E) > 0;
}

/* Two means that the stretches are nearest to, from one stretch and the mean of
 * all as a start. */
static double
split_from (const Search *self, Split *split, guint start)
{
  memset (split->means, 0, self->E * sizeof (float));
  for (guint i = 0; i < split->n; i++)
    cblas_saxpy ((int) self->E, 1, self->directions + (gsize) i * self->E, 1,
        split->means, 1);
  sal_unit_length (split->means, self->E);
  memcpy (split->means + self->E, self->directions + (gsize) start * self->E,
      self->E * sizeof (float));
  double fit = assign (self, split);
  for (guint i = 0; i < ROUNDS && update (self, split); i++)
    fit = assign (self, split);
  return fit;
}

/* A second voice that has much of the speech pulls the mean of all towards
 * itself, and no stretch is far from that.  So the best split of the stretches
 * in two is tried first: if its smaller side is as far from the larger one as a
 * stretch must be, its cells are foreign to begin with. */
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
  const float *side = split->means + (smaller ? self->E : 0);
  float y = dot (split->means, split->means + self->E, self->E);
  SalCohortStats cohort = meet_cohort (self, side);
  if (split->n_second == 0 || split->n_second == n
      || (y - cohort.mean) / cohort.deviation >= LIMIT)
    return;
  for (guint i = 0; i < n; i++)
    if ((split->second[i] != FALSE) == smaller)
      self->foreign[g_array_index (self->stretches, Stretch, i).first
          + self->length / 2] = TRUE;
}

/* --- stretches ----------------------------------------------------------- */

/* Compares every stretch with the rest, and marks those below the limit. */
static void
judge (Search *self, gboolean *marked)
{
  g_autofree float *total = g_new0 (float, self->E);
  g_autofree float *rest = g_new (float, self->E);
  double all = add_cells (self, 0, self->n_cells, 1, total);
  memset (marked, 0, self->n_cells * sizeof (gboolean));
  for (guint i = 0; i < self->stretches->len; i++) {
    Stretch *s = &g_array_index (self->stretches, Stretch, i);
    gsize begin = s->recording->first, end = begin + s->recording->n;
    gsize from = MAX (s->first, begin + self->guard) - self->guard;
    gsize to = MIN (s->first + self->length + self->guard, end);
    memcpy (rest, total, self->E * sizeof (float));
    double speech = all - add_cells (self, from, to, -1, rest);
    s->z = INFINITY;
    if (speech * self->cell_seconds < REST_SECONDS
        || sal_unit_length (rest, self->E) <= 0)
      continue;
    float y = dot (self->directions + (gsize) i * self->E, rest, self->E);
    s->z = (y - s->cohort.mean) / s->cohort.deviation;
    for (gsize c = 0; s->z < LIMIT && c < self->length; c++)
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

/* Marks until nothing changes, or a second voice would have most of the speech. */
static void
separate (Search *self)
{
  gsize size = self->n_cells * sizeof (gboolean);
  g_autofree gboolean *marked = g_new (gboolean, self->n_cells);
  double half = 0.5 * cblas_sasum ((int) self->n_cells, self->weights, 1);
  split_voices (self);
  for (guint pass = 0; pass < PASSES; pass++) {
    judge (self, marked);
    if (speech_of (self, marked) > half
        || memcmp (marked, self->foreign, size) == 0)
      return;
    memcpy (self->foreign, marked, size);
  }
}

/* The lowest z of the stretches that begin in a run. */
static float
lowest (const Search *self, SalCells run)
{
  float z = INFINITY;
  for (guint i = 0; i < self->stretches->len; i++) {
    const Stretch *s = &g_array_index (self->stretches, Stretch, i);
    if (s->first >= run.first && s->first < run.first + run.n)
      z = MIN (z, s->z);
  }
  return z;
}

static gboolean
nearer (const Search *self, gsize cell, const float *a, const float *b)
{
  const float *x = self->cells + cell * self->E;
  return dot (x, a, self->E) > dot (x, b, self->E);
}

/* A stretch that has the second voice in most of it was marked as a whole: the
 * ends of a run go back to `voice` where they are nearer to it than to the mean
 * of the run. */
static SalCells
trim (const Search *self, SalCells run, const float *voice)
{
  gsize first = run.first, last = run.first + run.n;
  g_autofree float *mean = g_new0 (float, self->E);
  for (gsize c = first; c < last; c++)
    cblas_saxpy ((int) self->E, 1, self->cells + c * self->E, 1, mean, 1);
  sal_unit_length (mean, self->E);
  while (last - first > 1 && !nearer (self, first, mean, voice))
    self->foreign[first++] = FALSE;
  while (last - first > 1 && !nearer (self, last - 1, mean, voice))
    self->foreign[--last] = FALSE;
  return (SalCells){ first, last - first };
}

/* Trims every run; returns whether there is one, and the one that differs most. */
static gboolean
trim_runs (const Search *self, const SalCells *recordings, guint n_recordings,
    SalCells *where)
{
  float worst = 0;
  gboolean any = FALSE;
  g_autofree float *voice = g_new0 (float, self->E);
  add_cells (self, 0, self->n_cells, 1, voice);
  sal_unit_length (voice, self->E);
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
      float z = lowest (self, run);
      run = trim (self, run, voice);
      if (!any || z < worst) {
        worst = z;
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
    n += sal_model_get_record (model)->in_cohort[j] != FALSE;
  return n;
}

static void
search_init (Search *self, const SalModel *model, const float *cells,
    gsize n_cells, gboolean *foreign)
{
  const SalMelConfig *mel = &sal_model_get_record (model)->mel;
  double cell = (double) sal_intruder_cell_frames (model) * mel->hop
      / mel->sample_rate;
  *self = (Search){ .model = model, .cells = cells, .n_cells = n_cells,
    .E = sal_model_get_embedding_size (model), .cell_seconds = cell,
    .length = MAX (1, (gsize) lround (STRETCH_SECONDS / cell)),
    .guard = (gsize) lround (GUARD_SECONDS / cell), .foreign = foreign };
  self->weights = g_new (float, n_cells);
  for (gsize c = 0; c < n_cells; c++)
    self->weights[c] = cblas_snrm2 ((int) self->E, cells + c * self->E, 1);
}

gboolean
sal_intruder_find (const SalModel *model, const SalCells *recordings,
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
