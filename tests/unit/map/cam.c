/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/cam.h>

#include <math.h>
#include <string.h>

#include "data.h"

static const char *const models[]
    = { "tiny", "sunine", "voxceleb", "wespeaker", "shipped" };

typedef struct {
  SalModel *model;
  SalTarget *target;
  SalNet *net;
  SalCam *cam;
  guint n_bands, n_frames;
  float *map, *other;
  gsize size;
} Fixture;

static void
fixture_init (Fixture *f, SalModel *model, guint n_frames)
{
  g_autoptr (GError) error = NULL;
  f->model = model;
  f->target = sal_target_new_class (model, sal_model_get_class_name (model, 3),
      &error);
  g_assert_no_error (error);
  f->n_bands = sal_model_get_mel_config (model)->n_bands;
  f->n_frames = n_frames;
  f->size = (gsize) f->n_bands * n_frames;
  f->net = sal_net_new (model, n_frames, 0, 1);
  f->cam = sal_cam_new (model, n_frames);
  f->map = g_new (float, f->size);
  f->other = g_new (float, f->size);
  g_autofree float *log_mel = data_read_log_mel (f->n_bands, n_frames);
  sal_net_forward (f->net, log_mel, n_frames);
}

static void
fixture_clear (Fixture *f)
{
  g_free (f->map);
  g_free (f->other);
  sal_cam_free (f->cam);
  sal_net_free (f->net);
  sal_target_unref (f->target);
  sal_model_unref (f->model);
}

static SalCamConfig
config_of (SalCamMethod method, guint layers)
{
  SalCamConfig config;
  sal_cam_config_init (&config);
  config.method = method;
  config.layers = (SalCamLayers) layers;
  return config;
}

static float
compute (Fixture *f, const SalCamConfig *config, float *map)
{
  float peak = NAN;
  g_assert_true (
      sal_cam_compute (f->cam, f->net, f->target, config, map, &peak));
  g_assert_cmpfloat (peak, >, 0);
  return peak;
}

/* --- golden maps --------------------------------------------------------- */

static const struct {
  const char *name;
  guint layers;
  SalCamFusion fusion;
} kinds[] = {
  { "s1", SAL_CAM_S1, SAL_CAM_FUSION_MEAN },
  { "s2", SAL_CAM_S2, SAL_CAM_FUSION_MEAN },
  { "s3", SAL_CAM_S3, SAL_CAM_FUSION_MEAN },
  { "s4", SAL_CAM_S4, SAL_CAM_FUSION_MEAN },
  { "all", 15, SAL_CAM_FUSION_MEAN },
  { "all-max", 15, SAL_CAM_FUSION_MAX },
};

/* Rounding of float32 and the order of sums leave about 1e-5 of the peak;
 * tanh (5 x) multiplies that by up to 5.  With "max" some places differ more,
 * where two layers of opposite sign are equal up to rounding. */
#define TOLERANCE 1e-3
#define PART 0.998
#define RMS 0.01
#define CORRELATION 0.9999

static void
compare (Fixture *f, SalSafetensors *values, guint kind, gboolean is_signed)
{
  gsize n;
  g_autofree char *name = g_strdup_printf ("%u/%s-%s", f->n_frames,
      is_signed ? "signed" : "layer", kinds[kind].name);
  g_autofree float *want = data_read (values, name, &n);
  SalCamConfig config
      = config_of (is_signed ? SAL_CAM_SIGNED_LAYER : SAL_CAM_LAYER,
          kinds[kind].layers);
  config.fusion = kinds[kind].fusion;
  compute (f, &config, f->map);
  g_autofree float *got = data_sampled (f->map, f->size, n);
  data_forgive_doubt (values, name, got, want, n);
  double correlation = data_correlation (got, want, n);
  g_test_message ("%s: correlation 1 - %.3g", name, 1 - correlation);
  if (!(correlation >= CORRELATION))
    g_test_fail_printf ("%s: correlation %.6f is below %.4f, largest "
                        "difference %.3g",
        name, correlation, CORRELATION, data_difference (got, want, n));
  data_assert_mostly (name, got, want, n, TOLERANCE, PART, RMS);
}

