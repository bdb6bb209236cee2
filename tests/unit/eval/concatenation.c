/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/concatenation.h"

#include <math.h>
#include <string.h>

#include "data.h"
#include "eval/manifest.h"
#include "voices.h"

#define SECONDS 1.0

static SalModel *tiny;

/* Six voices with four utterances of 2 s and more. */
static EvalCorpus *
corpus_new (gboolean known)
{
  g_autoptr (GPtrArray) rows = voices_rows (6, 0, 4, 2);
  g_autoptr (GError) error = NULL;
  for (guint i = 0; !known && i < rows->len; i++)
    memcpy (((EvalManifestRow *) rows->pdata[i])->speaker, "new", 3);
  EvalCorpus *corpus = eval_corpus_new (rows, "t", NULL,
      sal_model_get_mel_config (tiny), voices_decode, &error);
  g_assert_no_error (error);
  return corpus;
}

static EvalSpeakerSets *
cast_new (EvalCorpus *corpus, gboolean known)
{
  g_autoptr (GError) error = NULL;
  EvalSpeakerSets *cast
      = eval_speaker_sets_new (tiny, corpus, known, 1, 2, &error);
  g_assert_no_error (error);
  return cast;
}

static EvalConcatenation *
join_new (const EvalSpeakerSets *cast, EvalConcatenationForm form, guint number,
    guint32 seed)
{
  g_autoptr (GError) error = NULL;
  EvalConcatenation *join
      = eval_concatenation_new (cast, form, number, seed, SECONDS, &error);
  g_assert_no_error (error);
  return join;
}

static void
test_forms_are_what_they_say (void)
{
  const guint pieces[] = { 1, 2, 3, 3, 3 }, speakers[] = { 1, 2, 2, 2, 3 };
  g_autoptr (EvalCorpus) corpus = corpus_new (TRUE);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus, TRUE);
  for (guint form = 0; form < EVAL_CONCATENATION_FORMS; form++)
    for (guint i = 0; i < 20; i++) {
      g_autoptr (EvalConcatenation) join = join_new (cast, form, i, 3);
      g_assert_cmpuint (join->n_pieces, ==, pieces[form]);
      g_assert_cmpuint (join->n_speakers, ==, speakers[form]);
      g_assert_cmpuint (join->n_samples, ==, pieces[form] * DATA_RATE);
      for (guint p = 0; p < join->n_pieces; p++) {
        char who = eval_concatenation_names[form][2 * p];
        g_assert_cmpuint (
            eval_corpus_get_utterance (corpus, join->utterances[p])->speaker,
            ==, eval_speaker_sets_get_voice (cast, join->speakers[who - 'A']));
        for (guint q = 0; q < p; q++)
          g_assert_cmpuint (join->utterances[q], !=, join->utterances[p]);
      }
    }
}

static void
test_absent_speaker_is_nobody_who_speaks (void)
{
  g_autoptr (EvalCorpus) corpus = corpus_new (TRUE);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus, TRUE);
  gboolean stranger = FALSE;
  for (guint i = 0; i < 60; i++) {
    g_autoptr (EvalConcatenation) join
        = join_new (cast, EVAL_CONCATENATION_A_B_C, i, 3);
    for (const char *who = "ABC"; *who != '\0'; who++)
      g_assert_cmpuint (eval_concatenation_get_label (join, cast, *who), !=,
          eval_concatenation_get_label (join, cast, 'X'));
    stranger |= join->absent >= 6; /* any class of the model, spk0 .. spk11 */
  }
  g_assert_true (stranger);
}

/* Nothing else decides, whatever was drawn before. */
static void
test_draw_depends_on_seed_form_and_number (void)
{
  g_autoptr (EvalCorpus) corpus = corpus_new (TRUE), fresh = corpus_new (TRUE);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus, TRUE);
  g_autoptr (EvalSpeakerSets) other = cast_new (fresh, TRUE);
  g_autoptr (EvalConcatenation) first
      = join_new (cast, EVAL_CONCATENATION_A_B, 0, 3);
  g_autoptr (EvalConcatenation) a
      = join_new (cast, EVAL_CONCATENATION_A_B, 1, 3);
  g_autoptr (EvalConcatenation) b
      = join_new (other, EVAL_CONCATENATION_A_B, 1, 3);
  g_autoptr (EvalConcatenation) c
      = join_new (cast, EVAL_CONCATENATION_A_B, 1, 4);
  gsize size = a->n_samples * sizeof (float);
  g_assert_cmpmem (a->samples, size, b->samples, size);
  g_assert_cmpuint (a->absent, ==, b->absent);
  g_assert_true (memcmp (a->samples, first->samples, size) != 0);
  g_assert_true (memcmp (a->samples, c->samples, size) != 0);
}

static void
test_pieces_have_one_level_and_no_pauses (void)
{
  g_autoptr (EvalCorpus) corpus = corpus_new (TRUE);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus, TRUE);
  for (guint i = 0; i < 10; i++) {
    g_autoptr (EvalConcatenation) join
        = join_new (cast, EVAL_CONCATENATION_A_B_A, i, 3);
    for (guint p = 0; p < 3; p++) {
      const float *piece = join->samples + p * join->piece;
      double sum = 0;
      for (gsize s = 0; s < join->piece; s++)
        sum += (double) piece[s] * piece[s];
      g_assert_cmpfloat_with_epsilon (sqrt (sum / (double) join->piece), 0.05,
          1e-5);
      for (gsize s = 0; s < join->piece; s += 160) {
        double step = 0;
        for (gsize k = s; k < s + 160; k++)
          step += (double) piece[k] * piece[k];
        g_assert_cmpfloat (step / 160, >, 1e-7); /* 44 dB below it */
      }
    }
  }
}

