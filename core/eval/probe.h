/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.h: what one thread hears joins with: intact, as maps, and altered */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"

typedef struct {
  SalModel *model;
  SalMel *mel;
  SalNet *net; /* of the intact window */
  SalNet *altered_net;
  SalNet *cut_net; /* of some frames of it; NULL until it is needed */
  SalScorer *scorer;
  EvalMaps *maps;
  guint n_bands, n_frames, max_frames;
  float *log_mel;            /* of the intact window, [F, T] */
  float *input;              /* what the network takes in of it, [F, T] */
  float *altered;            /* [F, T] */
  float *map, *mask;         /* [F, T] */
  gboolean *speaks, *counts; /* eval_concatenation_truth(), [T] */
} EvalProbe;

EvalProbe *eval_probe_new (SalModel *model, guint max_frames, const EvalMapStyle *style);
void eval_probe_free (gpointer ear); /* NULL is a no-op */

/**
 * eval_probe_listen_cut:
 * @wanted: which frames, those above 0, [n_frames]
 *
 * The network hears these frames alone, one after the other.  What was altered is lost.
 *
 * Returns: (transfer none) (nullable): the embedding, until the next call; %NULL if there is less
 * than 0.16 s of them
 */
const float *eval_probe_listen_cut (EvalProbe *self, const float *wanted);

/**
 * eval_probe_listen:
 *
 * One forward pass of net and altered_net, which are then ready for this length.
 */
void eval_probe_listen (EvalProbe *self, const EvalConcatenation *join);
gsize eval_probe_size (const EvalProbe *self); /* F T */
