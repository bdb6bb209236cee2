/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/weight-shuffle.h"

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "data.h"
#include <saliency/net.h>
#include <saliency/target.h>

#define N_FRAMES 64
#define ALL (2 * EVAL_PART_TOP - 1)

static SalModel *tiny;

static SalModel *
scrambled (guint parts, guint32 seed)
{
  g_autoptr (GError) error = NULL;
  SalModel *model = eval_weight_shuffle_model (tiny,
      &(EvalWeightShuffle){ parts, seed }, &error);
  g_assert_no_error (error);
  return model;
}

/* Stages and embedding after a forward pass, concatenated. */
static GArray *
pass (SalModel *model, guint *ends)
{
  GArray *out = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (SalNet) net = sal_net_new (model, N_FRAMES, 3, 1);
  g_autofree float *log_mel
      = data_read_log_mel (sal_model_get_mel_config (model)->n_bands, N_FRAMES);
  sal_net_forward (net, log_mel, N_FRAMES);
  for (guint i = 0; i < SAL_STAGES; i++) {
    guint shape[3];
    const float *stage = sal_net_get_stage (net, i, shape);
    g_array_append_vals (out, stage, shape[0] * shape[1] * shape[2]);
    ends[i] = out->len;
  }
  g_array_append_vals (out, sal_net_get_embedding (net),
      sal_model_get_embedding_size (model));
  ends[SAL_STAGES] = out->len;
  return out;
}

static gboolean
is_equal (const GArray *a, const GArray *b, guint from, guint to)
{
  return memcmp (&g_array_index (a, float, from),
             &g_array_index (b, float, from), (to - from) * sizeof (float))
      == 0;
}

static void
test_permutes_by_seed_layer_and_size (void)
{
  const EvalWeightShuffle one = { EVAL_PART_S1, 1 }, two = { EVAL_PART_S1, 2 };
  float a[50], b[50], c[50], d[50];
  for (guint i = 0; i < 50; i++)
    a[i] = b[i] = c[i] = d[i] = (float) i;
  eval_weight_shuffle_permute (&one, "layer1.0.bn1.weight", a, 50);
  eval_weight_shuffle_permute (&one, "layer1.0.bn1.running_var", b, 50);
  eval_weight_shuffle_permute (&one, "layer1.0.bn2.weight", c, 50);
  eval_weight_shuffle_permute (&two, "layer1.0.bn1.weight", d, 50);
  g_assert_cmpmem (a, sizeof a, b, sizeof b);
  g_assert_cmpint (memcmp (a, c, sizeof a), !=, 0);
  g_assert_cmpint (memcmp (a, d, sizeof a), !=, 0);
  sal_vector_sort (a, 50);
  for (guint i = 0; i < 50; i++)
    g_assert_cmpfloat (a[i], ==, i);
}

static void
test_leaves_other_parts (void)
{
  static const char *const names[] = { "layer2.0.bn1.weight", "conv1.weight",
    "fc.weight", "head.weight", "golden.samples" };
  const EvalWeightShuffle one = { EVAL_PART_S1, 1 };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    float a[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    eval_weight_shuffle_permute (&one, names[i], a, 8);
    eval_weight_shuffle_permute (NULL, names[i], a, 8);
    for (guint k = 0; k < 8; k++)
      g_assert_cmpfloat (a[k], ==, k);
  }
}

/* Stages below the lowest shuffled one are bit-identical. */
static void
test_changes_what_lies_above (void)
{
  guint ends[SAL_STAGES + 1];
  g_autoptr (GArray) intact = pass (tiny, ends);
  for (guint i = 0; i <= SAL_STAGES; i++) {
    guint part = i < SAL_STAGES ? EVAL_PART_S1 << i : EVAL_PART_TOP;
    g_autoptr (SalModel) model = scrambled (part, 3);
    g_autoptr (GArray) other = pass (model, ends);
    guint from = i > 0 ? ends[i - 1] : 0;
    data_assert_finite ("scrambled", (float *) other->data, other->len);
    g_assert_true (is_equal (intact, other, 0, from));
    g_assert_false (is_equal (intact, other, from, ends[i]));
  }
}

