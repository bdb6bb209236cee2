/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/deletion.h"

#include <math.h>
#include <string.h>

#include "eval/probe.h"
#include "eval/jobs.h"
#include "network/model-internal.h"
#include "eval/ranking.h"

#define N SAL_DELETION_STEPS

const SalJoinForm sal_deletion_forms[SAL_DELETION_FORMS] = { SAL_JOIN_A,
  SAL_JOIN_B_A_B };
const char *const sal_fill_names[SAL_FILLS] = { "zero", "silence", "mean" };

static const char *const names[] = {
  [SAL_RANK_RANDOM] = "random", [SAL_RANK_BLOCKS] = "blocks",
  [SAL_RANK_FRAMES] = "frames", [SAL_RANK_ENERGY] = "energy",
  [SAL_RANK_ORACLE] = "oracle",
};

typedef struct {
  SalCast *cast;
  const SalDeletionConfig *config;
  const GArray *rows;
  GArray *jobs;      /* of guint: the trials that are wanted */
  float *means;      /* of the bands over utterances, [F] */
  GAsyncQueue *ears;
} Work;

/* What the altered window is taken for. */
typedef struct {
  float hit, log_odds;
} Verdict;

/* Where a trial is. */
typedef struct {
  const Work *work;
  SalEar *ear;
  const SalJoin *join;
  guint label;
  const SalTarget *target;
  int method;        /* whose maps are drawn, -1: none */
  SalNetBand *bands; /* of the intact sound, [F] */
  float *fill;       /* what a deleted bin becomes, [F] */
  guint *order;      /* of the bins, [F T] */
  Verdict intact, deleted;
} Place;

void
sal_deletion_config_init (SalDeletionConfig *config, guint n_trials)
{
  guint n = n_trials > 0 ? n_trials : 16;

  *config = (SalDeletionConfig) { .seed = 2022, .n_trials = n,
    .n_thorough = MAX (n / 4, MIN (n, 4)), .n_score = MIN (n, 4),
    .seconds = 1.5 };
  sal_map_style_init (&config->style);
}

/* --- rows ---------------------------------------------------------------- */

const char *
sal_deletion_name (const SalDeletionRow *row)
{
  return row->kind == SAL_RANK_MAP ? sal_map_methods[row->method].name
      : names[row->kind];
}

const char *
sal_deletion_layers (const SalDeletionRow *row)
{
  return row->kind == SAL_RANK_MAP ? sal_map_settings[row->setting].name
      : "none";
}

/* One ranking with all fills, one after the other: the first for all
 * trials. */
static void
add_ranking (GArray *rows, const SalDeletionConfig *config, SalRankKind kind,
    guint method, guint setting)
{
  gboolean costly = kind == SAL_RANK_MAP
      && sal_map_methods[method].method == SAL_CAM_SCORE;
  gboolean always = kind == SAL_RANK_MAP || kind == SAL_RANK_RANDOM;

  for (SalFill fill = 0; fill < SAL_FILLS; fill++) {
    guint n = fill == SAL_FILL_ZERO ? config->n_trials
        : always ? config->n_thorough : 0;
    SalDeletionRow row = { kind, method, setting, fill,
      costly ? MIN (n, config->n_score) : n };
    if (row.n_trials > 0)
      g_array_append_val (rows, row);
  }
}

GArray *
sal_deletion_rows (const SalDeletionConfig *config)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (SalDeletionRow));

  for (guint m = 0; m < sal_n_map_methods; m++) {
    if (!sal_map_methods[m].degrid)
      add_ranking (rows, config, SAL_RANK_MAP, m, SAL_MAP_S4);
    add_ranking (rows, config, SAL_RANK_MAP, m, SAL_MAP_ALL);
  }
  for (SalRankKind kind = SAL_RANK_RANDOM; kind <= SAL_RANK_ORACLE; kind++)
    add_ranking (rows, config, kind, 0, 0);
  return rows;
}

/* --- rankings ------------------------------------------------------------ */

static void
fill_random (float *values, guint h, guint w, GRand *rand)
{
  for (gsize i = 0; i < (gsize) h * w; i++)
    values[i] = (float) g_rand_double (rand);
}

/* One value for each cell of S4. */
static void
fill_blocks (Place *place, GRand *rand)
{
  const guint *strides = sal_model_get_record (sal_cast_get_model (
      place->work->cast))->topology.strides;
  guint side = strides[0] * strides[1] * strides[2] * strides[3];
  guint F = place->ear->n_bands, T = place->ear->n_frames;
  guint w = (T - 1) / side + 1, h = (F - 1) / side + 1;
  g_autofree float *cells = g_new (float, (gsize) h * w);

  fill_random (cells, h, w, rand);
  for (guint f = 0; f < F; f++)
    for (guint t = 0; t < T; t++)
      place->ear->map[(gsize) f * T + t] = cells[f / side * w + t / side];
}

