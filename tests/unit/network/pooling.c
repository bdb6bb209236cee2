/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network/pooling.h"

#include <math.h>
#include <string.h>

#include "data.h"
#include "network/model-internal.h"

#define W 20 /* columns */
#define STATISTIC(pooled, R, i, k) (pooled)[(k) * (R) + (i)]

static const char *const models[] = { "tiny", "sunine", "voxceleb" };

typedef struct {
  SalModel *model;
  SalPooler *pooler;
  const SalTopology *topology;
  SalSafetensors *file;
  guint R;
  float *x;       /* [R, W] */
  double *logits; /* [R, W], scratch of the direct formula */
} Fixture;

static void
set_up (Fixture *f, gconstpointer name)
{
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);
  g_autofree char *path = data_path (file);
  f->model = data_load_model (name);
  f->file = sal_safetensors_load (path, NULL);
  f->topology = &sal_model_get_description (f->model)->topology;
  f->pooler = sal_pooler_new (f->model, W);
  f->R = sal_model_get_weights (f->model)->pooled_size / 2;
  f->x = data_noise (17, (gsize) f->R * W);
  f->logits = g_new0 (double, (gsize) f->R *W);
}

static void
tear_down (Fixture *f, gconstpointer name)
{
  sal_pooler_free (f->pooler);
  sal_safetensors_free (f->file);
  sal_model_unref (f->model);
  g_free (f->x);
  g_free (f->logits);
}

/* --- the formulas in double, from the tensors of the file ---------------- */

typedef struct {
  float *w1, *b1, *scale, *shift, *mean, *variance, *w2, *b2;
} Attention;

static void
attention_read (Attention *a, Fixture *f)
{
  const char *names[] = { "0.weight", "0.bias", "2.weight", "2.bias",
    "2.running_mean", "2.running_var", "3.weight", "3.bias" };
  float **fields[] = { &a->w1, &a->b1, &a->scale, &a->shift, &a->mean,
    &a->variance, &a->w2, &a->b2 };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *name = g_strconcat ("attention.", names[i], NULL);
    *fields[i] = data_read (f->file, name, NULL);
  }
}

static void
attention_clear (Attention *a)
{
  float *fields[] = { a->w1, a->b1, a->scale, a->shift, a->mean, a->variance,
    a->w2, a->b2 };
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    g_free (fields[i]);
}

/* z of every column; 0 without attention, whose softmax is 1/n */
static void
direct_logits (Fixture *f, const double *x)
{
  guint A = f->topology->attention_size, R = f->R;
  if (A == 0)
    return;
  Attention a;
  attention_read (&a, f);
  for (guint j = 0; j < W; j++) {
    for (guint i = 0; i < R; i++)
      f->logits[i * W + j] = a.b2[i];
    for (guint k = 0; k < A; k++) {
      double h = a.b1[k];
      for (guint i = 0; i < R; i++)
        h += a.w1[k * R + i] * x[i * W + j];
      h = (MAX (h, 0) - a.mean[k]) / sqrt (a.variance[k] + 1e-5) * a.scale[k]
          + a.shift[k];
      for (guint i = 0; i < R; i++)
        f->logits[i * W + j] += a.w2[i * A + k] * h;
    }
  }
  attention_clear (&a);
}

static void
direct_pool (Fixture *f, const double *x, guint first, guint last,
    double *pooled)
{
  double epsilon = f->topology->pooling_epsilon, n = last - first;
  direct_logits (f, x);
  for (guint i = 0; i < f->R; i++) {
    double sum = 0, mean = 0, square = 0;
    for (guint j = first; j < last; j++)
      sum += exp (f->logits[i * W + j]);
    for (guint j = first; j < last; j++)
      mean += exp (f->logits[i * W + j]) / sum * x[i * W + j];
    for (guint j = first; j < last; j++)
      square += exp (f->logits[i * W + j]) / sum * x[i * W + j] * x[i * W + j];
    double variance = square - mean * mean,
           unbiased = variance * n / MAX (n - 1, 1);
    STATISTIC (pooled, f->R, i, 0) = mean;
    STATISTIC (pooled, f->R, i, 1)
        = f->topology->pooling == SAL_POOLING_MEAN_VARIANCE ? unbiased
        : f->topology->pooling == SAL_POOLING_MEAN_STD
        ? sqrt (MAX (unbiased, 0) + epsilon)
        : sqrt (MAX (variance, epsilon));
  }
}

static double *
as_double (const float *x, gsize n)
{
  double *out = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    out[i] = x[i];
  return out;
}

/* --- tests --------------------------------------------------------------- */