static void
test_matches_golden (gconstpointer data)
{
  const guint lengths[] = { 200, 137, 613 };
  const char *name = data;
  g_autofree char *path = data_shipped_model ();
  if (g_str_equal (name, "shipped") && path == NULL) {
    g_test_skip ("models/resnet34se.safetensors is not there");
    return;
  }
  g_autoptr (SalSafetensors) values = data_load_values (name);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    Fixture f;
    fixture_init (&f, data_load_model (name), lengths[i]);
    for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
      for (int is_signed = 0; is_signed < 2; is_signed++)
        compare (&f, values, kind, is_signed);
    fixture_clear (&f);
  }
}

/* --- one layer ----------------------------------------------------------- */

/* Layer-CAM (6) (7) and its signed form, from the arrays of the net. */
static void
test_layer_matches_the_formula (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("tiny"), 137);
  for (int is_signed = 0; is_signed < 2; is_signed++) {
    SalCamConfig config
        = config_of (is_signed ? SAL_CAM_SIGNED_LAYER : SAL_CAM_LAYER, 15);
    compute (&f, &config, f.map); /* for its gradients */
    for (guint layer = 0; layer < 4; layer++) {
      guint shape[3];
      const float *A = sal_net_get_stage (f.net, layer, shape);
      const float *g = sal_net_get_gradient (f.net, layer);
      gsize plane = shape[1] * shape[2];
      g_autofree float *want = g_new0 (float, plane);
      g_autofree float *got = g_new (float, plane);
      for (gsize i = 0; i < plane; i++)
        for (guint k = 0; k < shape[0]; k++) {
          float weight = g[k * plane + i];
          want[i] += (is_signed ? weight : MAX (weight, 0)) * A[k * plane + i];
        }
      sal_cam_layer (f.net, layer, &config, got);
      /* float32 sums */
      data_assert_relative ("layer", got, want, plane, 1e-5);
    }
  }
  fixture_clear (&f);
}

/* Share of a map's energy at period 2 along both axes: 1 for a checkerboard or
 * stripes, 0 for a plane. */
static double
grid_energy (const float *map, guint h, guint w)
{
  double grid = 0, all = 0;
  for (guint i = 0; i + 1 < h; i++)
    for (guint j = 0; j + 1 < w; j++) {
      double a = map[i * w + j], b = map[i * w + j + 1];
      double c = map[(i + 1) * w + j], d = map[(i + 1) * w + j + 1];
      double mean = (a + b + c + d) / 4;
      grid += (a - mean) * (a - mean) + (b - mean) * (b - mean)
          + (c - mean) * (c - mean) + (d - mean) * (d - mean);
      all += a * a + b * b + c * c + d * d;
    }
  return grid / all;
}

static void
test_degrid_removes_the_grid (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("sunine"), 200);
  for (guint layer = 0; layer < 3; layer++) {
    guint shape[3];
    SalCamConfig config = config_of (SAL_CAM_SIGNED_LAYER, 1u << layer);
    compute (&f, &config, f.map);
    sal_net_get_stage (f.net, layer, shape);
    sal_cam_layer (f.net, layer, &config, f.map);
    double before = grid_energy (f.map, shape[1], shape[2]);
    config.degrid = TRUE;
    sal_cam_layer (f.net, layer, &config, f.map);
    double after = grid_energy (f.map, shape[1], shape[2]);
    g_test_message ("S%u: grid %.3f, without %.3f", layer + 1, before, after);
    g_assert_cmpfloat (after, <, 0.8 * before);
  }
  fixture_clear (&f);
}

static void
test_degrid_leaves_s4 (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("tiny"), 137);
  SalCamConfig config = config_of (SAL_CAM_LAYER, SAL_CAM_S4);
  compute (&f, &config, f.map);
  config.degrid = TRUE;
  compute (&f, &config, f.other);
  g_assert_cmpmem (f.map, f.size * 4, f.other, f.size * 4);
  fixture_clear (&f);
}

