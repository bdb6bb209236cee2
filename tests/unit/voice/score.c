/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/score.h>

#include <math.h>
#include <string.h>

#include "data.h"

#define N 12       /* classes of tiny */
#define E 16       /* its embedding */
#define SCALE 30.0 /* its s */

typedef struct {
  SalModel *model;
  SalScorer *scorer;
  double rows[N][E]; /* unit length */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->model = data_load_model ("tiny");
  f->scorer = sal_scorer_new (f->model);
  g_autofree char *path = data_path ("tiny.safetensors");
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, NULL);
  g_autofree float *rows = data_read (file, "head.weight", NULL);
  for (guint j = 0; j < N; j++) {
    double square = 0;
    for (guint i = 0; i < E; i++)
      square += (double) rows[j * E + i] * rows[j * E + i];
    for (guint i = 0; i < E; i++)
      f->rows[j][i] = rows[j * E + i] / sqrt (square);
  }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sal_scorer_free (f->scorer);
  sal_model_unref (f->model);
}

/* The formulas in double; class -1: a voice w outside the class rows. */
static void
direct_score (const Fixture *f, const double *w, int class, const double *e,
    double out[3])
{
  double length = 0, z = 0, sum = 0;
  for (guint i = 0; i < E; i++)
    length += e[i] * e[i];
  for (guint i = 0; i < E; i++)
    z += SCALE * w[i] * e[i] / sqrt (length);
  for (int j = 0; j < N; j++) {
    double zj = 0;
    for (guint i = 0; i < E; i++)
      zj += SCALE * f->rows[j][i] * e[i] / sqrt (length);
    if (j != class)
      sum += exp (zj);
  }
  out[SAL_SCORE_LOGIT] = z;
  out[SAL_SCORE_LOG_ODDS] = z - log (sum);
  out[SAL_SCORE_POSTERIOR] = 1 / (1 + exp (-out[SAL_SCORE_LOG_ODDS]));
}

static double
deviations_above (double cosine, const double *cosines, guint n)
{
  double sum = 0, squares = 0;
  for (guint j = 0; j < n; j++) {
    sum += cosines[j];
    squares += cosines[j] * cosines[j];
  }
  return (cosine - sum / n) / sqrt (squares / n - sum / n * sum / n);
}

/* AS-norm, the cohort being all other classes. */
static double
direct_normalised (const Fixture *f, const double *w, int class,
    const double *e)
{
  double length = 0, y = 0, to_e[N] = { 0 }, to_w[N] = { 0 };
  guint n = 0;
  for (guint i = 0; i < E; i++)
    length += e[i] * e[i];
  for (guint i = 0; i < E; i++)
    y += w[i] * e[i] / sqrt (length);
  for (int j = 0; j < N; j++) {
    for (guint i = 0; i < E; i++) {
      to_e[n] += f->rows[j][i] * e[i] / sqrt (length);
      to_w[n] += f->rows[j][i] * w[i];
    }
    if (j != class)
      n++;
    else
      to_e[n] = to_w[n] = 0;
  }
  return 0.5 * (deviations_above (y, to_e, n) + deviations_above (y, to_w, n));
}

static SalTarget *
class_target (Fixture *f, int class)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strdup_printf ("spk%d", class);
  SalTarget *target = sal_target_new_class (f->model, name, &error);
  g_assert_no_error (error);
  return target;
}

/* An enrolled voice: a direction between some class rows. */
static SalTarget *
voice_target (Fixture *f, double w[E])
{
  float piece[E];
  double square = 0;
  for (guint i = 0; i < E; i++)
    w[i] = f->rows[1][i] + 0.5 * f->rows[4][i] - 0.2 * f->rows[8][i];
  for (guint i = 0; i < E; i++)
    square += w[i] * w[i];
  for (guint i = 0; i < E; i++)
    piece[i] = (float) (w[i] /= sqrt (square));
  g_autoptr (SalSpeaker) speaker
      = sal_speaker_new ("between", f->model, piece, 1, 2);
  g_autoptr (GError) error = NULL;
  SalTarget *target = sal_target_new_speaker (f->model, speaker, &error);
  g_assert_no_error (error);
  return target;
}

static void
fill_embedding (guint32 seed, double size, double e[E], float rounded[E])
{
  g_autofree float *noise = data_noise (seed, E);
  for (guint i = 0; i < E; i++) {
    rounded[i] = (float) (size * noise[i]);
    e[i] = rounded[i];
  }
}

