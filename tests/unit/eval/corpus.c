/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/corpus.h"

#include <math.h>
#include <string.h>

#include "data.h"
#include "eval/manifest.h"
#include "voices.h"

static SalModel *tiny;

static guint
index_at (const GArray *order, guint i)
{
  return g_array_index (order, guint, i);
}

static void
test_voices_are_targets_first_then_by_name (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = voices_rows (3, 2, 4, 2);
  EvalManifestRow *last = g_ptr_array_index (rows, rows->len - 1);
  g_free (last->speaker);
  last->speaker = g_strdup ("aaron");
  g_autoptr (EvalCorpus) corpus = eval_corpus_new (rows, "t", "o",
      sal_model_get_mel_config (tiny), voices_decode, &error);
  g_assert_no_error (error);
  const char *names[] = { "spk0", "spk1", "spk2", "aaron", "spk3", "spk4" };
  g_assert_cmpuint (eval_corpus_get_n_voices (corpus), ==, 6);
  g_assert_cmpuint (eval_corpus_get_n_targets (corpus), ==, 3);
  g_assert_cmpuint (eval_corpus_get_n_utterances (corpus), ==, 20);
  for (guint v = 0; v < 6; v++) {
    const EvalVoice *voice = eval_corpus_get_voice (corpus, v);
    g_assert_cmpstr (voice->name, ==, names[v]);
    g_assert_cmpint (voice->is_target, ==, v < 3);
    for (guint i = 0; i < voice->utterances->len; i++)
      g_assert_cmpuint (eval_corpus_get_utterance (corpus,
                            index_at (voice->utterances, i))
                            ->speaker,
          ==, v);
  }
  g_assert_cmpuint (eval_corpus_get_voice (corpus, 5)->utterances->len, ==, 3);
}

/* A target is not one of the others as well. */
static void
test_others_that_are_targets_are_left_out (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = voices_rows (2, 2, 3, 2);
  EvalManifestRow *row = g_ptr_array_index (rows, 6); /* of spk2, split o */
  g_free (row->speaker);
  row->speaker = g_strdup ("spk0");
  g_autoptr (EvalCorpus) corpus = eval_corpus_new (rows, "t", "o",
      sal_model_get_mel_config (tiny), voices_decode, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (eval_corpus_get_voice (corpus, 0)->utterances->len, ==, 3);
  g_assert_cmpuint (eval_corpus_get_n_utterances (corpus), ==, 11);
}

static void
test_splits_can_be_joined (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = voices_rows (2, 3, 2, 2);
  g_autoptr (EvalCorpus) corpus = eval_corpus_new (rows, "o,t", NULL,
      sal_model_get_mel_config (tiny), voices_decode, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (eval_corpus_get_n_targets (corpus), ==, 5);
}

static void
test_unknown_splits_are_refused (void)
{
  const char *splits[] = { "x", "t,x", "", "t,", "t" };
  const char *others[] = { NULL, NULL, NULL, NULL, "x" };
  for (guint i = 0; i < G_N_ELEMENTS (splits); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) rows = voices_rows (2, 0, 2, 2);
    g_assert_null (eval_corpus_new (rows, splits[i], others[i],
        sal_model_get_mel_config (tiny), voices_decode, &error));
    data_assert_error (error, SAL_ERROR_CONFIG, "split", NULL);
  }
}

static void
test_sound_knows_speech_and_level (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 1, 0, 5, 2);
  const EvalVoice *voice = eval_corpus_get_voice (corpus, 0);
  g_autoptr (GError) error = NULL;
  const EvalSound *sound
      = eval_corpus_get_sound (corpus, index_at (voice->utterances, 4), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sound->n_samples, ==, 3 * DATA_RATE);
  g_assert_cmpuint (sound->n_frames, ==, 300);
  gsize n_speech = 0, n_active = 0;
  float peak = data_magnitude (sound->samples, sound->n_samples);
  double sum = 0;
  for (gsize t = 0; t < 300; t++) {
    if (t < 49) /* half a second of silence */
      g_assert_false (sound->speech[t]);
    n_speech += sound->speech[t];
  }
  g_assert_cmpfloat_with_epsilon (sound->speech_seconds, n_speech * 0.01, 1e-9);
  g_assert_cmpfloat (sound->speech_seconds, >, 2);
  for (gsize i = 0; i < sound->n_samples; i++)
    if (fabsf (sound->samples[i]) > 0.02 * peak) {
      sum += (double) sound->samples[i] * sound->samples[i];
      n_active++;
    }
  g_assert_cmpfloat_with_epsilon (sound->level, sqrt (sum / n_active), 1e-5);
  g_assert_true (
      eval_corpus_get_sound (corpus, index_at (voice->utterances, 4), &error)
      == sound);
}

static gboolean
contains (const GArray *order, guint value)
{
  for (guint i = 0; i < order->len; i++)
    if (index_at (order, i) == value)
      return TRUE;
  return FALSE;
}

