/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calibration.h: score calibration to log-likelihood ratios (LLR)
 *
 *   llr = scale score + offset          natural logarithm
 *
 * Scale and offset depend on the amount of evidence: seconds of speech for the score of a window,
 * seconds of look-ahead for the dense score.  They are interpolated linearly over the logarithm of
 * this amount between known points, and constant beyond the ends.
 *
 * For an enrolled voice, the score of a window is its log-odds against the cohort and a background
 * voice, whose logit is always b:
 *
 *   score = z_c - log (sum_{j != c} exp z_j + exp b)
 *
 * For sound that resembles the cohort this is close to the plain log-odds; for other sound, from an
 * unknown microphone or in an unknown language, the sum is small and the cosine decides.
 *
 * Noise lowers the dense score, more for the target than for others.  The dense score therefore has
 * one line for noise and one for clean sound, interpolated linearly over the contrast in dB
 * (level-range.h).
 */
#pragma once

#include <saliency/error.h>

#define SAL_CURVE_MAX_POINTS 8

typedef struct {
  float scale, offset;
} SalLine;

typedef struct {
  SalLine noisy, clean;
  float noisy_at, clean_at; /* contrasts, rising; 0, 0: always the clean line */
} SalLinePair;

typedef struct {
  guint n;                        /* 0: the score is the log-likelihood ratio */
  float at[SAL_CURVE_MAX_POINTS]; /* seconds, rising, > 0 */
  SalLine lines[SAL_CURVE_MAX_POINTS];
} SalCurve;

/* For enrolled voices, and for voices of the model's training. */
typedef struct {
  SalCurve enrolled, classes;
} SalCurvePair;

/* Speaker clustering in a stream (session-cohort.h), "company" in model files. */
typedef struct {
  gboolean known; /* FALSE: the other fields are unset */
  float same;     /* least cosine between a stretch of 0.72 s and the mean direction of its voice */
  float merge;    /* least cosine between the means of two voices that are merged */
  float prior;    /* prior log-odds that a voice is the target */
  float penalty;  /* subtracted from the logit of a voice of the stream, which resembles itself
                     more than recordings of another session do */
  SalLine noisy;  /* for the score of a voice's mean in noise; in clean sound the curve "window" */
} SalSessionCohortConfig;

/* Hidden Markov model of two states, target and other (hmm.h); "presence" in model files. */
typedef struct {
  float prior;  /* share of the time in which the target speaks, (0, 1) */
  float rate;   /* draws of a new state from the prior, per second, (0, 100]; one per frame: no
                   memory */
  float weight; /* independent observations per second, (0, 1000]: a frame's ratio counts weight
                   times the frame's length */
} SalHmmConfig;

typedef struct {
  SalCurvePair window;      /* for the score of a window, by seconds of speech */
  float background;         /* b, logit of the background voice; -INFINITY: none */
  SalCurvePair dense;       /* for log-odds against the cohort alone, by seconds of look-ahead, in
                               clean sound */
  SalCurvePair noisy;       /* for the same, in noise */
  float noisy_db, clean_db; /* contrasts of noisy and dense */
  SalSessionCohortConfig company;
  SalHmmConfig presence; /* smooths the dense scores */
} SalCalibration;

void sal_hmm_config_init (SalHmmConfig *config);
SalLine sal_curve_at (const SalCurve *self, double seconds);
SalLine sal_line_pair_at (const SalLinePair *self, float contrast);
