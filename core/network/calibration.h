/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calibration.h: from a score to a log-likelihood ratio
 *
 *   llr = scale score + offset          natural logarithm
 *
 * Scale and offset depend on what a score was made from: seconds of speech for that of
 * a window, seconds of look-ahead for the dense score.  Between two known points they
 * go straight over the logarithm of that amount; beyond the ends they stay.
 *
 * Of an enrolled voice the score of a window is its log-odds against the cohort and, beside it, a
 * voice that resembles none of them, heard with the logit b whatever is said:
 *
 *   score = z_c - log (sum_{j != c} exp z_j + exp b)
 *
 * What resembles the cohort is judged by the log-odds as it was, anything else, an unknown
 * microphone or language, whose sum says nothing, by its cosine.
 *
 * Noise takes the dense score down, the target's more than others', so that has a line for noise
 * and one for clean sound, and goes straight between them over the contrast in dB (contrast.h).
 */
#pragma once

#include <saliency/error.h>

#define SAL_CURVE_MAX_POINTS 8

typedef struct {
  float scale, offset;
} SalLine;

typedef struct {
  SalLine noisy, clean;
  float noisy_at, clean_at; /* contrasts; rising, or 0, 0: the clean line holds for all */
} SalLinePair;

typedef struct {
  guint n;                        /* 0: the score is the log-likelihood ratio */
  float at[SAL_CURVE_MAX_POINTS]; /* seconds, rising, > 0 */
  SalLine lines[SAL_CURVE_MAX_POINTS];
} SalCurve;

/* For voices enrolled, and for those the model was trained on. */
typedef struct {
  SalCurve enrolled, classes;
} SalCurvePair;

/* Who is who among the voices of a stream (company.h). */
typedef struct {
  gboolean known; /* the rest is there */
  float same; /* least cosine between a stretch of 0.72 s and the mean of those of the voice that it
                 is of */
  float merge;   /* between the means of two from which on they are one voice */
  float prior;   /* log-odds that a voice is the target before anything is known of it */
  float penalty; /* off the logit of a voice of the stream: one hears itself better than its
                    recordings */
  SalLine
      noisy; /* of the score of its mean in noise; in clean sound window holds, by its seconds */
} SalSessionCohortConfig;

/* Does the target speak now (presence.h). */
typedef struct {
  float prior;  /* part of the time that the target speaks, (0, 1) */
  float rate;   /* draws of a new state by the prior per second, (0, 100]; one at every frame: no
                   memory */
  float weight; /* independent looks in a second of frames: each frame's ratio counts weight times
                   its length, (0, 1000] */
} SalHmmConfig;

typedef struct {
  SalCurvePair window; /* of the score, by seconds of speech */
  float background;    /* b; -INFINITY: none */
  SalCurvePair dense;  /* of the log-odds against the cohort alone, by seconds of look-ahead, in
                          clean sound */
  SalCurvePair noisy;  /* the same in noise */
  float noisy_db, clean_db; /* contrasts that they are for */
  SalSessionCohortConfig company;
  SalHmmConfig presence; /* of the chain that the dense scores go through */
} SalCalibration;

void sal_hmm_config_init (SalHmmConfig *config);
SalLine sal_curve_at (const SalCurve *self, double seconds);
SalLine sal_line_pair_at (const SalLinePair *self, float contrast);
