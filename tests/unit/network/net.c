/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/net.h>

#include <math.h>
#include <string.h>

#include "data.h"
#include "network/model-internal.h"
#include <saliency/score.h>

static const char *const models[]
    = { "tiny", "sunine", "voxceleb", "wespeaker", "shipped" };
static const guint lengths[] = { 200, 137, 613 };

/* The class whose gradients the golden files hold. */
#define GOLDEN_CLASS 3

typedef struct {
  SalModel *model;
  SalSafetensors *values;
  SalNet *net;
  guint n_bands;
  gsize n_embedding;
} Fixture;

/* FALSE, with the test skipped, if the model is not in the tree. */
static gboolean
fixture_init (Fixture *f, const char *name)
{
  g_autofree char *path = data_shipped_model ();
  if (g_str_equal (name, "shipped") && path == NULL) {
    g_test_skip ("models/resnet34se.safetensors is not there");
    return FALSE;
  }
  f->model = data_load_model (name);
  f->values = data_load_values (name);
  f->net = sal_net_new (f->model, 613, 0, 1);
  f->n_bands = sal_model_get_mel_config (f->model)->n_bands;
  f->n_embedding = sal_model_get_embedding_size (f->model);
  return TRUE;
}

static void
fixture_clear (Fixture *f)
{
  sal_net_free (f->net);
  sal_safetensors_free (f->values);
  sal_model_unref (f->model);
}

static void
forward (Fixture *f, guint n_frames)
{
  g_autofree float *log_mel = data_read_log_mel (f->n_bands, n_frames);
  sal_net_forward (f->net, log_mel, n_frames);
}

static SalTarget *
golden_target (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  SalTarget *target = sal_target_new_class (f->model,
      sal_model_get_class_name (f->model, GOLDEN_CLASS), &error);
  g_assert_no_error (error);
  return target;
}

static float
log_odds_gradient (Fixture *f, const float *embedding, float *dembedding)
{
  g_autoptr (SalTarget) target = golden_target (f);
  g_autoptr (SalScorer) scorer = sal_scorer_new (f->model);
  return sal_scorer_gradient (scorer, target, SAL_SCORE_LOG_ODDS, embedding,
      dembedding);
}

static gsize
size_of (const guint shape[3])
{
  return (gsize) shape[0] * shape[1] * shape[2];
}

/* Sampled values of an array, and the golden ones, [n]. */
static void
pair (Fixture *f, const char *name, const float *array, gsize size, float **got,
    float **want, gsize *n)
{
  *want = data_read (f->values, name, n);
  *got = data_sampled (array, size, *n);
}

static void
compare (Fixture *f, guint n_frames, const char *what, const float *array,
    gsize size, double limit)
{
  g_autofree char *name = g_strdup_printf ("%u/%s", n_frames, what);
  g_autofree float *got = NULL, *want = NULL;
  gsize n;
  pair (f, name, array, size, &got, &want, &n);
  data_assert_relative (name, got, want, n, limit);
}

/* --- golden values ------------------------------------------------------- */

/* float32 against float64 through up to 33 convolutions: 1e-6 each at worst. */
#define TOLERANCE 1e-4

static void
test_forward_matches_golden (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    forward (&f, lengths[i]);
    g_assert_cmpuint (sal_net_get_n_frames (f.net), ==, lengths[i]);
    guint height = f.n_bands, width = lengths[i];
    for (guint stage = 0; stage < 4; stage++) {
      guint shape[3];
      const float *s = sal_net_get_stage (f.net, stage, shape);
      g_autofree char *name = g_strdup_printf ("s%u", stage + 1);
      height = stage > 0 ? (height + 1) / 2 : height;
      width = stage > 0 ? (width + 1) / 2 : width;
      g_assert_cmpuint (shape[1], ==, height);
      g_assert_cmpuint (shape[2], ==, width);
      compare (&f, lengths[i], name, s, size_of (shape), TOLERANCE);
    }
    compare (&f, lengths[i], "embedding", sal_net_get_embedding (f.net),
        f.n_embedding, TOLERANCE);
  }
  fixture_clear (&f);
}

