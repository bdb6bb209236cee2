/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paper-check.c: replication check against the figures of the paper */
#include "eval/paper-check.h"

#include <math.h>

#include "eval/intervals.h"
#include "base/tsv.h"

#define FEWEST 20        /* trials that a verdict needs */
#define FEWEST_CURVES 10 /* the same for curves: areas are finer than hits */
/* Points: the largest of many gains that are "no more than 1.9" may reach this
 * by chance. */
#define SLACK 3.0
#define SURE 0.99 /* Top-1 at which no gain is possible */
#define ALL "S4+S3+S2+S1"

const char *const eval_verdict_names[EVAL_VERDICT_KINDS] = { "agrees",
  "agrees in part", "does not agree", "cannot be told", "beyond the paper" };

const EvalPaperRow eval_paper_rows[EVAL_PAPER_FORMS] = {
  { "A-B", 49.15, 61.85, 71.55 },
  { "A-B-A", 83.55, 85.00, 92.20 },
  { "B-A-B", 15.35, 35.20, 44.60 },
  { "A-B-C", 30.30, 45.15, 58.90 },
};

static const char *const settings[]
    = { "S1", "S2", "S3", "S4", "S4+S3", "S4+S3+S2", ALL };

void
eval_verdict_free (gpointer verdict)
{
  EvalVerdict *self = verdict;

  g_free (self->text);
  g_free (self);
}

static void G_GNUC_PRINTF (3, 4)
    add (GPtrArray *verdicts, EvalVerdictKind kind, const char *format, ...)
{
  EvalVerdict *self = g_new (EvalVerdict, 1);
  va_list args;

  va_start (args, format);
  *self = (EvalVerdict){ kind, g_strdup_vprintf (format, args) };
  va_end (args);
  g_ptr_array_add (verdicts, self);
}

/* --- trials of table 2 --------------------------------------------------- */

typedef struct {
  float hit, auc; /* NAN: none */
} Outcome;

typedef struct {
  const char *set;
  GHashTable *rows; /* of GArray of Outcome, by trial number */
} Trials;

enum { SET, FORM, TRIAL, METHOD, LAYERS, GIVEN, RECOGNISED, AUC, N_COLUMNS };

static const char *const columns[N_COLUMNS] = { "set", "form", "trial",
  "method", "layers", "given", "recognised", "auc" };

static float
read_number (const char *text)
{
  return *text == '\0' ? NAN : (float) g_ascii_strtod (text, NULL);
}

/* A SalTsvTake. */
static gboolean
take_line (const char *const *fields, gpointer data, GError **error)
{
  const Trials *self = data;
  guint64 number;

  if (!g_str_equal (fields[SET], self->set))
    return TRUE;
  if (!g_ascii_string_to_unsigned (fields[TRIAL], 10, 0, 1000000, &number,
          NULL))
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "\"%s\" is no number of a trial", fields[TRIAL]);
  g_autofree char *key = g_strjoin (" ", fields[FORM], fields[METHOD],
      fields[LAYERS], fields[GIVEN], NULL);
  GArray *row = g_hash_table_lookup (self->rows, key);
  if (row == NULL) {
    row = g_array_new (FALSE, FALSE, sizeof (Outcome));
    g_hash_table_insert (self->rows, g_steal_pointer (&key), row);
  }
  while (row->len <= number) {
    const Outcome none = { NAN, NAN };
    g_array_append_val (row, none);
  }
  g_array_index (row, Outcome, number)
      = (Outcome){ read_number (fields[RECOGNISED]),
          read_number (fields[AUC]) };
  return TRUE;
}

static const GArray *
find_row (const Trials *self, const char *form, const char *method,
    const char *layers, const char *given)
{
  g_autofree char *key = g_strjoin (" ", form, method, layers, given, NULL);

  return g_hash_table_lookup (self->rows, key);
}

/* --- gains --------------------------------------------------------------- */

typedef struct {
  EvalInterval gain;
  double before, after; /* Top-1 of the same trials */
} Gain;

