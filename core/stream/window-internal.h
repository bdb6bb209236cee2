/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-internal.h: what is in a window, for those who fill it: the analyser and its inference */
#pragma once

#include <saliency/map.h>
#include <saliency/cam.h>
#include <saliency/window.h>

/* What came of it for one target. */
typedef struct {
  gboolean counts; /* there is evidence, in map and columns */
  gboolean empty;  /* the map is flat */
  float score;     /* log-odds of the whole window */
  float peak;      /* of the map before normalisation */
  gboolean tried;
  float trust;    /* in the map, if tried */
  float *map;     /* [F, n_frames] */
  float *columns; /* log-odds, [n_columns] */
} SalWindowResult;

struct _SalWindow {
  guint n_bands, max_frames;
  gboolean out; /* somebody has it */
  guint64 seqnum;
  guint epoch;   /* of the analyser when it was taken */
  guint64 start; /* first frame */
  guint n_frames;
  float *log_mel; /* [F, n_frames] */
  float contrast; /* as of its end, contrast.h */
  guint threads;  /* that may work on it */
  SalCamConfig cam;
  gboolean wants_trust; /* its maps are to be tried */
  GPtrArray *targets;   /* of SalTarget, references */
  /* results: */
  gboolean computed;
  guint n_columns, per_column; /* of S4; frames of each */
  float *embeddings;           /* around each column, [n_columns, E] */
  guint n_results;             /* that there is room for, no fewer than targets */
  SalWindowResult *results;    /* [n_results] */
};

SalWindow *sal_window_new (const SalModel *model); /* of up to SAL_WINDOW_FRAMES */
void sal_window_free (SalWindow *self);            /* NULL is a no-op */

/**
 * sal_window_need_results:
 *
 * Room for @n targets; allocates if there were never so many.
 */
void sal_window_need_results (SalWindow *self, guint n);

/**
 * sal_window_get_result:
 *
 * Returns: (nullable): what came of it for @target, by its address; %NULL if it was not asked for
 */
const SalWindowResult *sal_window_get_result (const SalWindow *self, const SalTarget *target);
