/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/paper-check.h"

#include <string.h>

#include "data.h"

#define ALL "S4+S3+S2+S1"
#define HEAD                                                                   \
  "set\tform\ttrial\tmethod\tlayers\tgiven\trecognised\tkept_mass"             \
  "\tauc\n"

/* The first n_hits of n trials are hits. */
static void
add_row (GString *text, const char *form, const char *method,
    const char *layers, const char *given, guint n_hits, guint n)
{
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "closed\t%s\t%u\t%s\t%s\t%s\t%d\t0.1\t0.9\n",
        form, i, method, layers, given, i < n_hits);
}

/* n trials of A-B, with these numbers of hits intact and by a map. */
static GString *
make_table (const char *method, guint before, guint after, guint n)
{
  GString *text = g_string_new (HEAD);
  add_row (text, "A-B", "original", "none", "none", before, n);
  add_row (text, "A-B", method, ALL, "A", after, n);
  return text;
}

static GPtrArray *
judge (GString *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *verdicts = g_ptr_array_new_with_free_func (eval_verdict_free);
  g_autofree char *path = data_write_temp ("table2.tsv", text->str, text->len);
  eval_paper_check_of_table2 (path, "closed", verdicts, &error);
  g_assert_no_error (error);
  return verdicts;
}

static void
assert_one (GPtrArray *verdicts, EvalVerdictKind kind, const char *piece)
{
  g_assert_cmpuint (verdicts->len, ==, 1);
  const EvalVerdict *verdict = verdicts->pdata[0];
  g_test_message ("%s", verdict->text);
  g_assert_cmpint (verdict->kind, ==, kind);
  g_assert_nonnull (strstr (verdict->text, piece));
  g_assert_true (g_str_has_suffix (verdict->text, "."));
  if (kind != EVAL_VERDICT_BEYOND)
    g_assert_nonnull (strstr (verdict->text, eval_verdict_names[kind]));
}

static void
test_layer_cam_both_ways (void)
{
  const struct {
    guint before, after, n;
    EvalVerdictKind kind;
    const char *piece;
  } cases[] = {
    { 50, 90, 100, EVAL_VERDICT_AGREES, "raises Top-1 by 40.0 points on A-B" },
    { 50, 60, 100, EVAL_VERDICT_PARTLY, "raises Top-1 by 10.0 points on A-B" },
    { 60, 40, 100, EVAL_VERDICT_DIFFERS, "lowers Top-1 by 20.0 points" },
    { 50, 50, 100, EVAL_VERDICT_DIFFERS, "raises it by 22.4 (from 49.15 to" },
    { 90, 100, 100, EVAL_VERDICT_AGREES, "from 90.0 to 100.0 %" },
    { 12, 16, 20, EVAL_VERDICT_AGREES, "95 % interval +5.0 to" },
    { 16, 18, 20, EVAL_VERDICT_OPEN, "95 % interval +0.0 to" },
    { 5, 9, 10, EVAL_VERDICT_OPEN, "10 trials" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GString) text
        = make_table ("layer-cam", cases[i].before, cases[i].after, cases[i].n);
    g_autoptr (GPtrArray) verdicts = judge (text);
    assert_one (verdicts, cases[i].kind, cases[i].piece);
  }
}

/* Judged like Layer-CAM, but beyond the paper. */
static void
test_smoothed_gradients (void)
{
  g_autoptr (GString) text = make_table ("layer-cam-degrid", 60, 40, 100);
  g_autoptr (GPtrArray) verdicts = judge (text);
  assert_one (verdicts, EVAL_VERDICT_BEYOND,
      "S1 to S4 with smoothed gradients lowers Top-1 by 20.0 points");
  assert_one (verdicts, EVAL_VERDICT_BEYOND, ": does not agree.");
}

/* Gains count trials with both outcomes. */
static void
test_trials_are_paired (void)
{
  g_autoptr (GString) text = g_string_new (HEAD);
  add_row (text, "A-B", "original", "none", "none", 100, 400);
  add_row (text, "A-B", "grad-cam++", ALL, "A", 50, 50);
  g_string_append (text, "closed\tA-B\t60\tgrad-cam++\t" ALL "\tA\t1\t0.1\t\n");
  g_autoptr (GPtrArray) verdicts = judge (text);
  assert_one (verdicts, EVAL_VERDICT_AGREES, "at most +0.0 points");
  assert_one (verdicts, EVAL_VERDICT_AGREES, "51 trials");
}

static void
test_others_both_ways (void)
{
  const struct {
    guint after, n;
    EvalVerdictKind kind;
  } cases[] = {
    { 52, 100, EVAL_VERDICT_AGREES },
    { 30, 100, EVAL_VERDICT_AGREES },
    { 90, 100, EVAL_VERDICT_DIFFERS },
    { 54, 100, EVAL_VERDICT_OPEN },
    { 5, 8, EVAL_VERDICT_OPEN },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GString) text
        = make_table ("score-cam", cases[i].n / 2, cases[i].after, cases[i].n);
    g_autoptr (GPtrArray) verdicts = judge (text);
    assert_one (verdicts, cases[i].kind, "Score-CAM changes Top-1");
  }
}

