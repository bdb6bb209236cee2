/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/verification.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "data.h"
#include "eval/det.h"
#include <saliency/score.h>
#include "voices.h"

#define D EVAL_VERIFICATION_DURATIONS

static SalModel *tiny;

typedef struct {
  GArray *trials;
  EvalVerificationRow rows[D];
} Result;

static void
result_clear (Result *self)
{
  g_array_unref (self->trials);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

static EvalVerificationConfig
config_of (gboolean known, guint n_windows, guint n_threads)
{
  EvalVerificationConfig config;
  eval_verification_config_init (&config);
  config.enrol_seconds = 5;
  config.known = known;
  config.n_windows = n_windows;
  config.n_threads = n_threads;
  return config;
}

/* Three targets and another voice; utterances of 3 to 5 s. */
static void
run (Result *self, const EvalVerificationConfig *config)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 3, 1, 9, 3);
  g_autoptr (GError) error = NULL;
  self->trials = g_array_new (FALSE, FALSE, sizeof (EvalTrial));
  g_assert_true (eval_verification_run (tiny, corpus, config, self->trials,
      self->rows, &error));
  g_assert_no_error (error);
}

static const EvalTrial *
trial_at (const Result *self, guint i)
{
  return &g_array_index (self->trials, EvalTrial, i);
}

static void
test_threads_change_nothing (void)
{
  EvalVerificationConfig one = config_of (FALSE, 0, 1);
  EvalVerificationConfig many = config_of (FALSE, 0, 3);
  g_auto (Result) a = { 0 }, b = { 0 };
  run (&a, &one);
  run (&b, &many);
  g_assert_cmpmem (a.trials->data, a.trials->len * sizeof (EvalTrial),
      b.trials->data, b.trials->len * sizeof (EvalTrial));
  g_assert_cmpmem (a.rows, sizeof a.rows, b.rows, sizeof b.rows);
}

static void
test_every_window_meets_every_target (void)
{
  EvalVerificationConfig config = config_of (FALSE, 0, 2);
  g_auto (Result) result = { 0 };
  run (&result, &config);
  guint n[D] = { 0 }, targets[D] = { 0 }, same_sex[D] = { 0 };
  for (guint i = 0; i < result.trials->len; i++) {
    const EvalTrial *trial = trial_at (&result, i);
    g_assert_cmpuint (trial->target, <, 3);
    g_assert_cmpuint (trial->speaker, <, 4);
    g_assert_cmpint (trial->same_sex, ==,
        trial->target % 2 == trial->speaker % 2);
    g_assert_cmpfloat (trial->speech_seconds, >=,
        eval_verification_seconds[trial->duration] / 2);
    n[trial->duration]++;
    targets[trial->duration] += trial->target == trial->speaker;
    same_sex[trial->duration]
        += trial->same_sex && trial->target != trial->speaker;
  }
  for (guint d = 0; d < D; d++) {
    const EvalVerificationRow *row = &result.rows[d];
    g_assert_cmpuint (n[d], ==, 3 * row->n_windows);
    g_assert_cmpuint (targets[d], ==, row->n_target);
    g_assert_cmpuint (n[d] - targets[d], ==, row->n_other);
    g_assert_cmpuint (same_sex[d], ==, row->n_same_sex);
  }
}

/* Known voices need no enrolment: all utterances are tested.  Utterance i has
 * 3 + i/4 s and begins with i/8 s of silence. */
static void
test_all_windows_with_speech_are_used (void)
{
  EvalVerificationConfig config = config_of (TRUE, 0, 2);
  g_auto (Result) result = { 0 };
  run (&result, &config);
  guint n[D] = { 0 };
  for (guint i = 0; i < 9; i++) {
    guint T = (guint) (((3 + 0.25 * i) * 16000 - 400) / 160) + 1;
    for (guint d = 0; d < D; d++)
      n[d] += 4 * (T / (guint) (100 * eval_verification_seconds[d]));
  }
  for (guint d = 0; d < D; d++)
    g_assert_cmpuint (result.rows[d].n_windows + result.rows[d].n_left_out, ==,
        n[d]);
  g_assert_cmpuint (result.rows[0].n_left_out, >=, 16); /* more than 1/2 s */
  g_assert_cmpuint (result.rows[0].n_windows, >, 50);
}

