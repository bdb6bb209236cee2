/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deletion.h: deletion and insertion curves: does a map rank the decisive bins first?
 *
 * Figures 2 and 4 of the paper, with controls.  In 50 equal steps the most salient bins of the
 * network input (normalised log-Mel) are deleted, or inserted into an input without any bin; after
 * each step the speaker is recognised again, with the statistics of the intact sound.  Bins are
 * ranked by ranking.h.  A flat map gives a random order and is counted.  The controls are
 *
 *   random   bins in random order      blocks   cells of S4 in random order
 *   frames   from left to right        energy   the loudest bins first
 *   oracle   the target's frames first, in B-A-B only
 *
 * Fills: a deleted bin becomes the mean of its band in the sound ("zero", 0 as network input), a 0
 * of the front end ("silence"), or the mean of its band over an utterance of each speaker ("mean").
 *
 * Work: 98 forward passes for each ranking and fill of a trial.  With the defaults a trial takes
 * 1370 passes, a trial of the first quarter 1960 more, a trial with Score-CAM 720 more, two thirds
 * of them for its maps.  With pieces of 1.5 s a plain trial takes about 47 s for B-A-B and 15 s for
 * A, on a core with 15 ms for 200 frames.
 */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"
#include "eval/intervals.h"

#define EVAL_DELETION_STEPS 50
#define EVAL_DELETION_FORMS 2

extern const EvalConcatenationForm eval_deletion_forms[EVAL_DELETION_FORMS]; /* A, B-A-B */

typedef enum { EVAL_DELETION_DELETE, EVAL_DELETION_INSERT, EVAL_DELETION_WAYS } EvalDeletionWay;
typedef enum { EVAL_FILL_ZERO, EVAL_FILL_SILENCE, EVAL_FILL_MEAN, EVAL_FILLS } EvalFill;

extern const char *const eval_fill_names[EVAL_FILLS];

typedef enum {
  EVAL_RANK_MAP,
  EVAL_RANK_RANDOM,
  EVAL_RANK_BLOCKS,
  EVAL_RANK_FRAMES,
  EVAL_RANK_ENERGY,
  EVAL_RANK_ORACLE,
} EvalRankKind;

typedef struct {
  EvalRankKind kind;
  guint method, setting; /* indices of eval_map_methods and _settings, for MAP */
  EvalFill fill;
  guint n_trials; /* this row is for the first n_trials of each form */
} EvalDeletionRow;

typedef struct {
  float part[EVAL_DELETION_STEPS + 1];     /* share of altered bins */
  float hit[EVAL_DELETION_STEPS + 1];      /* 1: A is recognised */
  float log_odds[EVAL_DELETION_STEPS + 1]; /* of A */
} EvalDeletionCurve;

/* Floats only: a trial log stores [EVAL_DELETION_NUMBERS]. */
typedef struct {
  float tried, empty; /* 0 or 1; empty: the map was flat */
  EvalDeletionCurve curves[EVAL_DELETION_WAYS];
} EvalDeletionOutcome;

#define EVAL_DELETION_NUMBERS (sizeof (EvalDeletionOutcome) / sizeof (float))

typedef struct {
  EvalConcatenation *join;
  EvalDeletionOutcome *outcomes; /* [n_rows] */
} EvalDeletionTrial;

typedef struct {
  EvalInterval area, log_odds_area; /* areas under Top-1 and log-odds, means over trials */
  EvalInterval hit[EVAL_DELETION_STEPS + 1], log_odds[EVAL_DELETION_STEPS + 1];
} EvalDeletionMean;

typedef struct {
  EvalConcatenationForm form;
  guint row, n_trials, n_empty;
  EvalDeletionMean ways[EVAL_DELETION_WAYS];
} EvalDeletionResult;

typedef struct {
  guint32 seed;
  guint n_trials;   /* of each form */
  guint n_thorough; /* the first of them, with all fills */
  guint n_score;    /* the first of them, with Score-CAM */
  double seconds;   /* of a piece */
  EvalMapStyle style;
  guint n_threads; /* 0: all processors */
  gboolean (
      *wanted) (EvalConcatenationForm form, guint number, gpointer data); /* (nullable): all */
  gboolean (*take) (const EvalDeletionTrial *trial, gpointer data,
      GError **error);                           /* (nullable): in order, in one thread */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} EvalDeletionConfig;

/**
 * eval_deletion_config_init:
 * @n_trials: 0: 16
 *
 * Seed 2022, a quarter of the trials but at least 4 with all fills, 4 with Score-CAM, pieces of
 * 1.5 s.
 */
void eval_deletion_config_init (EvalDeletionConfig *config, guint n_trials);

GArray *eval_deletion_rows (
    const EvalDeletionConfig *config); /* (transfer full): of EvalDeletionRow */
const char *eval_deletion_name (const EvalDeletionRow *row);
const char *eval_deletion_layers (const EvalDeletionRow *row); /* "none" if it has none */

/**
 * eval_deletion_area:
 * @y: [STEPS + 1]
 *
 * Returns: area under @y over @part, by the trapezoidal rule
 */
double eval_deletion_area (const float *part, const float *y);

/**
 * eval_deletion_run:
 * @rows: (element-type EvalDeletionRow)
 *
 * Runs the wanted trials by number, each number in both forms.
 *
 * Returns: %TRUE, or %FALSE and the errors of eval_concatenation_new() or of @config's take()
 */
gboolean eval_deletion_run (EvalSpeakerSets *cast, const EvalDeletionConfig *config,
    const GArray *rows, GError **error);

/**
 * eval_deletion_measure:
 * @rows: (element-type EvalDeletionRow)
 * @trials: (element-type EvalDeletionTrial): only the form of each concatenation is used
 * @results: (element-type EvalDeletionResult): appended form by form, one for each row with trials
 */
void eval_deletion_measure (const GArray *rows, const GPtrArray *trials, GArray *results);
void eval_deletion_trial_free (gpointer trial);
