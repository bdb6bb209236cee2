/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/localisation.h"

#include <math.h>
#include <string.h>

#include "stream/lanes.h"
#include "eval/detection.h"
#include "eval/probe.h"
#include "network/geometry.h"
#include "eval/jobs.h"
#include <saliency/map.h>
#include "network/model-internal.h"
#include "eval/ranking.h"

#define N_FORMS SAL_LOCALISATION_FORMS
#define DENSE_SECONDS 2 /* of look-ahead: all is known */

const SalJoinForm sal_localisation_forms[N_FORMS] = { SAL_JOIN_A_B,
  SAL_JOIN_A_B_A, SAL_JOIN_B_A_B, SAL_JOIN_A_B_C };

typedef struct {
  SalCast *cast;
  const SalLocalisationConfig *config;
  const GArray *rows;
  GArray *jobs; /* of guint: the trials that are wanted */
  GAsyncQueue *ears;
} Work;

/* Where a trial is. */
typedef struct {
  const Work *work;
  SalEar *ear;
  const SalJoin *join;
  const SalTarget *target;
  char given;     /* whom the truth is of */
  int method;     /* whose maps are drawn for them, -1: none */
  float *profile; /* of the row: what its AUC is of, [T] */
} Place;

void
sal_localisation_config_init (SalLocalisationConfig *config, guint n_trials)
{
  guint n = n_trials > 0 ? n_trials : 400;

  *config = (SalLocalisationConfig) { .seed = 2022, .n_trials = n,
    .n_thorough = MAX (n / 10, MIN (n, 16)), .n_score = MIN (n, 8),
    .seconds = 2 };
  sal_map_style_init (&config->style);
}

/* --- rows ---------------------------------------------------------------- */

static const char *const suffixes[] = {
  [SAL_MASK_NONE] = "original", [SAL_MASK_MAP] = "",
  [SAL_MASK_RANDOM] = "/random", [SAL_MASK_ENERGY] = "/energy",
  [SAL_MASK_TIME] = "/time", [SAL_MASK_GATE] = "/gate",
  [SAL_MASK_DENSE] = "dense", [SAL_MASK_ORACLE] = "oracle",
};

static gboolean
has_map (const SalLocalisationRow *row)
{
  return row->kind >= SAL_MASK_MAP && row->kind <= SAL_MASK_GATE;
}

char *
sal_localisation_name (const SalLocalisationRow *row)
{
  return g_strconcat (has_map (row) ? sal_map_methods[row->method].name : "",
      suffixes[row->kind], row->cut ? "/cut" : "", NULL);
}

const char *
sal_localisation_layers (const SalLocalisationRow *row)
{
  return has_map (row) ? sal_map_settings[row->setting].name : "none";
}

static void
add_row (GArray *rows, SalMaskKind kind, guint method, guint setting,
    char given, guint n_trials)
{
  SalLocalisationRow row = { kind, method, setting, given, FALSE, n_trials };

  g_array_append_val (rows, row);
}

/* What is not let through is silenced, or cut out. */
static void
add_gate (GArray *rows, const SalLocalisationConfig *config, SalMaskKind kind,
    guint method, guint setting, char given)
{
  guint n = given == 'B' ? config->n_thorough : config->n_trials;
  SalLocalisationRow row = { kind, method, setting, given, TRUE, n };

  add_row (rows, kind, method, setting, given, n);
  g_array_append_val (rows, row);
}

/* In all trials: what the paper has a figure for, drawn for A as there, but
 * Score-CAM, which takes long; and of our own maps the usual and the fused. */
static guint
count_trials (const SalLocalisationConfig *config, const SalMapMethod *row,
    guint setting, char given)
{
  gboolean ours = row->degrid || row->method == SAL_CAM_SIGNED_LAYER;

  if (row->method == SAL_CAM_SCORE)
    return given == 'A' ? config->n_score : (config->n_score + 3) / 4;
  if (given != 'A' || !row->every)
    return config->n_thorough;
  return ours && setting != SAL_MAP_S4 && setting != SAL_MAP_ALL
      ? config->n_thorough : config->n_trials;
}

