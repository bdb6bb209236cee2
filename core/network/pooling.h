/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pooling.h: statistics pooling of S4 over time, plain or attentive
 *
 * Row i of S4 [R, W], R = C H, has the mean m and variance v under weights p that sum to 1:
 *
 *   mean-variance   p = 1/n                 m_i, v_i n/(n-1)
 *   mean-std        p = 1/n                 m_i, sqrt (v_i n/(n-1) + epsilon)
 *   attentive       p_i = softmax_t (z_i)   m_i, sqrt (max (v_i, epsilon))
 *
 * with the logits z = W2 bn (relu (W1 x + b1)) of each column x.
 */
#pragma once

#include <saliency/model.h>

typedef struct _SalPooler SalPooler; /* one thread at a time */

/**
 * sal_pooler_new:
 * @model: outlives the pooler
 * @max_columns: largest number of columns
 *
 * All allocation happens here.
 *
 * Returns: (transfer full): a pooler without columns
 */
SalPooler *sal_pooler_new (const SalModel *model, guint max_columns);
void sal_pooler_free (SalPooler *self); /* NULL is a no-op */

/**
 * sal_pooler_set_columns:
 * @x: S4, [R, W]; kept by address, constant until the next call
 * @n_columns: W, 1..max_columns
 *
 * With attention, computes the logits of every column.
 */
void sal_pooler_set_columns (SalPooler *self, const float *x, guint n_columns);

/**
 * sal_pooler_forward:
 * @first: column; @last: one past the last, at most W
 * @pooled: (out caller-allocates): [2 R], statistics of the columns [first, last) alone: the means,
 * then the variances or deviations
 */
void sal_pooler_forward (SalPooler *self, guint first, guint last, float *pooled);

/**
 * sal_pooler_backward:
 * @dpooled: gradient by the statistics of all columns, [2 R]
 * @dx: (out caller-allocates): gradient by S4, [R, W]
 */
void sal_pooler_backward (SalPooler *self, const float *dpooled, float *dx);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalPooler, sal_pooler_free)
