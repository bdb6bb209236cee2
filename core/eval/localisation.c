/* SPDX-License-Identifier: GPL-2.0-or-later */
/* localisation.c: speaker localisation by maps, Table 2 of the paper */
#include "eval/localisation.h"

#include <math.h>
#include <string.h>

#include "eval/detection.h"
#include "eval/probe.h"
#include "network/geometry.h"
#include "eval/jobs.h"
#include <saliency/map.h>
#include "network/model-internal.h"
#include "eval/ranking.h"

#define N_FORMS EVAL_LOCALISATION_FORMS
#define DENSE_SECONDS 2 /* of look-ahead: every window counts */

const EvalConcatenationForm eval_localisation_forms[N_FORMS]
    = { EVAL_CONCATENATION_A_B, EVAL_CONCATENATION_A_B_A,
        EVAL_CONCATENATION_B_A_B, EVAL_CONCATENATION_A_B_C };

typedef struct {
  EvalSpeakerSets *cast;
  const EvalLocalisationConfig *config;
  const GArray *rows;
  GArray *jobs; /* of guint: wanted trials */
  GAsyncQueue *ears;
} Work;

/* State of a trial. */
typedef struct {
  const Work *work;
  EvalProbe *ear;
  const EvalConcatenation *join;
  const SalTarget *target;
  char given;     /* speaker of the reference */
  int method;     /* method of the maps in the probe, -1: none */
  float *profile; /* time course of the row, for its AUC, [T] */
} Place;

void
eval_localisation_config_init (EvalLocalisationConfig *config, guint n_trials)
{
  guint n = n_trials > 0 ? n_trials : 400;

  *config = (EvalLocalisationConfig){ .seed = 2022,
    .n_trials = n,
    .n_thorough = MAX (n / 10, MIN (n, 16)),
    .n_score = MIN (n, 8),
    .seconds = 2 };
  eval_map_style_init (&config->style);
}

/* --- rows ---------------------------------------------------------------- */

static const char *const suffixes[] = {
  [EVAL_MASK_NONE] = "original",
  [EVAL_MASK_MAP] = "",
  [EVAL_MASK_RANDOM] = "/random",
  [EVAL_MASK_ENERGY] = "/energy",
  [EVAL_MASK_TIME] = "/time",
  [EVAL_MASK_GATE] = "/gate",
  [EVAL_MASK_DENSE] = "dense",
  [EVAL_MASK_ORACLE] = "oracle",
};

static gboolean
has_map (const EvalLocalisationRow *row)
{
  return row->kind >= EVAL_MASK_MAP && row->kind <= EVAL_MASK_GATE;
}

char *
eval_localisation_name (const EvalLocalisationRow *row)
{
  return g_strconcat (has_map (row) ? eval_map_methods[row->method].name : "",
      suffixes[row->kind], row->cut ? "/cut" : "", NULL);
}

const char *
eval_localisation_layers (const EvalLocalisationRow *row)
{
  return has_map (row) ? eval_map_settings[row->setting].name : "none";
}

static void
add_row (GArray *rows, EvalMaskKind kind, guint method, guint setting,
    char given, guint n_trials)
{
  EvalLocalisationRow row = { kind, method, setting, given, FALSE, n_trials };

  g_array_append_val (rows, row);
}

/* A gate that silences frames, and one that cuts them out. */
static void
add_gate (GArray *rows, const EvalLocalisationConfig *config, EvalMaskKind kind,
    guint method, guint setting, char given)
{
  guint n = given == 'B' ? config->n_thorough : config->n_trials;
  EvalLocalisationRow row = { kind, method, setting, given, TRUE, n };

  add_row (rows, kind, method, setting, given, n);
  g_array_append_val (rows, row);
}

/* All trials: methods with a figure in the paper, except Score-CAM for its
 * cost, with maps for A as there; and our own maps of S4 and of all layers
 * fused. */
static guint
count_trials (const EvalLocalisationConfig *config, const EvalMapMethod *row,
    guint setting, char given)
{
  gboolean ours = row->degrid || row->method == SAL_CAM_SIGNED_LAYER;

  if (row->method == SAL_CAM_SCORE)
    return given == 'A' ? config->n_score : (config->n_score + 3) / 4;
  if (given != 'A' || !row->every)
    return config->n_thorough;
  return ours && setting != EVAL_MAP_S4 && setting != EVAL_MAP_ALL
      ? config->n_thorough
      : config->n_trials;
}

