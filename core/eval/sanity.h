/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sanity.h: sanity checks of maps: weight randomisation, other speakers
 *
 * Do maps depend on the learned weights, and on the speaker they are drawn for?  As in
 * [Adebayo2018], the layers of a model are shuffled one after the other from the top, each with all
 * layers above, and the maps of B-A-B for A are drawn anew.  The rank correlation of saliency
 * before and after should fall to 0.  The maps for B, who also speaks, and for X, who is absent,
 * are compared with the map for A in the same way.
 *
 * A second rank correlation compares each new map with its log-Mel: saliency that follows the
 * energy hardly depends on the weights.  The row "energy" is the log-Mel itself, independent of the
 * model: 1 at every stage.  A flat map has correlation 0 and is counted.
 *
 * Work of a trial: 9 times 2 forward and 2 backward passes; a trial with Score-CAM takes 1150 more
 * forward passes for each of these.
 */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"
#include "eval/intervals.h"

#define EVAL_SANITY_LAYERS 6 /* the first stages shuffle one more part of the model each */

typedef enum {
  EVAL_SANITY_TOP,
  EVAL_SANITY_S4,
  EVAL_SANITY_S3,
  EVAL_SANITY_S2,
  EVAL_SANITY_S1,
  EVAL_SANITY_STEM,
  EVAL_SANITY_B,
  EVAL_SANITY_X,
  EVAL_SANITY_STAGES,
} EvalSanityStage;

extern const char *const eval_sanity_stages[EVAL_SANITY_STAGES];

typedef struct {
  gboolean energy;       /* the log-Mel instead of a map */
  guint method, setting; /* indices of eval_map_methods and _settings */
  guint n_trials;        /* this row is for the first n_trials */
} EvalSanityRow;

typedef struct {
  EvalSanityStage stage;
  guint row, n_empty;
  EvalInterval correlation; /* with the intact model's map for A */
  EvalInterval energy;      /* with the log-Mel */
} EvalSanityResult;

typedef struct {
  guint32 seed;
  guint n_trials;
  guint n_score;  /* the first of them, with Score-CAM */
  guint n_draws;  /* shuffled models of a stage, which trials take in turn */
  double seconds; /* of a piece */
  EvalMapStyle style;
  guint n_threads;                               /* 0: all processors */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} EvalSanityConfig;

void eval_sanity_config_init (EvalSanityConfig *config,
    guint n_trials); /* 0: 32; seed 2022, 4 with Score-CAM, 4 draws, 1.5 s */

GArray *eval_sanity_rows (const EvalSanityConfig *config); /* (transfer full): of EvalSanityRow */
const char *eval_sanity_name (const EvalSanityRow *row);
const char *eval_sanity_layers (const EvalSanityRow *row); /* "none" if it has none */

/**
 * eval_sanity_run:
 * @rows: (element-type EvalSanityRow)
 * @results: (element-type EvalSanityResult): appended stage by stage, one for each row with trials
 *
 * Returns: %TRUE, or %FALSE and the errors of eval_concatenation_new() or
 * eval_weight_shuffle_model()
 */
gboolean eval_sanity_run (EvalSpeakerSets *cast, const EvalSanityConfig *config, const GArray *rows,
    GArray *results, GError **error);
