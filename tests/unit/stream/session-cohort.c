/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/session-cohort.h"

#include <math.h>

#include "data.h"
#include <saliency/score.h>
#include "network/model-internal.h"

#define E 16       /* embedding of tiny */
#define W 25       /* columns of a window of two seconds */
#define SCALE 30.0 /* s of tiny */
#define CLEAN 1e9f /* a contrast */

typedef struct {
  SalModel *model;
  SalScorer *scorer;
  SalSessionCohort *cohort;
  float axes[E][E]; /* orthogonal */
} Fixture;

/* tiny with x = score / 2 + 1 for windows in clean sound, and with cohort. */
static SalModel *
load (const char *cohort)
{
  return data_load_calibrated ("tiny", 0.5, 1, cohort);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->model = load (data);
  f->scorer = sal_scorer_new (f->model);
  f->cohort = sal_session_cohort_new (f->model, W, 36);
  g_assert_nonnull (f->cohort);
  for (guint i = 0; i < E; i++)
    f->axes[i][i] = 1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sal_session_cohort_free (f->cohort);
  sal_scorer_free (f->scorer);
  sal_model_unref (f->model);
}

#define USUAL DATA_COMPANY ("0.4", "0.6")

static SalTarget *
enrol (Fixture *f, const float *direction)
{
  g_autoptr (SalSpeaker) speaker
      = sal_speaker_new ("voice", f->model, direction, 1, 2);
  g_autoptr (GError) error = NULL;
  SalTarget *target = sal_target_new_speaker (f->model, speaker, &error);
  g_assert_no_error (error);
  return target;
}

/* n columns of cos i + sin j, of any length, from frame `start` on; remembered
 * without being judged. */
static void
say (Fixture *f, guint64 start, guint i, guint j, double angle, guint n)
{
  float columns[W * E] = { 0 };
  for (guint k = 0; k < n; k++) {
    float length = 1 + (float) k;
    columns[k * E + i] += length * (float) cos (angle);
    columns[k * E + j] += length * (float) sin (angle);
  }
  sal_session_cohort_listen (f->cohort, start, 8 * n, columns, n);
  sal_session_cohort_remember (f->cohort);
}

/* What the window that begins there, all of one direction, is judged. */
static float
judge (Fixture *f, const SalTarget *target, const float *direction,
    float contrast)
{
  float log_odds;
  sal_scorer_compare (f->scorer, target, direction, 1, &log_odds);
  sal_session_cohort_listen (f->cohort, 0, 8, direction, 1);
  sal_session_cohort_judge (f->cohort, target, contrast, &log_odds);
  return log_odds;
}

static float
alone (Fixture *f, const SalTarget *target, const float *direction)
{
  float log_odds;
  sal_scorer_compare (f->scorer, target, direction, 1, &log_odds);
  return log_odds;
}

/* --- who is remembered --------------------------------------------------- */

static void
test_counts_after_a_while (Fixture *f, gconstpointer data)
{
  say (f, 0, 0, 1, 0, 12); /* seven of them 36 frames ago, 0.56 s */
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 0);
  say (f, 0, 0, 1, 0, 12); /* the same ones */
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 0);
  say (f, 8, 0, 1, 0, 12); /* one that is new */
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 1);
}

static void
test_tells_voices_apart (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 5; i++)
    say (f, 200 * i, i % 3, 9, 0.5, W);
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 3);
  sal_session_cohort_reset (f->cohort, 0);
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 0);
  say (f, 0, 0, 1, 0, W); /* and from the beginning again */
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 1);
}

/* A window reaches back to before the reset. */
static void
test_forgets_what_was_before (Fixture *f, gconstpointer data)
{
  say (f, 0, 0, 1, 0, W);
  sal_session_cohort_reset (f->cohort, 120);
  say (f, 0, 0, 1, 0, W); /* six columns from there on */
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 0);
  say (f, 50, 0, 1, 0, W);
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 1);
}