static void
test_backward_matches_golden (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  g_autofree float *dembedding = g_new (float, f.n_embedding);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    forward (&f, lengths[i]);
    log_odds_gradient (&f, sal_net_get_embedding (f.net), dembedding);
    sal_net_backward (f.net, dembedding, 0);
    for (guint stage = 0; stage < 4; stage++) {
      guint shape[3];
      sal_net_get_stage (f.net, stage, shape);
      g_autofree char *name
          = g_strdup_printf ("%u/gradient-s%u", lengths[i], stage + 1);
      g_autofree float *got = NULL, *want = NULL;
      gsize n;
      pair (&f, name, sal_net_get_gradient (f.net, stage), size_of (shape),
          &got, &want, &n);
      g_assert_cmpfloat (data_forgive_doubt (f.values, name, got, want, n), <=,
          0.5);
      data_assert_relative (name, got, want, n, TOLERANCE);
    }
  }
  fixture_clear (&f);
}

static void
test_columns_match_golden (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  g_autofree float *part = g_new (float, f.n_embedding);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    forward (&f, lengths[i]);
    sal_net_embed_columns (f.net, 3, 12, part);
    compare (&f, lengths[i], "embedding-3-12", part, f.n_embedding, TOLERANCE);
  }
  fixture_clear (&f);
}

/* --- invariants ---------------------------------------------------------- */

static void
test_all_columns_are_the_window (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  guint shape[3];
  g_autofree float *whole = g_new (float, f.n_embedding);
  forward (&f, 137);
  sal_net_get_stage (f.net, 3, shape);
  sal_net_embed_columns (f.net, 0, shape[2], whole);
  data_assert_relative ("all columns", whole, sal_net_get_embedding (f.net),
      f.n_embedding, 1e-6); /* the same sums */
  fixture_clear (&f);
}

/* One column has no variance; the pooled statistics must still be finite. */
static void
test_one_column_is_finite (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  guint shape[3];
  g_autofree float *one = g_new (float, f.n_embedding);
  forward (&f, 200);
  sal_net_get_stage (f.net, 3, shape);
  for (guint j = 0; j < shape[2]; j++) {
    sal_net_embed_columns (f.net, j, j + 1, one);
    data_assert_finite ("one column", one, f.n_embedding);
  }
  fixture_clear (&f);
}

/* u at S4 with one element moved by +-step, through the embedding. */
static double
moved_log_odds (Fixture *f, float *element, float step, float *embedding,
    float *dembedding)
{
  guint shape[3];
  float value = *element;
  sal_net_get_stage (f->net, 3, shape);
  *element = value + step;
  sal_net_embed_columns (f->net, 0, shape[2], embedding);
  *element = value;
  return log_odds_gradient (f, embedding, dembedding);
}

static void
test_gradient_of_s4_matches_finite_differences (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  guint shape[3];
  g_autofree float *embedding = g_new (float, f.n_embedding);
  g_autofree float *dembedding = g_new (float, f.n_embedding);
  forward (&f, 137);
  log_odds_gradient (&f, sal_net_get_embedding (f.net), dembedding);
  sal_net_backward (f.net, dembedding, 3);
  float *s4 = (float *) sal_net_get_stage (f.net, 3, shape);
  const float *gradient = sal_net_get_gradient (f.net, 3);
  double scale = data_magnitude (gradient, size_of (shape));
  const float step = 2e-2f;
  double largest = 0;
  for (guint k = 0; k < 60; k++) {
    gsize at = k * size_of (shape) / 60;
    double up = moved_log_odds (&f, s4 + at, step, embedding, dembedding);
    double down = moved_log_odds (&f, s4 + at, -step, embedding, dembedding);
    double want = (up - down) / (2 * step);
    largest = MAX (largest, fabs (gradient[at] - want) / scale);
  }
  /* u is about 30 in float32: 2e-6 / (2 step) is 5e-5 of gradients of 0.1 to
   * 1; the rest is curvature of the standard deviation over a step. */
  g_test_message ("largest relative difference %.3g", largest);
  g_assert_cmpfloat (largest, <=, 2e-2);
  fixture_clear (&f);
}

