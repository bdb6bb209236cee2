/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.h: networks and buffers of one evaluation thread
 *
 * Recognises a concatenation intact, draws its maps, and recognises it altered or cut.
 */
#pragma once

#include "eval/concatenation.h"
#include "eval/maps.h"

typedef struct {
  SalModel *model;
  SalMel *mel;
  SalNet *net; /* for the intact window */
  SalNet *altered_net;
  SalNet *cut_net; /* for some of its frames; NULL until needed */
  SalScorer *scorer;
  EvalMaps *maps;
  guint n_bands, n_frames, max_frames;
  float *log_mel;            /* of the intact window, [F, T] */
  float *input;              /* the same, normalised: network input, [F, T] */
  float *altered;            /* [F, T] */
  float *map, *mask;         /* [F, T] */
  gboolean *speaks, *counts; /* eval_concatenation_truth(), [T] */
} EvalProbe;

EvalProbe *eval_probe_new (SalModel *model, guint max_frames, const EvalMapStyle *style);
void eval_probe_free (gpointer ear); /* NULL is a no-op */

/**
 * eval_probe_listen_cut:
 * @wanted: above 0 for wanted frames, [n_frames]
 *
 * Recognises the wanted frames alone, cut together.  Overwrites `altered`.
 *
 * Returns: (transfer none) (nullable): the embedding, valid until the next call; %NULL for less
 * than 0.16 s of frames
 */
const float *eval_probe_listen_cut (EvalProbe *self, const float *wanted);

/**
 * eval_probe_listen:
 *
 * Runs a forward pass of net and altered_net, which are then ready for this length.
 */
void eval_probe_listen (EvalProbe *self, const EvalConcatenation *join);
gsize eval_probe_size (const EvalProbe *self); /* F T */
