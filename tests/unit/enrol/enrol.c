/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/enrol.h>

#include <math.h>
#include <string.h>

#include "data.h"

static SalModel *tiny;

static void
add (SalEnrol *enrol, const float *samples, gsize n)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (sal_enrol_add (enrol, samples, n, &error));
  g_assert_no_error (error);
}

static SalSpeaker *
finish (SalEnrol *enrol, SalEnrolAdvice *advice)
{
  g_autoptr (GError) error = NULL;
  SalSpeaker *speaker = sal_enrol_finish (enrol, "a", advice, &error);
  g_assert_no_error (error);
  g_assert_nonnull (speaker);
  return speaker;
}

static void
refuse (SalEnrol *enrol, const float *samples, gsize n)
{
  g_autoptr (GError) error = NULL;
  if (sal_enrol_add (enrol, samples, n, &error)) {
    g_test_fail_printf ("%" G_GSIZE_FORMAT " samples were accepted", n);
    return;
  }
  data_assert_error (error, SAL_ERROR_AUDIO, NULL);
}

static double
rms (const float *samples, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += (double) samples[i] * samples[i];
  return sqrt (sum / (double) n);
}

/* --- advice -------------------------------------------------------------- */

static void
test_advice (void)
{
  const gsize n = 6 * DATA_RATE;
  g_autofree float *voice = data_voice (1, n);
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  SalEnrolAdvice advice;
  add (enrol, voice, n);
  g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
  g_assert_cmpfloat_with_epsilon (advice.seconds, 6, 1e-6);
  g_assert_cmpfloat (advice.speech_seconds, >,
      4.5); /* weak frames are no speech */
  g_assert_cmpfloat (advice.speech_seconds, <=, 6);
  /* windows of 2 s every second in frames [0, 598): at 0, 1, 2, 3 */
  g_assert_cmpuint (advice.n_pieces, ==, 4);
  g_assert_cmpuint (advice.n_kept, ==, 4);
  g_assert_cmpuint (sal_speaker_get_n_pieces (speaker), ==, 4);
  g_assert_cmpfloat (advice.agreement, >, 0);
  g_assert_cmpfloat (advice.agreement, <=, 1.00001);
  g_assert_cmpfloat (advice.clipped, ==, 0);
  /* other frames are 30 dB below: they change the mean by less than 1.5 dB */
  g_assert_cmpfloat_with_epsilon (advice.level_db, 20 * log10 (rms (voice, n)),
      1.5);
  g_assert_cmpstr (sal_speaker_get_name (speaker), ==, "a");
  g_assert_cmpfloat_with_epsilon (sal_speaker_get_speech_seconds (speaker),
      advice.speech_seconds, 1e-9);
}

static void
test_one_piece_agrees (void)
{
  const gsize n = 2 * DATA_RATE;
  g_autofree float *voice = data_voice (1, n);
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  SalEnrolAdvice advice;
  add (enrol, voice, n);
  g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
  g_assert_cmpuint (advice.n_pieces, ==, 1);
  g_assert_cmpfloat (advice.agreement, ==, 1);
}

/* Two equal recordings agree entirely. */
static void
test_same_twice_agrees (void)
{
  const gsize n = 2 * DATA_RATE;
  g_autofree float *voice = data_voice (1, n);
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  SalEnrolAdvice advice;
  add (enrol, voice, n);
  add (enrol, voice, n);
  g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
  g_assert_cmpuint (advice.n_pieces, ==, 2);
  g_assert_cmpfloat_with_epsilon (advice.agreement, 1, 1e-5);
  g_assert_cmpfloat_with_epsilon (advice.seconds, 4, 1e-6);
}

/* Two pieces agree by their cosine, known from a voice of each alone. */
static void
test_agreement_of_two_is_their_cosine (void)
{
  const gsize n = 2 * DATA_RATE;
  g_autoptr (SalEnrol) both = sal_enrol_new (tiny);
  SalSpeaker *alone[2];
  SalEnrolAdvice advice;
  for (guint i = 0; i < 2; i++) {
    g_autofree float *voice = data_voice (1 + 6 * i, n);
    g_autoptr (SalEnrol) one = sal_enrol_new (tiny);
    add (one, voice, n);
    add (both, voice, n);
    alone[i] = finish (one, NULL);
  }
  g_autoptr (SalSpeaker) speaker = finish (both, &advice);
  double cosine = 0;
  for (guint i = 0; i < sal_model_get_embedding_size (tiny); i++)
    cosine += sal_speaker_get_embedding (alone[0])[i]
        * sal_speaker_get_embedding (alone[1])[i];
  g_assert_cmpfloat (cosine, <, 0.99);
  g_assert_cmpfloat_with_epsilon (advice.agreement, cosine, 1e-5);
  sal_speaker_unref (alone[0]);
  sal_speaker_unref (alone[1]);
}

