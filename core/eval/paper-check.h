/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paper-check.h: replication check: do our figures agree with those of the paper?
 *
 * Gains are paired: the same concatenation with a map's mask and without, with the bootstrap
 * interval of the mean gain.  A gain agrees if its interval is above 0 and reaches the paper's gain
 * or exceeds it, or if no gain is possible.  There is no verdict with fewer than 20 trials (10
 * curves), or if the interval holds both 0 and the paper's gain.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <saliency/error.h>

typedef enum {
  EVAL_VERDICT_AGREES,
  EVAL_VERDICT_PARTLY, /* same sign, but smaller */
  EVAL_VERDICT_DIFFERS,
  EVAL_VERDICT_OPEN,   /* too few trials */
  EVAL_VERDICT_BEYOND, /* not in the paper */
  EVAL_VERDICT_KINDS
} EvalVerdictKind;

extern const char *const eval_verdict_names[EVAL_VERDICT_KINDS]; /* "agrees", .. */

typedef struct {
  EvalVerdictKind kind;
  char *text; /* a sentence */
} EvalVerdict;

/* Table 2 of [Li2022]: Top-1 in %, A given. */
typedef struct {
  const char *form;
  double original, s2, all; /* without mask; Layer-CAM of S2, and of S4+S3+S2+S1 */
} EvalPaperRow;

#define EVAL_PAPER_FORMS 4
#define EVAL_PAPER_OTHERS 1.9 /* points: largest gain of Grad-CAM++ or Score-CAM there */

extern const EvalPaperRow eval_paper_rows[EVAL_PAPER_FORMS];

/**
 * eval_paper_check_of_table2:
 * @path: table of all trials (tsv.h): set, form, trial, method, layers, given, recognised and auc
 * @set: use the trials of this set
 * @verdicts: (element-type EvalVerdict): appended; free with eval_verdict_free()
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_tsv_read()
 */
gboolean eval_paper_check_of_table2 (const char *path, const char *set, GPtrArray *verdicts,
    GError **error);

/**
 * eval_paper_check_of_deletion:
 * @results: objects with form, set, method, layers, fill, trials, deletion_auc and insertion_auc;
 * the areas also with _low and _high
 */
void eval_paper_check_of_deletion (JsonArray *results, const char *set, GPtrArray *verdicts);
void eval_verdict_free (gpointer verdict);
