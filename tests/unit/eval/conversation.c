/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/conversation.h"

#include <fftw3.h>
#include <math.h>
#include <string.h>

#include "data.h"
#include "voices.h"

#define LEVEL 0.05 /* RMS of active speech before the gain of a turn */

static SalModel *tiny;

/* Target 1 of a corpus, in an order drawn from the seed; 0 is absent. */
static EvalConversation *
talk (EvalCorpus *corpus, guint32 seed, GArray **order)
{
  EvalConversationConfig config;
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GError) error = NULL;
  eval_conversation_config_init (&config);
  *order = eval_corpus_shuffle (corpus, 1, rand);
  EvalConversation *self = eval_conversation_new (corpus, &config, DATA_RATE, 1,
      *order, 0, rand, &error);
  g_assert_no_error (error);
  g_assert_nonnull (self);
  return self;
}

static const EvalSpoken *
turn_at (const EvalConversation *self, guint i)
{
  return &g_array_index (self->turns, EvalSpoken, i);
}

static void
test_turns_alternate_and_fill_the_stream (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 2, 6, 4);
  for (guint32 seed = 0; seed < 40; seed++) {
    g_autoptr (GArray) order = NULL;
    g_autoptr (EvalConversation) self = talk (corpus, seed, &order);
    gsize at = 0;
    g_assert_cmpuint (self->n_samples, ==, 60 * DATA_RATE);
    for (guint i = 0; i < self->turns->len; i++) {
      const EvalSpoken *turn = turn_at (self, i);
      double seconds = (turn->end - turn->start) / (double) DATA_RATE;
      g_assert_cmpuint (turn->start, ==, at);
      g_assert_cmpfloat (seconds, >, 2 - 1e-3);
      g_assert_cmpfloat (seconds, <=, 6);
      g_assert_cmpuint (turn->voice, !=, 0); /* absent */
      if (i > 0)
        g_assert_cmpint (turn->voice == 1, !=,
            turn_at (self, i - 1)->voice == 1);
      at = turn->end;
    }
    g_assert_cmpuint (at, ==, self->n_samples);
  }
}

/* spk1, 3 and 5 are men, spk2 and 4 women. */
static void
test_half_of_the_others_are_of_the_targets_sex (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 2, 3, 4);
  gboolean heard[6] = { FALSE };
  for (guint32 seed = 0; seed < 40; seed++) {
    g_autoptr (GArray) order = NULL;
    g_autoptr (EvalConversation) self = talk (corpus, seed, &order);
    int balance = 0;
    for (guint i = 0; i < self->turns->len; i++) {
      guint voice = turn_at (self, i)->voice;
      heard[voice] = TRUE;
      if (voice != 1)
        balance += voice % 2 == 1 ? 1 : -1;
    }
    g_assert_cmpint (ABS (balance), <=, 1);
  }
  for (guint v = 1; v < 6; v++)
    g_assert_true (heard[v]);
}

static void
test_one_sex_will_do (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 3, 0, 3, 4);
  g_autoptr (GArray) order = NULL;
  g_autoptr (EvalConversation) self = talk (corpus, 1, &order);
  for (guint i = 0; i < self->turns->len; i++)
    g_assert_cmpuint (turn_at (self, i)->voice, >=, 1); /* a woman, 2 */
}

static void
test_nobody_else_is_refused (void)
{
  EvalConversationConfig config;
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 2, 0, 3, 4);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GArray) order = eval_corpus_shuffle (corpus, 1, rand);
  g_autoptr (GError) error = NULL;
  eval_conversation_config_init (&config);
  g_assert_null (eval_conversation_new (corpus, &config, DATA_RATE, 1, order, 0,
      rand, &error));
  data_assert_error (error, SAL_ERROR_AUDIO, "three speakers", NULL);
}

static void
test_seed_decides (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 0, 4, 4);
  g_autoptr (EvalCorpus) fresh = voices_corpus (tiny, 4, 0, 4, 4);
  g_autoptr (GArray) a = NULL, b = NULL, c = NULL;
  g_autoptr (EvalConversation) other = talk (corpus, 8, &c);
  g_autoptr (EvalConversation) first = talk (corpus, 7, &a);
  g_autoptr (EvalConversation) again = talk (fresh, 7, &b);
  gsize size = first->n_samples * sizeof (float);
  g_assert_cmpmem (first->clean, size, again->clean, size);
  g_assert_cmpmem (first->turns->data, first->turns->len * sizeof (EvalSpoken),
      again->turns->data, again->turns->len * sizeof (EvalSpoken));
  g_assert_cmpint (memcmp (first->clean, other->clean, size), !=, 0);
}