typedef struct {
  float *arrays[9]; /* S1..S4, gradients, embedding */
  gsize sizes[9];
} Results;

static void
results_take (Results *r, Fixture *f, guint n_frames)
{
  g_autofree float *dembedding = g_new (float, f->n_embedding);
  forward (f, n_frames);
  log_odds_gradient (f, sal_net_get_embedding (f->net), dembedding);
  sal_net_backward (f->net, dembedding, 0);
  for (guint i = 0; i < 4; i++) {
    guint shape[3];
    const float *s = sal_net_get_stage (f->net, i, shape);
    r->sizes[i] = r->sizes[4 + i] = size_of (shape) * sizeof (float);
    r->arrays[i] = g_memdup2 (s, r->sizes[i]);
    r->arrays[4 + i]
        = g_memdup2 (sal_net_get_gradient (f->net, i), r->sizes[i]);
  }
  r->sizes[8] = f->n_embedding * sizeof (float);
  r->arrays[8] = g_memdup2 (sal_net_get_embedding (f->net), r->sizes[8]);
}

static void
results_assert_same (const Results *a, const Results *b)
{
  for (guint i = 0; i < 9; i++)
    g_assert_cmpmem (a->arrays[i], a->sizes[i], b->arrays[i], b->sizes[i]);
}

static void
results_clear (Results *r)
{
  for (guint i = 0; i < 9; i++)
    g_free (r->arrays[i]);
}

static void
test_earlier_windows_leave_no_trace (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  const guint between[] = { 613, 8, 137 };
  Results first, again, ignored;
  results_take (&first, &f, 200);
  for (guint i = 0; i < G_N_ELEMENTS (between); i++) {
    results_take (&ignored, &f, between[i]);
    results_take (&again, &f, 200);
    results_assert_same (&first, &again);
    results_clear (&ignored);
    results_clear (&again);
  }
  sal_net_free (f.net); /* room for longer windows changes nothing either */
  f.net = sal_net_new (f.model, 200, 0, 1);
  results_take (&again, &f, 200);
  results_assert_same (&first, &again);
  results_clear (&again);
  results_clear (&first);
  fixture_clear (&f);
}

/* Several threads compute the same, to the bit. */
static void
test_threads_change_nothing (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  Results alone, together;
  results_take (&alone, &f, 200);
  for (guint threads = 2; threads <= 4; threads += 2) {
    sal_net_free (f.net);
    f.net = sal_net_new (f.model, 200, 0, threads);
    for (guint i = 0; i < 3; i++) {
      results_take (&together, &f, 200);
      results_assert_same (&alone, &together);
      results_clear (&together);
    }
  }
  results_clear (&alone);
  fixture_clear (&f);
}

/* Gradients down to a stage are those of the full pass. */
static void
assert_gradients (Fixture *f, const Results *full, guint stage)
{
  g_autofree float *dembedding = g_new (float, f->n_embedding);
  forward (f, 137);
  log_odds_gradient (f, sal_net_get_embedding (f->net), dembedding);
  sal_net_backward (f->net, dembedding, stage);
  for (guint i = stage; i < 4; i++)
    g_assert_cmpmem (sal_net_get_gradient (f->net, i), full->sizes[4 + i],
        full->arrays[4 + i], full->sizes[4 + i]);
}

/* A net with less memory for the backward pass computes the same. */
static void
test_depth_changes_nothing (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  Results full;
  results_take (&full, &f, 137);
  for (guint stage = 1; stage < 4; stage++) {
    sal_net_free (f.net);
    f.net = sal_net_new (f.model, 200, stage, 1);
    assert_gradients (&f, &full, stage);
    for (guint i = 0; i < 4; i++)
      g_assert_cmpmem (sal_net_get_stage (f.net, i, NULL), full.sizes[i],
          full.arrays[i], full.sizes[i]);
  }
  results_clear (&full);
  fixture_clear (&f);
}

