/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deletion.c: deletion and insertion curves of class activation maps */
#include "eval/deletion.h"

#include <math.h>
#include <string.h>

#include "eval/probe.h"
#include "eval/jobs.h"
#include "network/model-internal.h"
#include "eval/ranking.h"

#define N EVAL_DELETION_STEPS

const EvalConcatenationForm eval_deletion_forms[EVAL_DELETION_FORMS]
    = { EVAL_CONCATENATION_A, EVAL_CONCATENATION_B_A_B };
const char *const eval_fill_names[EVAL_FILLS] = { "zero", "silence", "mean" };

static const char *const names[] = {
  [EVAL_RANK_RANDOM] = "random",
  [EVAL_RANK_BLOCKS] = "blocks",
  [EVAL_RANK_FRAMES] = "frames",
  [EVAL_RANK_ENERGY] = "energy",
  [EVAL_RANK_ORACLE] = "oracle",
};

typedef struct {
  EvalSpeakerSets *cast;
  const EvalDeletionConfig *config;
  const GArray *rows;
  GArray *jobs; /* of guint: wanted trials */
  float *means; /* of each band over utterances, [F] */
  GAsyncQueue *ears;
} Work;

/* Decision on the altered window. */
typedef struct {
  float hit, log_odds;
} Verdict;

/* State of a trial. */
typedef struct {
  const Work *work;
  EvalProbe *ear;
  const EvalConcatenation *join;
  guint label;
  const SalTarget *target;
  int method;        /* method of the maps in the probe, -1: none */
  SalNetBand *bands; /* of the intact sound, [F] */
  float *fill;       /* value of deleted bins, [F] */
  guint *order;      /* ranked bins, [F T] */
  Verdict intact, deleted;
} Place;

void
eval_deletion_config_init (EvalDeletionConfig *config, guint n_trials)
{
  guint n = n_trials > 0 ? n_trials : 16;

  *config = (EvalDeletionConfig){ .seed = 2022,
    .n_trials = n,
    .n_thorough = MAX (n / 4, MIN (n, 4)),
    .n_score = MIN (n, 4),
    .seconds = 1.5 };
  eval_map_style_init (&config->style);
}

/* --- rows ---------------------------------------------------------------- */

const char *
eval_deletion_name (const EvalDeletionRow *row)
{
  return row->kind == EVAL_RANK_MAP ? eval_map_methods[row->method].name
                                    : names[row->kind];
}

const char *
eval_deletion_layers (const EvalDeletionRow *row)
{
  return row->kind == EVAL_RANK_MAP ? eval_map_settings[row->setting].name
                                    : "none";
}

/* One ranking with each fill; the first fill is for all trials. */
static void
add_ranking (GArray *rows, const EvalDeletionConfig *config, EvalRankKind kind,
    guint method, guint setting)
{
  gboolean costly = kind == EVAL_RANK_MAP
      && eval_map_methods[method].method == SAL_CAM_SCORE;
  gboolean always = kind == EVAL_RANK_MAP || kind == EVAL_RANK_RANDOM;

  for (EvalFill fill = 0; fill < EVAL_FILLS; fill++) {
    guint n = fill == EVAL_FILL_ZERO ? config->n_trials
        : always                     ? config->n_thorough
                                     : 0;
    EvalDeletionRow row = { kind, method, setting, fill,
      costly ? MIN (n, config->n_score) : n };
    if (row.n_trials > 0)
      g_array_append_val (rows, row);
  }
}

GArray *
eval_deletion_rows (const EvalDeletionConfig *config)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (EvalDeletionRow));

  for (guint m = 0; m < eval_n_map_methods; m++) {
    if (!eval_map_methods[m].degrid)
      add_ranking (rows, config, EVAL_RANK_MAP, m, EVAL_MAP_S4);
    add_ranking (rows, config, EVAL_RANK_MAP, m, EVAL_MAP_ALL);
  }
  for (EvalRankKind kind = EVAL_RANK_RANDOM; kind <= EVAL_RANK_ORACLE; kind++)
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

