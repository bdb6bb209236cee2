/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/detection.h"

#include <math.h>

#include "data.h"

#define MANY 4000

/* Scores with many ties: integers, higher for targets. */
typedef struct {
  float target[40], other[60];
  EvalDetection detection;
} Sample;

static void
draw (Sample *self, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  gsize n_target = (gsize) g_rand_int_range (rand, 1, 40);
  gsize n_other = (gsize) g_rand_int_range (rand, 1, 60);
  int range = g_rand_int_range (rand, 1, 30);
  int shift = g_rand_int_range (rand, -3, 12);
  for (gsize i = 0; i < n_target; i++)
    self->target[i] = (float) (g_rand_int_range (rand, 0, range + 1) + shift);
  for (gsize i = 0; i < n_other; i++)
    self->other[i] = (float) g_rand_int_range (rand, 0, range + 1);
  self->detection
      = (EvalDetection){ self->target, n_target, self->other, n_other };
}

/* Quantiles of two normal distributions of deviation 1, `distance` apart. */
static double
quantile (double p)
{
  double low = -40, high = 40;
  while (high - low > 1e-12) {
    double middle = (low + high) / 2;
    *(0.5 * erfc (-middle / G_SQRT2) < p ? &low : &high) = middle;
  }
  return low;
}

static void
fill_normal (float *x, guint n, double mean)
{
  for (guint i = 0; i < n; i++)
    x[i] = (float) (mean + quantile ((i + 0.5) / n));
}

static double
phi (double x)
{
  return 0.5 * erfc (-x / G_SQRT2);
}

/* --- by counting --------------------------------------------------------- */

static double
counted_auc (const EvalDetection *d)
{
  double sum = 0;
  for (gsize i = 0; i < d->n_target; i++)
    for (gsize j = 0; j < d->n_other; j++)
      sum += d->target[i] > d->other[j] ? 1
          : d->target[i] == d->other[j] ? 0.5
                                        : 0;
  return sum / (double) (d->n_target * d->n_other);
}

/* Rates if scores at or above the threshold are accepted. */
static void
count_rates (const EvalDetection *d, double threshold, double *miss,
    double *false_alarm)
{
  *miss = *false_alarm = 0;
  for (gsize i = 0; i < d->n_target; i++)
    *miss += d->target[i] < threshold;
  for (gsize j = 0; j < d->n_other; j++)
    *false_alarm += d->other[j] >= threshold;
  *miss /= (double) d->n_target;
  *false_alarm /= (double) d->n_other;
}

static double
counted_eer (const EvalDetection *d)
{
  double m0 = 0, a0 = 1, m, a;
  for (double threshold = -10.5; threshold < 60; threshold++) {
    count_rates (d, threshold, &m, &a);
    if (m >= a) { /* the two lines from (m0, a0) to (m, a) cross */
      double t = (a0 - m0) / (a0 - m0 + m - a);
      return a0 + t * (a - a0);
    }
    m0 = m;
    a0 = a;
  }
  return NAN;
}

static double
counted_min_dcf (const EvalDetection *d, double p)
{
  double least = INFINITY, m, a;
  for (double threshold = -10.5; threshold < 60; threshold++) {
    count_rates (d, threshold, &m, &a);
    least = fmin (least, p * m + (1 - p) * a);
  }
  return least / fmin (p, 1 - p);
}

/* Isotonic regression by its min-max formula: the share of targets at score k
 * is max over i <= k of min over j >= k of the share in scores i..j. */
static double
counted_min_cllr (const EvalDetection *d)
{
  const int n = 60;
  double target[60] = { 0 }, other[60] = { 0 }, sum = 0;
  for (gsize i = 0; i < d->n_target; i++)
    target[(int) d->target[i] + 10] += 1 / (double) d->n_target;
  for (gsize i = 0; i < d->n_other; i++)
    other[(int) d->other[i] + 10] += 1 / (double) d->n_other;
  for (int k = 0; k < n; k++) {
    if (target[k] + other[k] <= 0)
      continue;
    double most = 0;
    for (int i = 0; i <= k; i++) {
      double least = 1, t = 0, o = 0;
      for (int j = i; j < n; j++) {
        t += target[j];
        o += other[j];
        if (j >= k && t + o > 0)
          least = fmin (least, t / (t + o));
      }
      most = fmax (most, least);
    }
    if (target[k] > 0)
      sum -= target[k] * log2 (most);
    if (other[k] > 0)
      sum -= other[k] * log2 (1 - most);
  }
  return sum / 2;
}