/* A shallow backward pass computes what the full one does. */
static void
test_stopping_early_changes_nothing (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  Results full;
  results_take (&full, &f, 137);
  for (guint stage = 0; stage < 4; stage++)
    assert_gradients (&f, &full, stage);
  results_clear (&full);
  fixture_clear (&f);
}

/* From the shortest window up to three S4 columns, all residues of 8. */
static void
test_short_windows_are_finite (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  for (guint n = 8; n < 24; n++) {
    Results r;
    results_take (&r, &f, n);
    for (guint i = 0; i < 9; i++)
      data_assert_finite ("short window", r.arrays[i],
          r.sizes[i] / sizeof (float));
    results_clear (&r);
  }
  fixture_clear (&f);
}

/* The measured bands give the network's own input. */
static void
test_measured_bands_are_those_of_the_input (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  const guint T = 137;
  g_autofree float *log_mel = data_read_log_mel (f.n_bands, T);
  g_autofree float *input = g_new (float, f.n_bands *T);
  g_autofree SalNetBand *bands = g_new (SalNetBand, f.n_bands);
  sal_net_forward (f.net, log_mel, T);
  sal_net_get_input (f.net, input);
  sal_net_measure (f.model, log_mel, T, bands);
  for (guint i = 0; i < f.n_bands * T; i++) {
    const SalNetBand *band = &bands[i / T];
    g_assert_cmpfloat (input[i], ==,
        (float) ((log_mel[i] - band->mean) * band->scale));
  }
  fixture_clear (&f);
}

/* All front ends here subtract the mean of each band over time. */
static void
test_level_of_a_band_does_not_matter (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  g_autofree float *log_mel = data_read_log_mel (f.n_bands, 137);
  forward (&f, 137);
  g_autofree float *before = g_memdup2 (sal_net_get_embedding (f.net),
      f.n_embedding * sizeof (float));
  for (guint b = 0; b < f.n_bands; b++)
    for (guint t = 0; t < 137; t++)
      log_mel[b * 137 + t] += (float) b / 16 - 2; /* exact in binary */
  sal_net_forward (f.net, log_mel, 137);
  /* values near 20 in float32 lose 2e-6 */
  data_assert_relative ("levels", sal_net_get_embedding (f.net), before,
      f.n_embedding, 1e-4);
  fixture_clear (&f);
}

/* Each band of the input has mean 0; the input given again computes the same.
 */
static void
test_input_can_be_given (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  forward (&f, 200); /* laid out otherwise */
  forward (&f, 137);
  gsize size = (gsize) f.n_bands * 137;
  g_autofree float *input = g_new (float, size);
  g_autofree float *zeros = g_new0 (float, size);
  g_autofree float *before = g_memdup2 (sal_net_get_embedding (f.net),
      f.n_embedding * sizeof (float));
  sal_net_get_input (f.net, input);
  for (guint b = 0; b < f.n_bands; b++) {
    double sum = 0;
    for (guint t = 0; t < 137; t++)
      sum += input[b * 137 + t];
    g_assert_cmpfloat_with_epsilon (sum / 137, 0, 1e-5); /* float32 */
  }
  sal_net_forward_input (f.net, zeros);
  g_assert_cmpfloat (data_difference (before, sal_net_get_embedding (f.net),
                         f.n_embedding),
      >, 0.01);
  sal_net_forward_input (f.net, input);
  g_assert_cmpmem (before, f.n_embedding * sizeof (float),
      sal_net_get_embedding (f.net), f.n_embedding * sizeof (float));
  fixture_clear (&f);
}

static void
test_keeps_its_model (void)
{
  SalModel *model = data_load_model ("tiny");
  g_autoptr (SalNet) net = sal_net_new (model, 64, 0, 1);
  sal_model_unref (model);
  g_assert_true (sal_net_get_model (net) == model);
  g_assert_cmpstr (sal_model_get_name (sal_net_get_model (net)), ==, "tiny");
  sal_net_free (NULL);
}