/* A random value for each cell of S4. */
static void
fill_blocks (Place *place, GRand *rand)
{
  const guint *strides = sal_model_get_description (
      eval_speaker_sets_get_model (place->work->cast))
                             ->topology.strides;
  guint side = strides[0] * strides[1] * strides[2] * strides[3];
  guint F = place->ear->n_bands, T = place->ear->n_frames;
  guint w = (T - 1) / side + 1, h = (F - 1) / side + 1;
  g_autofree float *cells = g_new (float, (gsize) h *w);

  fill_random (cells, h, w, rand);
  for (guint f = 0; f < F; f++)
    for (guint t = 0; t < T; t++)
      place->ear->map[(gsize) f * T + t] = cells[f / side * w + t / side];
}

/* Returns: FALSE if the map is flat */
static gboolean
take_map (Place *place, const EvalDeletionRow *row)
{
  EvalMaps *maps = place->ear->maps;

  if (place->method != (int) row->method)
    eval_maps_draw (maps, row->method, eval_map_settings[EVAL_MAP_ALL].layers);
  place->method = (int) row->method;
  return eval_maps_fuse (maps, eval_map_settings[row->setting].layers,
      place->ear->map);
}

/* Values of bins by time alone. */
static void
fill_frames (Place *place, gboolean oracle)
{
  EvalProbe *ear = place->ear;

  for (gsize i = 0; i < eval_probe_size (ear); i++) {
    guint t = (guint) (i % ear->n_frames);
    ear->map[i] = oracle ? (float) (ear->speaks[t] != 0) : -(float) t;
  }
}

/* Returns: TRUE if the map was flat */
static gboolean
rank (Place *place, const EvalDeletionRow *row)
{
  EvalProbe *ear = place->ear;
  const EvalConcatenation *join = place->join;
  const guint32 seeds[] = { place->work->config->seed, join->form, join->number,
    row->kind, row->method, row->setting };
  g_autoptr (GRand) rand
      = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  gboolean empty = FALSE;

  if (row->kind == EVAL_RANK_MAP)
    empty = !take_map (place, row);
  if (row->kind == EVAL_RANK_RANDOM || empty)
    fill_random (ear->map, ear->n_bands, ear->n_frames, rand);
  else if (row->kind == EVAL_RANK_BLOCKS)
    fill_blocks (place, rand);
  else if (row->kind == EVAL_RANK_ENERGY)
    memcpy (ear->map, ear->log_mel, eval_probe_size (ear) * sizeof (float));
  else if (row->kind != EVAL_RANK_MAP)
    fill_frames (place, row->kind == EVAL_RANK_ORACLE);
  eval_ranking_order (ear->map, ear->n_bands, ear->n_frames, place->order);
  return empty;
}

/* --- curves -------------------------------------------------------------- */

static Verdict
judge (const Place *place, const SalNet *net)
{
  const float *embedding = sal_net_get_embedding (net);
  SalScore score;

  sal_scorer_score (place->ear->scorer, place->target, embedding, &score);
  return (Verdict){ eval_speaker_sets_recognise (place->work->cast, embedding)
            == (int) place->label
        ? 1
        : 0,
    score.log_odds };
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
  EvalProbe *ear = place->ear;

  for (gsize i = 0; i < eval_probe_size (ear); i++)
    ear->altered[i] = place->fill[i / ear->n_frames];
}

/* Computes the fill as network input, and the decision on the fill alone. */
static void
choose_fill (Place *place, EvalFill fill)
{
  for (guint f = 0; f < place->ear->n_bands; f++) {
    const SalNetBand *band = &place->bands[f];
    double level = fill == EVAL_FILL_MEAN ? place->work->means[f] : 0;
    place->fill[f] = fill == EVAL_FILL_ZERO
        ? 0
        : (float) ((level - band->mean) * band->scale);
  }
  delete_all (place);
  place->deleted = hear_altered (place);
}

/* Alters the ranked bins [from, to). */
static void
alter (const Place *place, gboolean insert, gsize from, gsize to)
{
  const EvalProbe *ear = place->ear;

  for (gsize i = from; i < to; i++) {
    guint bin = place->order[i];
    ear->altered[bin]
        = insert ? ear->input[bin] : place->fill[bin / ear->n_frames];
  }
}

