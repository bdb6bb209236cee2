/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expected-errors.c: expected false accept and false reject rates of a voice */
#include "enrol/expected-errors.h"

#include <math.h>
#include <string.h>

#include "network/model-internal.h"
#include <saliency/score.h>

#define PRIOR_PIECES 8.0
#define PRIOR_DEVIATION 2.0 /* of log-odds within a voice, pieces of 2 s */

static double
phi (double x)
{
  return 0.5 * erfc (-x / G_SQRT2);
}

static gboolean
share_sound (const SalPiece *a, const SalPiece *b)
{
  return a->recording == b->recording
      && MAX (a->start, b->start)
      < MIN (a->start + a->seconds, b->start + b->seconds);
}

/* The voice without the sound of piece p; %NULL if nothing is left. */
static SalTarget *
without (const SalModel *model, const float *embeddings, const SalPiece *pieces,
    guint n, guint p)
{
  guint E = sal_model_get_embedding_size (model), n_others = 0;
  g_autofree float *others = g_new (float, (gsize) n *E);
  for (guint i = 0; i < n; i++)
    if (pieces[i].kept && i != p && !share_sound (&pieces[i], &pieces[p]))
      memcpy (others + (gsize) n_others++ * E, embeddings + (gsize) i * E,
          E * sizeof (float));
  if (n_others == 0)
    return NULL;
  g_autoptr (SalSpeaker) speaker
      = sal_speaker_new ("others", model, others, n_others, 0);
  return sal_target_new_speaker (model, speaker, NULL);
}

/* Mean and deviation of the log-likelihood ratios.  Returns: their number */
static guint
measure (SalModel *model, const float *embeddings, const SalPiece *pieces,
    guint n, double *mean, double *deviation)
{
  guint E = sal_model_get_embedding_size (model), count = 0;
  double sum = 0, squares = 0, scale = 0;
  g_autoptr (SalScorer) scorer = sal_scorer_new (model);
  for (guint p = 0; p < n; p++) {
    g_autoptr (SalTarget) target
        = pieces[p].kept ? without (model, embeddings, pieces, n, p) : NULL;
    if (target == NULL)
      continue;
    SalScore score;
    sal_scorer_score (scorer, target, embeddings + (gsize) p * E, &score);
    double x
        = sal_scorer_llr (scorer, target, &score, pieces[p].speech_seconds);
    sum += x;
    squares += x * x;
    scale += sal_curve_at (
        &sal_model_get_description (model)->calibration.window.enrolled,
        pieces[p].speech_seconds)
                 .scale;
    count++;
  }
  if (count == 0)
    return 0;
  *mean = sum / count;
  double prior = PRIOR_DEVIATION * scale / count;
  *deviation
      = sqrt ((MAX (squares - sum * *mean, 0) + PRIOR_PIECES * prior * prior)
          / (count + PRIOR_PIECES));
  return count;
}

/* e^(s^2/2 - m) Phi (-t), t = s - m/s.  For large t the factors overflow and
 * underflow; there Phi (-t) is e^(-t^2/2) / (t sqrt (2 pi)) within 2 %. */
static double
false_accept (double m, double s)
{
  double t = s - m / s;
  if (t < 7)
    return exp (s * s / 2 - m) * phi (-t);
  return exp (-m * m / (2 * s * s)) / (t * sqrt (2 * G_PI));
}

SalExpectedErrors
sal_expected_errors_of (SalModel *model, const float *embeddings,
    const SalPiece *pieces, guint n)
{
  SalExpectedErrors unknown = { NAN, NAN };
  double m, s;
  if (sal_model_get_description (model)->calibration.window.enrolled.n == 0
      || sal_model_get_n_classes (model) == 0
      || measure (model, embeddings, pieces, n, &m, &s) < 2)
    return unknown;
  return (
      SalExpectedErrors){ (float) false_accept (m, s), (float) phi (-m / s) };
}