static void
check_scores (Fixture *f, SalTarget *target, const double *w, int class)
{
  for (guint32 seed = 0; seed < 20; seed++) {
    double e[E], want[3];
    float rounded[E];
    SalScore score;
    fill_embedding (seed, pow (10, (int) (seed % 7) - 3), e, rounded);
    sal_scorer_score (f->scorer, target, rounded, &score);
    direct_score (f, w, class, e, want);
    /* z is up to 30: float32 leaves 4e-6, dot products a little more */
    g_assert_cmpfloat_with_epsilon (score.cosine, want[SAL_SCORE_LOGIT] / SCALE,
        1e-6);
    g_assert_cmpfloat_with_epsilon (score.logit, want[SAL_SCORE_LOGIT], 3e-5);
    g_assert_cmpfloat_with_epsilon (score.log_odds, want[SAL_SCORE_LOG_ODDS],
        3e-5);
    g_assert_cmpfloat_with_epsilon (score.posterior, want[SAL_SCORE_POSTERIOR],
        1e-5);
    g_assert_cmpfloat_with_epsilon (score.normalised,
        direct_normalised (f, w, class, e), 1e-4);
  }
}

/* A class must not compete with itself: the direct formula leaves it out. */
static void
test_class_matches_formula (Fixture *f, gconstpointer data)
{
  for (int class = 0; class < N; class ++) {
    g_autoptr (SalTarget) target = class_target (f, class);
    g_assert_cmpint (sal_target_get_class (target), ==, class);
    check_scores (f, target, f->rows[class], class);
  }
}

static void
test_voice_matches_formula (Fixture *f, gconstpointer data)
{
  double w[E];
  g_autoptr (SalTarget) target = voice_target (f, w);
  g_assert_cmpint (sal_target_get_class (target), ==, -1);
  check_scores (f, target, w, -1);
}

/* On its own row a class has the largest logit.  If it competed with itself,
 * its log-odds could not be above 0. */
static void
test_class_excludes_itself (Fixture *f, gconstpointer data)
{
  for (int class = 0; class < N; class ++) {
    g_autoptr (SalTarget) target = class_target (f, class);
    SalScore score;
    sal_scorer_score (f->scorer, target, sal_target_get_row (target), &score);
    g_assert_cmpfloat_with_epsilon (score.cosine, 1, 1e-6);
    g_assert_cmpfloat (score.log_odds, >, 0);
    g_assert_cmpfloat (score.posterior, >, 0.5);
  }
}

/* --- log-likelihood ratio ------------------------------------------------ */

/* x = 2 score - 3 with a background of logit b. */
static void
check_llr (Fixture *f, const char *background, double b)
{
  double w[E], e[E], want[3];
  float rounded[E];
  g_autoptr (SalModel) model = data_load_calibrated ("tiny", 2, -3, background);
  g_autoptr (SalScorer) scorer = sal_scorer_new (model);
  Fixture same = *f;
  same.model = model;
  g_autoptr (SalTarget) voice = voice_target (&same, w);
  g_autoptr (SalTarget) class = class_target (&same, 3);
  for (guint32 seed = 0; seed < 20; seed++) {
    SalScore score;
    fill_embedding (seed, 1, e, rounded);
    sal_scorer_score (scorer, voice, rounded, &score);
    direct_score (f, w, -1, e, want);
    double z = want[SAL_SCORE_LOGIT];
    double others = exp (z - want[SAL_SCORE_LOG_ODDS]) + exp (b);
    g_assert_cmpfloat_with_epsilon (sal_scorer_llr (scorer, voice, &score, 2),
        2 * (z - log (others)) - 3, 2e-4);
    sal_scorer_score (scorer, class, rounded, &score);
    direct_score (f, f->rows[3], 3, e, want);
    g_assert_cmpfloat_with_epsilon (sal_scorer_llr (scorer, class, &score, 2),
        2 * want[SAL_SCORE_LOG_ODDS] - 3, 2e-4);
  }
}

static void
test_llr (Fixture *f, gconstpointer data)
{
  check_llr (f, "", -INFINITY);
}

/* The background counts for enrolled voices, never for classes. */
static void
test_llr_with_background (Fixture *f, gconstpointer data)
{
  check_llr (f, "\"background\": 4, ", 4);
  check_llr (f, "\"background\": 200, ", 200);
}

/* --- gradient ------------------------------------------------------------ */

static void
check_gradient (Fixture *f, SalTarget *target, const double *w, int class,
    SalScoreFunction function)
{
  for (guint32 seed = 0; seed < 10; seed++) {
    double e[E], up[3], down[3], size = seed % 2 ? 8 : 0.25;
    float rounded[E], got[E], want[E];
    fill_embedding (seed + 50, size, e, rounded);
    float value
        = sal_scorer_gradient (f->scorer, target, function, rounded, got);
    for (guint i = 0; i < E; i++) {
      double step = 1e-5 * size, kept = e[i];
      e[i] = kept + step;
      direct_score (f, w, class, e, up);
      e[i] = kept - step;
      direct_score (f, w, class, e, down);
      e[i] = kept;
      want[i] = (float) ((up[function] - down[function]) / (2 * step));
    }
    direct_score (f, w, class, e, up);
    g_assert_cmpfloat_with_epsilon (value, up[function], 3e-5);
    /* u in float32 is off by up to 3e-5, so p (1-p) by that part, twice */
    data_assert_relative ("gradient", got, want, E, 1e-4);
  }
}

