/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paper-check.h: do our figures agree with those of the paper?
 *
 * Gains are those of pairs: a map's mask against the same join unmasked, with the bootstrap
 * interval of their mean.  One agrees if its interval is above 0 and reaches the paper's or lies
 * above it, or if nothing more can be gained. Nothing is said of fewer than 20 trials (10 curves),
 * nor of an interval that holds both 0 and what the paper found.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <saliency/error.h>

typedef enum {
  EVAL_VERDICT_AGREES,
  EVAL_VERDICT_PARTLY, /* the same way, but less */
  EVAL_VERDICT_DIFFERS,
  EVAL_VERDICT_OPEN,   /* too few trials to tell */
  EVAL_VERDICT_BEYOND, /* the paper says nothing of it */
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
  double original, s2, all; /* nothing masked; Layer-CAM of S2, and of S4+S3+S2+S1 */
} EvalPaperRow;

#define EVAL_PAPER_FORMS 4
#define EVAL_PAPER_OTHERS 1.9 /* points: the most that Grad-CAM++ or Score-CAM gain there */

extern const EvalPaperRow eval_paper_rows[EVAL_PAPER_FORMS];

/**
 * eval_paper_check_of_table2:
 * @path: the table of all trials, tsv.h: set, form, trial, method, layers, given, recognised and
 * auc
 * @set: those of this set
 * @verdicts: (element-type EvalVerdict): are added, to be freed with eval_verdict_free()
 *
 * Returns: %TRUE, or %FALSE and the errors of sal_tsv_read()
 */
gboolean eval_paper_check_of_table2 (const char *path, const char *set, GPtrArray *verdicts,
    GError **error);

/**
 * eval_paper_check_of_deletion:
 * @results: objects with form, set, method, layers, fill, deletion_auc and insertion_auc, each also
 * with _low and _high, and trials
 */
void eval_paper_check_of_deletion (JsonArray *results, const char *set, GPtrArray *verdicts);
void eval_verdict_free (gpointer verdict);