static void
test_enrolled_utterances_are_not_tested (void)
{
  EvalVerificationConfig known = config_of (TRUE, 0, 2);
  EvalVerificationConfig enrolled = config_of (FALSE, 0, 2);
  g_auto (Result) a = { 0 }, b = { 0 };
  run (&a, &known);
  run (&b, &enrolled);
  guint n[2][4] = { { 0 } };
  for (guint i = 0; i < a.trials->len; i++)
    n[0][trial_at (&a, i)->speaker]++;
  for (guint i = 0; i < b.trials->len; i++)
    n[1][trial_at (&b, i)->speaker]++;
  for (guint v = 0; v < 3; v++)
    g_assert_cmpuint (n[1][v], <, n[0][v]);
  g_assert_cmpuint (n[1][3], ==, n[0][3]); /* never a target */
}

static void
test_trials_can_be_limited (void)
{
  EvalVerificationConfig few = config_of (TRUE, 7, 2);
  EvalVerificationConfig other = few, all = config_of (TRUE, 0, 2);
  g_auto (Result) a = { 0 }, b = { 0 }, c = { 0 };
  other.seed = 1;
  all.n_windows = 100000;
  run (&a, &few);
  run (&b, &other);
  run (&c, &all);
  for (guint d = 0; d < D; d++) {
    g_assert_cmpuint (a.rows[d].n_windows, ==, MIN (7, c.rows[d].n_windows));
    g_assert_cmpuint (a.rows[d].n_left_out, ==, c.rows[d].n_left_out);
  }
  g_assert_cmpint (memcmp (a.trials->data, b.trials->data,
                       MIN (a.trials->len, b.trials->len) * sizeof (EvalTrial)),
      !=, 0);
  guint found = 0; /* every drawn trial is one of all trials */
  for (guint i = 0, j = 0; i < a.trials->len; i++) {
    while (j < c.trials->len
        && memcmp (trial_at (&a, i), trial_at (&c, j), sizeof (EvalTrial)) != 0)
      j++;
    found += j < c.trials->len;
  }
  g_assert_cmpuint (found, ==, a.trials->len);
}

/* The first window of 2 s of the first utterance of spk0, by hand. */
static void
test_scores_are_those_of_the_window (void)
{
  EvalVerificationConfig config = config_of (TRUE, 0, 1);
  g_auto (Result) result = { 0 };
  run (&result, &config);
  gsize n;
  g_autofree float *samples = voices_decode ("0 0 3000", DATA_RATE, &n, NULL);
  const SalMelConfig *mel_config = sal_model_get_mel_config (tiny);
  g_autoptr (SalMel) mel = sal_mel_new (mel_config, NULL);
  g_autoptr (SalNet) net = sal_net_new (tiny, 200, 3, 1);
  g_autoptr (SalScorer) scorer = sal_scorer_new (tiny);
  gsize T = sal_mel_n_frames (mel, n), F = mel_config->n_bands;
  g_autofree float *log_mel = g_new (float, F *T);
  g_autofree float *window = g_new (float, F * 200);
  sal_mel_process (mel, samples, n, log_mel);
  for (gsize f = 0; f < F; f++)
    memcpy (window + f * 200, log_mel + f * T, 200 * sizeof (float));
  sal_net_forward (net, window, 200);
  guint i = 0;
  while (trial_at (&result, i)->duration != 1)
    i++;
  for (guint v = 0; v < 3; v++) {
    const EvalTrial *trial = trial_at (&result, i + v);
    g_autofree char *name = g_strdup_printf ("spk%u", v);
    g_autoptr (SalTarget) target = sal_target_new_class (tiny, name, NULL);
    SalScore score;
    sal_scorer_score (scorer, target, sal_net_get_embedding (net), &score);
    g_assert_cmpuint (trial->target, ==, v);
    g_assert_cmpuint (trial->speaker, ==, 0);
    g_assert_cmpfloat (trial->cosine, ==, score.cosine);
    g_assert_cmpfloat (trial->log_odds, ==, score.log_odds);
    g_assert_cmpfloat (trial->normalised, ==, score.normalised);
    g_assert_cmpfloat (trial->llr, ==,
        sal_scorer_llr (scorer, target, &score, trial->speech_seconds));
  }
}