static void
test_pauses_are_no_speech (void)
{
  const gsize n = 6 * DATA_RATE;
  g_autofree float *voice = data_voice (1, n);
  memset (voice + n / 2, 0, n / 2 * sizeof *voice);
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  SalEnrolAdvice advice;
  add (enrol, voice, n);
  g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
  g_assert_cmpfloat_with_epsilon (advice.seconds, 6, 1e-6);
  g_assert_cmpfloat (advice.speech_seconds, <=, 3.03);
  /* windows at 0, 1 s, and 2 s with half its length of speech */
  g_assert_cmpuint (advice.n_pieces, >=, 2);
  g_assert_cmpuint (advice.n_pieces, <=, 3);
  /* the pause must not lower the level */
  g_assert_cmpfloat_with_epsilon (advice.level_db,
      20 * log10 (rms (voice, n / 2)), 1.5);
}

static void
test_clipping_is_counted (void)
{
  const gsize n = 3 * DATA_RATE;
  g_autofree float *voice = data_voice (1, n);
  gsize n_clipped = 0;
  for (gsize i = 0; i < n; i++) {
    voice[i] = CLAMP (4 * voice[i], -1.0f, 1.0f);
    n_clipped += fabsf (voice[i]) == 1;
  }
  g_assert_cmpuint (n_clipped, >, n / 100);
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  SalEnrolAdvice advice;
  add (enrol, voice, n);
  g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
  /* a sample of 0.9995 counts, too */
  g_assert_cmpfloat_with_epsilon (advice.clipped, n_clipped / (double) n, 1e-3);
}

static void
test_level_does_not_change_the_voice (void)
{
  const gsize n = 4 * DATA_RATE;
  g_autofree float *voice = data_voice (3, n);
  g_autoptr (SalEnrol) loud = sal_enrol_new (tiny);
  g_autoptr (SalEnrol) soft = sal_enrol_new (tiny);
  add (loud, voice, n);
  for (gsize i = 0; i < n; i++)
    voice[i] *= 0.5f;
  add (soft, voice, n);
  g_autoptr (SalSpeaker) a = finish (loud, NULL);
  g_autoptr (SalSpeaker) b = finish (soft, NULL);
  double cosine = 0;
  for (guint i = 0; i < sal_model_get_embedding_size (tiny); i++)
    cosine
        += sal_speaker_get_embedding (a)[i] * sal_speaker_get_embedding (b)[i];
  /* but for the floor of the logarithm */
  g_assert_cmpfloat (cosine, >, 0.98);
}

/* Syllables of half a second, a pause of 0.3 s after each: [n]. */
static float *
make_syllables (guint which, gsize n)
{
  float *voice = data_voice (which, n);
  for (gsize i = 0; i < n; i++)
    if (i % (gsize) (0.8 * DATA_RATE) >= DATA_RATE / 2)
      voice[i] = 0;
  return voice;
}

static void
test_noise_is_measured (void)
{
  const gsize n = 8 * DATA_RATE, word = DATA_RATE / 2;
  g_autofree float *hiss = data_noise (9, n);
  double noise = 1.0 / 3; /* of a uniform distribution */
  for (int snr = 10; snr <= 40; snr += 10) {
    g_autofree float *voice = make_syllables (1, n);
    double power = 0;
    for (gsize i = 0; i < n; i++)
      power += (double) voice[i] * voice[i];
    power *= (0.8 * DATA_RATE) / (double) word / (double) n;
    double gain = sqrt (power / noise * pow (10, -snr / 10.0));
    for (gsize i = 0; i < n; i++)
      voice[i] += (float) gain * hiss[i];
    g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
    SalEnrolAdvice advice;
    add (enrol, voice, n);
    g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
    g_test_message ("%d dB: %.2f", snr, advice.snr_db);
    /* weak ends of syllables are lost at 10 dB */
    g_assert_cmpfloat_with_epsilon (advice.snr_db, snr, 1);
    g_assert_cmpfloat (sal_enrol_get_recording (enrol, 0)->snr_db, ==,
        advice.snr_db);
  }
}