static void
draw_curve (const Place *place, EvalDeletionWay way, EvalDeletionCurve *curve)
{
  EvalProbe *ear = place->ear;
  gsize size = eval_probe_size (ear), before = 0;
  gboolean insert = way == EVAL_DELETION_INSERT;

  if (insert)
    delete_all (place);
  else
    memcpy (ear->altered, ear->input, size * sizeof (float));
  for (guint i = 0; i <= N; i++) {
    gsize n = (size * i + N / 2) / N;
    alter (place, insert, before, n);
    before = n;
    Verdict verdict = i > 0 && i < N ? hear_altered (place)
        : (i == 0) == insert         ? place->deleted
                                     : place->intact;
    curve->part[i] = (float) ((double) n / (double) size);
    curve->hit[i] = verdict.hit;
    curve->log_odds[i] = verdict.log_odds;
  }
}

double
eval_deletion_area (const float *part, const float *y)
{
  double area = 0;

  for (guint i = 0; i < N; i++)
    area += ((double) part[i + 1] - part[i]) * ((double) y[i] + y[i + 1]) / 2;
  return area;
}

/* --- trials -------------------------------------------------------------- */

static EvalProbe *
get_ear (const Work *work)
{
  EvalProbe *self = g_async_queue_try_pop (work->ears);
  SalModel *model = eval_speaker_sets_get_model (work->cast);

  return self != NULL
      ? self
      : eval_probe_new (model,
          eval_concatenation_max_frames (EVAL_CONCATENATION_B_A_B,
              sal_model_get_mel_config (model), work->config->seconds),
          &work->config->style);
}