/* Gain of a map drawn for A over the intact sound. */
static Gain
gain_of (const Trials *self, const char *form, const char *method,
    const char *layers)
{
  const GArray *before = find_row (self, form, "original", "none", "none");
  const GArray *after = find_row (self, form, method, layers, "A");
  guint n = before == NULL || after == NULL ? 0 : MIN (before->len, after->len);
  g_autofree float *gains = g_new (float, n + 1);
  double sums[2] = { 0, 0 };
  guint n_pairs = 0;

  for (guint i = 0; i < n; i++) {
    float x = g_array_index (before, Outcome, i).hit;
    float y = g_array_index (after, Outcome, i).hit;
    if (isnan (x) || isnan (y))
      continue;
    sums[0] += x;
    sums[1] += y;
    gains[n_pairs++] = y - x;
  }
  return (Gain){ eval_interval_of_values (gains, n_pairs), sums[0] / n_pairs,
    sums[1] / n_pairs };
}

static EvalVerdictKind
judge_gain (const Gain *self, double wanted)
{
  const EvalInterval *gain = &self->gain;

  if (gain->n < FEWEST)
    return EVAL_VERDICT_OPEN;
  if (self->after >= SURE)
    return EVAL_VERDICT_AGREES;
  gboolean as_much = 100 * gain->high >= wanted;
  if (gain->low > 0)
    return as_much ? EVAL_VERDICT_AGREES : EVAL_VERDICT_PARTLY;
  return as_much ? EVAL_VERDICT_OPEN : EVAL_VERDICT_DIFFERS;
}

/* A variant that the paper does not have gets the same sentence, but the
 * verdict "beyond the paper". */
static void
add_layer_cam (const Trials *self, const char *what, const char *method,
    const char *layers, const EvalPaperRow *paper, double theirs,
    GPtrArray *verdicts)
{
  gboolean variant = !g_str_equal (method, "layer-cam");
  Gain gain = gain_of (self, paper->form, method, layers);
  double wanted = theirs - paper->original;
  EvalVerdictKind kind = judge_gain (&gain, wanted);

  if (gain.gain.n == 0)
    return;
  add (verdicts, variant ? EVAL_VERDICT_BEYOND : kind,
      "Layer-CAM %s %s Top-1 by %.1f points on %s (from %.1f to %.1f %%; "
      "95 %% interval %+.1f to %+.1f, %u trials), the paper raises it "
      "by %.4g (from %.2f to %.2f %%): %s.",
      what, gain.gain.mean < 0 ? "lowers" : "raises",
      100 * fabs (gain.gain.mean), paper->form, 100 * gain.before,
      100 * gain.after, 100 * gain.gain.low, 100 * gain.gain.high, gain.gain.n,
      wanted, paper->original, theirs, eval_verdict_names[kind]);
}

/* The largest gain of a method that has almost none in the paper. */
static void
add_other (const Trials *self, const char *name, const char *method,
    GPtrArray *verdicts)
{
  const char *form = NULL, *layers = NULL;
  Gain most = { .gain = { .n = 0 } };

  for (guint f = 0; f < EVAL_PAPER_FORMS; f++)
    for (guint s = 0; s < G_N_ELEMENTS (settings); s++) {
      Gain gain = gain_of (self, eval_paper_rows[f].form, method, settings[s]);
      if (gain.gain.n == 0
          || (form != NULL && gain.gain.mean <= most.gain.mean))
        continue;
      most = gain;
      form = eval_paper_rows[f].form;
      layers = settings[s];
    }
  if (form == NULL)
    return;
  EvalVerdictKind kind = most.gain.n < FEWEST    ? EVAL_VERDICT_OPEN
      : 100 * most.gain.mean <= SLACK            ? EVAL_VERDICT_AGREES
      : 100 * most.gain.low <= EVAL_PAPER_OTHERS ? EVAL_VERDICT_OPEN
                                                 : EVAL_VERDICT_DIFFERS;
  add (verdicts, kind,
      "%s changes Top-1 by at most %+.1f points in any form "
      "and setting (%s on %s; 95 %% interval %+.1f to %+.1f, %u trials), in "
      "the paper by at most %+.1f: %s.",
      name, 100 * most.gain.mean, layers, form, 100 * most.gain.low,
      100 * most.gain.high, most.gain.n, EVAL_PAPER_OTHERS,
      eval_verdict_names[kind]);
}

/* --- beyond the paper ---------------------------------------------------- */

/* Means over the forms; without trials NAN, least and most infinite. */
typedef struct {
  double hits, auc;   /* %, 0 to 1 */
  double least, most; /* Top-1 of a form, extremes */
} Average;

