/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sanity.h: do maps depend on what the network learned, and on whom they are drawn for?
 *
 * [Adebayo2018]: the layers of a model are scrambled one after the other from the top, each with
 * all above it, and the maps of joins B-A-B are drawn anew for A.  The rank correlation of a bin's
 * saliency before and after must fall to nothing.  In the same way the map for B, who speaks too,
 * or X, who is absent, is compared with that for A.
 *
 * Besides, the rank correlation of each new map with the log-Mel it was drawn from: saliency that
 * follows the energy stays much the same whatever the weights.  The row "energy" is the log-Mel
 * itself, which does not know the model: 1 at every stage.  A map that is flat is alike to nothing,
 * 0, and is counted.
 *
 * Work of a trial: 9 times 2 forward and 2 backward passes, for each of those with Score-CAM 1150
 * more forward ones.
 */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"
#include "eval/intervals.h"

#define EVAL_SANITY_LAYERS 6 /* the first stages: that many parts of the model are scrambled */

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
  gboolean energy;       /* the log-Mel, no map */
  guint method, setting; /* of eval_map_methods and _settings */
  guint n_trials;        /* the first so many */
} EvalSanityRow;

typedef struct {
  EvalSanityStage stage;
  guint row, n_empty;
  EvalInterval correlation; /* with the map of the intact model for A */
  EvalInterval energy;      /* with the log-Mel */
} EvalSanityResult;

typedef struct {
  guint32 seed;
  guint n_trials;
  guint n_score;  /* of them, with Score-CAM */
  guint n_draws;  /* models that each stage is scrambled to, one trial after the other */
  double seconds; /* of a piece */
  EvalMapStyle style;
  guint n_threads;                               /* 0: all processors */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} EvalSanityConfig;

void eval_sanity_config_init (EvalSanityConfig *config,
    guint n_trials); /* 0: 32; seed 2022, 4 of them, 4 draws, 1.5 s */

GArray *eval_sanity_rows (const EvalSanityConfig *config); /* (transfer full): of EvalSanityRow */
const char *eval_sanity_name (const EvalSanityRow *row);
const char *eval_sanity_layers (const EvalSanityRow *row); /* "none" if it has none */

/**
 * eval_sanity_run:
 * @rows: (element-type EvalSanityRow)
 * @results: (element-type EvalSanityResult): stage by stage, one for each row with trials
 *
 * Returns: %TRUE, or %FALSE and the errors of eval_concatenation_new() or
 * eval_weight_shuffle_model()
 */
gboolean eval_sanity_run (EvalSpeakerSets *cast, const EvalSanityConfig *config, const GArray *rows,
    GArray *results, GError **error);
