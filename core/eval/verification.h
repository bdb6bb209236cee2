/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verification.h: how well a model tells whether a short piece of speech is a voice
 *
 * Every target is enrolled from some of its utterances; all other utterances, of
 * everybody, are cut into windows that do not overlap, and every window with enough speech
 * is compared with every target.
 */
#pragma once

#include "eval/corpus.h"
#include "eval/detection.h"

#define SAL_VERIFICATION_DURATIONS 3

extern const double sal_verification_seconds[SAL_VERIFICATION_DURATIONS]; /* 1, 2, 5 */

typedef struct {
  guint duration;        /* index of sal_verification_seconds */
  guint target, speaker; /* voices: who is asked for, who speaks */
  gboolean same_sex;
  float speech_seconds;  /* net, in the window */
  float cosine, log_odds, normalised;
  float llr;             /* what the model makes of them */
} SalTrial;

typedef struct {
  guint n_windows, n_left_out; /* used; with too little speech */
  gsize n_target, n_other, n_same_sex; /* trials; same_sex are some of the others */
  double eer, min_dcf, cllr, min_cllr; /* by the log-likelihood ratio */
  double same_sex_eer;                 /* others of the target's sex only */
  double cosine_eer, log_odds_eer, normalised_eer;
} SalVerificationRow;

typedef struct {
  guint32 seed;
  gboolean known;       /* targets are classes of the model, by name */
  double enrol_seconds; /* else: net speech, in whole utterances */
  guint n_windows;      /* of each duration, at most, drawn at random; 0: all */
  guint n_threads;      /* 0: all processors */
  void (*progress) (double part, gpointer data); /* (nullable) */
  gpointer data;
} SalVerificationConfig;

/**
 * sal_verification_config_init:
 *
 * Seed 2022, 20 s, all windows.
 */
void sal_verification_config_init (SalVerificationConfig *config);

/**
 * sal_verification_run:
 * @trials: (inout) (element-type SalTrial): all of them are added, in an order that does not depend on the threads
 * @rows: (out caller-allocates): [DURATIONS]
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_TARGET (no such class), %SAL_ERROR_AUDIO (a speaker with too little speech)
 *   or the errors of the recordings
 */
gboolean sal_verification_run (SalModel *model, SalCorpus *corpus, const SalVerificationConfig *config, GArray *trials, SalVerificationRow *rows, GError **error);

/**
 * sal_verification_split:
 * @score: offset of a float of SalTrial, as offsetof (SalTrial, llr)
 * @same_sex_only: of the others, only those of the target's sex
 * @scores: (out) (transfer full): what @detection points to
 */
void sal_verification_split (const GArray *trials, guint duration, gsize score, gboolean same_sex_only, float **scores, SalDetection *detection);
