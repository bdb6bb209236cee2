/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.h: the speaker network on one window, forward and backward
 *
 * A ResNet (Table 1 of the paper): stem, four stages of residual blocks whose outputs
 * S1..S4 are kept, statistics pooling over time, embedding.  A SalNet holds what one
 * thread needs beside the shared model.
 */
#pragma once

#include <saliency/model.h>

#define SAL_NET_MAX_THREADS 64

typedef struct _SalNet SalNet; /* one thread at a time */

/**
 * sal_net_new:
 * @max_frames: the longest window, frames, at least 8
 * @deepest: the stage nearest to the input that sal_net_backward() will go down to, 0..3; 3, S4,
 * costs nothing, the others room for what lies above them and, once per model, their turned weights
 * @threads: how many may work on a window at most, 1..64; the results do not depend on it
 *
 * All allocation happens here, save for copies that sal_net_get_stage() and sal_net_get_gradient()
 * keep once asked.
 *
 * Returns: (transfer full): a state that keeps a reference on @model
 */
SAL_API SalNet *sal_net_new (SalModel *model, guint max_frames, guint deepest, guint threads);
SAL_API void sal_net_free (SalNet *self); /* NULL is a no-op */

/**
 * sal_net_forward:
 * @log_mel: [F, T], as SalMel gives it: normalised here as the model's record says
 * @n_frames: T, 8..max_frames
 */
SAL_API void sal_net_forward (SalNet *self, const float *log_mel, guint n_frames);

/* What a band is normalised with: (L - mean) scale, as the model's record says. */
typedef struct {
  double mean, scale;
} SalNetBand;

/**
 * sal_net_measure:
 * @log_mel: [F, T]
 * @bands: (out caller-allocates): what sal_net_forward() takes for it, [F]
 */
void sal_net_measure (const SalModel *model, const float *log_mel, guint n_frames,
    SalNetBand *bands);

/**
 * sal_net_get_input:
 * @input: (out caller-allocates): [F, T], what the network itself took in at the last forward pass:
 * normalised
 */
void sal_net_get_input (const SalNet *self, float *input);

/**
 * sal_net_forward_input:
 * @input: [F, T], taken as it is in place of a normalised log-Mel; T as in the last forward pass
 */
void sal_net_forward_input (SalNet *self, const float *input);

/**
 * sal_net_get_stage:
 * @stage: 0 for S1 .. 3 for S4
 * @shape: (out caller-allocates) (optional): C, H, W
 *
 * Returns: the post-ReLU output [C, H, W] of the last forward pass
 */
SAL_API const float *sal_net_get_stage (SalNet *self, guint stage, guint shape[3]);

/**
 * sal_net_get_embedding:
 *
 * Returns: [E], of the whole window, not of unit length
 */
SAL_API const float *sal_net_get_embedding (const SalNet *self);

/**
 * sal_net_embed_columns:
 * @first: column of S4; @last: one past the last
 * @embedding: (out caller-allocates): [E], of columns [first, last) of S4 alone
 */
SAL_API void sal_net_embed_columns (SalNet *self, guint first, guint last, float *embedding);

/**
 * sal_net_embed_around:
 * @columns: m, at least 1
 * @embeddings: (out caller-allocates): [W, E], W columns of S4: of columns [j - m/2, j - m/2 + m)
 * around each j, cut at the edges
 */
SAL_API void sal_net_embed_around (SalNet *self, guint columns, float *embeddings);

/**
 * sal_net_backward:
 * @dembedding: [E], gradient of a score by the embedding of the last forward pass
 * @stage: how far down: 3 stops at S4, 0 goes to S1; not below the deepest of sal_net_new()
 *
 * Computes the gradients by S4 .. S(stage+1).
 */
SAL_API void sal_net_backward (SalNet *self, const float *dembedding, guint stage);

/**
 * sal_net_get_gradient:
 *
 * Returns: [C, H, W] of that stage, of the last backward pass
 */
SAL_API const float *sal_net_get_gradient (SalNet *self, guint stage);
SAL_API gsize sal_net_get_size (const SalNet *self);      /* bytes it holds beside the model */
SAL_API guint sal_net_get_n_frames (const SalNet *self);  /* T of the last forward pass */
SAL_API SalModel *sal_net_get_model (const SalNet *self); /* (transfer none) */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalNet, sal_net_free)