/* Checks each piece against its samples, which are all speech. */
static void
test_pieces_are_described (void)
{
  const gsize n = 5 * DATA_RATE, window = 2 * DATA_RATE;
  g_autofree float *voice = data_voice (1, n);
  g_autofree float *noise = data_noise (5, n);
  for (gsize i = 0; i < n; i++)
    noise[i] *= i < (gsize) 3 * DATA_RATE ? 0.1f : 0.2f;
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  SalEnrolAdvice advice;
  add (enrol, voice, n);
  add (enrol, noise, n);
  g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
  const SalPiece *pieces = sal_speaker_get_pieces (speaker);
  double sum = 0;
  g_assert_cmpuint (advice.n_pieces, ==, 6); /* at 0, 1 and 2 s */
  for (guint p = 0; p < 6; p++) {
    g_assert_cmpuint (pieces[p].recording, ==, p / 3);
    g_assert_cmpfloat (pieces[p].start, ==, p % 3);
    g_assert_cmpfloat (pieces[p].seconds, ==, 2);
    g_assert_true (pieces[p].kept);
    sum += pieces[p].agreement;
  }
  for (guint p = 3; p < 6; p++) {
    const float *samples = noise + (p - 3) * (gsize) DATA_RATE;
    g_assert_cmpfloat (pieces[p].speech_seconds, ==, 2);
    g_assert_cmpfloat_with_epsilon (pieces[p].level_db,
        20 * log10 (rms (samples, window)), 0.01);
  }
  g_assert_cmpfloat_with_epsilon (advice.agreement, sum / 6, 1e-6);
}

static void
test_recordings_are_described (void)
{
  const gsize n = 3 * DATA_RATE;
  g_autofree float *noise = data_noise (5, 2 * n);
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  SalEnrolAdvice advice;
  for (gsize i = 0; i < 2 * n; i++)
    noise[i] *= i < n ? 0.5f : 0.05f;
  noise[7] = -1;
  add (enrol, noise, n);
  add (enrol, noise + n, n);
  g_assert_cmpuint (sal_enrol_get_n_recordings (enrol), ==, 2);
  const SalEnrolRecording *a = sal_enrol_get_recording (enrol, 0);
  const SalEnrolRecording *b = sal_enrol_get_recording (enrol, 1);
  g_assert_cmpfloat_with_epsilon (a->level_db, 20 * log10 (rms (noise, n)),
      0.05); /* the last frames are not whole */
  g_assert_cmpfloat_with_epsilon (b->level_db, a->level_db - 20, 0.05);
  g_assert_cmpfloat_with_epsilon (a->clipped, 1.0 / (double) n, 1e-9);
  g_assert_cmpfloat (b->clipped, ==, 0);
  g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
  g_assert_cmpfloat_with_epsilon (advice.seconds, a->seconds + b->seconds,
      1e-9);
  g_assert_cmpfloat_with_epsilon (advice.speech_seconds,
      a->speech_seconds + b->speech_seconds, 1e-9);
  g_assert_cmpfloat_with_epsilon (advice.clipped, 0.5 / (double) n, 1e-9);
  g_assert_cmpfloat_with_epsilon (advice.level_db,
      20 * log10 (rms (noise, 2 * n)), 0.05);
}

/* --- recordings in chunks ------------------------------------------------ */

