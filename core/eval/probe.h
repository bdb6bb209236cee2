/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.h: what one thread hears joins with: intact, as maps, and altered */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"

typedef struct {
  SalModel *model;
  SalMel *mel;
  SalNet *net;         /* of the intact window */
  SalNet *altered_net;
  SalNet *cut_net;     /* of some frames of it; NULL until it is needed */
  SalScorer *scorer;
  SalMaps *maps;
  guint n_bands, n_frames, max_frames;
  float *log_mel;      /* of the intact window, [F, T] */
  float *input;        /* what the network takes in of it, [F, T] */
  float *altered;      /* [F, T] */
  float *map, *mask;   /* [F, T] */
  gboolean *speaks, *counts; /* sal_join_truth(), [T] */
} SalEar;

SalEar *sal_ear_new (SalModel *model, guint max_frames, const SalMapStyle *style);
void sal_ear_free (gpointer ear); /* NULL is a no-op */

/**
 * sal_ear_listen_cut:
 * @wanted: which frames, those above 0, [n_frames]
 *
 * The network hears these frames alone, one after the other.  What was altered is lost.
 *
 * Returns: (transfer none) (nullable): the embedding, until the next call; %NULL if there is less than 0.16 s of them
 */
const float *sal_ear_listen_cut (SalEar *self, const float *wanted);

/**
 * sal_ear_listen:
 *
 * One forward pass of net and altered_net, which are then ready for this length.
 */
void sal_ear_listen (SalEar *self, const SalJoin *join);
gsize sal_ear_size (const SalEar *self); /* F T */