/* Says what lies ever nearer to voice 0 and still nearest to voice 1, or the
 * other way, until they are one. */
static void
bring_together (Fixture *f, double angle, double step)
{
  guint n = sal_session_cohort_get_n_voices (f->cohort);
  for (guint k = 0; sal_session_cohort_get_n_voices (f->cohort) == n; k++) {
    g_assert_cmpuint (k, <, 10);
    say (f, 1000 + 200 * k, 0, 1, angle + step * k, W);
  }
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, n - 1);
}

static void
test_merges_voices (Fixture *f, gconstpointer data)
{
  const double angles[] = { 1.1, G_PI / 2 - 1.1 }, steps[] = { -0.1, 0.1 };
  g_autoptr (SalTarget) third = enrol (f, f->axes[2]);
  for (guint way = 0; way < 2; way++)
    for (guint n = 2; n <= 3; n++) { /* with and without one after them */
      sal_session_cohort_reset (f->cohort, 0);
      for (guint i = 0; i < n; i++)
        say (f, 200 * i, i, 9, 0, W);
      g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, n);
      float before = judge (f, third, f->axes[2], CLEAN);
      bring_together (f, angles[way], steps[way]);
      g_assert_cmpfloat_with_epsilon (judge (f, third, f->axes[2], CLEAN),
          before, 1e-4);
    }
}

/* Any number of passers-by: those heard for longer stay. */
static void
test_keeps_who_counts_in_a_crowd (Fixture *f, gconstpointer data)
{
  g_autoptr (SalTarget) target = enrol (f, f->axes[7]);
  say (f, 0, 0, 1, 0, W);
  float before = judge (f, target, f->axes[0], CLEAN);
  for (guint k = 0; k < 300; k++) {
    guint i = k % 15, j = i + 1;
    say (f, 1000 + 200 * k, i, j, 0.2 + 0.001 * k, 6); /* one column */
  }
  g_assert_cmpuint (sal_session_cohort_get_n_voices (f->cohort), ==, 1);
  g_assert_cmpfloat (judge (f, target, f->axes[0], CLEAN), ==, before);
}

/* --- judging ------------------------------------------------------------- */

/* The formula in double, for one voice of direction v of so many columns. */
static double
direct (Fixture *f, SalTarget *target, const float *v, const float *e,
    double scale, double offset)
{
  SalScore score;
  sal_scorer_score (f->scorer, target, v, &score);
  double cohort = score.logit - score.log_odds;
  double llr = scale * (score.logit - log (exp (cohort) + exp (5))) + offset;
  double is_target = 1 / (1 + exp (-2 * (llr - 1 - 2)));
  double is_other = 1 / (1 + exp (2 * (llr - 1 + 2)));
  double cosine = 0;
  for (guint i = 0; i < E; i++)
    cosine += v[i] * e[i];
  double voice = exp (SCALE * cosine - 2);
  sal_scorer_score (f->scorer, target, e, &score);
  return log (exp (score.logit) + is_target * voice)
      - log (exp (score.logit - score.log_odds) + is_other * voice);
}

/* Voices that are the target, somebody else, and neither for sure. */
static void
test_matches_formula (Fixture *f, gconstpointer data)
{
  g_autoptr (SalTarget) target = enrol (f, f->axes[0]);
  for (guint k = 0; k <= 10; k++) {
    double angle = G_PI / 2 * k / 10;
    float v[E] = { (float) cos (angle), (float) sin (angle) };
    sal_session_cohort_reset (f->cohort, 0);
    say (f, 0, 0, 1, angle, W);
    for (guint i = 0; i < 3; i++) {
      const float *e = f->axes[i];
      g_assert_cmpfloat_with_epsilon (judge (f, target, e, CLEAN),
          direct (f, target, v, e, 0.5, 1), 1e-4);
      g_assert_cmpfloat_with_epsilon (judge (f, target, e, 0),
          direct (f, target, v, e, 0.25, 3), 1e-4);
    }
  }
}

