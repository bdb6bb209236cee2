/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-internal.h: the fields of a window, for the lanes that fill it and the inference */
#pragma once

#include <saliency/map.h>
#include "stream/window.h"

/* The result for one target. */
typedef struct {
  gboolean counts; /* there is evidence, in map and columns */
  gboolean empty;  /* the map is flat */
  float score;     /* log-odds of the whole window */
  float cosine;    /* likewise */
  float peak;      /* of the map before normalisation */
  gboolean tried;
  float trust;    /* in the map, if tried */
  float *map;     /* [F, n_frames] */
  float *columns; /* log-odds, [n_columns] */
} SalWindowResult;

struct _SalWindow {
  guint n_bands, max_frames;
  gboolean out; /* it was taken and not given back */
  guint64 seqnum;
  guint epoch;   /* of the lanes when it was taken */
  guint64 start; /* first frame */
  guint n_frames;
  float *log_mel; /* [F, n_frames] */
  float contrast; /* as of its end, level-range.h */
  guint threads;  /* that may work on it */
  SalCamConfig cam;
  gboolean wants_trust; /* its maps are to be tried */
  GPtrArray *targets;   /* of SalTarget, references */
  /* results: */
  gboolean computed;
  gboolean counts;             /* for at least one of the targets */
  guint n_columns, per_column; /* of S4; frames of each */
  float *embeddings;           /* around each column, [n_columns, E] */
  guint n_results;             /* that there is room for, no fewer than targets */
  SalWindowResult *results;    /* [n_results] */
};

SalWindow *sal_window_new (const SalModel *model); /* of up to SAL_WINDOW_FRAMES */
void sal_window_free (SalWindow *self);            /* NULL is a no-op */

guint64 sal_window_start (guint64 end); /* first frame of the window that ends there */

/**
 * sal_window_need_results:
 * @n: targets
 *
 * Makes room for the results of @n targets; allocates if there were never so many.
 */
void sal_window_need_results (SalWindow *self, guint n);

/**
 * sal_window_get_result:
 *
 * Returns: (transfer none) (nullable): the result for @target, by its address; %NULL if it was not
 * asked for
 */
const SalWindowResult *sal_window_get_result (const SalWindow *self, const SalTarget *target);

/**
 * sal_window_release:
 * @n: targets of the next one to take it
 *
 * It is free to be taken again.
 */
void sal_window_release (SalWindow *self, guint n);