static void
test_equals_counting (void)
{
  for (guint32 seed = 0; seed < 300; seed++) {
    Sample sample;
    draw (&sample, seed);
    const EvalDetection *d = &sample.detection;
    g_assert_cmpfloat_with_epsilon (eval_detection_auc (d), counted_auc (d),
        1e-12);
    g_assert_cmpfloat_with_epsilon (eval_detection_eer (d), counted_eer (d),
        1e-12);
    g_assert_cmpfloat_with_epsilon (eval_detection_min_dcf (d, 0.01),
        counted_min_dcf (d, 0.01), 1e-12);
    g_assert_cmpfloat_with_epsilon (eval_detection_min_dcf (d, 0.7),
        counted_min_dcf (d, 0.7), 1e-12);
    g_assert_cmpfloat_with_epsilon (eval_detection_min_cllr (d),
        counted_min_cllr (d), 1e-9);
  }
}

static void
test_order_does_not_matter (void)
{
  Sample sample;
  draw (&sample, 5);
  EvalDetection *d = &sample.detection;
  double auc = eval_detection_auc (d), eer = eval_detection_eer (d);
  for (gsize i = 0; i < d->n_target / 2; i++) {
    float swap = sample.target[i];
    sample.target[i] = sample.target[d->n_target - 1 - i];
    sample.target[d->n_target - 1 - i] = swap;
  }
  g_assert_cmpfloat (eval_detection_auc (d), ==, auc);
  g_assert_cmpfloat (eval_detection_eer (d), ==, eer);
}

/* --- closed forms -------------------------------------------------------- */

static void
test_separate_scores_have_no_errors (void)
{
  const float low[] = { -3, -2, -2 }, high[] = { 1, 5 };
  EvalDetection good = { high, 2, low, 3 }, bad = { low, 3, high, 2 };
  g_assert_cmpfloat (eval_detection_auc (&good), ==, 1);
  g_assert_cmpfloat (eval_detection_eer (&good), ==, 0);
  g_assert_cmpfloat (eval_detection_min_dcf (&good, 0.01), ==, 0);
  g_assert_cmpfloat (eval_detection_min_cllr (&good), ==, 0);
  g_assert_cmpfloat (eval_detection_auc (&bad), ==, 0);
  g_assert_cmpfloat (eval_detection_eer (&bad), ==, 1);
  g_assert_cmpfloat (eval_detection_min_dcf (&bad, 0.01), ==, 1);
  g_assert_cmpfloat_with_epsilon (eval_detection_min_cllr (&bad), 1, 1e-12);
}

