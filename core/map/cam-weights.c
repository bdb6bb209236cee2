/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cam-weights.c: Layer-CAM, Grad-CAM and Grad-CAM++ of one layer */
#include "map/cam-weights.h"

#include <string.h>

#include "compute/vector.h"

/* Gradient by one channel. */
typedef struct {
  const float *data; /* [H, W] */
  guint h, w;
  gboolean degrid;
} Plane;

/* Mean over 2x2 neighbours, right and below: removes a grid of period 2. */
static float
smoothed (const Plane *g, guint i, guint j)
{
  guint down = MIN (i + 1, g->h - 1), right = MIN (j + 1, g->w - 1);
  return (g->data[i * g->w + j] + g->data[i * g->w + right]
             + g->data[down * g->w + j] + g->data[down * g->w + right])
      / 4;
}

static inline float
gradient_at (const Plane *g, guint i, guint j)
{
  return g->degrid ? smoothed (g, i, j) : g->data[i * g->w + j];
}

/* Unlike MAX(), keeps NAN. */
static inline float
relu (float x)
{
  return x < 0 ? 0 : x;
}

/* Layer-CAM (6) (7), or its signed form; needs no outer ReLU, as A >= 0. */
static void
add_products (const Plane *g, const float *A, gboolean is_signed, float *map)
{
  for (guint i = 0; i < g->h; i++)
    for (guint j = 0; j < g->w; j++) {
      float weight = gradient_at (g, i, j);
      map[i * g->w + j]
          += (is_signed ? weight : relu (weight)) * A[i * g->w + j];
    }
}

static double
sum_of (const float *x, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += x[i];
  return sum;
}

/* Grad-CAM (2): the mean gradient. */
static float
grad_weight (const Plane *g)
{
  double sum = 0;
  for (guint i = 0; i < g->h; i++)
    for (guint j = 0; j < g->w; j++)
      sum += gradient_at (g, i, j);
  return (float) (sum / ((double) g->h * g->w));
}

/* Grad-CAM++ (4): mean of alpha relu (g).  Only g > 0 counts, where
 * alpha = g^2 / (2 g^2 + g^3 sum A) = 1 / (2 + g sum A): no underflow and no
 * division by 0, as A >= 0. */
static float
plus_plus_weight (const Plane *g, const float *A)
{
  double sum = 0, total = sum_of (A, (gsize) g->h * g->w);
  for (guint i = 0; i < g->h; i++)
    for (guint j = 0; j < g->w; j++) {
      double x = gradient_at (g, i, j);
      if (!(x <= 0))
        sum += x / (2 + x * total);
    }
  return (float) (sum / ((double) g->h * g->w));
}

void
sal_cam_weights_combine (SalCamMethod method, const float *activation,
    const float *gradient, const guint shape[3], gboolean degrid, float *map)
{
  Plane g = { gradient, shape[1], shape[2], degrid };
  gsize plane = (gsize) g.h * g.w;
  gboolean is_signed = method == SAL_CAM_SIGNED_LAYER;
  memset (map, 0, plane * sizeof (float));
  for (guint k = 0; k < shape[0]; k++) {
    const float *A = activation + k * plane;
    g.data = gradient + k * plane;
    if (is_signed || method == SAL_CAM_LAYER)
      add_products (&g, A, is_signed, map);
    else
      sal_vector_add_scaled (map,
          method == SAL_CAM_GRAD ? grad_weight (&g) : plus_plus_weight (&g, A),
          A, plane);
  }
  for (gsize i = 0; !is_signed && i < plane; i++)
    map[i] = relu (map[i]); /* (3) */
}

void
sal_cam_weights_means (const float *activation, const guint shape[3],
    float *means)
{
  gsize plane = (gsize) shape[1] * shape[2];
  for (guint k = 0; k < shape[0]; k++)
    means[k]
        = (float) (sum_of (activation + k * plane, plane) / (double) plane);
}

gboolean
sal_cam_weights_is_among (const float *means, guint n_channels, guint most,
    guint k)
{
  guint n_before = 0;
  for (guint i = 0; i < n_channels; i++)
    n_before += means[i] > means[k] || (means[i] == means[k] && i < k);
  return most == 0 || n_before < most;
}