/* --- all layers ---------------------------------------------------------- */

/* p = sigma (u): its gradient is that of u times a number. */
static void
test_posterior_gives_the_map_of_log_odds (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("voxceleb"), 200);
  for (guint method = SAL_CAM_LAYER; method <= SAL_CAM_GRAD; method++) {
    SalCamConfig config = config_of ((SalCamMethod) method, 15);
    compute (&f, &config, f.map);
    config.score_function = SAL_SCORE_POSTERIOR;
    compute (&f, &config, f.other);
    data_assert_close ("posterior", f.other, f.map, f.size, 1e-4); /* float32 */
    config.score_function = SAL_SCORE_LOGIT;
    compute (&f, &config, f.other);
    g_assert_cmpfloat (data_difference (f.other, f.map, f.size), >, 0.01);
  }
  fixture_clear (&f);
}

static void
test_values_are_in_range (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("tiny"), 200);
  for (guint method = SAL_CAM_LAYER; method <= SAL_CAM_SCORE; method++)
    for (guint layers = 1; layers < 16; layers++) {
      gboolean is_signed = method == SAL_CAM_SIGNED_LAYER;
      SalCamConfig config = config_of ((SalCamMethod) method, layers);
      config.fusion = layers % 2 ? SAL_CAM_FUSION_MAX : SAL_CAM_FUSION_MEAN;
      config.score_function = SAL_SCORE_POSTERIOR;
      config.channels = 2;
      compute (&f, &config, f.map);
      for (gsize i = 0; i < f.size; i++) {
        g_assert_cmpfloat (f.map[i], >=, is_signed ? -1 : 0);
        g_assert_cmpfloat (f.map[i], <=, 1);
      }
    }
  fixture_clear (&f);
}

/* The peak of several layers is the largest of their peaks. */
static void
test_peak_is_the_largest (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("tiny"), 137);
  float largest = 0;
  for (guint layer = 0; layer < 4; layer++) {
    SalCamConfig config = config_of (SAL_CAM_SIGNED_LAYER, 1u << layer);
    largest = MAX (largest, compute (&f, &config, f.map));
  }
  SalCamConfig config = config_of (SAL_CAM_SIGNED_LAYER, 15);
  g_assert_cmpfloat (compute (&f, &config, f.map), ==, largest);
  fixture_clear (&f);
}

/* With a matrix of zeros before the embedding nothing reaches the layers. */
static void
test_flat_map_is_zeros (void)
{
  g_autofree char *path = data_path ("tiny.safetensors");
  g_autofree char *edited
      = data_fill_tensor (path, "fc.weight", 0, 2 * 16 * 320, 0);
  g_autoptr (GError) error = NULL;
  Fixture f;
  SalModel *model = sal_model_load (edited, &error);
  g_assert_no_error (error);
  fixture_init (&f, model, 137);
  for (guint method = SAL_CAM_LAYER; method < SAL_CAM_SCORE; method++) {
    SalCamConfig config = config_of ((SalCamMethod) method, 15);
    float peak = NAN;
    g_assert_false (
        sal_cam_compute (f.cam, f.net, f.target, &config, f.map, &peak));
    g_assert_cmpfloat (peak, ==, 0);
    g_assert_cmpfloat (data_magnitude (f.map, f.size), ==, 0);
    data_assert_finite ("flat", f.map, f.size);
  }
  fixture_clear (&f);
}

static void
test_none_is_zeros (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("tiny"), 137);
  SalCamConfig config = config_of (SAL_CAM_NONE, 15);
  float peak = NAN;
  memset (f.map, 0xff, f.size * sizeof (float));
  g_assert_false (
      sal_cam_compute (f.cam, f.net, f.target, &config, f.map, &peak));
  g_assert_cmpfloat (peak, ==, 0);
  data_assert_finite ("none", f.map, f.size);
  g_assert_cmpfloat (data_magnitude (f.map, f.size), ==, 0);
  fixture_clear (&f);
}

