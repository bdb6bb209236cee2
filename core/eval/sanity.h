/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sanity.h: do maps depend on what the network learned, and on whom they are drawn for?
 *
 * [Adebayo2018]: the layers of a model are scrambled one after the other from the top, each with all above it, and the maps
 * of joins B-A-B are drawn anew for A.  The rank correlation of a bin's saliency before and after must fall to
 * nothing.  In the same way the map for B, who speaks too, or X, who is absent, is compared with that for A.
 *
 * Besides, the rank correlation of each new map with the log-Mel it was drawn from: saliency that follows the energy stays
 * much the same whatever the weights.  The row "energy" is the log-Mel itself, which does not know the model: 1 at every
 * stage.  A map that is flat is alike to nothing, 0, and is counted.
 *
 * Work of a trial: 9 times 2 forward and 2 backward passes, for each of those with Score-CAM 1150 more forward ones.
 */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"
#include "eval/intervals.h"

#define SAL_SANITY_LAYERS 6 /* the first stages: that many parts of the model are scrambled */

typedef enum {
  SAL_SANITY_TOP,
  SAL_SANITY_S4,
  SAL_SANITY_S3,
  SAL_SANITY_S2,
  SAL_SANITY_S1,
  SAL_SANITY_STEM,
  SAL_SANITY_B,
  SAL_SANITY_X,
  SAL_SANITY_STAGES,
} SalSanityStage;

extern const char *const sal_sanity_stages[SAL_SANITY_STAGES];

typedef struct {
  gboolean energy;       /* the log-Mel, no map */
  guint method, setting; /* of sal_map_methods and _settings */
  guint n_trials;        /* the first so many */
} SalSanityRow;

typedef struct {
  SalSanityStage stage;
  guint row, n_empty;
  SalRate correlation; /* with the map of the intact model for A */
  SalRate energy;      /* with the log-Mel */
} SalSanityResult;

typedef struct {
  guint32 seed;
  guint n_trials;
  guint n_score;    /* of them, with Score-CAM */
  guint n_draws;    /* models that each stage is scrambled to, one trial after the other */
  double seconds;   /* of a piece */
  SalMapStyle style;
  guint n_threads;  /* 0: all processors */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} SalSanityConfig;

void sal_sanity_config_init (SalSanityConfig *config, guint n_trials); /* 0: 32; seed 2022, 4 of them, 4 draws, 1.5 s */

GArray *sal_sanity_rows (const SalSanityConfig *config); /* (transfer full): of SalSanityRow */
const char *sal_sanity_name (const SalSanityRow *row);
const char *sal_sanity_layers (const SalSanityRow *row); /* "none" if it has none */

/**
 * sal_sanity_run:
 * @rows: (element-type SalSanityRow)
 * @results: (element-type SalSanityResult): stage by stage, one for each row with trials
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_join_new() or sal_model_scrambled()
 */
gboolean sal_sanity_run (SalCast *cast, const SalSanityConfig *config, const GArray *rows, GArray *results, GError **error);
