/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/condition.h"

#include <math.h>
#include <string.h>

#include "data.h"
#include "voices.h"

#define POWER 0.0025 /* mean square of speech */

static EvalConversation *talk;
static float *noise; /* of mean square 1 */

static float *
heard (EvalCondition condition, guint32 seed)
{
  g_autoptr (GError) error = NULL;
  float *sound = eval_condition_apply (condition, talk, DATA_RATE, noise, POWER,
      seed, &error);
  g_assert_no_error (error);
  data_assert_finite (eval_condition_names[condition], sound, talk->n_samples);
  return sound;
}

static double
power_of (const float *a, const float *b)
{
  double sum = 0;
  for (gsize i = 0; i < talk->n_samples; i++) {
    double x = a[i] - (b != NULL ? b[i] : 0);
    sum += x * x;
  }
  return sum / (double) talk->n_samples;
}

static gboolean
same (const float *a, const float *b)
{
  return memcmp (a, b, talk->n_samples * sizeof (float)) == 0;
}

static void
test_names_are_parsed (void)
{
  g_autoptr (GError) error = NULL;
  EvalCondition conditions[EVAL_CONDITIONS];
  guint n = 0;
  g_assert_true (eval_condition_parse ("clean, telephone,clean,10 dB",
      conditions, &n, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpint (conditions[1], ==, EVAL_CONDITION_TELEPHONE);
  g_assert_cmpint (conditions[2], ==, EVAL_CONDITION_NOISE_10);
  g_assert_false (eval_condition_parse ("clean,rain", conditions, &n, &error));
  data_assert_error (error, SAL_ERROR_CONFIG, "rain", NULL);
  g_clear_error (&error);
  g_assert_false (eval_condition_parse ("", conditions, &n, &error));
}

static void
test_clean_is_untouched (void)
{
  g_autofree float *sound = heard (EVAL_CONDITION_CLEAN, 1);
  g_assert_true (same (sound, talk->clean));
}

static void
test_noise_and_music_have_their_ratios (void)
{
  const struct {
    EvalCondition condition;
    double ratio_db;
  } cases[] = { { EVAL_CONDITION_NOISE_20, 20 },
    { EVAL_CONDITION_NOISE_10, 10 }, { EVAL_CONDITION_MUSIC, 10 } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree float *sound = heard (cases[i].condition, 1);
    double added = power_of (sound, talk->clean);
    g_assert_cmpfloat_with_epsilon (10 * log10 (POWER / added),
        cases[i].ratio_db, 0.05);
  }
  g_autofree float *music = heard (EVAL_CONDITION_MUSIC_ALONE, 1);
  g_assert_cmpfloat_with_epsilon (10 * log10 (power_of (music, NULL) / POWER),
      0, 0.05);
}

static void
test_quiet_is_25_db_lower (void)
{
  g_autofree float *sound = heard (EVAL_CONDITION_QUIET, 1);
  double ratio = power_of (talk->clean, NULL) / power_of (sound, NULL);
  g_assert_cmpfloat_with_epsilon (10 * log10 (ratio), 25, 1e-3);
}

/* Every condition but noise, whose noise is given, draws by the seed alone. */
static void
test_seeds_decide (void)
{
  static const EvalCondition drawn[] = { EVAL_CONDITION_REVERB,
    EVAL_CONDITION_LOSS_2, EVAL_CONDITION_LOSS_10, EVAL_CONDITION_MUSIC };
  for (guint i = 0; i < G_N_ELEMENTS (drawn); i++) {
    g_autofree float *a = heard (drawn[i], 1), *b = heard (drawn[i], 1);
    g_autofree float *c = heard (drawn[i], 2);
    g_assert_true (same (a, b));
    g_assert_false (same (a, c));
  }
}

/* The room adds a tail, and every voice keeps its turn. */
static void
test_rooms_keep_turns_in_place (void)
{
  g_autofree float *sound = heard (EVAL_CONDITION_REVERB, 3);
  double product = 0;
  for (gsize i = 0; i < talk->n_samples; i++)
    product += (double) sound[i] * talk->clean[i];
  double likeness = product
      / (talk->n_samples
          * sqrt (power_of (sound, NULL) * power_of (talk->clean, NULL)));
  g_assert_cmpfloat (likeness, >, 0.4);
  g_assert_cmpfloat (likeness, <, 0.99);
}

static void
test_only_the_telephone_enrols_apart (void)
{
  for (EvalCondition c = 0; c < EVAL_CONDITIONS; c++) {
    g_autofree float *sound
        = g_memdup2 (talk->clean, talk->n_samples * sizeof (float));
    eval_condition_enrolment (c, sound, talk->n_samples, DATA_RATE);
    g_assert_cmpint (eval_condition_enrols_apart (c), ==,
        c == EVAL_CONDITION_TELEPHONE);
    g_assert_cmpint (same (sound, talk->clean), !=,
        eval_condition_enrols_apart (c));
  }
}

static void
test_codecs_keep_the_sound (void)
{
  for (EvalCondition c = EVAL_CONDITION_OPUS; c <= EVAL_CONDITION_MP3; c++) {
    g_autofree float *sound = heard (c, 1);
    double rest = power_of (sound, talk->clean);
    g_assert_cmpfloat (rest, >, 0);
    g_assert_cmpfloat (rest, <, power_of (talk->clean, NULL));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) tiny = data_load_model ("tiny");
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 2, 6, 4);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GArray) order = eval_corpus_shuffle (corpus, 1, rand);
  EvalConversationConfig config;
  eval_conversation_config_init (&config);
  config.seconds = 20;
  talk = eval_conversation_new (corpus, &config, DATA_RATE, 1, order, 0, rand,
      &error);
  g_assert_no_error (error);
  noise = g_new (float, talk->n_samples);
  eval_conversation_noise (rand, DATA_RATE, noise, talk->n_samples);

  g_test_add_func ("/condition/names-are-parsed", test_names_are_parsed);
  g_test_add_func ("/condition/clean-is-untouched", test_clean_is_untouched);
  g_test_add_func ("/condition/noise-and-music-have-their-ratios",
      test_noise_and_music_have_their_ratios);
  g_test_add_func ("/condition/quiet-is-25-db-lower",
      test_quiet_is_25_db_lower);
  g_test_add_func ("/condition/seeds-decide", test_seeds_decide);
  g_test_add_func ("/condition/rooms-keep-turns-in-place",
      test_rooms_keep_turns_in_place);
  g_test_add_func ("/condition/only-the-telephone-enrols-apart",
      test_only_the_telephone_enrols_apart);
  g_test_add_func ("/condition/codecs-keep-the-sound",
      test_codecs_keep_the_sound);
  int result = g_test_run ();
  g_free (noise);
  eval_conversation_free (talk);
  data_clean ();
  return result;
}