/* All utterances of the target, at the same level. */
static GArray *
joined (EvalCorpus *corpus, const GArray *order)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (float));
  for (guint i = 0; i < order->len; i++) {
    const EvalSound *sound
        = eval_corpus_get_sound (corpus, g_array_index (order, guint, i), NULL);
    for (gsize j = 0; j < sound->n_samples; j++) {
      float x = (float) (sound->samples[j] * LEVEL / sound->level);
      g_array_append_val (all, x);
    }
  }
  return all;
}

/* Each turn of the target continues its utterances, which repeat after the
 * last; each turn has one gain within 3 dB. */
static void
check_material (guint n_utterances, double seconds)
{
  g_autoptr (EvalCorpus) corpus
      = voices_corpus (tiny, 4, 0, n_utterances, seconds);
  g_autoptr (GArray) order = NULL;
  g_autoptr (EvalConversation) self = talk (corpus, 3, &order);
  g_autoptr (GArray) all = joined (corpus, order);
  const float *said = (const float *) all->data;
  double lowest = 99, highest = -99;
  gsize at = 0;
  for (guint i = 0; i < self->turns->len; i++) {
    const EvalSpoken *turn = turn_at (self, i);
    double xy = 0, xx = 0, rest = 0;
    if (turn->voice != 1)
      continue;
    for (gsize j = turn->start; j < turn->end; j++) {
      double x = said[(at + j - turn->start) % all->len];
      xy += x * self->clean[j];
      xx += x * x;
    }
    double gain = xy / xx, db = 20 * log10 (gain);
    for (gsize j = turn->start; j < turn->end; j++, at++)
      rest = fmax (rest, fabs (self->clean[j] - gain * said[at % all->len]));
    g_assert_cmpfloat (rest, <, 1e-5);
    g_assert_cmpfloat (fabs (db), <=, 3.001);
    lowest = fmin (lowest, db);
    highest = fmax (highest, db);
  }
  g_assert_cmpfloat (highest - lowest, >, 1);
  g_assert_cmpint (at > all->len, ==, n_utterances == 2);
}

static void
test_material_is_not_repeated_while_it_lasts (void)
{
  check_material (12, 4);
}

static void
test_material_begins_again_when_it_is_used_up (void)
{
  check_material (2, 4);
}

static void
test_absent_is_another_target (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 4, 2, 2, 2);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  guint drawn[4] = { 0 };
  for (guint i = 0; i < 600; i++) {
    guint voice = eval_conversation_draw_absent (corpus, 2, rand);
    g_assert_cmpuint (voice, <, 4);
    drawn[voice]++;
  }
  g_assert_cmpuint (drawn[2], ==, 0);
  g_assert_cmpuint (MIN (drawn[0], MIN (drawn[1], drawn[3])), >, 150);
}

/* --- truth --------------------------------------------------------------- */

/* A second of sound, a second of silence, in turns of 1.5 s.  The second turn
 * is 40 dB softer; voice activity is relative to the turn. */
static EvalConversation *
square (void)
{
  EvalConversation *self = g_new0 (EvalConversation, 1);
  self->n_samples = 3 * DATA_RATE;
  self->clean = g_new0 (float, self->n_samples);
  self->turns = g_array_new (FALSE, FALSE, sizeof (EvalSpoken));
  self->target = 7;
  for (gsize i = 0; i < self->n_samples; i++) {
    float size = i < 1.5 * DATA_RATE ? 0.5f : 0.005f;
    if (i / DATA_RATE != 1)
      self->clean[i] = i % 2 == 0 ? size : -size;
  }
  EvalSpoken turns[] = { { 0, 24000, 7 }, { 24000, 48000, 8 } };
  g_array_append_vals (self->turns, turns, 2);
  return self;
}