static void
test_gradient (Fixture *f, gconstpointer data)
{
  SalScoreFunction function = (SalScoreFunction) GPOINTER_TO_UINT (data);
  double w[E];
  g_autoptr (SalTarget) voice = voice_target (f, w);
  check_gradient (f, voice, w, -1, function);
  for (int class = 0; class < N; class += 5) {
    g_autoptr (SalTarget) target = class_target (f, class);
    check_gradient (f, target, f->rows[class], class, function);
  }
}

/* Only the direction counts, so the gradient has no part along e. */
static void
test_gradient_is_across_the_embedding (Fixture *f, gconstpointer data)
{
  g_autoptr (SalTarget) target = class_target (f, 2);
  double e[E], along = 0, size = 0;
  float rounded[E], gradient[E];
  fill_embedding (3, 1, e, rounded);
  sal_scorer_gradient (f->scorer, target, SAL_SCORE_LOG_ODDS, rounded,
      gradient);
  for (guint i = 0; i < E; i++) {
    along += e[i] * gradient[i];
    size += fabs (e[i] * gradient[i]);
  }
  g_assert_cmpfloat (fabs (along), <=, 1e-5 * size);
}

/* Where the posterior is 1 in float32, log-odds still have a gradient.  Many
 * steps along the gradient lead there. */
static void
test_saturated (Fixture *f, gconstpointer data)
{
  g_autoptr (SalTarget) target = class_target (f, 0);
  float e[E], u_gradient[E], p_gradient[E];
  SalScore score;
  memcpy (e, sal_target_get_row (target), sizeof e);
  for (guint n = 0; n < 300; n++) {
    sal_scorer_gradient (f->scorer, target, SAL_SCORE_LOG_ODDS, e, u_gradient);
    for (guint i = 0; i < E; i++)
      e[i] += 0.01f * u_gradient[i];
  }
  sal_scorer_score (f->scorer, target, e, &score);
  g_test_message ("log-odds %g, posterior %.9g", score.log_odds,
      score.posterior);
  g_assert_cmpfloat (score.log_odds, >, 9);
  for (guint i = 0; i < E; i++) /* off the maximum, where the gradient is 0 */
    e[i] += 0.1f * (float) f->rows[5][i];
  sal_scorer_gradient (f->scorer, target, SAL_SCORE_LOG_ODDS, e, u_gradient);
  sal_scorer_gradient (f->scorer, target, SAL_SCORE_POSTERIOR, e, p_gradient);
  data_assert_finite ("posterior", p_gradient, E);
  g_assert_cmpfloat (data_magnitude (u_gradient, E), >, 0.1);
  g_assert_cmpfloat (data_magnitude (p_gradient, E), <,
      0.01 * data_magnitude (u_gradient, E));
}

/* --- linear head --------------------------------------------------------- */

/* u and z of a class of voxceleb.safetensors, in double. */
static double
direct_linear (const float *rows, const float *bias, guint n, guint class,
    const double *e, double *logit)
{
  double sum = 0;
  for (guint j = 0; j < N; j++) {
    double z = bias[j];
    for (guint i = 0; i < n; i++)
      z += rows[j * n + i] * e[i];
    if (j == class)
      *logit = z;
    else
      sum += exp (z);
  }
  return *logit - log (sum);
}

static void
test_linear_head (Fixture *unused, gconstpointer data)
{
  g_autofree char *path = data_path ("voxceleb.safetensors");
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, NULL);
  g_autoptr (SalModel) model = data_load_model ("voxceleb");
  g_autoptr (SalScorer) scorer = sal_scorer_new (model);
  guint n = sal_model_get_embedding_size (model);
  g_autofree float *rows = data_read (file, "head.weight", NULL);
  g_autofree float *bias = data_read (file, "head.bias", NULL);
  g_autofree float *got = g_new (float, n), *want = g_new (float, n);
  g_autofree double *e = g_new (double, n);
  for (guint class = 0; class < N; class ++) {
    g_autoptr (SalTarget) target = sal_target_new_class (model,
        sal_model_get_class_name (model, class), NULL);
    g_autofree float *embedding = data_noise (class, n);
    double z = 0, other = 0;
    SalScore score;
    for (guint i = 0; i < n; i++)
      e[i] = embedding[i];
    double u = direct_linear (rows, bias, n, class, e, &z);
    sal_scorer_score (scorer, target, embedding, &score);
    g_assert_cmpfloat_with_epsilon (score.logit, z, 1e-5);
    g_assert_cmpfloat_with_epsilon (score.log_odds, u, 1e-5);
    for (guint i = 0; i < n; i++) {
      e[i] += 1e-5;
      double up = direct_linear (rows, bias, n, class, e, &other);
      e[i] -= 2e-5;
      double down = direct_linear (rows, bias, n, class, e, &other);
      e[i] += 1e-5;
      want[i] = (float) ((up - down) / 2e-5);
    }
    sal_scorer_gradient (scorer, target, SAL_SCORE_LOG_ODDS, embedding, got);
    data_assert_relative ("gradient", got, want, n, 1e-5);
  }
}