static void
place_init (Place *self, const Work *work, const EvalConcatenation *join)
{
  SalModel *model = eval_speaker_sets_get_model (work->cast);

  *self = (Place){ .work = work,
    .ear = get_ear (work),
    .join = join,
    .label = eval_concatenation_get_label (join, work->cast, 'A'),
    .method = -1 };
  EvalProbe *ear = self->ear;
  self->target = eval_speaker_sets_get_target (work->cast, self->label);
  eval_probe_listen (ear, join);
  self->bands = g_new (SalNetBand, ear->n_bands);
  self->fill = g_new (float, ear->n_bands);
  self->order = g_new (guint, eval_probe_size (ear));
  sal_net_measure (model, ear->log_mel, ear->n_frames, self->bands);
  eval_concatenation_truth (join, sal_model_get_mel_config (model), 'A',
      ear->n_frames, ear->speaks, ear->counts);
  eval_maps_begin (ear->maps, ear->net, self->target);
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
eval_deletion_trial_free (gpointer trial)
{
  EvalDeletionTrial *self = trial;

  eval_concatenation_free (self->join);
  g_free (self->outcomes);
  g_free (self);
}

static gboolean
is_wanted (const EvalDeletionRow *row, const EvalConcatenation *join)
{
  return join->number < row->n_trials
      && (row->kind != EVAL_RANK_ORACLE || join->n_speakers > 1);
}

static gpointer
run_trial (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  const EvalDeletionConfig *config = work->config;
  guint trial = g_array_index (work->jobs, guint, index);
  g_autoptr (EvalConcatenation) join = eval_concatenation_new (work->cast,
      eval_deletion_forms[trial % EVAL_DELETION_FORMS],
      trial / EVAL_DELETION_FORMS, config->seed, config->seconds, error);
  if (join == NULL)
    return NULL;

  Place place;
  EvalDeletionTrial *self = g_new (EvalDeletionTrial, 1);
  self->outcomes = g_new0 (EvalDeletionOutcome, work->rows->len);
  place_init (&place, work, join);
  for (guint r = 0; r < work->rows->len; r++) {
    const EvalDeletionRow *row
        = &g_array_index (work->rows, EvalDeletionRow, r);
    EvalDeletionOutcome *outcome = &self->outcomes[r];
    if (!is_wanted (row, join))
      continue;
    outcome->tried = 1;
    outcome->empty = rank (&place, row) ? 1 : 0;
    choose_fill (&place, row->fill);
    for (guint way = 0; way < EVAL_DELETION_WAYS; way++)
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
  const EvalDeletionConfig *config = ((const Work *) data)->config;
  gboolean ok
      = config->take == NULL || config->take (result, config->data, error);

  eval_deletion_trial_free (result);
  return ok;
}

static void
report_progress (double part, gpointer data)
{
  const EvalDeletionConfig *config = ((const Work *) data)->config;

  if (config->progress != NULL)
    config->progress (part, config->data);
}

/* --- results ------------------------------------------------------------- */

/* Outcomes of the trials that include a row. */
static GPtrArray *
find_outcomes (const GPtrArray *trials, EvalConcatenationForm form, guint row)
{
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < trials->len; i++) {
    const EvalDeletionTrial *trial = g_ptr_array_index (trials, i);
    if (trial->join->form == form && trial->outcomes[row].tried > 0)
      g_ptr_array_add (found, &trial->outcomes[row]);
  }
  return found;
}

static void
average (const GPtrArray *outcomes, EvalDeletionWay way, EvalDeletionMean *mean)
{
  guint n = outcomes->len;
  g_autofree float *a = g_new (float, n + 1), *b = g_new (float, n + 1);

  for (guint i = 0; i <= N; i++) {
    guint n_hits = 0;
    for (guint k = 0; k < n; k++) {
      const EvalDeletionOutcome *outcome = outcomes->pdata[k];
      n_hits += outcome->curves[way].hit[i] > 0;
      a[k] = outcome->curves[way].log_odds[i];
    }
    mean->hit[i] = eval_interval_of_hits (n_hits, n);
    mean->log_odds[i] = eval_interval_of_values (a, n);
  }
  for (guint k = 0; k < n; k++) {
    const EvalDeletionOutcome *outcome = outcomes->pdata[k];
    const EvalDeletionCurve *curve = &outcome->curves[way];
    a[k] = (float) eval_deletion_area (curve->part, curve->hit);
    b[k] = (float) eval_deletion_area (curve->part, curve->log_odds);
  }
  mean->area = eval_interval_of_values (a, n);
  mean->log_odds_area = eval_interval_of_values (b, n);
}

static void
measure (const GPtrArray *trials, EvalConcatenationForm form, guint row,
    GArray *results)
{
  g_autoptr (GPtrArray) outcomes = find_outcomes (trials, form, row);
  EvalDeletionResult result = { form, row, outcomes->len, 0 };

  if (outcomes->len == 0)
    return;
  for (guint i = 0; i < outcomes->len; i++)
    result.n_empty += ((EvalDeletionOutcome *) outcomes->pdata[i])->empty > 0;
  for (guint way = 0; way < EVAL_DELETION_WAYS; way++)
    average (outcomes, way, &result.ways[way]);
  g_array_append_val (results, result);
}

void
eval_deletion_measure (const GArray *rows, const GPtrArray *trials,
    GArray *results)
{
  for (guint f = 0; f < EVAL_DELETION_FORMS; f++)
    for (guint r = 0; r < rows->len; r++)
      measure (trials, eval_deletion_forms[f], r, results);
}

/* --- experiment ---------------------------------------------------------- */

/* Mean of each band over the first utterance of each speaker. */
static gboolean
measure_means (Work *work, GError **error)
{
  EvalCorpus *corpus = eval_speaker_sets_get_corpus (work->cast);
  const SalMelConfig *config
      = sal_model_get_mel_config (eval_speaker_sets_get_model (work->cast));
  g_autoptr (SalMel) mel = sal_mel_new (config, NULL);
  g_autofree double *sums = g_new0 (double, config->n_bands);
  gsize n = 0;

  for (guint s = 0; s < eval_speaker_sets_get_n_speakers (work->cast); s++) {
    const EvalVoice *voice = eval_corpus_get_voice (corpus,
        eval_speaker_sets_get_voice (work->cast, s));
    const EvalSound *sound = eval_corpus_get_sound (corpus,
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
eval_deletion_run (EvalSpeakerSets *cast, const EvalDeletionConfig *config,
    const GArray *rows, GError **error)
{
  static const EvalJobs jobs
      = { run_trial, take_trial, eval_deletion_trial_free, report_progress };
  Work work = { cast, config, rows, g_array_new (FALSE, FALSE, sizeof (guint)),
    NULL, g_async_queue_new_full (eval_probe_free) };

  for (guint i = 0; i < config->n_trials * EVAL_DELETION_FORMS; i++)
    if (config->wanted == NULL
        || config->wanted (eval_deletion_forms[i % EVAL_DELETION_FORMS],
            i / EVAL_DELETION_FORMS, config->data))
      g_array_append_val (work.jobs, i);
  gboolean ok = measure_means (&work, error)
      && eval_jobs_run (&jobs, work.jobs->len, config->n_threads, &work, error);
  g_array_unref (work.jobs);
  g_free (work.means);
  g_async_queue_unref (work.ears);
  return ok;
}