/* --- memory -------------------------------------------------------------- */

/* Bytes of a net for windows of 2 s after both passes and all copies. */
static gsize
size_of_net (Fixture *f, guint deepest)
{
  g_autofree float *dembedding = g_new0 (float, f->n_embedding);
  sal_net_free (f->net);
  f->net = sal_net_new (f->model, 200, deepest, 1);
  forward (f, 200);
  sal_net_backward (f->net, dembedding, deepest);
  for (guint stage = deepest; stage < SAL_STAGES; stage++) {
    sal_net_get_stage (f->net, stage, NULL);
    sal_net_get_gradient (f->net, stage);
  }
  return sal_net_get_size (f->net);
}

static void
test_takes_little_memory (gconstpointer data)
{
  Fixture f;
  if (!fixture_init (&f, data))
    return;
  g_assert_cmpuint (size_of_net (&f, 0), <=, 60 * 1000 * 1000);
  g_assert_cmpuint (size_of_net (&f, SAL_STAGES - 1), <=, 20 * 1000 * 1000);
  fixture_clear (&f);
}

/* Eight nets share one set of weights. */
static void
test_nets_share_weights (void)
{
  SalNet *nets[8];
  const SalUnit *unit = NULL;
  const float *forward = NULL, *backward = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (nets); i++) {
    g_autoptr (SalModel) model = data_load_model ("tiny");
    nets[i] = sal_net_new (model, 64, 0, 1);
    const SalUnit *mine = &sal_model_get_weights (model)->blocks[3][0].conv1;
    if (i == 0) {
      unit = mine;
      forward = unit->forward;
      backward = unit->backward;
      g_assert_nonnull (backward);
    }
    g_assert_true (
        mine == unit && mine->forward == forward && mine->backward == backward);
  }
  for (guint i = 0; i < G_N_ELEMENTS (nets); i++)
    sal_net_free (nets[i]);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestDataFunc test;
  } tests[] = {
    { "/net/forward/matches-golden", test_forward_matches_golden },
    { "/net/forward/earlier-windows-leave-no-trace",
        test_earlier_windows_leave_no_trace },
    { "/net/forward/short-windows-are-finite", test_short_windows_are_finite },
    { "/net/forward/measured-bands-are-those-of-the-input",
        test_measured_bands_are_those_of_the_input },
    { "/net/forward/level-of-a-band-does-not-matter",
        test_level_of_a_band_does_not_matter },
    { "/net/forward/input-can-be-given", test_input_can_be_given },
    { "/net/backward/matches-golden", test_backward_matches_golden },
    { "/net/backward/of-s4-matches-finite-differences",
        test_gradient_of_s4_matches_finite_differences },
    { "/net/backward/stopping-early-changes-nothing",
        test_stopping_early_changes_nothing },
    { "/net/backward/threads-change-nothing", test_threads_change_nothing },
    { "/net/backward/depth-changes-nothing", test_depth_changes_nothing },
    { "/net/embed-columns/matches-golden", test_columns_match_golden },
    { "/net/embed-columns/all-are-the-window",
        test_all_columns_are_the_window },
    { "/net/embed-columns/one-is-finite", test_one_column_is_finite },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint k = 0; k < G_N_ELEMENTS (models); k++) {
      /* The attention weights stay when S4 is moved; see pooling.c. */
      if (tests[i].test == test_gradient_of_s4_matches_finite_differences
          && g_str_equal (models[k], "voxceleb"))
        continue;
      g_autofree char *path = g_strconcat (tests[i].path, "/", models[k], NULL);
      g_test_add_data_func (path, models[k], tests[i].test);
    }
  g_test_add_data_func ("/net/memory/is-little", "shipped",
      test_takes_little_memory);
  g_test_add_func ("/net/memory/weights-are-shared", test_nets_share_weights);
  g_test_add_func ("/net/keeps-its-model", test_keeps_its_model);
  return g_test_run ();
}