/* --- dense --------------------------------------------------------------- */

static SalNet *
golden_net (SalModel *model, guint n_frames)
{
  g_autofree float *log_mel
      = data_read_log_mel (sal_model_get_mel_config (model)->n_bands, n_frames);
  SalNet *net = sal_net_new (model, n_frames, 0, 1);
  sal_net_forward (net, log_mel, n_frames);
  return net;
}

static void
dense_matches_golden (const char *name)
{
  const guint lengths[] = { 200, 137, 613 }, columns[] = { 1, 9 };
  g_autoptr (SalModel) model = data_load_model (name);
  g_autoptr (SalScorer) scorer = sal_scorer_new (model);
  g_autoptr (SalTarget) target = sal_target_new_class (model, "spk3", NULL);
  g_autoptr (SalSafetensors) values = data_load_values (name);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (SalNet) net = golden_net (model, lengths[i]);
    for (guint k = 0; k < 2; k++) {
      gsize n;
      g_autofree char *key
          = g_strdup_printf ("%u/dense-%u", lengths[i], columns[k]);
      g_autofree float *want = data_read (values, key, &n);
      g_autofree float *got = g_new (float, n);
      sal_scorer_dense (scorer, net, target, columns[k], got);
      /* of log-odds up to 50; one column has standard deviations of
       * sqrt (epsilon), which nothing disturbs */
      data_assert_relative (key, got, want, n, 1e-4);
    }
  }
}

/* And with attention: the softmax over just those columns. */
static void
test_dense_matches_golden (Fixture *f, gconstpointer data)
{
  dense_matches_golden ("tiny");
  dense_matches_golden ("voxceleb");
}

static void
test_dense_of_all_columns_is_the_window (Fixture *f, gconstpointer data)
{
  guint shape[3];
  SalScore score;
  g_autoptr (SalTarget) target = class_target (f, 7);
  g_autoptr (SalNet) net = golden_net (f->model, 137);
  sal_net_get_stage (net, 3, shape);
  g_autofree float *got = g_new (float, shape[2]);
  sal_scorer_dense (f->scorer, net, target, 2 * shape[2] + 1, got);
  sal_scorer_score (f->scorer, target, sal_net_get_embedding (net), &score);
  for (guint j = 0; j < shape[2]; j++)
    g_assert_cmpfloat_with_epsilon (got[j], score.log_odds, 1e-4f);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    guint data;
    void (*test) (Fixture *, gconstpointer);
  } tests[] = {
    { "/score/class-matches-the-formula", 0, test_class_matches_formula },
    { "/score/enrolled-voice-matches-the-formula", 0,
        test_voice_matches_formula },
    { "/score/class-excludes-itself", 0, test_class_excludes_itself },
    { "/score/llr/matches-the-formula", 0, test_llr },
    { "/score/llr/with-a-background", 0, test_llr_with_background },
    { "/score/gradient/of-log-odds-matches-finite-differences",
        SAL_SCORE_LOG_ODDS, test_gradient },
    { "/score/gradient/of-posterior-matches-finite-differences",
        SAL_SCORE_POSTERIOR, test_gradient },
    { "/score/gradient/of-logit-matches-finite-differences", SAL_SCORE_LOGIT,
        test_gradient },
    { "/score/gradient/is-across-the-embedding", 0,
        test_gradient_is_across_the_embedding },
    { "/score/gradient/log-odds-do-not-saturate", 0, test_saturated },
    { "/score/linear-head-matches-the-formula", 0, test_linear_head },
    { "/score/dense/matches-golden", 0, test_dense_matches_golden },
    { "/score/dense/all-columns-are-the-window", 0,
        test_dense_of_all_columns_is_the_window },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, GUINT_TO_POINTER (tests[i].data),
        set_up, tests[i].test, tear_down);
  return g_test_run ();
}
