/* SPDX-License-Identifier: GPL-2.0-or-later */
/* localisation.h: speaker localisation: does a map find its speaker among others?
 *
 * Table 2 of the paper, with controls.  A map is drawn for a given speaker: A, as in the paper; B,
 * who also speaks; or X, who is absent.  The log-Mel is multiplied by the map (a signed map by its
 * positive part) and the speaker is recognised again.  A hit is a decision for the given speaker:
 * for A and B a success, for X a sign that the mask draws the decision to any speaker.  The paper
 * does not say which log-Mel is masked.  The default is the normalised log-Mel, with the statistics
 * of the intact sound: a 0 of the map leaves the mean of the band.  The alternative is the log-Mel
 * of the front end: a 0 of the map gives 0, and the rest is normalised anew.  Whole frames are
 * always silenced in the second way, as the masker of a stream would.
 *
 * Beside the maps there are rows for
 *   original           no mask; hits for A
 *   MAP/random         random bins, as many as the map keeps in sum
 *   MAP/energy         the loudest bins, as many
 *   MAP/time           the mean of the map over the bands, in every band
 *   MAP/gate           whole frames where the mean of a signed map over the bands is above 0
 *   dense              whole frames where the calibrated dense score is above 0
 *   oracle             whole frames where the given speaker speaks
 *   .../cut            the last three with the other frames cut out, not silenced; the rest is
 *                      normalised anew, and an empty rest is no hit
 *
 * The AUC compares a map's mean over the bands, or the dense score, with the reference in each
 * trial, without the collar at joins (concatenation.h).
 *
 * Work: a forward pass for each mask, a backward pass to S1 for each given speaker and score.  With
 * the defaults a trial takes 23 passes and 5 short ones; a thorough trial 103 more; a trial with
 * Score-CAM (32 channels a layer) 140 more, and 280 more with maps for B and X.  These are about
 * 1.2, 4, 5.5 and 11 s on a core with 15 ms for 200 frames, and 50 minutes for all 1600 trials.
 */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"
#include "eval/intervals.h"

typedef enum {
  EVAL_MASK_NONE,
  EVAL_MASK_MAP,
  EVAL_MASK_RANDOM,
  EVAL_MASK_ENERGY,
  EVAL_MASK_TIME,
  EVAL_MASK_GATE,
  EVAL_MASK_DENSE,
  EVAL_MASK_ORACLE,
} EvalMaskKind;

typedef struct {
  EvalMaskKind kind;
  guint method, setting; /* indices of eval_map_methods and _settings, MAP .. GATE */
  char given;            /* 'A', 'B' or 'X'; 0: nobody */
  gboolean cut;          /* for GATE, DENSE and ORACLE */
  guint n_trials;        /* this row is for the first n_trials of each form */
} EvalLocalisationRow;

#define EVAL_LOCALISATION_FORMS 4
#define EVAL_LOCALISATION_NUMBERS (sizeof (EvalLocalisationOutcome) / sizeof (float))

/* Floats only: a trial log stores [EVAL_LOCALISATION_NUMBERS]. */
typedef struct {
  float hit;  /* 1: the given speaker is recognised; 0: not; NAN: not tried */
  float mass; /* kept part, mean of the mask */
  float auc;  /* NAN: none */
} EvalLocalisationOutcome;

typedef struct {
  EvalConcatenation *join;
  EvalLocalisationOutcome *outcomes; /* [n_rows] */
} EvalLocalisationTrial;

typedef struct {
  EvalConcatenationForm form;
  guint row;
  EvalInterval top1, auc;
  double mass;
} EvalLocalisationResult;

typedef struct {
  guint32 seed;
  guint n_trials;   /* of each form */
  guint n_thorough; /* the first of them, with maps for B and X, gates for B, Grad-CAM, our maps in
                       every setting, and controls of equal area */
  guint n_score;    /* the first of them, with Score-CAM for A; a quarter also for B and X */
  double seconds;   /* of a piece */
  EvalMapStyle style;
  gboolean raw;    /* mask the log-Mel of the front end, else the normalised log-Mel */
  guint n_threads; /* 0: all processors */
  gboolean (
      *wanted) (EvalConcatenationForm form, guint number, gpointer data); /* (nullable): all */
  gboolean (*take) (const EvalLocalisationTrial *trial, gpointer data,
      GError **error);                           /* (nullable): in order, in one thread */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} EvalLocalisationConfig;

extern const EvalConcatenationForm
    eval_localisation_forms[EVAL_LOCALISATION_FORMS]; /* A-B .. A-B-C */

/**
 * eval_localisation_config_init:
 * @n_trials: 0: 400
 *
 * Seed 2022, a tenth of the trials but at least 16 thorough, 8 with Score-CAM, pieces of 2 s; with
 * 1.5 s even the true segments reach only nine hits in ten.
 */
void eval_localisation_config_init (EvalLocalisationConfig *config, guint n_trials);

GArray *eval_localisation_rows (
    const EvalLocalisationConfig *config); /* (transfer full): of EvalLocalisationRow */
char *eval_localisation_name (
    const EvalLocalisationRow *row); /* (transfer full): as above, with the name of the method */
const char *eval_localisation_layers (const EvalLocalisationRow *row); /* "none" if it has none */

/**
 * eval_localisation_run:
 * @rows: (element-type EvalLocalisationRow)
 *
 * Runs the wanted trials by number, each number in the forms A-B .. A-B-C.
 *
 * Returns: %TRUE, or %FALSE and the errors of eval_concatenation_new() or of @config's take()
 */
gboolean eval_localisation_run (EvalSpeakerSets *cast, const EvalLocalisationConfig *config,
    const GArray *rows, GError **error);

/**
 * eval_localisation_measure:
 * @rows: (element-type EvalLocalisationRow)
 * @trials: (element-type EvalLocalisationTrial): only the form of each concatenation is used
 * @results: (element-type EvalLocalisationResult): appended form by form, one for each row with
 * trials
 */
void eval_localisation_measure (const GArray *rows, const GPtrArray *trials, GArray *results);
void eval_localisation_trial_free (gpointer trial);