static void
test_stream_is_the_same (void)
{
  const gsize n = 4 * DATA_RATE;
  g_autofree float *voice = data_voice (2, n);
  g_autoptr (SalEnrol) whole = sal_enrol_new (tiny);
  g_autoptr (SalEnrol) bits = sal_enrol_new (tiny);
  g_autoptr (GError) error = NULL;
  SalEnrolAdvice a, b;
  add (whole, voice, n);
  for (gsize i = 0, size = 1; i < n; i += size, size = size * 3 % 1009)
    sal_enrol_push (bits, voice + i, MIN (size, n - i));
  g_assert_cmpuint (sal_enrol_get_n_recordings (bits), ==, 0);
  g_assert_true (sal_enrol_end (bits, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (sal_enrol_get_n_recordings (bits), ==, 1);
  sal_enrol_push (bits, voice, n); /* not ended */
  g_autoptr (SalSpeaker) x = finish (whole, &a);
  g_autoptr (SalSpeaker) y = finish (bits, &b);
  g_assert_cmpfloat (a.seconds, ==, b.seconds);
  gsize size = sal_model_get_embedding_size (tiny) * sizeof (float);
  g_assert_cmpmem (sal_speaker_get_embedding (x), size,
      sal_speaker_get_embedding (y), size);
}

static void
test_stream_that_was_nothing (void)
{
  const gsize n = 2 * DATA_RATE;
  g_autofree float *voice = data_voice (2, n);
  g_autofree float *silence = g_new0 (float, n);
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  g_autoptr (GError) error = NULL;
  g_assert_false (sal_enrol_end (enrol, &error));
  data_assert_error (error, SAL_ERROR_AUDIO, NULL);
  g_clear_error (&error);
  sal_enrol_push (enrol, silence, n);
  g_assert_false (sal_enrol_end (enrol, &error));
  data_assert_error (error, SAL_ERROR_AUDIO, NULL);
  g_clear_error (&error);
  sal_enrol_push (enrol, voice, n); /* begins anew */
  g_assert_true (sal_enrol_end (enrol, &error));
  g_assert_cmpfloat (sal_enrol_get_recording (enrol, 0)->seconds, ==, 2);
}

/* --- refusals ------------------------------------------------------------ */

static void
test_refuses_sound (gconstpointer data)
{
  const char *kind = data;
  const gsize n = 2 * DATA_RATE;
  g_autofree float *voice = data_voice (1, n);
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  g_autoptr (GError) error = NULL;
  gsize length = n;
  if (g_str_equal (kind, "nan"))
    voice[n / 2] = NAN;
  else if (g_str_equal (kind, "infinite"))
    voice[n - 1] = -INFINITY;
  else if (g_str_equal (kind, "silent"))
    memset (voice, 0, n * sizeof *voice);
  else if (g_str_equal (kind, "nearly-silent"))
    for (gsize i = 0; i < n; i++)
      voice[i] *= 1e-5f;
  else if (g_str_equal (kind, "short"))
    length = (gsize) (0.4 * DATA_RATE);
  else
    length = 0;
  refuse (enrol, voice, length);
  g_assert_null (sal_enrol_finish (enrol, "a", NULL, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_AUDIO);
}

static void
test_refuses_nothing (void)
{
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_enrol_finish (enrol, "a", NULL, &error));
  data_assert_error (error, SAL_ERROR_AUDIO, NULL);
  sal_enrol_free (NULL);
}

static void
test_refusal_leaves_the_rest (void)
{
  const gsize n = 3 * DATA_RATE;
  g_autofree float *voice = data_voice (2, n);
  g_autofree float *silence = g_new0 (float, n);
  g_autoptr (SalEnrol) once = sal_enrol_new (tiny);
  g_autoptr (SalEnrol) again = sal_enrol_new (tiny);
  SalEnrolAdvice a, b;
  add (once, voice, n);
  refuse (again, silence, n);
  add (again, voice, n);
  silence[5] = NAN;
  refuse (again, silence, n);
  g_autoptr (SalSpeaker) x = finish (once, &a);
  g_autoptr (SalSpeaker) y = finish (again, &b);
  g_assert_cmpuint (a.n_pieces, ==, b.n_pieces);
  g_assert_cmpfloat (a.seconds, ==, b.seconds);
  g_assert_cmpfloat (a.level_db, ==, b.level_db);
  gsize size = sal_model_get_embedding_size (tiny) * sizeof (float);
  g_assert_cmpmem (sal_speaker_get_embedding (x), size,
      sal_speaker_get_embedding (y), size);
}

/* Half a second is just enough. */
static void
test_accepts_a_short_one (void)
{
  const gsize n = (gsize) (0.8 * DATA_RATE);
  g_autofree float *noise = data_noise (2, n);
  for (gsize i = 0; i < n; i++)
    noise[i] *= 0.1f;
  g_autoptr (SalEnrol) enrol = sal_enrol_new (tiny);
  SalEnrolAdvice advice;
  add (enrol, noise, n);
  g_autoptr (SalSpeaker) speaker = finish (enrol, &advice);
  g_assert_cmpuint (advice.n_pieces, ==, 1);
  data_assert_finite ("embedding", sal_speaker_get_embedding (speaker), 16);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/enrol/advice", test_advice },
    { "/enrol/agreement/of-one-piece-is-1", test_one_piece_agrees },
    { "/enrol/agreement/of-the-same-twice-is-1", test_same_twice_agrees },
    { "/enrol/agreement/of-two-is-their-cosine",
        test_agreement_of_two_is_their_cosine },
    { "/enrol/pauses-are-no-speech", test_pauses_are_no_speech },
    { "/enrol/clipping-is-counted", test_clipping_is_counted },
    { "/enrol/level-does-not-change-the-voice",
        test_level_does_not_change_the_voice },
    { "/enrol/noise-is-measured", test_noise_is_measured },
    { "/enrol/pieces-are-described", test_pieces_are_described },
    { "/enrol/recordings-are-described", test_recordings_are_described },
    { "/enrol/stream/is-the-same-as-the-whole", test_stream_is_the_same },
    { "/enrol/stream/that-was-nothing-is-refused",
        test_stream_that_was_nothing },
    { "/enrol/accepts-a-short-recording", test_accepts_a_short_one },
    { "/enrol/refuses/nothing", test_refuses_nothing },
    { "/enrol/refuses/and-leaves-the-rest", test_refusal_leaves_the_rest },
  };
  const char *sounds[]
      = { "nan", "infinite", "silent", "nearly-silent", "short", "empty" };
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  for (guint i = 0; i < G_N_ELEMENTS (sounds); i++) {
    g_autofree char *path
        = g_strdup_printf ("/enrol/refuses/%s-sound", sounds[i]);
    g_test_add_data_func (path, sounds[i], test_refuses_sound);
  }
  int result = g_test_run ();
  sal_model_unref (tiny);
  return result;
}