/* Returns: whether there is one */
static gboolean
take_map (Place *place, const SalDeletionRow *row)
{
  SalMaps *maps = place->ear->maps;

  if (place->method != (int) row->method)
    sal_maps_draw (maps, row->method,
        sal_map_settings[SAL_MAP_ALL].layers);
  place->method = (int) row->method;
  return sal_maps_fuse (maps, sal_map_settings[row->setting].layers,
      place->ear->map);
}

/* The value of each bin by time alone. */
static void
fill_frames (Place *place, gboolean oracle)
{
  SalEar *ear = place->ear;

  for (gsize i = 0; i < sal_ear_size (ear); i++) {
    guint t = (guint) (i % ear->n_frames);
    ear->map[i] = oracle ? (float) (ear->speaks[t] != 0) : -(float) t;
  }
}

/* Returns: whether the map was flat */
static gboolean
rank (Place *place, const SalDeletionRow *row)
{
  SalEar *ear = place->ear;
  const SalJoin *join = place->join;
  const guint32 seeds[] = { place->work->config->seed, join->form,
    join->number, row->kind, row->method, row->setting };
  g_autoptr (GRand) rand = g_rand_new_with_seed_array (seeds,
      G_N_ELEMENTS (seeds));
  gboolean empty = FALSE;

  if (row->kind == SAL_RANK_MAP)
    empty = !take_map (place, row);
  if (row->kind == SAL_RANK_RANDOM || empty)
    fill_random (ear->map, ear->n_bands, ear->n_frames, rand);
  else if (row->kind == SAL_RANK_BLOCKS)
    fill_blocks (place, rand);
  else if (row->kind == SAL_RANK_ENERGY)
    memcpy (ear->map, ear->log_mel, sal_ear_size (ear) * sizeof (float));
  else if (row->kind != SAL_RANK_MAP)
    fill_frames (place, row->kind == SAL_RANK_ORACLE);
  sal_ranking_order (ear->map, ear->n_bands, ear->n_frames, place->order);
  return empty;
}

/* --- curves -------------------------------------------------------------- */

static Verdict
judge (const Place *place, const SalNet *net)
{
  const float *embedding = sal_net_get_embedding (net);
  SalScore score;

  sal_scorer_score (place->ear->scorer, place->target, embedding, &score);
  return (Verdict) { sal_cast_recognise (place->work->cast, embedding)
          == (int) place->label ? 1 : 0, score.log_odds };
}

static Verdict
hear_altered (const Place *place)
{
  sal_net_forward_input (place->ear->altered_net, place->ear->altered);
  return judge (place, place->ear->altered_net);
}

static void
delete_all (const Place *place)
{
  SalEar *ear = place->ear;

  for (gsize i = 0; i < sal_ear_size (ear); i++)
    ear->altered[i] = place->fill[i / ear->n_frames];
}

/* What a fill is in what the network takes in, and how that alone sounds. */
static void
choose_fill (Place *place, SalFill fill)
{
  for (guint f = 0; f < place->ear->n_bands; f++) {
    const SalNetBand *band = &place->bands[f];
    double level = fill == SAL_FILL_MEAN ? place->work->means[f] : 0;
    place->fill[f] = fill == SAL_FILL_ZERO ? 0
        : (float) ((level - band->mean) * band->scale);
  }
  delete_all (place);
  place->deleted = hear_altered (place);
}

/* The first bins of the order, from one step to the next. */
static void
alter (const Place *place, gboolean insert, gsize from, gsize to)
{
  const SalEar *ear = place->ear;

  for (gsize i = from; i < to; i++) {
    guint bin = place->order[i];
    ear->altered[bin] = insert ? ear->input[bin]
        : place->fill[bin / ear->n_frames];
  }
}

static void
draw_curve (const Place *place, SalDeletionWay way, SalDeletionCurve *curve)
{
  SalEar *ear = place->ear;
  gsize size = sal_ear_size (ear), before = 0;
  gboolean insert = way == SAL_DELETION_INSERT;

  if (insert)
    delete_all (place);
  else
    memcpy (ear->altered, ear->input, size * sizeof (float));
  for (guint i = 0; i <= N; i++) {
    gsize n = (size * i + N / 2) / N;
    alter (place, insert, before, n);
    before = n;
    Verdict verdict = i > 0 && i < N ? hear_altered (place)
        : (i == 0) == insert ? place->deleted : place->intact;
    curve->part[i] = (float) ((double) n / (double) size);
    curve->hit[i] = verdict.hit;
    curve->log_odds[i] = verdict.log_odds;
  }
}