/* Whoever sounds like one who spoke before and was not the target is even less
 * the target; like one who was, even more. */
static void
test_cohort_decides (Fixture *f, gconstpointer data)
{
  float between[E] = { 0.6f, 0.8f };
  g_autoptr (SalTarget) target = enrol (f, f->axes[0]);
  g_assert_cmpfloat (judge (f, target, between, CLEAN), ==,
      alone (f, target, between)); /* nobody yet */
  say (f, 0, 0, 1, G_PI / 2, W);
  g_assert_cmpfloat (judge (f, target, between, CLEAN), <,
      alone (f, target, between) - 3);
  sal_session_cohort_reset (f->cohort, 0);
  say (f, 0, 0, 1, 0.3, W);
  g_assert_cmpfloat (judge (f, target, between, CLEAN), >,
      alone (f, target, between) + 3);
}

static void
test_leaves_classes_alone (Fixture *f, gconstpointer data)
{
  g_autoptr (SalTarget) target = sal_target_new_class (f->model, "spk2", NULL);
  say (f, 0, 0, 1, 0, W);
  for (guint i = 0; i < E; i++)
    g_assert_cmpfloat (judge (f, target, f->axes[i], CLEAN), ==,
        alone (f, target, f->axes[i]));
}

/* However far it looks ahead, who spoke long enough is remembered. */
static void
test_any_lookahead (void)
{
  g_autoptr (SalModel) model = load (USUAL);
  float columns[W * E] = { 0 };
  for (guint j = 0; j < W; j++)
    columns[j * E] = 1;
  for (guint lookahead = 0; lookahead <= 200; lookahead += 25) {
    g_autoptr (SalSessionCohort) cohort
        = sal_session_cohort_new (model, W, lookahead);
    for (guint k = 0; k < 4; k++) {
      sal_session_cohort_listen (cohort, 25 * k, 200, columns, W);
      sal_session_cohort_remember (cohort);
    }
    g_assert_cmpuint (sal_session_cohort_get_n_voices (cohort), ==, 1);
  }
}

/* --- models that cannot -------------------------------------------------- */

static void
test_none_without_record (void)
{
  g_autoptr (SalModel) model = load ("");
  g_assert_null (sal_session_cohort_new (model, W, 50));
  sal_session_cohort_free (NULL);
  sal_session_cohort_reset (NULL, 0);
}

static void
test_none_for_linear_head (void)
{
  g_autoptr (SalModel) model = data_load_calibrated ("voxceleb", 0.5, 1, USUAL);
  g_assert_null (sal_session_cohort_new (model, W, 50));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, cohort, test)                                                \
  g_test_add ("/session-cohort/" path, Fixture, cohort, set_up, test, tear_down)
  ADD ("remembers/after-a-while", USUAL, test_counts_after_a_while);
  ADD ("remembers/voices-apart", USUAL, test_tells_voices_apart);
  ADD ("remembers/from-a-frame-on", USUAL, test_forgets_what_was_before);
  ADD ("remembers/merged", USUAL, test_merges_voices);
  ADD ("remembers/in-a-crowd", DATA_COMPANY ("0.9999", "0.9999"),
      test_keeps_who_counts_in_a_crowd);
  ADD ("judges/by-the-formula", USUAL, test_matches_formula);
  ADD ("judges/by-who-spoke-before", USUAL, test_cohort_decides);
  ADD ("judges/classes-as-before", USUAL, test_leaves_classes_alone);
  g_test_add_func ("/session-cohort/remembers/at-any-lookahead",
      test_any_lookahead);
  g_test_add_func ("/session-cohort/none/without-record",
      test_none_without_record);
  g_test_add_func ("/session-cohort/none/for-a-linear-head",
      test_none_for_linear_head);
  int result = g_test_run ();
  data_clean ();
  return result;
}
