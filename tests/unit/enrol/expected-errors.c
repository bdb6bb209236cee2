/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrol/expected-errors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "network/model-internal.h"

#define E 16 /* embedding of tiny */
#define P 6
#define S 30.0 /* s of the head of tiny */

/* tiny with x = scale a + offset. */
static SalModel *
calibrated (double scale, double offset)
{
  return data_load_calibrated ("tiny", scale, offset, "");
}

/* P consecutive pieces of 2 s of one voice, each with noise. */
static void
make_pieces (guint32 seed, float noise, float embeddings[P * E],
    SalPiece pieces[P])
{
  g_autofree float *voice = data_noise (seed, E);
  g_autofree float *errors = data_noise (seed + 1, P * E);
  for (guint p = 0; p < P; p++) {
    for (guint i = 0; i < E; i++)
      embeddings[p * E + i] = voice[i] + noise * errors[p * E + i];
    sal_vector_normalise (embeddings + p * E, E);
    pieces[p] = (SalPiece){ .start = 2 * p,
      .seconds = 2,
      .speech_seconds = 2,
      .kept = TRUE };
  }
}

/* --- by hand ------------------------------------------------------------- */

static double
cosine (const float *a, const double *b)
{
  double ab = 0, bb = 0;
  for (guint i = 0; i < E; i++) {
    ab += a[i] * b[i];
    bb += b[i] * b[i];
  }
  return ab / sqrt (bb);
}

static double
log_odds (const SalModel *model, const float *embeddings, guint p)
{
  double others[E] = { 0 }, own[E], sum = 0;
  for (guint q = 0; q < P; q++)
    for (guint i = 0; i < E && q != p; i++)
      others[i] += embeddings[q * E + i];
  for (guint i = 0; i < E; i++)
    own[i] = embeddings[p * E + i];
  for (guint j = 0; j < sal_model_get_n_classes (model); j++)
    sum += exp (S * cosine (sal_model_get_rows (model) + j * E, own));
  return S * cosine (embeddings + p * E, others) - log (sum);
}

/* The integral of e^-x N (x; m, s) over x >= 0, and of N over x < 0. */
static void
integrate (double m, double s, double *accept, double *reject)
{
  const double step = 1e-4 * s;
  *accept = *reject = 0;
  for (double x = m - 12 * s; x < m + 12 * s; x += step) {
    double at = x + step / 2, z = (at - m) / s;
    double density = exp (-z * z / 2) / (s * sqrt (2 * G_PI)) * step;
    *accept += at >= 0 ? density * exp (-at) : 0;
    *reject += at < 0 ? density : 0;
  }
}

static void
test_by_hand (void)
{
  const double scale = 0.4, offset = -4.6;
  g_autoptr (SalModel) model = calibrated (scale, offset);
  float embeddings[P * E];
  SalPiece pieces[P];
  double sum = 0, squares = 0, accept, reject;
  make_pieces (20, 0.5f, embeddings, pieces);
  for (guint p = 0; p < P; p++) {
    double x = scale * log_odds (model, embeddings, p) + offset;
    sum += x;
    squares += x * x;
  }
  /* as if eight more scores had deviated by 2 */
  double m = sum / P;
  double s = sqrt ((squares - sum * m + 8 * 4 * scale * scale) / (P + 8));
  integrate (m, s, &accept, &reject);
  SalExpectedErrors got = sal_expected_errors_of (model, embeddings, pieces, P);
  g_test_message ("m %.3f, s %.3f: %.4g and %.4g, want %.4g and %.4g", m, s,
      got.false_accept, got.false_reject, accept, reject);
  g_assert_cmpfloat (reject, >, 1e-3);
  g_assert_cmpfloat (accept, >, 1e-3);
  g_assert_cmpfloat_with_epsilon (got.false_accept, accept, 1e-3 * accept);
  g_assert_cmpfloat_with_epsilon (got.false_reject, reject, 1e-3 * reject);
}

/* Steep lines, where e^(s^2/2) overflows: both rates are still probabilities
 * and fall as the offset of the line rises. */
static void
test_far_out (void)
{
  float embeddings[P * E];
  SalPiece pieces[P];
  make_pieces (20, 0.5f, embeddings, pieces);
  for (double scale = 0.3; scale <= 300; scale *= 10) {
    SalExpectedErrors last = { 1, 1 };
    for (double offset = -3; offset <= 3; offset += 1) {
      g_autoptr (SalModel) model = calibrated (scale, offset * scale);
      SalExpectedErrors got
          = sal_expected_errors_of (model, embeddings, pieces, P);
      g_assert_true (
          isfinite (got.false_accept) && isfinite (got.false_reject));
      g_assert_cmpfloat (got.false_accept, >=, 0);
      g_assert_cmpfloat (got.false_accept, <=, 1);
      g_assert_cmpfloat (got.false_reject, >=, 0);
      g_assert_cmpfloat (got.false_reject, <, last.false_reject + 1e-6);
      last = got;
    }
  }
}