static void
test_label_goes_by_the_middle_of_frames (void)
{
  g_autoptr (EvalConversation) self = square ();
  gboolean is_target[298], speech[298];
  double power
      = eval_conversation_label (self, 200, 160, 298, is_target, speech);
  for (guint t = 0; t < 298; t++) {
    guint middle = 200 + t * 160;
    g_assert_cmpint (is_target[t], ==, middle < 24000);
    if (middle < 15900 || (middle > 16100 && middle < 31900) || middle > 32100)
      g_assert_cmpint (speech[t], ==, middle / 16000 != 1);
  }
  /* 98 or 99 loud frames of 0.25, a hundred soft ones */
  g_assert_cmpfloat_with_epsilon (power, 0.125, 0.003);
}

static void
test_label_of_no_frame (void)
{
  g_autoptr (EvalConversation) self = square ();
  gboolean none[1];
  g_assert_cmpfloat (eval_conversation_label (self, 200, 160, 0, none, none),
      ==, 0);
}

static void
test_switches_begin_closed (void)
{
  g_autoptr (EvalConversation) self = square ();
  g_assert_cmpuint (eval_conversation_n_switches (self), ==, 2);
  self->target = 8;
  g_assert_cmpuint (eval_conversation_n_switches (self), ==, 1);
  self->target = 9;
  g_assert_cmpuint (eval_conversation_n_switches (self), ==, 0);
}

/* --- noise --------------------------------------------------------------- */

static double
power_between (const fftwf_complex *spectrum, gsize n, double low, double high)
{
  double sum = 0;
  for (gsize k = (gsize) (low * n / DATA_RATE); k < high * n / DATA_RATE; k++)
    sum += spectrum[k][0] * spectrum[k][0] + spectrum[k][1] * spectrum[k][1];
  return sum;
}

static void
test_noise_is_pink (void)
{
  const gsize n = 4 * DATA_RATE;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  float *noise = fftwf_alloc_real (n);
  fftwf_complex *spectrum = fftwf_alloc_complex (n / 2 + 1);
  fftwf_plan plan
      = fftwf_plan_dft_r2c_1d ((int) n, noise, spectrum, FFTW_ESTIMATE);
  eval_conversation_noise (rand, DATA_RATE, noise, n);
  double sum = 0, most = data_magnitude (noise, n);
  for (gsize i = 0; i < n; i++)
    sum += (double) noise[i] * noise[i];
  g_assert_cmpfloat_with_epsilon (sum / n, 1, 1e-4);
  g_assert_cmpfloat (most, <, 8); /* noise, not a click */
  fftwf_execute (plan);
  double octave = power_between (spectrum, n, 1000, 2000);
  for (double low = 125; low < 8000; low *= 2)
    g_assert_cmpfloat_with_epsilon (power_between (spectrum, n, low, 2 * low)
            / octave,
        1, 0.02);
  g_assert_cmpfloat (power_between (spectrum, n, 0, 49) / octave, <, 1e-6);
  fftwf_destroy_plan (plan);
  fftwf_free (spectrum);
  fftwf_free (noise);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/conversation/turns-alternate-and-fill-the-stream",
        test_turns_alternate_and_fill_the_stream },
    { "/conversation/half-of-the-others-are-of-the-targets-sex",
        test_half_of_the_others_are_of_the_targets_sex },
    { "/conversation/one-sex-will-do", test_one_sex_will_do },
    { "/conversation/nobody-else-is-refused", test_nobody_else_is_refused },
    { "/conversation/seed-decides", test_seed_decides },
    { "/conversation/material-is-not-repeated-while-it-lasts",
        test_material_is_not_repeated_while_it_lasts },
    { "/conversation/material-begins-again-when-it-is-used-up",
        test_material_begins_again_when_it_is_used_up },
    { "/conversation/absent-is-another-target", test_absent_is_another_target },
    { "/conversation/label/goes-by-the-middle-of-frames",
        test_label_goes_by_the_middle_of_frames },
    { "/conversation/label/of-no-frame", test_label_of_no_frame },
    { "/conversation/switches-begin-closed", test_switches_begin_closed },
    { "/conversation/noise-is-pink", test_noise_is_pink },
  };
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  int result = g_test_run ();
  sal_model_unref (tiny);
  return result;
}
