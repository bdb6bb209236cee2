/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pooling.c: statistics pooling over time, plain or attentive */
#include "network/pooling.h"

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "network/model-internal.h"

struct _SalPooler {
  const SalTopology *topology;
  const SalWeights *weights;
  guint n_rows;    /* R */
  guint n_columns; /* W */
  const float *x;  /* [R, W] */
  float *p;        /* weights of a row, [W] */
  /* with attention, of A hidden rows: */
  float *hidden; /* relu (W1 x + b1), [A, W] */
  float *logits; /* z, [R, W] */
  float *dhidden, *dlogits;
};

SalPooler *
sal_pooler_new (const SalModel *model, guint max_columns)
{
  g_return_val_if_fail (model != NULL && max_columns > 0, NULL);
  SalPooler *self = g_new0 (SalPooler, 1);
  self->topology = &sal_model_get_description (model)->topology;
  self->weights = sal_model_get_weights (model);
  self->n_rows = self->weights->pooled_size / 2;
  self->p = g_new (float, max_columns);
  gsize A = self->topology->attention_size, R = self->n_rows;
  if (A > 0) {
    self->hidden = g_new (float, A *max_columns);
    self->dhidden = g_new (float, A *max_columns);
    self->logits = g_new (float, R *max_columns);
    self->dlogits = g_new (float, R *max_columns);
  }
  return self;
}

void
sal_pooler_free (SalPooler *self)
{
  if (self == NULL)
    return;
  g_free (self->p);
  g_free (self->hidden);
  g_free (self->dhidden);
  g_free (self->logits);
  g_free (self->dlogits);
  g_free (self);
}

void
sal_pooler_set_columns (SalPooler *self, const float *x, guint n_columns)
{
  guint A = self->topology->attention_size, R = self->n_rows;
  guint n = n_columns;
  self->x = x;
  self->n_columns = n;
  if (A == 0)
    return;
  memset (self->hidden, 0, (gsize) A * n * sizeof (float));
  sal_matrix_matrix (A, n, R, self->weights->attention_w1, x, self->hidden);
  for (gsize i = 0; i < (gsize) A * n; i++)
    self->hidden[i]
        = MAX (self->hidden[i] + self->weights->attention_b1[i / n], 0);
  memset (self->logits, 0, (gsize) R * n * sizeof (float));
  sal_matrix_matrix (R, n, A, self->weights->attention_w2, self->hidden,
      self->logits);
}

/* Weights of a row, for n columns from `first` on. */
static void
fill_weights (SalPooler *self, guint row, guint first, guint n)
{
  float sum = 0;
  if (self->topology->attention_size == 0) {
    for (guint j = 0; j < n; j++)
      self->p[j] = 1.0f / n;
    return;
  }
  const float *z = self->logits + (gsize) row * self->n_columns + first;
  float most = z[0];
  for (guint j = 1; j < n; j++)
    most = MAX (most, z[j]);
  for (guint j = 0; j < n; j++)
    sum += self->p[j] = expf (z[j] - most);
  for (guint j = 0; j < n; j++)
    self->p[j] /= sum;
}

/* Weighted mean and variance of n values. */
static void
moments (const SalPooler *self, const float *x, guint n, float *mean,
    float *variance)
{
  *mean = *variance = 0;
  for (guint j = 0; j < n; j++)
    *mean += self->p[j] * x[j];
  for (guint j = 0; j < n; j++)
    *variance += self->p[j] * (x[j] - *mean) * (x[j] - *mean);
}

/* The second statistic (variance or deviation) and its derivative by the
 * variance; 0 where the derivative is infinite. */
static float
spread (const SalPooler *self, float variance, guint n, float *derivative)
{
  float epsilon = self->topology->pooling_epsilon, std;
  float unbiased = (float) n / MAX (n - 1, 1);
  switch (self->topology->pooling) {
  case SAL_POOLING_ATTENTIVE:
    std = sqrtf (MAX (variance, epsilon));
    *derivative = variance > epsilon ? 1 / (2 * std) : 0;
    return std;
  case SAL_POOLING_MEAN_STD:
    std = sqrtf (variance * unbiased + epsilon);
    *derivative = std > 0 ? unbiased / (2 * std) : 0;
    return std;
  case SAL_POOLING_MEAN_VARIANCE:
    *derivative = unbiased;
    return variance * unbiased;
  }
  g_assert_not_reached ();
}

void
sal_pooler_forward (SalPooler *self, guint first, guint last, float *pooled)
{
  g_return_if_fail (first < last && last <= self->n_columns);
  guint n = last - first;
  float variance, derivative;
  for (guint i = 0; i < self->n_rows; i++) {
    const float *x = self->x + (gsize) i * self->n_columns + first;
    fill_weights (self, i, first, n);
    moments (self, x, n, &pooled[i], &variance);
    pooled[self->n_rows + i] = spread (self, variance, n, &derivative);
  }
}

/* With d = x - m, sum p d = 0, and dv the gradient by the variance:
 *   by x with p fixed    p (dm + 2 dv d)
 *   by p                 g = dm d + dv d^2, up to a constant over the columns
 *   by z                 p (g - sum p g) = p (g - dv v)
 *   by x through z       W1^T ((W2^T dz) [hidden > 0]) */
void
sal_pooler_backward (SalPooler *self, const float *dpooled, float *dx)
{
  guint A = self->topology->attention_size, R = self->n_rows;
  guint n = self->n_columns;
  g_return_if_fail (n > 0);
  for (guint i = 0; i < R; i++) {
    const float *x = self->x + (gsize) i * n;
    float mean, variance, dmean = dpooled[i], dvariance;
    fill_weights (self, i, 0, n);
    moments (self, x, n, &mean, &variance);
    spread (self, variance, n, &dvariance);
    dvariance *= dpooled[R + i];
    for (guint j = 0; j < n; j++) {
      float d = x[j] - mean, p = self->p[j];
      dx[(gsize) i * n + j] = p * (dmean + 2 * dvariance * d);
      if (A > 0)
        self->dlogits[(gsize) i * n + j]
            = p * (dmean * d + dvariance * (d * d - variance));
    }
  }
  if (A == 0)
    return;
  memset (self->dhidden, 0, (gsize) A * n * sizeof (float));
  sal_matrix_transposed_matrix (A, n, R, self->weights->attention_w2,
      self->dlogits, self->dhidden);
  for (gsize i = 0; i < (gsize) A * n; i++)
    self->dhidden[i] = self->hidden[i] > 0 ? self->dhidden[i] : 0;
  sal_matrix_transposed_matrix (R, n, A, self->weights->attention_w1,
      self->dhidden, dx);
}