/* All rows from the maps of a method. */
static void
add_method (GArray *rows, const EvalLocalisationConfig *config, guint method,
    char given)
{
  const EvalMapMethod *row = &eval_map_methods[method];
  const guint controlled[] = { EVAL_MAP_S2, EVAL_MAP_S4, EVAL_MAP_ALL };
  gboolean is_signed = method == EVAL_MAP_SIGNED;
  gboolean costly = row->method == SAL_CAM_SCORE;

  for (guint s = 0; s < EVAL_MAP_SETTINGS; s++)
    if (row->degrid ? s != EVAL_MAP_S4
                    : row->every || s == EVAL_MAP_S4 || s == EVAL_MAP_ALL)
      add_row (rows, EVAL_MASK_MAP, method, s, given,
          count_trials (config, row, s, given));
  if (is_signed)
    add_gate (rows, config, EVAL_MASK_GATE, method, EVAL_MAP_S4, given);
  if (given != 'A' || costly || row->degrid || !row->every)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (controlled); i++)
    for (EvalMaskKind kind = EVAL_MASK_RANDOM; kind <= EVAL_MASK_TIME; kind++)
      add_row (rows, kind, method, controlled[i], given, config->n_thorough);
}

GArray *
eval_localisation_rows (const EvalLocalisationConfig *config)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (EvalLocalisationRow));

  add_row (rows, EVAL_MASK_NONE, 0, 0, 0, config->n_trials);
  for (const char *given = "ABX"; *given != '\0'; given++) {
    for (guint m = 0; m < eval_n_map_methods; m++)
      add_method (rows, config, m, *given);
    add_gate (rows, config, EVAL_MASK_DENSE, 0, 0, *given);
    if (*given != 'X')
      add_gate (rows, config, EVAL_MASK_ORACLE, 0, 0, *given);
  }
  return rows;
}

/* --- masks --------------------------------------------------------------- */

static EvalProbe *
get_ear (const Work *work)
{
  EvalProbe *self = g_async_queue_try_pop (work->ears);
  SalModel *model = eval_speaker_sets_get_model (work->cast);

  return self != NULL
      ? self
      : eval_probe_new (model,
          eval_concatenation_max_frames (EVAL_CONCATENATION_A_B_C,
              sal_model_get_mel_config (model), work->config->seconds),
          &work->config->style);
}

static void
keep_positive (float *map, gsize size)
{
  for (gsize i = 0; i < size; i++)
    map[i] = map[i] > 0 ? map[i] : 0;
}

/* Whole frames with a profile above 0. */
static void
gate (Place *place)
{
  EvalProbe *ear = place->ear;

  for (gsize i = 0; i < eval_probe_size (ear); i++)
    ear->mask[i] = place->profile[i % ear->n_frames] > 0 ? 1 : 0;
}

/* The map of a row, and its mean over the bands as profile. */
static void
take_map (Place *place, const EvalLocalisationRow *row)
{
  EvalProbe *ear = place->ear;

  if (place->method != (int) row->method)
    eval_maps_draw (ear->maps, row->method,
        eval_map_settings[EVAL_MAP_ALL].layers);
  place->method = (int) row->method;
  eval_maps_fuse (ear->maps, eval_map_settings[row->setting].layers, ear->map);
  eval_mask_profile (ear->map, ear->n_bands, ear->n_frames, place->profile);
}

/* A control mask with the same kept part as the map. */
static void
mask_like_map (Place *place, const EvalLocalisationRow *row)
{
  EvalProbe *ear = place->ear;
  const EvalConcatenation *join = place->join;
  const guint32 seeds[] = { place->work->config->seed, join->form, join->number,
    row->method, row->setting };
  guint F = ear->n_bands, T = ear->n_frames;

  keep_positive (ear->map, eval_probe_size (ear));
  gsize n = (gsize) lrint (eval_mask_mass (ear->map, eval_probe_size (ear))
      * (double) eval_probe_size (ear));
  if (row->kind == EVAL_MASK_RANDOM) {
    g_autoptr (GRand) rand
        = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
    eval_mask_random (rand, eval_probe_size (ear), n, ear->mask);
  } else if (row->kind == EVAL_MASK_ENERGY) {
    eval_mask_largest (ear->log_mel, F, T, n, ear->mask);
  } else {
    eval_mask_profile (ear->map, F, T, place->profile);
    eval_mask_spread (place->profile, F, T, ear->mask);
  }
  eval_mask_profile (ear->mask, F, T, place->profile);
}