/* All that is made from the maps of a method. */
static void
add_method (GArray *rows, const SalLocalisationConfig *config, guint method,
    char given)
{
  const SalMapMethod *row = &sal_map_methods[method];
  const guint controlled[] = { SAL_MAP_S2, SAL_MAP_S4, SAL_MAP_ALL };
  gboolean is_signed = method == SAL_MAP_SIGNED;
  gboolean costly = row->method == SAL_CAM_SCORE;

  for (guint s = 0; s < SAL_MAP_SETTINGS; s++)
    if (row->degrid ? s != SAL_MAP_S4
            : row->every || s == SAL_MAP_S4 || s == SAL_MAP_ALL)
      add_row (rows, SAL_MASK_MAP, method, s, given,
          count_trials (config, row, s, given));
  if (is_signed)
    add_gate (rows, config, SAL_MASK_GATE, method, SAL_MAP_S4, given);
  if (given != 'A' || costly || row->degrid || !row->every)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (controlled); i++)
    for (SalMaskKind kind = SAL_MASK_RANDOM; kind <= SAL_MASK_TIME; kind++)
      add_row (rows, kind, method, controlled[i], given, config->n_thorough);
}

GArray *
sal_localisation_rows (const SalLocalisationConfig *config)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (SalLocalisationRow));

  add_row (rows, SAL_MASK_NONE, 0, 0, 0, config->n_trials);
  for (const char *given = "ABX"; *given != '\0'; given++) {
    for (guint m = 0; m < sal_n_map_methods; m++)
      add_method (rows, config, m, *given);
    add_gate (rows, config, SAL_MASK_DENSE, 0, 0, *given);
    if (*given != 'X')
      add_gate (rows, config, SAL_MASK_ORACLE, 0, 0, *given);
  }
  return rows;
}

/* --- masks --------------------------------------------------------------- */

static SalEar *
get_ear (const Work *work)
{
  SalEar *self = g_async_queue_try_pop (work->ears);
  SalModel *model = sal_cast_get_model (work->cast);

  return self != NULL ? self : sal_ear_new (model,
      sal_join_max_frames (SAL_JOIN_A_B_C, sal_model_get_mel_config (model),
          work->config->seconds), &work->config->style);
}

static void
keep_positive (float *map, gsize size)
{
  for (gsize i = 0; i < size; i++)
    map[i] = map[i] > 0 ? map[i] : 0;
}

/* Frames whose profile is above 0, whole. */
static void
gate (Place *place)
{
  SalEar *ear = place->ear;

  for (gsize i = 0; i < sal_ear_size (ear); i++)
    ear->mask[i] = place->profile[i % ear->n_frames] > 0 ? 1 : 0;
}

/* The map of a row, and its mean over the bands. */
static void
take_map (Place *place, const SalLocalisationRow *row)
{
  SalEar *ear = place->ear;

  if (place->method != (int) row->method)
    sal_maps_draw (ear->maps, row->method,
        sal_map_settings[SAL_MAP_ALL].layers);
  place->method = (int) row->method;
  sal_maps_fuse (ear->maps, sal_map_settings[row->setting].layers, ear->map);
  sal_mask_profile (ear->map, ear->n_bands, ear->n_frames, place->profile);
}

/* Something else that keeps as much as the map does. */
static void
mask_like_map (Place *place, const SalLocalisationRow *row)
{
  SalEar *ear = place->ear;
  const SalJoin *join = place->join;
  const guint32 seeds[] = { place->work->config->seed, join->form,
    join->number, row->method, row->setting };
  guint F = ear->n_bands, T = ear->n_frames;

  keep_positive (ear->map, sal_ear_size (ear));
  gsize n = (gsize) lrint (sal_mask_mass (ear->map, sal_ear_size (ear))
      * (double) sal_ear_size (ear));
  if (row->kind == SAL_MASK_RANDOM) {
    g_autoptr (GRand) rand = g_rand_new_with_seed_array (seeds,
        G_N_ELEMENTS (seeds));
    sal_mask_random (rand, sal_ear_size (ear), n, ear->mask);
  } else if (row->kind == SAL_MASK_ENERGY) {
    sal_mask_largest (ear->log_mel, F, T, n, ear->mask);
  } else {
    sal_mask_profile (ear->map, F, T, place->profile);
    sal_mask_spread (place->profile, F, T, ear->mask);
  }
  sal_mask_profile (ear->mask, F, T, place->profile);
}