static void
test_pull_is_told (void)
{
  g_autoptr (GString) text = g_string_new (HEAD);
  add_row (text, "A-B", "dense", "none", "A", 3, 4);
  add_row (text, "A-B", "dense", "none", "X", 1, 4);
  add_row (text, "A-B-C", "dense", "none", "A", 4, 4);
  add_row (text, "A-B-C", "dense", "none", "X", 0, 4);
  g_autoptr (GPtrArray) verdicts = judge (text);
  assert_one (verdicts, EVAL_VERDICT_BEYOND,
      "A is recognised in 87.5 % (75.0 % in the form where it is least)");
  assert_one (verdicts, EVAL_VERDICT_BEYOND,
      "X is recognised in 12.5 % (at most 25.0 %)");
}

static void
test_other_sets_do_not_count (void)
{
  g_autoptr (GString) text = make_table ("layer-cam", 50, 90, 100);
  g_autoptr (GPtrArray) verdicts
      = g_ptr_array_new_with_free_func (eval_verdict_free);
  g_autofree char *path = data_write_temp ("table2.tsv", text->str, text->len);
  g_assert_true (eval_paper_check_of_table2 (path, "open", verdicts, NULL));
  g_assert_cmpuint (verdicts->len, ==, 0);
}

/* --- deletion and insertion ---------------------------------------------- */

static void
add_curve (GString *text, const char *method, double deletion, double insertion,
    guint n)
{
  g_string_append_printf (text,
      "%s{\"form\": \"B-A-B\", \"set\": \"closed\","
      " \"method\": \"%s\", \"layers\": \"%s\", \"fill\": \"zero\","
      " \"deletion_auc\": %g, \"deletion_auc_low\": %g,"
      " \"deletion_auc_high\": %g, \"insertion_auc\": %g,"
      " \"insertion_auc_low\": %g, \"insertion_auc_high\": %g,"
      " \"trials\": %u}",
      text->len > 1 ? ", " : "", method,
      g_str_equal (method, "random") ? "none" : ALL, deletion, deletion - 0.05,
      deletion + 0.05, insertion, insertion - 0.05, insertion + 0.05, n);
}

/* Layer-CAM with these areas, other methods with 0.4 and 0.6, random 0.5. */
static GPtrArray *
judge_curves (double deletion, double insertion, guint n)
{
  g_autoptr (GString) text = g_string_new ("[");
  GPtrArray *verdicts = g_ptr_array_new_with_free_func (eval_verdict_free);
  add_curve (text, "layer-cam", deletion, insertion, n);
  add_curve (text, "grad-cam++", 0.4, 0.6, n);
  add_curve (text, "score-cam", 0.4, 0.6, n);
  add_curve (text, "random", 0.5, 0.5, n);
  g_string_append_c (text, ']');
  g_autoptr (JsonNode) root = json_from_string (text->str, NULL);
  eval_paper_check_of_deletion (json_node_get_array (root), "closed", verdicts);
  g_assert_cmpuint (verdicts->len, ==, 5);
  return verdicts;
}

static void
test_order_both_ways (void)
{
  const struct {
    double deletion, insertion;
    guint n;
    EvalVerdictKind order[2], chance;
  } cases[] = {
    { 0.2, 0.8, 16, { EVAL_VERDICT_AGREES, EVAL_VERDICT_AGREES },
        EVAL_VERDICT_AGREES },
    { 0.38, 0.62, 16, { EVAL_VERDICT_PARTLY, EVAL_VERDICT_PARTLY },
        EVAL_VERDICT_AGREES },
    { 0.6, 0.3, 16, { EVAL_VERDICT_DIFFERS, EVAL_VERDICT_DIFFERS },
        EVAL_VERDICT_DIFFERS },
    { 0.2, 0.3, 16, { EVAL_VERDICT_AGREES, EVAL_VERDICT_DIFFERS },
        EVAL_VERDICT_DIFFERS },
    { 0.6, 0.52, 16, { EVAL_VERDICT_DIFFERS, EVAL_VERDICT_DIFFERS },
        EVAL_VERDICT_OPEN },
    { 0.2, 0.8, 2, { EVAL_VERDICT_OPEN, EVAL_VERDICT_OPEN },
        EVAL_VERDICT_OPEN },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GPtrArray) verdicts
        = judge_curves (cases[i].deletion, cases[i].insertion, cases[i].n);
    const EvalVerdict *const *v = (const EvalVerdict *const *) verdicts->pdata;
    for (guint k = 0; k < 3; k++)
      g_test_message ("%s", v[k]->text);
    g_assert_cmpint (v[0]->kind, ==, cases[i].order[0]);
    g_assert_cmpint (v[1]->kind, ==, cases[i].order[1]);
    g_assert_cmpint (v[2]->kind, ==, cases[i].chance);
    g_assert_nonnull (strstr (v[0]->text, "deletion of B-A-B"));
    g_assert_nonnull (strstr (v[2]->text, "Layer-CAM"));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/paper-check/layer-cam-both-ways",
      test_layer_cam_both_ways);
  g_test_add_func ("/paper-check/smoothed-gradients", test_smoothed_gradients);
  g_test_add_func ("/paper-check/trials-are-paired", test_trials_are_paired);
  g_test_add_func ("/paper-check/others-both-ways", test_others_both_ways);
  g_test_add_func ("/paper-check/pull-is-told", test_pull_is_told);
  g_test_add_func ("/paper-check/other-sets-do-not-count",
      test_other_sets_do_not_count);
  g_test_add_func ("/paper-check/order-both-ways", test_order_both_ways);
  int result = g_test_run ();
  data_clean ();
  return result;
}
