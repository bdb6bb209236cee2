/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "voice/self-check.h"

#include <string.h>

#include "data.h"

static const char *const models[]
    = { "tiny", "sunine", "voxceleb", "wespeaker", "shipped" };
static const char *const stages_in_order[]
    = { "log_mel", "s1", "s2", "s3", "s4", "embedding", "score" };

static void
test_passes (gconstpointer data)
{
  g_autofree char *path = data_shipped_model ();
  if (g_str_equal (data, "shipped") && path == NULL) {
    g_test_skip ("models/resnet34se.safetensors is not there");
    return;
  }
  g_autoptr (SalModel) model = data_load_model (data);
  g_autoptr (GError) error = NULL;
  SalSelfCheckStage stages[SAL_GOLDEN_STAGES];
  guint n = 99;
  gboolean ok = sal_self_check_run (model, stages, &n, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpuint (n, ==, SAL_GOLDEN_STAGES);
  for (guint i = 0; i < n; i++) {
    g_assert_cmpstr (stages[i].stage, ==, stages_in_order[i]);
    g_test_message ("%s: %.3g of %.3g", stages[i].stage, stages[i].difference,
        stages[i].tolerance);
    g_assert_cmpfloat (stages[i].difference, <=, stages[i].tolerance);
  }
}

/* One field of the front end changed to another value that a model may have. */
static const struct {
  const char *path, *from, *to;
} edits[] = {
  { "sample-scale", "\"sample_scale\": 32768", "\"sample_scale\": 1" },
  { "dc-removal", "\"dc_removal\": \"none\"", "\"dc_removal\": \"frame\"" },
  { "preemphasis", "\"preemphasis\": \"signal\"",
      "\"preemphasis\": \"frame\"" },
  { "no-preemphasis",
      "\"preemphasis\": \"signal\", \"preemphasis_coefficient\": 0.97",
      "\"preemphasis\": \"none\", \"preemphasis_coefficient\": 0" },
  { "preemphasis-coefficient", "\"preemphasis_coefficient\": 0.97",
      "\"preemphasis_coefficient\": 0.95" },
  { "window", "\"hamming-periodic\"", "\"povey\"" },
  { "symmetric-window", "\"hamming-periodic\"", "\"hamming\"" },
  { "hop", "\"hop\": 160", "\"hop\": 161" },
  { "fft-size", "\"fft_size\": 512", "\"fft_size\": 1024" },
  { "framing", "\"left\", \"framing\": \"none\"",
      "\"centre\", \"framing\": \"reflect\"" },
  { "spectrum", "\"spectrum\": \"power\"", "\"spectrum\": \"magnitude\"" },
  { "triangles", "\"mel_triangles\": \"hz\"", "\"mel_triangles\": \"mel\"" },
  { "f-min", "\"f_min\": 0", "\"f_min\": 20" },
  { "f-max", "\"f_max\": 8000", "\"f_max\": 7600" },
  { "log-floor", "\"log_floor\": 1.0", "\"log_floor\": 1e-6" },
  { "log-floor-mode", "\"log_floor_mode\": \"add\"",
      "\"log_floor_mode\": \"max\"" },
};

static void
test_finds_change (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *path = data_path ("tiny.safetensors");
  g_autofree char *edited = data_edit_record (path, edits[i].from, edits[i].to);
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = sal_model_load (edited, &error);
  g_assert_no_error (error);
  SalSelfCheckStage stages[SAL_GOLDEN_STAGES];
  guint n;
  if (sal_self_check_run (model, stages, &n, &error)) {
    g_test_fail_printf ("a changed %s was not found, log_mel differs by %.3g",
        edits[i].path, stages[0].difference);
    return;
  }
  data_assert_error (error, SAL_ERROR_MISMATCH, edited, "log_mel", NULL);
}

/* Changes without effect on the log-Mel, found by a later stage. */
static void
finds_later (const char *from, const char *to, const char *stage)
{
  g_autofree char *path = data_path ("tiny.safetensors");
  g_autofree char *edited = data_edit_record (path, from, to);
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = sal_model_load (edited, &error);
  g_assert_no_error (error);
  SalSelfCheckStage stages[SAL_GOLDEN_STAGES];
  guint n;
  g_assert_false (sal_self_check_run (model, stages, &n, &error));
  data_assert_error (error, SAL_ERROR_MISMATCH, stage, NULL);
}

static void
test_finds_changes_of_the_network (void)
{
  finds_later ("\"normalisation\": \"mean\"", "\"normalisation\": \"none\"",
      "s1");
  finds_later ("\"block_order\": \"bn-relu\"", "\"block_order\": \"relu-bn\"",
      "s1");
  finds_later ("\"pooling\": \"mean-std\"", "\"pooling\": \"mean-variance\"",
      "embedding");
  finds_later ("\"scale\": 30.0", "\"scale\": 32.0", "score");
}

static void
test_finds_changed_weights (void)
{
  g_autofree char *path = data_path ("tiny.safetensors");
  g_autofree char *edited
      = data_fill_tensor (path, "layer3.0.conv2.weight", 0, 64, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = sal_model_load (edited, &error);
  g_assert_no_error (error);
  SalSelfCheckStage stages[SAL_GOLDEN_STAGES];
  guint n;
  g_assert_false (sal_self_check_run (model, stages, &n, &error));
  data_assert_error (error, SAL_ERROR_MISMATCH, "s3", NULL);
}

static void
test_says_that_there_are_none (void)
{
  g_autofree char *path = data_path ("tiny.safetensors");
  g_autofree char *edited
      = data_edit_header (path, "\"golden.samples\"", "\"silver.samples\"");
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = sal_model_load (edited, &error);
  g_assert_no_error (error);
  SalSelfCheckStage stages[SAL_GOLDEN_STAGES];
  guint n;
  g_assert_false (sal_self_check_run (model, stages, &n, &error));
  data_assert_error (error, SAL_ERROR_DESCRIPTION, edited, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (models); i++) {
    g_autofree char *path
        = g_strconcat ("/self-check/passes-on/", models[i], NULL);
    g_test_add_data_func (path, models[i], test_passes);
  }
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    g_autofree char *path
        = g_strconcat ("/self-check/finds-changed/", edits[i].path, NULL);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_finds_change);
  }
  g_test_add_func ("/self-check/finds-changed/network",
      test_finds_changes_of_the_network);
  g_test_add_func ("/self-check/finds-changed/weights",
      test_finds_changed_weights);
  g_test_add_func ("/self-check/says-that-there-are-none",
      test_says_that_there_are_none);
  int result = g_test_run ();
  data_clean ();
  return result;
}