/* --- pieces -------------------------------------------------------------- */

static void
test_steadier_voices_err_less (void)
{
  g_autoptr (SalModel) model = calibrated (0.3, -2);
  float embeddings[P * E];
  SalPiece pieces[P];
  SalExpectedErrors last = { 0, 0 };
  for (guint i = 0; i < 3; i++) {
    make_pieces (30, 0.2f + 0.4f * i, embeddings, pieces);
    SalExpectedErrors got
        = sal_expected_errors_of (model, embeddings, pieces, P);
    g_assert_cmpfloat (got.false_reject, >, last.false_reject);
    g_assert_cmpfloat (got.false_accept, >, last.false_accept);
    last = got;
  }
}

static void
test_what_is_left_out_does_not_count (void)
{
  g_autoptr (SalModel) model = calibrated (0.3, -2);
  float embeddings[P * E];
  SalPiece pieces[P];
  make_pieces (40, 0.5f, embeddings, pieces);
  pieces[2].kept = FALSE;
  SalExpectedErrors a = sal_expected_errors_of (model, embeddings, pieces, P);
  for (guint i = 0; i < E; i++)
    embeddings[2 * E + i] *= -1;
  SalExpectedErrors b = sal_expected_errors_of (model, embeddings, pieces, P);
  g_assert_cmpfloat (a.false_accept, ==, b.false_accept);
  g_assert_cmpfloat (a.false_reject, ==, b.false_reject);
  pieces[2].kept = TRUE;
  b = sal_expected_errors_of (model, embeddings, pieces, P);
  g_assert_cmpfloat (b.false_reject, >, 2 * a.false_reject);
}

/* A piece is not compared with pieces that share its sound: with half overlap
 * the neighbours do not count, in other recordings all pieces count. */
static void
test_shared_sound_does_not_count (void)
{
  g_autoptr (SalModel) model = calibrated (0.3, -2);
  float embeddings[P * E];
  SalPiece pieces[P];
  make_pieces (50, 0.5f, embeddings, pieces);
  /* equal pairs */
  for (guint p = 0; p < P; p += 2)
    memcpy (embeddings + (p + 1) * E, embeddings + p * E, E * sizeof (float));
  SalExpectedErrors apart
      = sal_expected_errors_of (model, embeddings, pieces, P);
  for (guint p = 0; p < P; p += 2)
    pieces[p + 1].start = pieces[p].start + 1;
  SalExpectedErrors shared
      = sal_expected_errors_of (model, embeddings, pieces, P);
  g_assert_cmpfloat (shared.false_reject, >, apart.false_reject);
  for (guint p = 0; p < P; p++)
    pieces[p].recording = p;
  SalExpectedErrors elsewhere
      = sal_expected_errors_of (model, embeddings, pieces, P);
  g_assert_cmpfloat (elsewhere.false_reject, ==, apart.false_reject);
}

/* --- unknown rates ------------------------------------------------------- */

static void
assert_unknown (SalModel *model, const float *embeddings,
    const SalPiece *pieces, guint n)
{
  SalExpectedErrors got = sal_expected_errors_of (model, embeddings, pieces, n);
  g_assert_true (isnan (got.false_accept));
  g_assert_true (isnan (got.false_reject));
}

static void
test_unknown (void)
{
  g_autoptr (SalModel) plain = data_load_model ("tiny");
  g_autoptr (SalModel) model = calibrated (0.3, -2);
  float embeddings[P * E];
  SalPiece pieces[P];
  make_pieces (60, 0.5f, embeddings, pieces);
  assert_unknown (plain, embeddings, pieces, P);
  assert_unknown (model, embeddings, pieces, 1);
  g_assert_false (isnan (
      sal_expected_errors_of (model, embeddings, pieces, 2).false_accept));
  pieces[1].start = 1;
  assert_unknown (model, embeddings, pieces, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/expected-errors/is-what-integration-gives", test_by_hand);
  g_test_add_func ("/expected-errors/far-out-is-a-probability", test_far_out);
  g_test_add_func ("/expected-errors/steadier-voices-err-less",
      test_steadier_voices_err_less);
  g_test_add_func ("/expected-errors/what-is-left-out-does-not-count",
      test_what_is_left_out_does_not_count);
  g_test_add_func ("/expected-errors/shared-sound-does-not-count",
      test_shared_sound_does_not_count);
  g_test_add_func ("/expected-errors/unknown", test_unknown);
  int result = g_test_run ();
  data_clean ();
  return result;
}