static void
test_nothing_scrambled_is_the_same (void)
{
  guint ends[SAL_STAGES + 1];
  g_autoptr (SalModel) model = scrambled (0, 3);
  g_autoptr (GArray) a = pass (tiny, ends), b = pass (model, ends);
  g_assert_true (model != tiny);
  g_assert_true (is_equal (a, b, 0, ends[SAL_STAGES]));
}

static void
test_original_is_not_disturbed (void)
{
  guint ends[SAL_STAGES + 1];
  g_autoptr (GArray) before = pass (tiny, ends);
  g_autoptr (SalModel) model = scrambled (ALL, 3);
  g_autoptr (SalModel) again = sal_model_load (sal_model_get_path (tiny), NULL);
  g_autoptr (GArray) after = pass (tiny, ends);
  g_autoptr (GArray) loaded = pass (again, ends);
  g_assert_true (is_equal (before, after, 0, ends[SAL_STAGES]));
  g_assert_true (is_equal (before, loaded, 0, ends[SAL_STAGES]));
  g_assert_cmpstr (sal_model_get_id (model), ==, sal_model_get_id (tiny));
}

static void
test_class_rows_belong_to_the_top (void)
{
  gsize size = sal_model_get_embedding_size (tiny) * sizeof (float);
  const char *name = sal_model_get_class_name (tiny, 1);
  g_autoptr (SalModel) top = scrambled (EVAL_PART_TOP, 1);
  g_autoptr (SalModel) rest = scrambled (ALL & ~(guint) EVAL_PART_TOP, 1);
  g_autoptr (SalTarget) a = sal_target_new_class (tiny, name, NULL);
  g_autoptr (SalTarget) b = sal_target_new_class (top, name, NULL);
  g_autoptr (SalTarget) c = sal_target_new_class (rest, name, NULL);
  g_assert_cmpmem (sal_target_get_row (a), size, sal_target_get_row (c), size);
  g_assert_cmpint (memcmp (sal_target_get_row (a), sal_target_get_row (b),
                       size),
      !=, 0);
}

static void
test_refuses_a_file_that_changed (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *tiny_path = data_path ("tiny.safetensors");
  g_autofree char *other_path = data_path ("wespeaker.safetensors");
  g_autoptr (GByteArray) bytes = data_file_bytes (tiny_path);
  g_autoptr (GByteArray) other = data_file_bytes (other_path);
  g_autofree char *path
      = data_write_temp ("changes.safetensors", bytes->data, bytes->len);
  g_autoptr (SalModel) model = sal_model_load (path, &error);
  g_assert_no_error (error);
  g_free (data_write_temp ("changes.safetensors", other->data, other->len));
  g_assert_null (eval_weight_shuffle_model (model,
      &(EvalWeightShuffle){ ALL, 1 }, &error));
  data_assert_error (error, SAL_ERROR_MISMATCH, "changes", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  g_test_add_func ("/weight-shuffle/permutes-by-seed-layer-and-size",
      test_permutes_by_seed_layer_and_size);
  g_test_add_func ("/weight-shuffle/leaves-other-parts",
      test_leaves_other_parts);
  g_test_add_func ("/weight-shuffle/changes-what-lies-above",
      test_changes_what_lies_above);
  g_test_add_func ("/weight-shuffle/nothing-scrambled-is-the-same",
      test_nothing_scrambled_is_the_same);
  g_test_add_func ("/weight-shuffle/original-is-not-disturbed",
      test_original_is_not_disturbed);
  g_test_add_func ("/weight-shuffle/class-rows-belong-to-the-top",
      test_class_rows_belong_to_the_top);
  g_test_add_func ("/weight-shuffle/refuses-a-file-that-changed",
      test_refuses_a_file_that_changed);
  int result = g_test_run ();
  sal_model_unref (tiny);
  data_clean ();
  return result;
}