/* Profile: log-likelihood ratio of every frame. */
static void
score_densely (Place *place)
{
  EvalProbe *ear = place->ear;
  const SalDescription *record = sal_model_get_description (
      eval_speaker_sets_get_model (place->work->cast));
  const SalCurvePair *pair = &record->calibration.dense;
  SalLine line
      = sal_curve_at (sal_target_get_class (place->target) < 0 ? &pair->enrolled
                                                               : &pair->classes,
          DENSE_SECONDS);
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
make_mask (Place *place, const EvalLocalisationRow *row)
{
  EvalProbe *ear = place->ear;

  if (has_map (row))
    take_map (place, row);
  switch (row->kind) {
  case EVAL_MASK_NONE:
    for (gsize i = 0; i < eval_probe_size (ear); i++)
      ear->mask[i] = 1;
    break;
  case EVAL_MASK_MAP:
    keep_positive (ear->map, eval_probe_size (ear));
    memcpy (ear->mask, ear->map, eval_probe_size (ear) * sizeof (float));
    break;
  case EVAL_MASK_RANDOM:
  case EVAL_MASK_ENERGY:
  case EVAL_MASK_TIME:
    mask_like_map (place, row);
    break;
  case EVAL_MASK_GATE:
    gate (place);
    break;
  case EVAL_MASK_DENSE:
    score_densely (place);
    gate (place);
    break;
  case EVAL_MASK_ORACLE:
    for (guint t = 0; t < ear->n_frames; t++)
      place->profile[t] = ear->speaks[t] ? 1 : 0;
    gate (place);
    break;
  }
}

/* --- trials -------------------------------------------------------------- */

static float
auc_of (const EvalProbe *self, const float *profile)
{
  g_autofree float *scores = g_new (float, self->n_frames + 1);
  gsize n[2] = { 0, 0 };

  for (guint t = 0; t < self->n_frames; t++)
    if (self->counts[t] && self->speaks[t])
      scores[n[0]++] = profile[t];
  for (guint t = 0; t < self->n_frames; t++)
    if (self->counts[t] && !self->speaks[t])
      scores[n[0] + n[1]++] = profile[t];
  EvalDetection detection = { scores, n[0], scores + n[0], n[1] };
  return (float) eval_detection_auc (&detection);
}

static void
give (Place *place, char given)
{
  EvalProbe *ear = place->ear;
  const SalMelConfig *mel = sal_model_get_mel_config (
      eval_speaker_sets_get_model (place->work->cast));

  place->given = given;
  place->method = -1;
  place->target = eval_speaker_sets_get_target (place->work->cast,
      eval_concatenation_get_label (place->join, place->work->cast, given));
  eval_maps_begin (ear->maps, ear->net, place->target);
  eval_concatenation_truth (place->join, mel, given, ear->n_frames, ear->speaks,
      ear->counts);
}

static void
hear_masked (EvalProbe *self, gboolean raw)
{
  const float *intact = raw ? self->log_mel : self->input;

  for (gsize i = 0; i < eval_probe_size (self); i++)
    self->altered[i] = self->mask[i] * intact[i];
  if (raw)
    sal_net_forward (self->altered_net, self->altered, self->n_frames);
  else
    sal_net_forward_input (self->altered_net, self->altered);
}

/* Embedding of the masked sound; NULL if nothing is left. */
static const float *
hear (Place *place, const EvalLocalisationRow *row)
{
  EvalProbe *ear = place->ear;

  if (row->cut)
    return eval_probe_listen_cut (ear, ear->mask);
  hear_masked (ear, place->work->config->raw || row->kind >= EVAL_MASK_GATE);
  return sal_net_get_embedding (ear->altered_net);
}

static EvalLocalisationOutcome
try_row (Place *place, const EvalLocalisationRow *row)
{
  EvalProbe *ear = place->ear;
  const EvalSpeakerSets *cast = place->work->cast;
  char given = row->given != 0 ? row->given : 'A';

  if (given != place->given)
    give (place, given);
  make_mask (place, row);
  const float *embedding = hear (place, row);
  return (EvalLocalisationOutcome){ embedding != NULL
            && eval_speaker_sets_recognise (cast, embedding)
                == (int) eval_concatenation_get_label (place->join, cast, given)
        ? 1
        : 0,
    (float) eval_mask_mass (ear->mask, eval_probe_size (ear)),
    row->kind == EVAL_MASK_NONE ? NAN : auc_of (ear, place->profile) };
}

void
eval_localisation_trial_free (gpointer trial)
{
  EvalLocalisationTrial *self = trial;

  eval_concatenation_free (self->join);
  g_free (self->outcomes);
  g_free (self);
}

static gpointer
run_trial (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  guint trial = g_array_index (work->jobs, guint, index);
  g_autoptr (EvalConcatenation) join = eval_concatenation_new (work->cast,
      eval_localisation_forms[trial % N_FORMS], trial / N_FORMS,
      work->config->seed, work->config->seconds, error);
  if (join == NULL)
    return NULL;

  Place place = { work, get_ear (work), join, NULL, 0, -1, NULL };
  EvalLocalisationTrial *self = g_new (EvalLocalisationTrial, 1);
  self->outcomes = g_new (EvalLocalisationOutcome, work->rows->len);
  eval_probe_listen (place.ear, join);
  place.profile = g_new (float, place.ear->n_frames);
  for (guint r = 0; r < work->rows->len; r++) {
    const EvalLocalisationRow *row
        = &g_array_index (work->rows, EvalLocalisationRow, r);
    self->outcomes[r] = join->number < row->n_trials
        ? try_row (&place, row)
        : (EvalLocalisationOutcome){ NAN, NAN, NAN };
  }
  g_free (place.profile);
  g_async_queue_push (work->ears, place.ear);
  g_clear_pointer (&join->samples,
      g_free); /* thousands of trials would fill the memory */
  self->join = g_steal_pointer (&join);
  return self;
}

static gboolean
take_trial (guint index, gpointer result, gpointer data, GError **error)
{
  const EvalLocalisationConfig *config = ((const Work *) data)->config;
  gboolean ok
      = config->take == NULL || config->take (result, config->data, error);

  eval_localisation_trial_free (result);
  return ok;
}

static void
report_progress (double part, gpointer data)
{
  const EvalLocalisationConfig *config = ((const Work *) data)->config;

  if (config->progress != NULL)
    config->progress (part, config->data);
}

gboolean
eval_localisation_run (EvalSpeakerSets *cast,
    const EvalLocalisationConfig *config, const GArray *rows, GError **error)
{
  static const EvalJobs jobs = { run_trial, take_trial,
    eval_localisation_trial_free, report_progress };
  Work work = { cast, config, rows, g_array_new (FALSE, FALSE, sizeof (guint)),
    g_async_queue_new_full (eval_probe_free) };

  for (guint i = 0; i < config->n_trials * N_FORMS; i++)
    if (config->wanted == NULL
        || config->wanted (eval_localisation_forms[i % N_FORMS], i / N_FORMS,
            config->data))
      g_array_append_val (work.jobs, i);
  gboolean ok
      = eval_jobs_run (&jobs, work.jobs->len, config->n_threads, &work, error);
  g_array_unref (work.jobs);
  g_async_queue_unref (work.ears);
  return ok;
}

/* --- results ------------------------------------------------------------- */

static EvalLocalisationResult
measure (const GPtrArray *trials, EvalConcatenationForm form, guint row)
{
  g_autofree float *aucs = g_new (float, trials->len + 1);
  guint n = 0, n_hits = 0;
  double mass = 0;

  for (guint i = 0; i < trials->len; i++) {
    const EvalLocalisationTrial *trial = g_ptr_array_index (trials, i);
    const EvalLocalisationOutcome *outcome = &trial->outcomes[row];
    if (trial->join->form != form || isnan (outcome->hit))
      continue;
    n_hits += outcome->hit > 0;
    mass += outcome->mass;
    aucs[n++] = outcome->auc;
  }
  return (EvalLocalisationResult){ form, row, eval_interval_of_hits (n_hits, n),
    eval_interval_of_values (aucs, n), mass / n };
}

void
eval_localisation_measure (const GArray *rows, const GPtrArray *trials,
    GArray *results)
{
  for (guint f = 0; f < N_FORMS; f++)
    for (guint r = 0; r < rows->len; r++) {
      EvalLocalisationResult result
          = measure (trials, eval_localisation_forms[f], r);
      if (result.top1.n > 0)
        g_array_append_val (results, result);
    }
}
