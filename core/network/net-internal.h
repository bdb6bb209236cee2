/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net-internal.h: the network's normalised input, and embeddings of parts of a window */
#pragma once

#include <saliency/net.h>

/* What a band is normalised with: (L - mean) scale, as the model's description says. */
typedef struct {
  double mean, scale;
} SalNetBand;

/**
 * sal_net_measure:
 * @log_mel: [F, T]
 * @bands: (out caller-allocates): what sal_net_forward() takes for @log_mel, [F]
 */
void sal_net_measure (const SalModel *model, const float *log_mel, guint n_frames,
    SalNetBand *bands);

/**
 * sal_net_get_input:
 * @input: (out caller-allocates): [F, T], the normalised log-Mel of the last forward pass
 */
void sal_net_get_input (const SalNet *self, float *input);

/**
 * sal_net_forward_input:
 * @input: [F, T], taken as it is in place of a normalised log-Mel; T as in the last forward pass
 */
void sal_net_forward_input (SalNet *self, const float *input);

/**
 * sal_net_embed_columns:
 * @first: column of S4; @last: one past the last
 * @embedding: (out caller-allocates): [E], of columns [first, last) of S4 alone
 */
void sal_net_embed_columns (SalNet *self, guint first, guint last, float *embedding);

/**
 * sal_net_embed_around:
 * @columns: m, at least 1
 * @embeddings: (out caller-allocates): [W, E], W columns of S4: of columns [j - m/2, j - m/2 + m)
 * around each j, cut at the edges
 */
void sal_net_embed_around (SalNet *self, guint columns, float *embeddings);

guint sal_net_get_deepest (const SalNet *self);   /* of sal_net_new() */
gsize sal_net_get_size (const SalNet *self);      /* bytes it holds beside the model */
SalModel *sal_net_get_model (const SalNet *self); /* (transfer none) */