/* One target's map does not change what the next one gets. */
static void
test_targets_do_not_meet (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("tiny"), 137);
  SalCamConfig config = config_of (SAL_CAM_SIGNED_LAYER, 15);
  g_autoptr (SalTarget) another = sal_target_new_class (f.model, "spk9", NULL);
  float peak;
  compute (&f, &config, f.map);
  sal_cam_compute (f.cam, f.net, another, &config, f.other, &peak);
  g_assert_cmpfloat (data_difference (f.map, f.other, f.size), >, 0.01);
  compute (&f, &config, f.other);
  g_assert_cmpmem (f.map, f.size * 4, f.other, f.size * 4);
  fixture_clear (&f);
}

static void
test_percentile_takes_outliers (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("tiny"), 137);
  for (guint method = SAL_CAM_LAYER; method <= SAL_CAM_SIGNED_LAYER; method++) {
    SalCamConfig config = config_of ((SalCamMethod) method, SAL_CAM_S1);
    gsize n_largest = 0;
    float whole = compute (&f, &config, f.map);
    config.percentile = 90;
    g_assert_cmpfloat (compute (&f, &config, f.other), <, whole);
    for (gsize i = 0; i < f.size; i++) {
      n_largest += fabsf (f.other[i]) == tanhf (5);
      g_assert_cmpfloat (fabsf (f.other[i]), >=, fabsf (f.map[i]) - 1e-6f);
    }
    g_assert_cmpuint (n_largest, >=, f.size / 10);
    g_assert_cmpuint (n_largest, <=, f.size / 10 + 1);
  }
  fixture_clear (&f);
}

/* Weights so large that all later values are not finite. */
static void
test_not_finite_is_zeros (void)
{
  g_autofree char *path = data_path ("tiny.safetensors");
  g_autofree char *edited
      = data_fill_tensor (path, "layer4.0.bn2.weight", 0, 16 * 4, 0x7f);
  g_autoptr (GError) error = NULL;
  Fixture f;
  SalModel *model = sal_model_load (edited, &error);
  g_assert_no_error (error);
  fixture_init (&f, model, 137);
  for (guint method = SAL_CAM_LAYER; method <= SAL_CAM_SCORE; method++) {
    SalCamConfig config = config_of ((SalCamMethod) method, 15);
    float peak = NAN;
    g_assert_false (
        sal_cam_compute (f.cam, f.net, f.target, &config, f.map, &peak));
    g_assert_cmpfloat (peak, ==, 0);
    data_assert_finite ("map", f.map, f.size);
    g_assert_cmpfloat (data_magnitude (f.map, f.size), ==, 0);
  }
  fixture_clear (&f);
}

/* --- settings ------------------------------------------------------------ */

static void
test_default_is_good (void)
{
  SalCamConfig config;
  sal_cam_config_init (&config);
  g_assert_cmpint (config.method, ==, SAL_CAM_SIGNED_LAYER);
  g_assert_cmpint (config.layers, ==, SAL_CAM_S4);
  g_assert_cmpfloat (config.gamma, ==, 5);
  g_assert_cmpfloat (config.percentile, ==, 100);
  g_assert_cmpuint (config.channels, ==, 0);
  g_assert_cmpint (config.score_function, ==, SAL_SCORE_LOG_ODDS);
  g_assert_true (sal_cam_config_check (&config, NULL));
}

static void
refuse (const SalCamConfig *config, const char *field)
{
  g_autoptr (GError) error = NULL;
  if (sal_cam_config_check (config, &error))
    g_test_fail_printf ("a bad %s was accepted", field);
  else
    data_assert_error (error, SAL_ERROR_CONFIG, field, NULL);
}

