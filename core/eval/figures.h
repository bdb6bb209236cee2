/* SPDX-License-Identifier: GPL-2.0-or-later */
/* figures.h: class activation maps of all methods side by side
 *
 * Figures 1 and 3 of the paper: for an utterance of A and for B-A-B, the map for A by each method,
 * of S1, S2, S3, S4 and of all four layers fused.
 */
#pragma once

#include <cairo.h>

#include "eval/concatenation.h"
#include "eval/maps.h"

#define EVAL_FIGURE_METHODS                                                                        \
  5 /* columns: Grad-CAM, Grad-CAM++, Score-CAM, Layer-CAM, signed Layer-CAM */
#define EVAL_FIGURE_ROWS 5 /* S1, S2, S3, S4, fused */
#define EVAL_FIGURE_FORMS 2
#define EVAL_FIGURE_WIDTH 1200 /* pixels */

extern const EvalConcatenationForm eval_figure_forms[EVAL_FIGURE_FORMS]; /* A, B-A-B */
extern const guint eval_figure_methods[EVAL_FIGURE_METHODS]; /* indices of eval_map_methods */
extern const char *const eval_figure_rows[EVAL_FIGURE_ROWS];

typedef struct {
  EvalConcatenation *join;
  guint n_bands, n_frames;
  float *log_mel;                                     /* [F, T] */
  float *maps[EVAL_FIGURE_METHODS][EVAL_FIGURE_ROWS]; /* [F, T] */
  gboolean empty[EVAL_FIGURE_METHODS][EVAL_FIGURE_ROWS];
} EvalFigure;

typedef struct {
  guint32 seed;
  guint n_trials; /* of each form */
  double seconds; /* of a piece of B-A-B; utterances of A are twice as long */
  EvalMapStyle style;
  guint n_threads;                               /* 0: all processors */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} EvalFiguresConfig;

void eval_figures_config_init (EvalFiguresConfig *config,
    guint n_trials); /* 0: 2; seed 2022, 1.5 s */

/**
 * eval_figures_run:
 * @figures: (element-type EvalFigure): appended trial by trial, A before B-A-B
 *
 * Returns: %TRUE, or %FALSE and the errors of eval_concatenation_new()
 */
gboolean eval_figures_run (EvalSpeakerSets *cast, const EvalFiguresConfig *config,
    GPtrArray *figures, GError **error);
void eval_figure_free (gpointer figure);

/**
 * eval_figure_save:
 * @path: path without extension; PATH.png and PATH.svg are written
 *
 * Draws the maps over the log-Mel in grey, with axes in seconds and hertz, the speakers above each
 * column, and a colour bar for each kind of map.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FILE
 */
gboolean eval_figure_save (const EvalFigure *self, const EvalSpeakerSets *cast, const char *title,
    const char *path, GError **error);