static void
test_truth_goes_by_the_middle_of_frames (void)
{
  g_autoptr (EvalCorpus) corpus = corpus_new (TRUE);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus, TRUE);
  g_autoptr (EvalConcatenation) join
      = join_new (cast, EVAL_CONCATENATION_B_A_B, 0, 3);
  gboolean a[298], b[298], x[298], counts[298];
  const SalMelConfig *mel = sal_model_get_mel_config (tiny);
  eval_concatenation_truth (join, mel, 'A', 298, a, counts);
  eval_concatenation_truth (join, mel, 'B', 298, b, counts);
  eval_concatenation_truth (join, mel, 'X', 298, x, counts);
  for (guint t = 0; t < 298; t++) {
    int middle = 200 + (int) t * 160;
    g_assert_cmpint (a[t], ==, middle / DATA_RATE == 1);
    g_assert_cmpint (b[t], ==, middle / DATA_RATE != 1);
    g_assert_false (x[t]);
    g_assert_cmpint (counts[t], ==,
        ABS (middle - DATA_RATE) > 800 && ABS (middle - 2 * DATA_RATE) > 800);
  }
}

static void
test_enrolled_utterances_are_not_heard (void)
{
  g_autoptr (EvalCorpus) corpus = corpus_new (FALSE);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus, FALSE);
  guint n_enrolled = 0;
  for (guint u = 0; u < eval_corpus_get_n_utterances (corpus); u++)
    n_enrolled += eval_speaker_sets_is_enrolled (cast, u);
  g_assert_cmpuint (n_enrolled, >=, 6);
  g_assert_cmpuint (eval_speaker_sets_get_n_labels (cast), ==, 6);
  for (guint i = 0; i < 40; i++) {
    g_autoptr (EvalConcatenation) join
        = join_new (cast, EVAL_CONCATENATION_A_B, i, 3);
    for (guint p = 0; p < 2; p++)
      g_assert_false (
          eval_speaker_sets_is_enrolled (cast, join->utterances[p]));
  }
}

/* Each target's own row has the highest logit for that target. */
static void
test_recognises_rows (gconstpointer known)
{
  gboolean closed = GPOINTER_TO_INT (known);
  g_autoptr (EvalCorpus) corpus = corpus_new (closed);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus, closed);
  for (guint label = 0; label < eval_speaker_sets_get_n_labels (cast); label++)
    g_assert_cmpint (eval_speaker_sets_recognise (cast,
                         sal_target_get_row (
                             eval_speaker_sets_get_target (cast, label))),
        ==, label);
  g_assert_cmpuint (eval_speaker_sets_count (tiny, corpus, closed), ==, 6);
  g_assert_cmpuint (eval_speaker_sets_count (tiny, corpus, !closed), ==, 0);
  if (closed)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (SalTarget) other = sal_target_new_class (tiny, "spk3", &error);
  g_assert_cmpint (eval_speaker_sets_recognise (cast,
                       sal_target_get_row (other)),
      ==, -1);
}

static void
test_too_few_are_refused (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 2, 0, 4, 2);
  g_autoptr (EvalSpeakerSets) cast = cast_new (corpus, TRUE);
  g_autoptr (GError) few = NULL, brief = NULL, nobody = NULL;
  g_assert_null (
      eval_concatenation_new (cast, EVAL_CONCATENATION_A_B_C, 0, 1, 1, &few));
  data_assert_error (few, SAL_ERROR_AUDIO, "A-B-C", "3 speakers", "are 2",
      NULL);
  g_assert_null (
      eval_concatenation_new (cast, EVAL_CONCATENATION_A, 0, 1, 9, &brief));
  data_assert_error (brief, SAL_ERROR_AUDIO, "speaker spk", "9 s", NULL);
  g_assert_null (eval_speaker_sets_new (tiny, corpus, FALSE, 1, 2, &nobody));
  data_assert_error (nobody, SAL_ERROR_TARGET, "no speaker", NULL);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/concatenation/forms-are-what-they-say", test_forms_are_what_they_say },
    { "/concatenation/absent-speaker-is-nobody-who-speaks",
        test_absent_speaker_is_nobody_who_speaks },
    { "/concatenation/draw-depends-on-seed-form-and-number",
        test_draw_depends_on_seed_form_and_number },
    { "/concatenation/pieces-have-one-level-and-no-pauses",
        test_pieces_have_one_level_and_no_pauses },
    { "/concatenation/truth-goes-by-the-middle-of-frames",
        test_truth_goes_by_the_middle_of_frames },
    { "/concatenation/enrolled-utterances-are-not-heard",
        test_enrolled_utterances_are_not_heard },
    { "/concatenation/too-few-are-refused", test_too_few_are_refused },
  };
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  g_test_add_data_func ("/speaker-sets/closed-set-recognises-rows",
      GINT_TO_POINTER (TRUE), test_recognises_rows);
  g_test_add_data_func ("/speaker-sets/open-set-recognises-rows",
      GINT_TO_POINTER (FALSE), test_recognises_rows);
  int result = g_test_run ();
  sal_model_unref (tiny);
  return result;
}