/* The log-likelihood ratio of every frame. */
static void
score_densely (Place *place)
{
  SalEar *ear = place->ear;
  const SalRecord *record
      = sal_model_get_record (sal_cast_get_model (place->work->cast));
  const SalCurvePair *pair = &record->calibration.dense;
  SalLine line = sal_curve_at (sal_target_get_class (place->target) < 0
      ? &pair->enrolled : &pair->classes, DENSE_SECONDS);
  guint shape[3];
  float scale = 1;

  for (guint l = 0; l < SAL_STAGES; l++)
    scale /= (float) record->topology.strides[l];
  sal_net_get_stage (ear->net, SAL_STAGES - 1, shape);
  g_autofree float *columns = g_new (float, shape[2]);
  sal_scorer_dense (ear->scorer, ear->net, place->target, SAL_DENSE_COLUMNS,
      columns);
  for (guint j = 0; j < shape[2]; j++)
    columns[j] = line.scale * columns[j] + line.offset;
  sal_map_resize (columns, 1, shape[2], place->profile, 1, ear->n_frames, 1,
      scale);
}

/* Fills mask and profile. */
static void
make_mask (Place *place, const SalLocalisationRow *row)
{
  SalEar *ear = place->ear;

  if (has_map (row))
    take_map (place, row);
  switch (row->kind) {
    case SAL_MASK_NONE:
      for (gsize i = 0; i < sal_ear_size (ear); i++)
        ear->mask[i] = 1;
      break;
    case SAL_MASK_MAP:
      keep_positive (ear->map, sal_ear_size (ear));
      memcpy (ear->mask, ear->map, sal_ear_size (ear) * sizeof (float));
      break;
    case SAL_MASK_RANDOM:
    case SAL_MASK_ENERGY:
    case SAL_MASK_TIME:
      mask_like_map (place, row);
      break;
    case SAL_MASK_GATE:
      gate (place);
      break;
    case SAL_MASK_DENSE:
      score_densely (place);
      gate (place);
      break;
    case SAL_MASK_ORACLE:
      for (guint t = 0; t < ear->n_frames; t++)
        place->profile[t] = ear->speaks[t] ? 1 : 0;
      gate (place);
      break;
  }
}

/* --- trials -------------------------------------------------------------- */

static float
auc_of (const SalEar *self, const float *profile)
{
  g_autofree float *scores = g_new (float, self->n_frames + 1);
  gsize n[2] = { 0, 0 };

  for (guint t = 0; t < self->n_frames; t++)
    if (self->counts[t] && self->speaks[t])
      scores[n[0]++] = profile[t];
  for (guint t = 0; t < self->n_frames; t++)
    if (self->counts[t] && !self->speaks[t])
      scores[n[0] + n[1]++] = profile[t];
  SalDetection detection = { scores, n[0], scores + n[0], n[1] };
  return (float) sal_detection_auc (&detection);
}

static void
give (Place *place, char given)
{
  SalEar *ear = place->ear;
  const SalMelConfig *mel
      = sal_model_get_mel_config (sal_cast_get_model (place->work->cast));

  place->given = given;
  place->method = -1;
  place->target = sal_cast_get_target (place->work->cast,
      sal_join_get_label (place->join, place->work->cast, given));
  sal_maps_begin (ear->maps, ear->net, place->target);
  sal_join_truth (place->join, mel, given, ear->n_frames, ear->speaks,
      ear->counts);
}

static void
hear_masked (SalEar *self, gboolean raw)
{
  const float *intact = raw ? self->log_mel : self->input;

  for (gsize i = 0; i < sal_ear_size (self); i++)
    self->altered[i] = self->mask[i] * intact[i];
  if (raw)
    sal_net_forward (self->altered_net, self->altered, self->n_frames);
  else
    sal_net_forward_input (self->altered_net, self->altered);
}

/* What the network makes of a row's mask; NULL: nothing is left. */
static const float *
hear (Place *place, const SalLocalisationRow *row)
{
  SalEar *ear = place->ear;

  if (row->cut)
    return sal_ear_listen_cut (ear, ear->mask);
  hear_masked (ear, place->work->config->raw || row->kind >= SAL_MASK_GATE);
  return sal_net_get_embedding (ear->altered_net);
}

static SalLocalisationOutcome
try_row (Place *place, const SalLocalisationRow *row)
{
  SalEar *ear = place->ear;
  const SalCast *cast = place->work->cast;
  char given = row->given != 0 ? row->given : 'A';

  if (given != place->given)
    give (place, given);
  make_mask (place, row);
  const float *embedding = hear (place, row);
  return (SalLocalisationOutcome) {
    embedding != NULL && sal_cast_recognise (cast, embedding)
        == (int) sal_join_get_label (place->join, cast, given) ? 1 : 0,
    (float) sal_mask_mass (ear->mask, sal_ear_size (ear)),
    row->kind == SAL_MASK_NONE ? NAN : auc_of (ear, place->profile) };
}