static void
test_matches_formula (Fixture *f, gconstpointer name)
{
  const guint stretches[][2] = { { 0, W }, { 3, 12 }, { 0, 2 }, { 19, 20 } };
  g_autofree float *got = g_new (float, 2 * f->R);
  g_autofree float *want = g_new (float, 2 * f->R);
  g_autofree double *exact = g_new (double, 2 * f->R);
  g_autofree double *x = as_double (f->x, (gsize) f->R * W);
  sal_pooler_set_columns (f->pooler, f->x, W);
  for (guint k = 0; k < G_N_ELEMENTS (stretches); k++) {
    const guint *at = stretches[k];
    sal_pooler_forward (f->pooler, at[0], at[1], got);
    direct_pool (f, x, at[0], at[1], exact);
    for (guint i = 0; i < 2 * f->R; i++)
      want[i] = (float) exact[i];
    data_assert_close ("pooled", got, want, 2 * f->R,
        2e-6); /* values of order 1 */
  }
}

/* Columns outside a stretch have no influence. */
static void
test_stretch_is_alone (Fixture *f, gconstpointer name)
{
  const guint first = 4, last = 15, n = last - first;
  g_autofree float *part = g_new (float, f->R *n);
  g_autofree float *whole = g_new (float, 2 * f->R);
  g_autofree float *alone = g_new (float, 2 * f->R);
  for (guint i = 0; i < f->R; i++)
    memcpy (part + i * n, f->x + i * W + first, n * sizeof (float));
  sal_pooler_set_columns (f->pooler, f->x, W);
  sal_pooler_forward (f->pooler, first, last, whole);
  sal_pooler_set_columns (f->pooler, part, n);
  sal_pooler_forward (f->pooler, 0, n, alone);
  data_assert_close ("stretch", alone, whole, 2 * f->R, 1e-6);
}

static double
weighted_sum (Fixture *f, const float *dpooled, const double *x, double *pooled)
{
  double sum = 0;
  direct_pool (f, x, 0, W, pooled);
  for (guint i = 0; i < 2 * f->R; i++)
    sum += dpooled[i] * pooled[i];
  return sum;
}

static void
test_gradient (Fixture *f, gconstpointer name)
{
  const guint n = 150;
  const double step = 1e-5;
  gsize size = (gsize) f->R * W;
  g_autofree float *dpooled = data_noise (5, 2 * f->R);
  g_autofree float *dx = g_new (float, size);
  g_autofree float *got = g_new (float, n), *want = g_new (float, n);
  g_autofree double *pooled = g_new (double, 2 * f->R);
  g_autofree double *x = as_double (f->x, size);
  sal_pooler_set_columns (f->pooler, f->x, W);
  sal_pooler_backward (f->pooler, dpooled, dx);
  for (guint k = 0; k < n; k++) {
    gsize at = k * size / n;
    x[at] += step;
    double up = weighted_sum (f, dpooled, x, pooled);
    x[at] -= 2 * step;
    double down = weighted_sum (f, dpooled, x, pooled);
    x[at] += step;
    got[k] = dx[at];
    want[k] = (float) ((up - down) / (2 * step));
  }
  data_assert_relative ("gradient", got, want, n, 1e-5);
}

/* Without variance the deviation has no finite derivative. */
static void
test_rows_at_rest (Fixture *f, gconstpointer name)
{
  g_autofree float *dpooled = data_noise (5, 2 * f->R);
  g_autofree float *pooled = g_new (float, 2 * f->R);
  g_autofree float *dx = g_new (float, (gsize) f->R *W);
  for (guint i = 0; i < f->R * W; i++)
    f->x[i] = 0.5f;
  sal_pooler_set_columns (f->pooler, f->x, W);
  sal_pooler_forward (f->pooler, 0, W, pooled);
  sal_pooler_backward (f->pooler, dpooled, dx);
  data_assert_finite ("gradient", dx, (gsize) f->R * W);
  float floor = f->topology->pooling == SAL_POOLING_MEAN_VARIANCE
      ? 0
      : sqrtf (f->topology->pooling_epsilon);
  for (guint i = 0; i < f->R; i++) {
    g_assert_cmpfloat_with_epsilon (STATISTIC (pooled, f->R, i, 0), 0.5f, 1e-6);
    g_assert_cmpfloat_with_epsilon (STATISTIC (pooled, f->R, i, 1), floor,
        1e-6);
  }
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    void (*test) (Fixture *, gconstpointer);
  } tests[] = {
    { "/pooling/matches-the-formula", test_matches_formula },
    { "/pooling/stretch-is-alone", test_stretch_is_alone },
    { "/pooling/gradient-matches-finite-differences", test_gradient },
    { "/pooling/rows-at-rest", test_rows_at_rest },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint k = 0; k < G_N_ELEMENTS (models); k++) {
      g_autofree char *path = g_strconcat (tests[i].path, "/", models[k], NULL);
      g_test_add (path, Fixture, models[k], set_up, tests[i].test, tear_down);
    }
  sal_pooler_free (NULL);
  return g_test_run ();
}