double
sal_deletion_area (const float *part, const float *y)
{
  double area = 0;

  for (guint i = 0; i < N; i++)
    area += ((double) part[i + 1] - part[i]) * ((double) y[i] + y[i + 1]) / 2;
  return area;
}

/* --- trials -------------------------------------------------------------- */

static SalEar *
get_ear (const Work *work)
{
  SalEar *self = g_async_queue_try_pop (work->ears);
  SalModel *model = sal_cast_get_model (work->cast);

  return self != NULL ? self : sal_ear_new (model,
      sal_join_max_frames (SAL_JOIN_B_A_B, sal_model_get_mel_config (model),
          work->config->seconds), &work->config->style);
}

static void
place_init (Place *self, const Work *work, const SalJoin *join)
{
  SalModel *model = sal_cast_get_model (work->cast);

  *self = (Place) { .work = work, .ear = get_ear (work), .join = join,
    .label = sal_join_get_label (join, work->cast, 'A'), .method = -1 };
  SalEar *ear = self->ear;
  self->target = sal_cast_get_target (work->cast, self->label);
  sal_ear_listen (ear, join);
  self->bands = g_new (SalNetBand, ear->n_bands);
  self->fill = g_new (float, ear->n_bands);
  self->order = g_new (guint, sal_ear_size (ear));
  sal_net_measure (model, ear->log_mel, ear->n_frames, self->bands);
  sal_join_truth (join, sal_model_get_mel_config (model), 'A', ear->n_frames,
      ear->speaks, ear->counts);
  sal_maps_begin (ear->maps, ear->net, self->target);
  self->intact = judge (self, ear->net);
}

static void
place_clear (Place *self)
{
  g_free (self->bands);
  g_free (self->fill);
  g_free (self->order);
  g_async_queue_push (self->work->ears, self->ear);
}

void
sal_deletion_trial_free (gpointer trial)
{
  SalDeletionTrial *self = trial;

  sal_join_free (self->join);
  g_free (self->outcomes);
  g_free (self);
}

static gboolean
is_wanted (const SalDeletionRow *row, const SalJoin *join)
{
  return join->number < row->n_trials
      && (row->kind != SAL_RANK_ORACLE || join->n_speakers > 1);
}

static gpointer
run_trial (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  const SalDeletionConfig *config = work->config;
  guint trial = g_array_index (work->jobs, guint, index);
  g_autoptr (SalJoin) join = sal_join_new (work->cast,
      sal_deletion_forms[trial % SAL_DELETION_FORMS],
      trial / SAL_DELETION_FORMS, config->seed, config->seconds, error);
  if (join == NULL)
    return NULL;

  Place place;
  SalDeletionTrial *self = g_new (SalDeletionTrial, 1);
  self->outcomes = g_new0 (SalDeletionOutcome, work->rows->len);
  place_init (&place, work, join);
  for (guint r = 0; r < work->rows->len; r++) {
    const SalDeletionRow *row = &g_array_index (work->rows, SalDeletionRow, r);
    SalDeletionOutcome *outcome = &self->outcomes[r];
    if (!is_wanted (row, join))
      continue;
    outcome->tried = 1;
    outcome->empty = rank (&place, row) ? 1 : 0;
    choose_fill (&place, row->fill);
    for (guint way = 0; way < SAL_DELETION_WAYS; way++)
      draw_curve (&place, way, &outcome->curves[way]);
  }
  place_clear (&place);
  g_clear_pointer (&join->samples, g_free);
  self->join = g_steal_pointer (&join);
  return self;
}

static gboolean
take_trial (guint index, gpointer result, gpointer data, GError **error)
{
  const SalDeletionConfig *config = ((const Work *) data)->config;
  gboolean ok = config->take == NULL
      || config->take (result, config->data, error);

  sal_deletion_trial_free (result);
  return ok;
}

static void
report_progress (double part, gpointer data)
{
  const SalDeletionConfig *config = ((const Work *) data)->config;

  if (config->progress != NULL)
    config->progress (part, config->data);
}

/* --- results ------------------------------------------------------------- */

/* Of the trials that tried a row. */
static GPtrArray *
find_outcomes (const GPtrArray *trials, SalJoinForm form, guint row)
{
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < trials->len; i++) {
    const SalDeletionTrial *trial = g_ptr_array_index (trials, i);
    if (trial->join->form == form && trial->outcomes[row].tried > 0)
      g_ptr_array_add (found, &trial->outcomes[row]);
  }
  return found;
}

