/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verification.h: speaker verification of short pieces: EER, minDCF, Cllr
 *
 * Every target is enrolled from some of its utterances.  All other utterances, of all speakers, are
 * cut into windows without overlap, and every window with enough speech is compared with every
 * target.
 */
#pragma once

#include "eval/corpus.h"
#include "eval/detection.h"

#define EVAL_VERIFICATION_DURATIONS 3

extern const double eval_verification_seconds[EVAL_VERIFICATION_DURATIONS]; /* 1, 2, 5 */

typedef struct {
  guint duration;        /* index of eval_verification_seconds */
  guint target, speaker; /* voices: the claimed one, the true one */
  gboolean same_sex;
  float speech_seconds; /* net, in the window */
  float cosine, log_odds, normalised;
  float llr; /* calibrated log-likelihood ratio */
} EvalTrial;

typedef struct {
  guint n_windows, n_left_out;         /* used windows; windows with too little speech */
  gsize n_target, n_other, n_same_sex; /* trials; same_sex are a part of the others */
  double eer, min_dcf, cllr, min_cllr; /* of the log-likelihood ratio */
  double same_sex_eer; /* of the log-likelihood ratio, others of the target's sex only */
  double cosine_eer, log_odds_eer, normalised_eer;
} EvalVerificationRow;

typedef struct {
  guint32 seed;
  gboolean known;       /* targets are classes of the model, by name */
  double enrol_seconds; /* otherwise: net speech of an enrolment, in whole utterances */
  guint n_windows;      /* most windows of a duration, at random; 0: all */
  guint n_threads;      /* 0: all processors */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} EvalVerificationConfig;

/**
 * eval_verification_config_init:
 *
 * Seed 2022, 20 s, all windows.
 */
void eval_verification_config_init (EvalVerificationConfig *config);

/**
 * eval_verification_run:
 * @trials: (inout) (element-type EvalTrial): all trials are appended, in an order that does not
 * depend on the threads
 * @rows: (out caller-allocates): [DURATIONS]
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_TARGET (unknown class), %SAL_ERROR_AUDIO (a speaker with
 * too little speech) or the errors of the recordings
 */
gboolean eval_verification_run (SalModel *model, EvalCorpus *corpus,
    const EvalVerificationConfig *config, GArray *trials, EvalVerificationRow *rows,
    GError **error);

/**
 * eval_verification_split:
 * @score: offset of a float of EvalTrial, as offsetof (EvalTrial, llr)
 * @same_sex_only: use only others of the target's sex
 * @scores: (out) (transfer full): the arrays of @detection
 */
void eval_verification_split (const GArray *trials, guint duration, gsize score,
    gboolean same_sex_only, float **scores, EvalDetection *detection);