/* Sums and counts of the finite values of a row: hits, AUC. */
static void
add_up (const GArray *row, double sums[2], guint n[2])
{
  for (guint i = 0; i < row->len; i++) {
    const Outcome *outcome = &g_array_index (row, Outcome, i);
    const float values[] = { outcome->hit, outcome->auc };
    for (guint k = 0; k < 2; k++)
      if (isfinite (values[k])) {
        sums[k] += values[k];
        n[k]++;
      }
  }
}

static Average
average (const Trials *self, const char *method, const char *layers,
    const char *given)
{
  Average average = { .least = INFINITY, .most = -INFINITY };
  double sums[2] = { 0, 0 };
  guint n[2] = { 0, 0 };

  for (guint f = 0; f < EVAL_PAPER_FORMS; f++) {
    const GArray *row
        = find_row (self, eval_paper_rows[f].form, method, layers, given);
    double before = sums[0];
    guint n_before = n[0];
    if (row == NULL)
      continue;
    add_up (row, sums, n);
    double hits = 100 * (sums[0] - before) / (n[0] - n_before);
    average.least = MIN (average.least, hits);
    average.most = MAX (average.most, hits);
  }
  average.hits = 100 * sums[0] / n[0];
  average.auc = sums[1] / n[1];
  return average;
}

static void
add_beyond (const Trials *self, const char *name, const char *method,
    const char *layers, GPtrArray *verdicts)
{
  Average a = average (self, method, layers, "A");
  Average x = average (self, method, layers, "X");

  if (isfinite (a.hits) && isfinite (x.hits))
    add (verdicts, EVAL_VERDICT_BEYOND,
        "%s, all forms together: drawn for A, "
        "A is recognised in %.1f %% (%.1f %% in the form where it is least); "
        "drawn for X, who is absent, X is recognised in %.1f %% (at most "
        "%.1f %%), by the mask alone; the frames of A are told from others "
        "with an AUC of %.3f.",
        name, a.hits, a.least, x.hits, x.most, a.auc);
}

gboolean
eval_paper_check_of_table2 (const char *path, const char *set,
    GPtrArray *verdicts, GError **error)
{
  g_autoptr (GHashTable) rows = g_hash_table_new_full (g_str_hash, g_str_equal,
      g_free, (GDestroyNotify) g_array_unref);
  Trials self = { set, rows };

  if (!sal_tsv_read (path, columns, N_COLUMNS, NULL, take_line, &self, error))
    return FALSE;
  for (const EvalPaperRow *row = eval_paper_rows;
       row < eval_paper_rows + EVAL_PAPER_FORMS; row++)
    add_layer_cam (&self, "fused over S1 to S4", "layer-cam", ALL, row,
        row->all, verdicts);
  for (const EvalPaperRow *row = eval_paper_rows;
       row < eval_paper_rows + EVAL_PAPER_FORMS; row++)
    add_layer_cam (&self, "fused over S1 to S4 with smoothed gradients",
        "layer-cam-degrid", ALL, row, row->all, verdicts);
  for (const EvalPaperRow *row = eval_paper_rows;
       row < eval_paper_rows + EVAL_PAPER_FORMS; row++)
    add_layer_cam (&self, "of S2", "layer-cam", "S2", row, row->s2, verdicts);
  add_other (&self, "Grad-CAM++", "grad-cam++", verdicts);
  add_other (&self, "Score-CAM", "score-cam", verdicts);
  add_beyond (&self, "Layer-CAM fused over S1 to S4", "layer-cam", ALL,
      verdicts);
  add_beyond (&self, "The same with smoothed gradients", "layer-cam-degrid",
      ALL, verdicts);
  add_beyond (&self, "Signed Layer-CAM of S4", "signed-layer-cam", "S4",
      verdicts);
  add_beyond (&self, "Dense scores as a gate that silences", "dense", "none",
      verdicts);
  add_beyond (&self, "Dense scores as a gate that cuts", "dense/cut", "none",
      verdicts);
  return TRUE;
}

/* --- deletion and insertion ---------------------------------------------- */

static const struct {
  const char *name, *method;
} methods[] = {
  { "Layer-CAM", "layer-cam" },
  { "Grad-CAM++", "grad-cam++" },
  { "Score-CAM", "score-cam" },
};

