/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deletion.h: does a map rank the bins that decide?
 *
 * Figures 2 and 4 of the paper with references: of the log-Mel that the network takes in the most salient bins are
 * deleted, or inserted into one where all are deleted, in 50 equal steps; after each it is recognised again, with the
 * statistics of the intact sound.  Bins are ranked by ranking.h.  A map that is flat gives a random order and is counted.
 *
 *   random   bins in any order         blocks   cells of S4 in any order
 *   frames   from left to right        energy   the loudest first
 *   oracle   the target's frames first, where others speak, too
 *
 * Fills: a deleted bin becomes the mean of its band in the sound ("zero": 0 of what the network takes in), a 0 of
 * the front end ("silence"), or the mean of its band over an utterance of each speaker ("mean").
 *
 * Work: 98 forward passes for each ranking and fill of a trial: with the defaults 1370 for a trial, 1960 more for the
 * first quarter, and 720 for Score-CAM, two thirds of them for those: of pieces of 1.5 s about 47 s a trial of B-A-B and
 * 15 s of A for the others, on a core that does 200 frames in 15 ms.
 */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"
#include "eval/intervals.h"

#define SAL_DELETION_STEPS 50
#define SAL_DELETION_FORMS 2

extern const SalJoinForm sal_deletion_forms[SAL_DELETION_FORMS]; /* A, B-A-B */

typedef enum { SAL_DELETION_DELETE, SAL_DELETION_INSERT, SAL_DELETION_WAYS } SalDeletionWay;
typedef enum { SAL_FILL_ZERO, SAL_FILL_SILENCE, SAL_FILL_MEAN, SAL_FILLS } SalFill;

extern const char *const sal_fill_names[SAL_FILLS];

typedef enum {
  SAL_RANK_MAP,
  SAL_RANK_RANDOM,
  SAL_RANK_BLOCKS,
  SAL_RANK_FRAMES,
  SAL_RANK_ENERGY,
  SAL_RANK_ORACLE,
} SalRankKind;

typedef struct {
  SalRankKind kind;
  guint method, setting; /* of sal_map_methods and _settings, for MAP */
  SalFill fill;
  guint n_trials;        /* the first so many of each form */
} SalDeletionRow;

typedef struct {
  float part[SAL_DELETION_STEPS + 1];     /* of the bins that were altered */
  float hit[SAL_DELETION_STEPS + 1];      /* 1: A is recognised */
  float log_odds[SAL_DELETION_STEPS + 1]; /* of A */
} SalDeletionCurve;

/* Numbers only: a ledger keeps it as [SAL_DELETION_NUMBERS]. */
typedef struct {
  float tried, empty; /* 0 or 1; empty: the map was flat */
  SalDeletionCurve curves[SAL_DELETION_WAYS];
} SalDeletionOutcome;

#define SAL_DELETION_NUMBERS (sizeof (SalDeletionOutcome) / sizeof (float))

typedef struct {
  SalJoin *join;
  SalDeletionOutcome *outcomes; /* [n_rows] */
} SalDeletionTrial;

typedef struct {
  SalRate area, log_odds_area; /* under hits and log-odds, means of the trials */
  SalRate hit[SAL_DELETION_STEPS + 1], log_odds[SAL_DELETION_STEPS + 1];
} SalDeletionMean;

typedef struct {
  SalJoinForm form;
  guint row, n_trials, n_empty;
  SalDeletionMean ways[SAL_DELETION_WAYS];
} SalDeletionResult;

typedef struct {
  guint32 seed;
  guint n_trials;   /* of each form */
  guint n_thorough; /* of them, with all fills */
  guint n_score;    /* of them, with Score-CAM */
  double seconds;    /* of a piece */
  SalMapStyle style;
  guint n_threads;  /* 0: all processors */
  gboolean (*wanted) (SalJoinForm form, guint number, gpointer data); /* (nullable): all */
  gboolean (*take) (const SalDeletionTrial *trial, gpointer data, GError **error); /* (nullable): in order, in one thread */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} SalDeletionConfig;

/**
 * sal_deletion_config_init:
 * @n_trials: 0: 16
 *
 * Seed 2022, a quarter thorough, at least 4, 4 with Score-CAM, pieces of 1.5 s.
 */
void sal_deletion_config_init (SalDeletionConfig *config, guint n_trials);

GArray *sal_deletion_rows (const SalDeletionConfig *config); /* (transfer full): of SalDeletionRow */
const char *sal_deletion_name (const SalDeletionRow *row);
const char *sal_deletion_layers (const SalDeletionRow *row); /* "none" if it has none */

/**
 * sal_deletion_area:
 * @y: [STEPS + 1]
 *
 * Returns: the area under @y over @part, by trapezoids
 */
double sal_deletion_area (const float *part, const float *y);

/**
 * sal_deletion_run:
 * @rows: (element-type SalDeletionRow)
 *
 * Runs the trials that are wanted, number by number, in each both forms.
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_join_new() or of the one who takes
 */
gboolean sal_deletion_run (SalCast *cast, const SalDeletionConfig *config, const GArray *rows, GError **error);

/**
 * sal_deletion_measure:
 * @rows: (element-type SalDeletionRow)
 * @trials: (element-type SalDeletionTrial): only the form of their join is looked at
 * @results: (element-type SalDeletionResult): are added, form by form, one for each row with trials
 */
void sal_deletion_measure (const GArray *rows, const GPtrArray *trials, GArray *results);
void sal_deletion_trial_free (gpointer trial);
