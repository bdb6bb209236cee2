/* SPDX-License-Identifier: GPL-2.0-or-later */
/* figures.h: maps of all methods side by side
 *
 * Figures 1 and 3 of the paper: for an utterance of A, and for B-A-B, the maps for A of each method, of S1, S2, S3, S4, and
 * of all four fused.
 */
#pragma once

#include <cairo.h>

#include "eval/concatenation.h"
#include "eval/maps.h"

#define SAL_FIGURE_METHODS 5 /* columns: Grad-CAM, Grad-CAM++, Score-CAM, Layer-CAM, signed Layer-CAM */
#define SAL_FIGURE_ROWS 5    /* S1, S2, S3, S4, fused */
#define SAL_FIGURE_FORMS 2
#define SAL_FIGURE_WIDTH 1200 /* pixels */

extern const SalJoinForm sal_figure_forms[SAL_FIGURE_FORMS]; /* A, B-A-B */
extern const guint sal_figure_methods[SAL_FIGURE_METHODS];   /* among sal_map_methods */
extern const char *const sal_figure_rows[SAL_FIGURE_ROWS];

typedef struct {
  SalJoin *join;
  guint n_bands, n_frames;
  float *log_mel; /* [F, T] */
  float *maps[SAL_FIGURE_METHODS][SAL_FIGURE_ROWS]; /* [F, T] */
  gboolean empty[SAL_FIGURE_METHODS][SAL_FIGURE_ROWS];
} SalFigure;

typedef struct {
  guint32 seed;
  guint n_trials;  /* of each form */
  double seconds;  /* of a piece of B-A-B; utterances of A are twice as long */
  SalMapStyle style;
  guint n_threads; /* 0: all processors */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} SalFiguresConfig;

void sal_figures_config_init (SalFiguresConfig *config, guint n_trials); /* 0: 2; seed 2022, 1.5 s */

/**
 * sal_figures_run:
 * @figures: (element-type SalFigure): are added, trial by trial, in each A, then B-A-B
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_join_new()
 */
gboolean sal_figures_run (SalCast *cast, const SalFiguresConfig *config, GPtrArray *figures, GError **error);
void sal_figure_free (gpointer figure);

/**
 * sal_figure_save:
 * @path: without its ending: PATH.png and PATH.svg are written
 *
 * The maps over the log-Mel in grey, axes in seconds and hertz, who speaks above each column, a colour bar for each
 * kind of map.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean sal_figure_save (const SalFigure *self, const SalCast *cast, const char *title, const char *path, GError **error);