static double
number (JsonObject *row, const char *what, const char *end)
{
  g_autofree char *name = g_strconcat (what, "_auc", end, NULL);
  JsonNode *node = json_object_get_member (row, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node)
      ? json_node_get_double (node)
      : NAN;
}

static guint
trials_of (JsonObject *row)
{
  return (guint) json_object_get_int_member_with_default (row, "trials", 0);
}

static gboolean
has (JsonObject *row, const char *name, const char *value)
{
  return g_strcmp0 (json_object_get_string_member_with_default (row, name,
                        NULL),
             value)
      == 0;
}

/* The result of the first fill. */
static JsonObject *
find_result (JsonArray *results, const char *set, const char *form,
    const char *method, const char *layers)
{
  for (guint i = 0; i < json_array_get_length (results); i++) {
    JsonObject *row = json_array_get_object_element (results, i);
    if (has (row, "set", set) && has (row, "form", form)
        && has (row, "method", method) && has (row, "layers", layers)
        && has (row, "fill", "zero"))
      return row;
  }
  return NULL;
}

/* Finding: insertion by a map recognises A earlier than at random. */
static void
add_insertion (JsonArray *results, const char *set, const char *form, guint m,
    GPtrArray *verdicts)
{
  JsonObject *map = find_result (results, set, form, methods[m].method, ALL);
  JsonObject *chance = find_result (results, set, form, "random", "none");

  if (map == NULL || chance == NULL)
    return;
  double mean = number (map, "insertion", ""),
         low = number (map, "insertion", "_low"),
         high = number (map, "insertion", "_high");
  double random = number (chance, "insertion", "");
  EvalVerdictKind kind = low > random ? EVAL_VERDICT_AGREES
      : high < random                 ? EVAL_VERDICT_DIFFERS
                                      : EVAL_VERDICT_OPEN;
  if (trials_of (map) < FEWEST_CURVES)
    kind = EVAL_VERDICT_OPEN;
  add (verdicts, kind,
      "Inserted in the order of %s fused over S1 to S4, bins "
      "of %s reach an area of %.3f (95 %% interval %.3f to %.3f, %u trials), "
      "in random order %.3f; in the paper the map is the better one: %s.",
      methods[m].name, form, mean, low, high, trials_of (map), random,
      eval_verdict_names[kind]);
}

/* Finding: Layer-CAM is the best of the paper's three methods. */
static void
add_order (JsonArray *results, const char *set, gboolean insertion,
    GPtrArray *verdicts)
{
  const char *what = insertion ? "insertion" : "deletion";
  double areas[G_N_ELEMENTS (methods)], sign = insertion ? 1 : -1;
  JsonObject *row = NULL;
  guint fewest = G_MAXUINT;

  for (guint m = G_N_ELEMENTS (methods); m-- > 0;) {
    row = find_result (results, set, "B-A-B", methods[m].method, ALL);
    if (row == NULL)
      return;
    areas[m] = number (row, what, "");
    fewest = MIN (fewest, trials_of (row));
  }
  double next = insertion ? MAX (areas[1], areas[2]) : MIN (areas[1], areas[2]);
  double edge = number (row, what, insertion ? "_low" : "_high");
  EvalVerdictKind kind = fewest < FEWEST_CURVES ? EVAL_VERDICT_OPEN
      : sign * (edge - next) > 0                ? EVAL_VERDICT_AGREES
      : sign * (areas[0] - next) > 0            ? EVAL_VERDICT_PARTLY
                                                : EVAL_VERDICT_DIFFERS;
  add (verdicts, kind,
      "In the %s of B-A-B the area is %.3f for Layer-CAM, "
      "%.3f for Grad-CAM++ and %.3f for Score-CAM (at least %u trials each; "
      "the %s the better); in the paper Layer-CAM is the best: %s.",
      what, areas[0], areas[1], areas[2], fewest,
      insertion ? "higher" : "lower", eval_verdict_names[kind]);
}

void
eval_paper_check_of_deletion (JsonArray *results, const char *set,
    GPtrArray *verdicts)
{
  static const char *const forms[] = { "A", "B-A-B" };

  add_order (results, set, FALSE, verdicts);
  add_order (results, set, TRUE, verdicts);
  for (guint f = 0; f < G_N_ELEMENTS (forms); f++)
    for (guint m = 0; m < G_N_ELEMENTS (methods); m++)
      add_insertion (results, set, forms[f], m, verdicts);
}
