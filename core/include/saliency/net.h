/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.h: the speaker network on one window, forward and backward
 *
 * A ResNet (Table 1 of the paper): stem, four stages of residual blocks whose outputs S1..S4 are
 * kept, statistics pooling over time, embedding.
 */
#pragma once

#include <saliency/model.h>

G_BEGIN_DECLS

/**
 * SAL_NET_MAX_THREADS:
 *
 * Most threads that may work on a window.
 *
 * Since: 0.2
 */
#define SAL_NET_MAX_THREADS 64

/**
 * SalNet:
 *
 * The state of a computation beside the shared model; one thread at a time.
 *
 * Since: 0.2
 */
typedef struct _SalNet SalNet;

#define SAL_TYPE_NET (sal_net_get_type ())
SAL_API GType sal_net_get_type (void);

/**
 * sal_net_new:
 * @model: a reference is taken
 * @max_frames: the longest window, frames, at least 8
 * @deepest: the stage nearest to the input that sal_net_backward() will go down to, 0..3; 3, S4,
 * costs nothing, the others room for the stages above and, once per model, their turned weights
 * @threads: most threads that may work on a window, 1..64; the results do not depend on it
 *
 * All allocation happens here, save for the copies that sal_net_get_stage() and
 * sal_net_get_gradient() keep once asked.
 *
 * Returns: (transfer full): a network before its first pass
 *
 * Since: 0.2
 */
SAL_API SalNet *sal_net_new (SalModel *model, guint max_frames, guint deepest, guint threads);

/**
 * sal_net_free: (skip)
 * @self: (transfer full) (nullable): a network; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_net_free (SalNet *self);

/**
 * sal_net_forward: (skip)
 * @self: a network
 * @log_mel: [F, T], as sal_mel_process() gives it; normalised here as the model's description says
 * @n_frames: T, 8..max_frames
 *
 * A forward pass.  Allocates nothing.
 *
 * Since: 0.2
 */
SAL_API void sal_net_forward (SalNet *self, const float *log_mel, guint n_frames);

/**
 * sal_net_forward_bytes: (rename-to sal_net_forward)
 * @self: a network
 * @log_mel: float32 [F, T], as sal_mel_process() gives it; T is 8..max_frames
 * @error: return location for a #GError
 *
 * sal_net_forward() for bindings.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FORMAT or, if the values are not F bands of so many
 * frames, %SAL_ERROR_MISMATCH
 *
 * Since: 0.2
 */
SAL_API gboolean sal_net_forward_bytes (SalNet *self, GBytes *log_mel, GError **error);

/**
 * sal_net_get_n_frames:
 * @self: a network
 *
 * Returns: T of the last forward pass, 0 before the first
 *
 * Since: 0.2
 */
SAL_API guint sal_net_get_n_frames (const SalNet *self);

/**
 * sal_net_get_stage: (skip)
 * @self: a network after a forward pass
 * @stage: 0 for S1 .. 3 for S4
 * @shape: (out caller-allocates) (optional) (array fixed-size=3): C, H, W
 *
 * Returns: (transfer none): the post-ReLU output [C, H, W] of that stage, until the next pass
 *
 * Since: 0.2
 */
SAL_API const float *sal_net_get_stage (SalNet *self, guint stage, guint shape[3]);

/**
 * sal_net_get_embedding: (skip)
 * @self: a network after a forward pass
 *
 * Returns: (transfer none): [E], of the whole window, not of unit length, until the next pass
 *
 * Since: 0.2
 */
SAL_API const float *sal_net_get_embedding (const SalNet *self);

/**
 * sal_net_get_embedding_bytes: (rename-to sal_net_get_embedding)
 * @self: a network after a forward pass
 *
 * Returns: (transfer full): a copy of the embedding, float32 [E], not of unit length
 *
 * Since: 0.2
 */
SAL_API GBytes *sal_net_get_embedding_bytes (const SalNet *self);

/**
 * sal_net_backward: (skip)
 * @self: a network after a forward pass
 * @dembedding: [E], gradient of a score by the embedding, as sal_scorer_gradient() gives it
 * @stage: how far down: 3 stops at S4, 0 goes to S1; not below the deepest of sal_net_new()
 *
 * Computes the gradients by S4 .. S(stage+1).  Allocates nothing.
 *
 * Since: 0.2
 */
SAL_API void sal_net_backward (SalNet *self, const float *dembedding, guint stage);

/**
 * sal_net_get_gradient: (skip)
 * @self: a network after a backward pass down to @stage
 * @stage: 0 for S1 .. 3 for S4
 *
 * Returns: (transfer none): the gradient [C, H, W] by the output of that stage, until the next pass
 *
 * Since: 0.2
 */
SAL_API const float *sal_net_get_gradient (SalNet *self, guint stage);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalNet, sal_net_free)

G_END_DECLS