static void
average (const GPtrArray *outcomes, SalDeletionWay way, SalDeletionMean *mean)
{
  guint n = outcomes->len;
  g_autofree float *a = g_new (float, n + 1), *b = g_new (float, n + 1);

  for (guint i = 0; i <= N; i++) {
    guint n_hits = 0;
    for (guint k = 0; k < n; k++) {
      const SalDeletionOutcome *outcome = outcomes->pdata[k];
      n_hits += outcome->curves[way].hit[i] > 0;
      a[k] = outcome->curves[way].log_odds[i];
    }
    mean->hit[i] = sal_rate_of_hits (n_hits, n);
    mean->log_odds[i] = sal_rate_of_values (a, n);
  }
  for (guint k = 0; k < n; k++) {
    const SalDeletionOutcome *outcome = outcomes->pdata[k];
    const SalDeletionCurve *curve = &outcome->curves[way];
    a[k] = (float) sal_deletion_area (curve->part, curve->hit);
    b[k] = (float) sal_deletion_area (curve->part, curve->log_odds);
  }
  mean->area = sal_rate_of_values (a, n);
  mean->log_odds_area = sal_rate_of_values (b, n);
}

static void
measure (const GPtrArray *trials, SalJoinForm form, guint row,
    GArray *results)
{
  g_autoptr (GPtrArray) outcomes = find_outcomes (trials, form, row);
  SalDeletionResult result = { form, row, outcomes->len, 0 };

  if (outcomes->len == 0)
    return;
  for (guint i = 0; i < outcomes->len; i++)
    result.n_empty += ((SalDeletionOutcome *) outcomes->pdata[i])->empty > 0;
  for (guint way = 0; way < SAL_DELETION_WAYS; way++)
    average (outcomes, way, &result.ways[way]);
  g_array_append_val (results, result);
}

void
sal_deletion_measure (const GArray *rows, const GPtrArray *trials,
    GArray *results)
{
  for (guint f = 0; f < SAL_DELETION_FORMS; f++)
    for (guint r = 0; r < rows->len; r++)
      measure (trials, sal_deletion_forms[f], r, results);
}

/* --- the whole ----------------------------------------------------------- */

/* The mean of each band over the first utterance of each speaker. */
static gboolean
measure_means (Work *work, GError **error)
{
  SalCorpus *corpus = sal_cast_get_corpus (work->cast);
  const SalMelConfig *config
      = sal_model_get_mel_config (sal_cast_get_model (work->cast));
  g_autoptr (SalMel) mel = sal_mel_new (config, NULL);
  g_autofree double *sums = g_new0 (double, config->n_bands);
  gsize n = 0;

  for (guint s = 0; s < sal_cast_get_n_speakers (work->cast); s++) {
    const SalVoice *voice = sal_corpus_get_voice (corpus,
        sal_cast_get_voice (work->cast, s));
    const SalSound *sound = sal_corpus_get_sound (corpus,
        g_array_index (voice->utterances, guint, 0), error);
    if (sound == NULL)
      return FALSE;
    gsize T = sal_mel_n_frames (mel, sound->n_samples);
    g_autofree float *log_mel = g_new (float, T * config->n_bands + 1);
    sal_mel_process (mel, sound->samples, sound->n_samples, log_mel);
    for (gsize i = 0; i < T * config->n_bands; i++)
      sums[i / T] += log_mel[i];
    n += T;
  }
  work->means = g_new (float, config->n_bands);
  for (guint f = 0; f < config->n_bands; f++)
    work->means[f] = (float) (sums[f] / (double) MAX (n, 1));
  return TRUE;
}

gboolean
sal_deletion_run (SalCast *cast, const SalDeletionConfig *config,
    const GArray *rows, GError **error)
{
  static const SalJobs jobs = { run_trial, take_trial, sal_deletion_trial_free,
    report_progress };
  Work work = { cast, config, rows,
    g_array_new (FALSE, FALSE, sizeof (guint)), NULL,
    g_async_queue_new_full (sal_ear_free) };

  for (guint i = 0; i < config->n_trials * SAL_DELETION_FORMS; i++)
    if (config->wanted == NULL || config->wanted (
            sal_deletion_forms[i % SAL_DELETION_FORMS],
            i / SAL_DELETION_FORMS, config->data))
      g_array_append_val (work.jobs, i);
  gboolean ok = measure_means (&work, error) && sal_jobs_run (&jobs,
      work.jobs->len, config->n_threads, &work, error);
  g_array_unref (work.jobs);
  g_free (work.means);
  g_async_queue_unref (work.ears);
  return ok;
}
