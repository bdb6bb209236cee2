/* SPDX-License-Identifier: GPL-2.0-or-later */
/* score-cam.c: Score-CAM, whose masked passes need the network */
#include <saliency/cam.h>

#include <math.h>
#include <string.h>

#include "data.h"
#include <saliency/map.h>

#define MOST_FRAMES 200

typedef struct {
  SalModel *model;
  SalTarget *target;
  SalNet *net, *other; /* both after a pass over the window */
  SalCam *cam;
  guint n_bands, n_frames;
  gsize size;
  float *map;
} Fixture;

static void
fixture_pass (Fixture *f, guint n_frames)
{
  g_autofree float *log_mel = data_read_log_mel (f->n_bands, n_frames);
  f->n_frames = n_frames;
  f->size = (gsize) f->n_bands * n_frames;
  sal_net_forward (f->net, log_mel, n_frames);
  sal_net_forward (f->other, log_mel, n_frames);
}

static void
fixture_init (Fixture *f, SalModel *model, guint n_frames)
{
  g_autoptr (GError) error = NULL;
  f->model = model;
  f->target = sal_target_new_class (model, sal_model_get_class_name (model, 3),
      &error);
  g_assert_no_error (error);
  f->n_bands = sal_model_get_mel_config (model)->n_bands;
  f->net = sal_net_new (model, MOST_FRAMES, 3, 1);
  f->other = sal_net_new (model, MOST_FRAMES, 3, 1);
  f->cam = sal_cam_new (model, MOST_FRAMES);
  f->map = g_new (float, (gsize) f->n_bands *MOST_FRAMES);
  fixture_pass (f, n_frames);
}

static void
fixture_clear (Fixture *f)
{
  g_free (f->map);
  sal_cam_free (f->cam);
  sal_net_free (f->net);
  sal_net_free (f->other);
  sal_target_unref (f->target);
  sal_model_unref (f->model);
}

static SalCamConfig
config_of (guint layers, SalScoreFunction function, guint channels)
{
  SalCamConfig config;
  sal_cam_config_init (&config);
  config.method = SAL_CAM_SCORE;
  config.layers = (SalCamLayers) layers;
  config.score_function = function;
  config.channels = channels;
  return config;
}

static float
score_of (Fixture *f, SalScoreFunction function)
{
  g_autoptr (SalScorer) scorer = sal_scorer_new (f->model);
  SalScore score;
  sal_scorer_score (scorer, f->target, sal_net_get_embedding (f->other),
      &score);
  const float scores[] = { score.log_odds, score.posterior, score.logit };
  return scores[function];
}

static double
mean_of (const float *x, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += x[i];
  return sum / (double) n;
}

/* Whether channel k is among the strongest; there are no ties here. */
static gboolean
is_taken (const float *A, const guint shape[3], guint k, guint channels)
{
  gsize plane = (gsize) shape[1] * shape[2];
  guint n_stronger = 0;
  for (guint i = 0; i < shape[0]; i++)
    n_stronger
        += mean_of (A + i * plane, plane) > mean_of (A + k * plane, plane);
  return channels == 0 || n_stronger < channels;
}

/* Score-CAM (5) in full size by its definition, with the other net. */
static float *
by_the_formula (Fixture *f, guint layer, SalScoreFunction function,
    guint channels)
{
  guint shape[3];
  const float *stage = sal_net_get_stage (f->net, layer, shape);
  float *sum = g_new0 (float, f->size), scale = 1 / (float) (1u << layer);
  g_autofree float *input = g_new (float, f->size);
  g_autofree float *wide = g_new (float, f->size);
  g_autofree float *masked = g_new (float, f->size);
  sal_net_get_input (f->net, input);
  for (guint k = 0; k < shape[0]; k++) {
    float low = INFINITY, high = -INFINITY;
    if (!is_taken (stage, shape, k, channels))
      continue;
    sal_map_resize (stage + (gsize) k * shape[1] * shape[2], shape[1], shape[2],
        wide, f->n_bands, f->n_frames, scale, scale);
    for (gsize i = 0; i < f->size; i++) {
      low = MIN (low, wide[i]);
      high = MAX (high, wide[i]);
    }
    if (low == high)
      continue;
    for (gsize i = 0; i < f->size; i++)
      masked[i] = input[i] * (wide[i] - low) / (high - low);
    sal_net_forward_input (f->other, masked);
    float weight = score_of (f, function);
    for (gsize i = 0; i < f->size; i++)
      sum[i] += weight * wide[i];
  }
  for (gsize i = 0; i < f->size; i++)
    sum[i] = MAX (sum[i], 0);
  return sum;
}

static void
compare (Fixture *f, guint layer, SalScoreFunction function, guint channels)
{
  SalCamConfig config = config_of (1u << layer, function, channels);
  float peak, want_peak;
  g_autofree float *want = by_the_formula (f, layer, function, channels);
  gboolean some = sal_map_normalise (want, f->size, 5, FALSE, &want_peak);
  g_assert_cmpint (sal_cam_compute (f->cam, f->net, f->target, &config, f->map,
                       &peak),
      ==, some);
  g_assert_cmpfloat (fabsf (peak - want_peak), <=, 1e-4f * want_peak);
  data_assert_close ("map", f->map, want, f->size, 1e-3); /* 5 x float32 */
}