static void
test_rejects_bad_layers (void)
{
  const guint bad[] = { 0, 16, 31, 1u << 31 };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    SalCamConfig config = config_of (SAL_CAM_LAYER, bad[i]);
    refuse (&config, "layers");
  }
}

static void
test_rejects_bad_gamma (void)
{
  const float bad[] = { 0, -5, NAN, INFINITY };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    SalCamConfig config = config_of (SAL_CAM_LAYER, 15);
    config.gamma = bad[i];
    refuse (&config, "gamma");
  }
}

static void
test_rejects_bad_percentile (void)
{
  const float bad[] = { 0, -5, 100.5f, NAN };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    SalCamConfig config = config_of (SAL_CAM_LAYER, 15);
    config.percentile = bad[i];
    refuse (&config, "percentile");
  }
}

static void
test_counts_forward_passes (void)
{
  g_autoptr (SalModel) model = data_load_model ("tiny"); /* 4, 8, 12, 16 */
  SalCamConfig config = config_of (SAL_CAM_SCORE, SAL_CAM_S4);
  g_assert_cmpuint (sal_cam_config_forwards (&config, model), ==, 18);
  config.channels = 5;
  g_assert_cmpuint (sal_cam_config_forwards (&config, model), ==, 7);
  config.layers = (SalCamLayers) 15;
  g_assert_cmpuint (sal_cam_config_forwards (&config, model), ==, 21);
  g_assert_cmpuint (sal_cam_config_deepest (&config), ==, 3);
  for (guint method = SAL_CAM_NONE; method < SAL_CAM_SCORE; method++) {
    config.method = (SalCamMethod) method;
    g_assert_cmpuint (sal_cam_config_forwards (&config, model), ==, 1);
    g_assert_cmpuint (sal_cam_config_deepest (&config), ==,
        method == SAL_CAM_NONE ? 3 : 0);
  }
}

static void
test_rejects_unknown_choices (void)
{
  SalCamConfig config = config_of ((SalCamMethod) (SAL_CAM_SCORE + 1), 15);
  refuse (&config, "method");
  config = config_of (SAL_CAM_LAYER, 15);
  config.fusion = (SalCamFusion) 99;
  refuse (&config, "fusion");
  config = config_of (SAL_CAM_LAYER, 15);
  config.score_function = (SalScoreFunction) 99;
  refuse (&config, "score_function");
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/cam/layer/matches-the-formula", test_layer_matches_the_formula },
    { "/cam/degrid/removes-the-grid", test_degrid_removes_the_grid },
    { "/cam/degrid/leaves-s4", test_degrid_leaves_s4 },
    { "/cam/compute/posterior-gives-the-map-of-log-odds",
        test_posterior_gives_the_map_of_log_odds },
    { "/cam/compute/values-are-in-range", test_values_are_in_range },
    { "/cam/compute/peak-is-the-largest", test_peak_is_the_largest },
    { "/cam/compute/flat-map-is-zeros", test_flat_map_is_zeros },
    { "/cam/compute/none-is-zeros", test_none_is_zeros },
    { "/cam/compute/targets-do-not-meet", test_targets_do_not_meet },
    { "/cam/compute/percentile-takes-outliers",
        test_percentile_takes_outliers },
    { "/cam/compute/not-finite-is-zeros", test_not_finite_is_zeros },
    { "/cam/config/default-is-good", test_default_is_good },
    { "/cam/config/rejects-bad-layers", test_rejects_bad_layers },
    { "/cam/config/rejects-bad-gamma", test_rejects_bad_gamma },
    { "/cam/config/rejects-bad-percentile", test_rejects_bad_percentile },
    { "/cam/config/counts-forward-passes", test_counts_forward_passes },
    { "/cam/config/rejects-unknown-choices", test_rejects_unknown_choices },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (models); i++) {
    g_autofree char *path
        = g_strconcat ("/cam/compute/matches-golden/", models[i], NULL);
    g_test_add_data_func (path, models[i], test_matches_golden);
  }
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  int result = g_test_run ();
  data_clean ();
  return result;
}
