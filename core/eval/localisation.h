/* SPDX-License-Identifier: GPL-2.0-or-later */
/* localisation.h: does a map find its speaker among others?
 *
 * Table 2 of the paper with controls.  A map is drawn for a speaker who is given: A, as in the
 * paper; B, who speaks, too; or X, who is absent.  The log-Mel is multiplied by the map (of a
 * signed map by its positive part) and recognised again.  Success is that the given speaker is
 * recognised: good for A and B, but for X it means that the mask pulls a decision to whom it was
 * drawn for.  The paper leaves open which log-Mel: that which the network takes in, with the
 * statistics of the intact sound, so that a 0 of the map leaves the mean of its band (the default);
 * or that of the front end, so that a 0 is 0, and what is left is normalised anew.  Whole frames
 * are always silenced in the latter way, as the masker of a stream would.
 *
 * Beside the maps there are rows for
 *   original           nothing masked; is it A?
 *   MAP/random         as many bins as the map keeps in sum, at random
 *   MAP/energy         as many bins, the loudest
 *   MAP/time           the mean of the map over the bands, in every band
 *   MAP/gate           frames whose mean over the bands of a signed map is above 0, whole
 *   dense              frames whose dense score, calibrated, is above 0, whole
 *   oracle             the frames in which the given speaker speaks, whole
 *   .../cut            the same three, but frames that are left out are cut out, not silenced: what
 * is recognised is what the gate lets through, normalised apart; if that is nothing, it is nobody
 *
 * The AUC is that of a map's mean over the bands, or of the dense score, against who speaks, in
 * each trial, joins left out (joins.h).
 *
 * Work: a forward pass for each mask, one backward pass to S1 for each speaker given and score.
 * With the defaults 23 passes and 5 short ones for a trial, 103 more for the thorough ones, and 140
 * more for those with Score-CAM, whose maps are made of 32 channels a layer, 280 for those in which
 * it is drawn for B and X, too: about 1.2, 4, 5.5 and 11 s of a core that does 200 frames in 15 ms,
 * and 50 minutes for all 1600 trials.
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
  guint method, setting; /* of eval_map_methods and _settings, for MAP .. GATE */
  char given;            /* 'A', 'B' or 'X'; 0: nobody */
  gboolean cut;          /* of GATE, DENSE and ORACLE */
  guint n_trials;        /* the first so many of each form */
} EvalLocalisationRow;

#define EVAL_LOCALISATION_FORMS 4
#define EVAL_LOCALISATION_NUMBERS (sizeof (EvalLocalisationOutcome) / sizeof (float))

/* Numbers only: a ledger keeps it as [EVAL_LOCALISATION_NUMBERS]. */
typedef struct {
  float hit;  /* 1: the given speaker is recognised, 0: not; NAN: not tried */
  float mass; /* kept part, mean of the mask */
  float auc;  /* NAN: there is none */
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
  guint n_thorough; /* of them, with maps for B and X, gates for B, Grad-CAM, our maps in every
                       setting, and controls of equal area */
  guint n_score;    /* of them, with Score-CAM for A; a quarter of those for B and X */
  double seconds;   /* of a piece */
  EvalMapStyle style;
  gboolean raw;    /* masks the log-Mel of the front end, else what the network takes in */
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
 * Seed 2022, a tenth of the trials but at least 16 thorough, 8 with Score-CAM, pieces of 2 s:
 * of 1.5 s even the true segments are recognised only nine times in ten.
 */
void eval_localisation_config_init (EvalLocalisationConfig *config, guint n_trials);

GArray *eval_localisation_rows (
    const EvalLocalisationConfig *config); /* (transfer full): of EvalLocalisationRow */
char *eval_localisation_name (
    const EvalLocalisationRow *row); /* (transfer full): as above, MAP with its name */
const char *eval_localisation_layers (const EvalLocalisationRow *row); /* "none" if it has none */

/**
 * eval_localisation_run:
 * @rows: (element-type EvalLocalisationRow)
 *
 * Runs the trials that are wanted, number by number, in each the forms A-B .. A-B-C.
 *
 * Returns: %TRUE, or %FALSE and the errors of eval_concatenation_new() or of the one who takes
 */
gboolean eval_localisation_run (EvalSpeakerSets *cast, const EvalLocalisationConfig *config,
    const GArray *rows, GError **error);

/**
 * eval_localisation_measure:
 * @rows: (element-type EvalLocalisationRow)
 * @trials: (element-type EvalLocalisationTrial): only the form of their join is looked at
 * @results: (element-type EvalLocalisationResult): are added, form by form, one for each row with
 * trials
 */
void eval_localisation_measure (const GArray *rows, const GPtrArray *trials, GArray *results);
void eval_localisation_trial_free (gpointer trial);