static void
test_shuffle_is_drawn (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 2, 0, 20, 2);
  g_autoptr (GRand) one = g_rand_new_with_seed (1);
  g_autoptr (GRand) same = g_rand_new_with_seed (1);
  g_autoptr (GArray) a = eval_corpus_shuffle (corpus, 1, one);
  g_autoptr (GArray) b = eval_corpus_shuffle (corpus, 1, same);
  g_autoptr (GArray) c = eval_corpus_shuffle (corpus, 1, one);
  g_assert_cmpmem (a->data, a->len * 4, b->data, b->len * 4);
  g_assert_cmpint (memcmp (a->data, c->data, a->len * 4), !=, 0);
  g_assert_cmpuint (a->len, ==, 20);
  for (guint i = 20; i < 40; i++) /* utterances of the second voice */
    g_assert_true (contains (a, i) && contains (c, i));
}

static void
test_enrol_takes_whole_utterances_until_enough (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 1, 0, 8, 2);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GArray) order = eval_corpus_shuffle (corpus, 0, rand);
  g_autoptr (GArray) before = g_array_copy (order);
  g_autoptr (GArray) used = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GError) error = NULL;
  double net, sum = 0;
  g_autoptr (SalTarget) target
      = eval_corpus_enrol (corpus, tiny, 0, order, used, 6, &net, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sal_target_get_name (target), ==, "spk0");
  g_assert_cmpint (sal_target_get_class (target), ==, -1);
  g_assert_cmpuint (used->len + order->len, ==, 8);
  for (guint i = 0; i < used->len; i++) {
    g_assert_cmpfloat (sum, <, 6); /* the utterances before did not suffice */
    g_assert_cmpuint (index_at (used, i), ==, index_at (before, i));
    g_assert_false (contains (order, index_at (used, i)));
    sum += eval_corpus_get_sound (corpus, index_at (used, i), NULL)
               ->speech_seconds;
  }
  g_assert_cmpfloat (net, >=, 6);
  g_assert_cmpfloat_with_epsilon (net, sum, 1e-9);
}

static void
test_enrol_leaves_one_to_hear (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 1, 0, 3, 2);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GArray) order = eval_corpus_shuffle (corpus, 0, rand);
  g_autoptr (GArray) used = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GError) error = NULL;
  double net;
  g_autoptr (SalTarget) target
      = eval_corpus_enrol (corpus, tiny, 0, order, used, 60, &net, &error);
  g_assert_no_error (error);
  g_assert_nonnull (target);
  g_assert_cmpuint (used->len, ==, 2);
  g_assert_cmpuint (order->len, ==, 1);
  g_assert_false (contains (used, index_at (order, 0)));
  g_assert_cmpfloat (net, <, 60);
}

static void
test_enrol_refuses_too_little (void)
{
  const double seconds[] = { 2, 0.5 }; /* of sound; the first with one file */
  for (guint i = 0; i < 2; i++) {
    g_autoptr (EvalCorpus) corpus
        = voices_corpus (tiny, 1, 0, 1 + 2 * i, seconds[i]);
    g_autoptr (GRand) rand = g_rand_new_with_seed (1);
    g_autoptr (GArray) order = eval_corpus_shuffle (corpus, 0, rand);
    g_autoptr (GArray) used = g_array_new (FALSE, FALSE, sizeof (guint));
    g_autoptr (GError) error = NULL;
    double net;
    g_assert_null (
        eval_corpus_enrol (corpus, tiny, 0, order, used, 20, &net, &error));
    data_assert_error (error, SAL_ERROR_AUDIO, "spk0", NULL);
  }
}

static void
test_errors_of_the_decoder_come_through (void)
{
  g_autoptr (GError) error = NULL, again = NULL;
  g_autoptr (GPtrArray) rows = voices_rows (1, 0, 2, 2);
  EvalManifestRow *row = g_ptr_array_index (rows, 1);
  g_free (row->path);
  row->path = g_strdup ("lost.wav");
  g_autoptr (EvalCorpus) corpus = eval_corpus_new (rows, "t", NULL,
      sal_model_get_mel_config (tiny), voices_decode, &error);
  g_assert_null (eval_corpus_get_sound (corpus, 1, &error));
  data_assert_error (error, SAL_ERROR_FILE, "lost.wav", NULL);
  g_assert_null (eval_corpus_get_sound (corpus, 1, &again));
  data_assert_error (again, SAL_ERROR_FILE, "lost.wav", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  g_test_add_func ("/corpus/voices-are-targets-first-then-by-name",
      test_voices_are_targets_first_then_by_name);
  g_test_add_func ("/corpus/others-that-are-targets-are-left-out",
      test_others_that_are_targets_are_left_out);
  g_test_add_func ("/corpus/splits-can-be-joined", test_splits_can_be_joined);
  g_test_add_func ("/corpus/unknown-splits-are-refused",
      test_unknown_splits_are_refused);
  g_test_add_func ("/corpus/sound-knows-speech-and-level",
      test_sound_knows_speech_and_level);
  g_test_add_func ("/corpus/shuffle-is-drawn", test_shuffle_is_drawn);
  g_test_add_func ("/corpus/enrol/takes-whole-utterances-until-enough",
      test_enrol_takes_whole_utterances_until_enough);
  g_test_add_func ("/corpus/enrol/leaves-one-to-hear",
      test_enrol_leaves_one_to_hear);
  g_test_add_func ("/corpus/enrol/refuses-too-little",
      test_enrol_refuses_too_little);
  g_test_add_func ("/corpus/errors-of-the-decoder-come-through",
      test_errors_of_the_decoder_come_through);
  int result = g_test_run ();
  sal_model_unref (tiny);
  return result;
}