static void
test_matches_the_formula (gconstpointer data)
{
  Fixture f;
  fixture_init (&f, data_load_model (data), 137);
  for (guint layer = 0; layer < 4; layer++)
    for (guint function = 0; function <= SAL_SCORE_LOGIT; function++)
      compare (&f, layer, (SalScoreFunction) function, layer == 1 ? 0 : 3);
  fixture_clear (&f);
}

/* The same for windows of another length afterwards, the longest among them. */
static void
test_lengths_may_change (void)
{
  Fixture f;
  fixture_init (&f, data_load_model ("tiny"), 64);
  compare (&f, 3, SAL_SCORE_POSTERIOR, 0);
  fixture_pass (&f, MOST_FRAMES);
  compare (&f, 3, SAL_SCORE_POSTERIOR, 0);
  compare (&f, 0, SAL_SCORE_POSTERIOR, 0);
  fixture_clear (&f);
}

static void
test_leaves_the_net_as_it_was (void)
{
  Fixture f;
  SalCamConfig config = config_of (15, SAL_SCORE_POSTERIOR, 2);
  gsize n = 0;
  float peak;
  fixture_init (&f, data_load_model ("tiny"), 137);
  n = sal_model_get_embedding_size (f.model);
  sal_cam_compute (f.cam, f.net, f.target, &config, f.map, &peak);
  g_assert_cmpmem (sal_net_get_embedding (f.net), n * sizeof (float),
      sal_net_get_embedding (f.other), n * sizeof (float));
  for (guint layer = 0; layer < 4; layer++) {
    guint s[3];
    const float *stage = sal_net_get_stage (f.net, layer, s);
    const float *want = sal_net_get_stage (f.other, layer, s);
    gsize size = (gsize) s[0] * s[1] * s[2] * sizeof (float);
    g_assert_cmpmem (stage, size, want, size);
  }
  g_autofree float *first = g_memdup2 (f.map, f.size * sizeof (float));
  sal_cam_compute (f.cam, f.net, f.target, &config, f.map, &peak);
  g_assert_cmpmem (first, f.size * sizeof (float), f.map,
      f.size * sizeof (float));
  fixture_clear (&f);
}

/* The tiny model with n channels of S4 that are the same everywhere, not 0. */
static SalModel *
with_flat_channels (guint n)
{
  const char *const tensors[]
      = { "layer4.0.bn2.weight", "layer4.0.shortcut.1.weight",
          "layer4.0.bn2.bias", "layer4.0.shortcut.1.bias" };
  g_autofree char *path = data_path ("tiny.safetensors");
  for (guint i = 0; i < G_N_ELEMENTS (tensors); i++) {
    char *edited = data_fill_tensor (path, tensors[i], 0, n * sizeof (float),
        i < 2 ? 0 : 0x3f); /* 0x3f3f3f3f is 0.747 */
    g_free (path);
    path = edited;
  }
  g_autoptr (GError) error = NULL;
  SalModel *model = sal_model_load (path, &error);
  g_assert_no_error (error);
  return model;
}

static void
test_flat_channel_counts_for_nothing (void)
{
  Fixture f;
  guint shape[3];
  fixture_init (&f, with_flat_channels (1), 137);
  const float *stage = sal_net_get_stage (f.net, 3, shape);
  for (guint i = 0; i < shape[1] * shape[2]; i++)
    g_assert_true (stage[i] == stage[0] && stage[0] > 0.1f);
  compare (&f, 3, SAL_SCORE_POSTERIOR, 0); /* the peak would differ */
  fixture_clear (&f);
}

static void
test_all_flat_is_zeros (void)
{
  Fixture f;
  SalCamConfig config = config_of (SAL_CAM_S4, SAL_SCORE_POSTERIOR, 0);
  float peak = NAN;
  fixture_init (&f, with_flat_channels (16), 137);
  memset (f.map, 0xff, f.size * sizeof (float));
  g_assert_false (
      sal_cam_compute (f.cam, f.net, f.target, &config, f.map, &peak));
  g_assert_cmpfloat (peak, ==, 0);
  for (gsize i = 0; i < f.size; i++)
    g_assert_cmpfloat (f.map[i], ==, 0);
  fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  const char *const models[] = { "tiny", "voxceleb", "wespeaker" };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (models); i++) {
    g_autofree char *path
        = g_strconcat ("/score-cam/matches-the-formula/", models[i], NULL);
    g_test_add_data_func (path, models[i], test_matches_the_formula);
  }
  g_test_add_func ("/score-cam/lengths-may-change", test_lengths_may_change);
  g_test_add_func ("/score-cam/leaves-the-net-as-it-was",
      test_leaves_the_net_as_it_was);
  g_test_add_func ("/score-cam/flat-channel-counts-for-nothing",
      test_flat_channel_counts_for_nothing);
  g_test_add_func ("/score-cam/all-flat-is-zeros", test_all_flat_is_zeros);
  int result = g_test_run ();
  data_clean ();
  return result;
}