static void
test_figures_are_those_of_the_trials (void)
{
  EvalVerificationConfig config = config_of (FALSE, 0, 2);
  g_auto (Result) result = { 0 };
  run (&result, &config);
  for (guint d = 0; d < D; d++) {
    EvalDetection all, near, cosine;
    g_autofree float *a = NULL, *b = NULL, *c = NULL;
    const EvalVerificationRow *row = &result.rows[d];
    eval_verification_split (result.trials, d, offsetof (EvalTrial, llr), FALSE,
        &a, &all);
    eval_verification_split (result.trials, d, offsetof (EvalTrial, llr), TRUE,
        &b, &near);
    eval_verification_split (result.trials, d, offsetof (EvalTrial, cosine),
        FALSE, &c, &cosine);
    g_assert_cmpuint (near.n_target, ==, all.n_target);
    g_assert_cmpuint (near.n_other, ==, row->n_same_sex);
    if (all.n_target == 0)
      continue;
    g_assert_cmpfloat (row->eer, ==, eval_detection_eer (&all));
    g_assert_cmpfloat (row->min_dcf, ==, eval_detection_min_dcf (&all, 0.01));
    g_assert_cmpfloat (row->cllr, ==, eval_detection_cllr (&all));
    g_assert_cmpfloat (row->min_cllr, ==, eval_detection_min_cllr (&all));
    g_assert_cmpfloat (row->same_sex_eer, ==, eval_detection_eer (&near));
    g_assert_cmpfloat (row->cosine_eer, ==, eval_detection_eer (&cosine));
  }
}

static void
test_unknown_class_is_refused (void)
{
  g_autoptr (EvalCorpus) corpus
      = voices_corpus (tiny, sal_model_get_n_classes (tiny) + 1, 0, 3, 2);
  EvalVerificationConfig config = config_of (TRUE, 0, 2);
  EvalVerificationRow rows[D];
  g_autoptr (GArray) trials = g_array_new (FALSE, FALSE, sizeof (EvalTrial));
  g_autoptr (GError) error = NULL;
  g_assert_false (
      eval_verification_run (tiny, corpus, &config, trials, rows, &error));
  data_assert_error (error, SAL_ERROR_TARGET, NULL);
}

/* --- picture ------------------------------------------------------------- */

static void
test_probit_inverts_the_normal_distribution (void)
{
  for (double x = -5; x < 5; x += 0.25)
    g_assert_cmpfloat_with_epsilon (eval_probit (0.5 * erfc (-x / G_SQRT2)), x,
        1e-8);
  g_assert_true (isinf (eval_probit (0)) && eval_probit (0) < 0);
  g_assert_true (isinf (eval_probit (1)) && eval_probit (1) > 0);
}

/* Number of pixels that are not grey. */
static guint
count_coloured (cairo_surface_t *surface)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  guint n = 0;
  for (int y = 0; y < cairo_image_surface_get_height (surface); y++)
    for (int x = 0; x < cairo_image_surface_get_width (surface); x++) {
      const guint8 *p = data + y * stride + 4 * x;
      n += MAX (p[0], MAX (p[1], p[2])) - MIN (p[0], MIN (p[1], p[2])) > 60;
    }
  return n;
}

/* Errors of 10 to 20 %, so that the curves lie within the axes. */
static void
test_det_draws_a_curve_for_each_length (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GArray) trials = g_array_new (FALSE, FALSE, sizeof (EvalTrial));
  EvalVerificationRow rows[D]
      = { { .eer = 0.2 }, { .eer = 0.15 }, { .eer = 0.1 } };
  guint before = 0;
  for (guint n = 0; n <= D; n++) {
    cairo_surface_t *surface = eval_det_draw ("some", trials, rows);
    guint coloured = count_coloured (surface);
    g_assert_cmpint (cairo_image_surface_get_width (surface), >=, 1000);
    if (n > 0)
      g_assert_cmpuint (coloured, >, before + 400);
    before = coloured;
    cairo_surface_destroy (surface);
    for (guint i = 0; n < D && i < 600; i++) {
      EvalTrial trial = { .duration = n,
        .target = 0,
        .speaker = i % 2,
        .llr = (float) (g_rand_double_range (rand, 0, 2)
            + (i % 2 == 0 ? 1 + 0.3 * n : 0)) };
      g_array_append_val (trials, trial);
    }
  }
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/verification/threads-change-nothing", test_threads_change_nothing },
    { "/verification/every-window-meets-every-target",
        test_every_window_meets_every_target },
    { "/verification/all-windows-with-speech-are-used",
        test_all_windows_with_speech_are_used },
    { "/verification/enrolled-utterances-are-not-tested",
        test_enrolled_utterances_are_not_tested },
    { "/verification/trials-can-be-limited", test_trials_can_be_limited },
    { "/verification/scores-are-those-of-the-window",
        test_scores_are_those_of_the_window },
    { "/verification/figures-are-those-of-the-trials",
        test_figures_are_those_of_the_trials },
    { "/verification/refuses-an-unknown-class", test_unknown_class_is_refused },
    { "/verification/probit-inverts-the-normal-distribution",
        test_probit_inverts_the_normal_distribution },
    { "/verification/det-draws-a-curve-for-each-length",
        test_det_draws_a_curve_for_each_length },
  };
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  int result = g_test_run ();
  sal_model_unref (tiny);
  return result;
}