void
sal_localisation_trial_free (gpointer trial)
{
  SalLocalisationTrial *self = trial;

  sal_join_free (self->join);
  g_free (self->outcomes);
  g_free (self);
}

static gpointer
run_trial (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  guint trial = g_array_index (work->jobs, guint, index);
  g_autoptr (SalJoin) join = sal_join_new (work->cast,
      sal_localisation_forms[trial % N_FORMS], trial / N_FORMS,
      work->config->seed, work->config->seconds, error);
  if (join == NULL)
    return NULL;

  Place place = { work, get_ear (work), join, NULL, 0, -1, NULL };
  SalLocalisationTrial *self = g_new (SalLocalisationTrial, 1);
  self->outcomes = g_new (SalLocalisationOutcome, work->rows->len);
  sal_ear_listen (place.ear, join);
  place.profile = g_new (float, place.ear->n_frames);
  for (guint r = 0; r < work->rows->len; r++) {
    const SalLocalisationRow *row
        = &g_array_index (work->rows, SalLocalisationRow, r);
    self->outcomes[r] = join->number < row->n_trials ? try_row (&place, row)
        : (SalLocalisationOutcome) { NAN, NAN, NAN };
  }
  g_free (place.profile);
  g_async_queue_push (work->ears, place.ear);
  g_clear_pointer (&join->samples, g_free); /* there may be thousands */
  self->join = g_steal_pointer (&join);
  return self;
}

static gboolean
take_trial (guint index, gpointer result, gpointer data, GError **error)
{
  const SalLocalisationConfig *config = ((const Work *) data)->config;
  gboolean ok = config->take == NULL
      || config->take (result, config->data, error);

  sal_localisation_trial_free (result);
  return ok;
}

static void
report_progress (double part, gpointer data)
{
  const SalLocalisationConfig *config = ((const Work *) data)->config;

  if (config->progress != NULL)
    config->progress (part, config->data);
}

gboolean
sal_localisation_run (SalCast *cast, const SalLocalisationConfig *config,
    const GArray *rows, GError **error)
{
  static const SalJobs jobs = { run_trial, take_trial,
    sal_localisation_trial_free, report_progress };
  Work work = { cast, config, rows,
    g_array_new (FALSE, FALSE, sizeof (guint)),
    g_async_queue_new_full (sal_ear_free) };

  for (guint i = 0; i < config->n_trials * N_FORMS; i++)
    if (config->wanted == NULL || config->wanted (
            sal_localisation_forms[i % N_FORMS], i / N_FORMS, config->data))
      g_array_append_val (work.jobs, i);
  gboolean ok = sal_jobs_run (&jobs, work.jobs->len, config->n_threads, &work,
      error);
  g_array_unref (work.jobs);
  g_async_queue_unref (work.ears);
  return ok;
}

/* --- results ------------------------------------------------------------- */

static SalLocalisationResult
measure (const GPtrArray *trials, SalJoinForm form, guint row)
{
  g_autofree float *aucs = g_new (float, trials->len + 1);
  guint n = 0, n_hits = 0;
  double mass = 0;

  for (guint i = 0; i < trials->len; i++) {
    const SalLocalisationTrial *trial = g_ptr_array_index (trials, i);
    const SalLocalisationOutcome *outcome = &trial->outcomes[row];
    if (trial->join->form != form || isnan (outcome->hit))
      continue;
    n_hits += outcome->hit > 0;
    mass += outcome->mass;
    aucs[n++] = outcome->auc;
  }
  return (SalLocalisationResult) { form, row, sal_rate_of_hits (n_hits, n),
    sal_rate_of_values (aucs, n), mass / n };
}

void
sal_localisation_measure (const GArray *rows, const GPtrArray *trials,
    GArray *results)
{
  for (guint f = 0; f < N_FORMS; f++)
    for (guint r = 0; r < rows->len; r++) {
      SalLocalisationResult result = measure (trials,
          sal_localisation_forms[f], r);
      if (result.top1.n > 0)
        g_array_append_val (results, result);
    }
}