static void
test_equal_scores_say_nothing (void)
{
  const float zeros[7] = { 0 };
  EvalDetection d = { zeros, 3, zeros, 7 };
  g_assert_cmpfloat_with_epsilon (eval_detection_auc (&d), 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (eval_detection_eer (&d), 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (eval_detection_min_dcf (&d, 0.01), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (eval_detection_cllr (&d), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (eval_detection_min_cllr (&d), 1, 1e-12);
}

/* Deviation 1, two apart: EER Phi (-1), AUC Phi (2 / sqrt 2). */
static void
test_normal_scores (void)
{
  static float target[MANY], other[MANY];
  fill_normal (target, MANY, 2);
  fill_normal (other, MANY, 0);
  EvalDetection d = { target, MANY, other, MANY };
  g_assert_cmpfloat_with_epsilon (eval_detection_eer (&d), phi (-1), 5e-4);
  g_assert_cmpfloat_with_epsilon (eval_detection_auc (&d), phi (G_SQRT2), 5e-4);
  double least = INFINITY;
  for (double x = -3; x < 8; x += 1e-3)
    least = fmin (least, phi (x - 2) + 9 * phi (-x));
  g_assert_cmpfloat_with_epsilon (eval_detection_min_dcf (&d, 0.1), least,
      9.0 / MANY); /* one step of false alarms */
}

/* The log-likelihood ratio of those is 2 x - 2: no rising function is better,
 * and any other scale or offset is worse. */
static void
test_cllr_of_true_ratios_is_the_least (void)
{
  static float target[MANY], other[MANY];
  fill_normal (target, MANY, 2);
  fill_normal (other, MANY, 0);
  EvalDetection d = { target, MANY, other, MANY };
  double least = eval_detection_min_cllr (&d), expected = 0;
  for (double x = -12; x < 12; x += 1e-3) {
    double other_density = exp (-x * x / 2) / sqrt (2 * G_PI);
    expected += other_density * log2 (1 + exp (2 * x - 2)) * 1e-3;
  }
  for (guint i = 0; i < MANY; i++) {
    target[i] = 2 * target[i] - 2;
    other[i] = 2 * other[i] - 2;
  }
  double cllr = eval_detection_cllr (&d);
  g_assert_cmpfloat_with_epsilon (cllr, expected, 1e-3);
  g_assert_cmpfloat (least, <=, cllr);
  g_assert_cmpfloat_with_epsilon (least, cllr, 3e-3);
  for (guint i = 0; i < MANY; i++) {
    target[i] *= 3;
    other[i] *= 3;
  }
  g_assert_cmpfloat (eval_detection_cllr (&d), >, cllr + 0.05);
}

static void
test_cllr_of_huge_ratios_is_finite (void)
{
  const float target[] = { -1000, 1000 }, other[] = { -500 };
  EvalDetection d = { target, 2, other, 1 };
  g_assert_cmpfloat_with_epsilon (eval_detection_cllr (&d),
      1000 / G_LN2 / 2 / 2, 1e-9);
}

/* --- edges --------------------------------------------------------------- */

static void
test_nothing_gives_no_number (void)
{
  const float one[] = { 1 };
  EvalDetection d[]
      = { { one, 1, one, 0 }, { one, 0, one, 1 }, { NULL, 0, NULL, 0 } };
  for (guint i = 0; i < G_N_ELEMENTS (d); i++) {
    g_assert_true (isnan (eval_detection_auc (&d[i])));
    g_assert_true (isnan (eval_detection_eer (&d[i])));
    g_assert_true (isnan (eval_detection_min_dcf (&d[i], 0.01)));
    g_assert_true (isnan (eval_detection_cllr (&d[i])));
    g_assert_true (isnan (eval_detection_min_cllr (&d[i])));
  }
}

static void
test_no_number_is_the_lowest_score (void)
{
  const float target[] = { NAN, 2, 3 }, other[] = { -5, 1, 1 };
  EvalDetection d = { target, 3, other, 3 };
  g_assert_cmpfloat_with_epsilon (eval_detection_auc (&d), 2 / 3.0, 1e-12);
  g_assert_cmpfloat_with_epsilon (eval_detection_eer (&d), 1 / 3.0, 1e-12);
}

static void
test_curve_has_a_step_for_each_score (void)
{
  const float target[] = { 2, 2, 3 }, other[] = { 1, 2 };
  EvalDetection d = { target, 3, other, 2 };
  double miss[6], alarm[6];
  g_assert_cmpuint (eval_detection_curve (&d, miss, alarm), ==, 4);
  const double want[4][2] = { { 0, 1 }, { 0, 0.5 }, { 2 / 3.0, 0 }, { 1, 0 } };
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpfloat_with_epsilon (miss[i], want[i][0], 1e-12);
    g_assert_cmpfloat_with_epsilon (alarm[i], want[i][1], 1e-12);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/detection/equals-counting", test_equals_counting);
  g_test_add_func ("/detection/order-does-not-matter",
      test_order_does_not_matter);
  g_test_add_func ("/detection/separate-scores-have-no-errors",
      test_separate_scores_have_no_errors);
  g_test_add_func ("/detection/equal-scores-say-nothing",
      test_equal_scores_say_nothing);
  g_test_add_func ("/detection/normal-scores", test_normal_scores);
  g_test_add_func ("/detection/cllr/of-true-ratios-is-the-least",
      test_cllr_of_true_ratios_is_the_least);
  g_test_add_func ("/detection/cllr/of-huge-ratios-is-finite",
      test_cllr_of_huge_ratios_is_finite);
  g_test_add_func ("/detection/nothing-gives-no-number",
      test_nothing_gives_no_number);
  g_test_add_func ("/detection/no-number-is-the-lowest-score",
      test_no_number_is_the_lowest_score);
  g_test_add_func ("/detection/curve/has-a-step-for-each-score",
      test_curve_has_a_step_for_each_score);
  return g_test_run ();
}
