/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A render is what gate and masker are by hand, to the bit. */
#include <saliency/render.h>

#include <math.h>
#include <string.h>

#include <saliency/masker.h>
#include "data.h"

#define F 6 /* bands of the front end */
#define SECONDS 3

/* As of a model, with few bands. */
static const SalMelConfig mel = {
  .sample_rate = 16000,
  .sample_scale = 32768,
  .window = SAL_TAPER_HAMMING_PERIODIC,
  .window_length = 400,
  .hop = 160,
  .fft_size = 512,
  .power = TRUE,
  .mel_formula = SAL_MEL_HTK,
  .f_max = 8000,
  .n_bands = F,
  .log_floor = 1e-6f,
};

static SalRender *
new_render (const SalGateConfig *gate, gboolean by_frequency, guint rate,
    guint n_channels)
{
  g_autoptr (GError) error = NULL;
  SalRender *render = sal_render_new (&mel, gate, by_frequency, &error);
  g_assert_no_error (error);
  sal_render_set_format (render, rate, n_channels, &error);
  g_assert_no_error (error);
  return render;
}

/* The next stretch: a target that comes and goes, each in another rhythm, with
 * a saliency that wanders over the bands. */
static SalMap *
make_map (guint target, guint64 first, guint n_frames)
{
  SalMap *map = sal_map_new (F, n_frames);
  map->first_frame = first;
  for (guint i = 0; i < n_frames; i++) {
    float t = (float) (first + i);
    map->activity[i] = 0.5f + 0.5f * sinf ((0.04f + 0.03f * target) * t);
    for (guint f = 0; f < F; f++)
      map->saliency[f * n_frames + i] = 0.8f * sinf (0.1f * t + f);
  }
  return map;
}

/* --- by hand ------------------------------------------------------------- */

typedef struct {
  gboolean by_frequency;
  SalGate *gate;
  SalMasker *masker;
} Hand;

static Hand
hand_new (const SalGateConfig *config, gboolean by_frequency, guint rate,
    guint n_channels)
{
  float hz[F];
  sal_mel_config_bands (&mel, hz);
  const SalMaskerConfig plan = { .rate = rate,
    .n_channels = n_channels,
    .n_bands = by_frequency ? F : 1,
    .bands_hz = hz,
    .frame_period = (double) mel.hop / mel.sample_rate,
    .frame_centre = (double) sal_mel_config_centre (&mel) / mel.sample_rate };
  Hand hand = { by_frequency,
    sal_gate_new (config, plan.n_bands, (float) (1000 * plan.frame_period),
        NULL),
    sal_masker_new (&plan, NULL) };
  g_assert_true (hand.gate != NULL && hand.masker != NULL);
  return hand;
}

static void
hand_clear (Hand *self)
{
  sal_gate_free (self->gate);
  sal_masker_free (self->masker);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Hand, hand_clear)

/* The largest probability of any map. */
static void
hand_push_maps (Hand *self, SalMap *const *maps, guint n_maps)
{
  guint B = self->by_frequency ? F : 1, n_frames = maps[0]->n_frames;
  g_autofree float *gains = g_new0 (float, n_frames *B);
  for (guint m = 0; m < n_maps; m++)
    for (guint t = 0; t < n_frames; t++)
      for (guint b = 0; b < B; b++) {
        float p = maps[m]->activity[t];
        if (self->by_frequency)
          p = CLAMP (p + maps[m]->saliency[b * n_frames + t], 0, 1);
        gains[t * B + b] = MAX (gains[t * B + b], p);
      }
  sal_gate_process (self->gate, gains, n_frames, gains);
  sal_masker_push_gains (self->masker, gains, n_frames);
}

/* --- equal to the bit ---------------------------------------------------- */

typedef struct {
  guint rate, n_channels, n_maps;
  gboolean by_frequency;
} Case;

/* What is ready of both, and only that. */
static void
pull_both (SalRender *render, Hand *hand, guint n_channels, gsize *total)
{
  gsize n = sal_render_get_n_ready (render), size = n * n_channels;
  g_autofree float *got = g_new (float, size + 1);
  g_autofree float *want = g_new (float, size + 1);
  gboolean plain, hand_plain;
  g_assert_cmpuint (n, ==, sal_masker_get_n_ready (hand->masker));
  g_assert_cmpuint (sal_render_get_run (render, &plain), ==,
      sal_masker_get_run (hand->masker, &hand_plain));
  g_assert_cmpint (plain, ==, hand_plain);
  sal_render_pull (render, got, n);
  sal_masker_pull (hand->masker, want, n);
  g_assert_cmpmem (got, size * sizeof (float), want, size * sizeof (float));
  *total += n;
}

/* A stream in uneven pieces; halfway the gate changes. */
static void
run_both (SalRender *render, Hand *hand, const Case *c, const float *pcm,
    gsize n_frames)
{
  SalGateConfig other;
  gsize done = 0, total = 0;
  guint64 frame = 0;
  sal_gate_config_init (&other);
  other.floor_db = -20;
  other.removed = TRUE;
  for (guint k = 0; done < n_frames; k++) {
    SalMap *maps[3];
    gsize n = MIN (n_frames - done, 1000 + 777 * (k % 5));
    guint n_map_frames = (guint) (100 * (done + n) / c->rate - frame);
    for (guint m = 0; m < c->n_maps; m++)
      maps[m] = make_map (m, frame, n_map_frames);
    if (done < n_frames / 2 && done + n >= n_frames / 2) {
      g_assert_true (sal_render_set_gate (render, &other, NULL));
      g_assert_true (sal_gate_set_config (hand->gate, &other, NULL));
    }
    sal_render_push (render, pcm + done * c->n_channels, n);
    sal_masker_push (hand->masker, pcm + done * c->n_channels, n);
    sal_render_push_maps (render, maps, c->n_maps);
    hand_push_maps (hand, maps, c->n_maps);
    pull_both (render, hand, c->n_channels, &total);
    for (guint m = 0; m < c->n_maps; m++)
      sal_map_unref (maps[m]);
    frame += n_map_frames;
    done += n;
  }
  sal_render_finish (render);
  sal_masker_finish (hand->masker);
  pull_both (render, hand, c->n_channels, &total);
  g_assert_cmpuint (total, ==, n_frames);
}

static void
test_equals_gate_and_masker (void)
{
  const Case cases[] = { { 16000, 1, 1, FALSE }, { 16000, 1, 1, TRUE },
    { 48000, 2, 1, TRUE }, { 44100, 2, 3, FALSE }, { 8000, 6, 3, TRUE } };
  SalGateConfig gate;
  sal_gate_config_init (&gate);
  gate.hold_ms = 30;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Case *c = &cases[i];
    gsize n_frames = (gsize) c->rate * SECONDS;
    g_autofree float *pcm = data_noise (i, n_frames * c->n_channels);
    g_autoptr (SalRender) render
        = new_render (&gate, c->by_frequency, c->rate, c->n_channels);
    g_auto (Hand) hand
        = hand_new (&gate, c->by_frequency, c->rate, c->n_channels);
    g_assert_cmpuint (sal_render_get_delay (render), ==,
        sal_masker_get_delay (hand.masker));
    run_both (render, &hand, c, pcm, n_frames);
  }
}

static void
test_null_gate_is_the_default (void)
{
  SalGateConfig gate;
  const Case c = { 16000, 1, 1, FALSE };
  g_autofree float *pcm = data_noise (1, 16000);
  g_autoptr (SalRender) render = new_render (NULL, FALSE, 16000, 1);
  sal_gate_config_init (&gate);
  g_auto (Hand) hand = hand_new (&gate, FALSE, 16000, 1);
  run_both (render, &hand, &c, pcm, 16000);
}

/* --- other ways in and out ----------------------------------------------- */

/* All of it at once: (transfer full). */
static float *
render_all (SalRender *render, const SalMap *map, const float *pcm, gsize n)
{
  float *out = g_new (float, n);
  sal_render_push (render, pcm, n);
  if (map != NULL)
    sal_render_push_maps (render, (SalMap *const *) &map, 1);
  sal_render_finish (render);
  g_assert_cmpuint (sal_render_get_n_ready (render), ==, n);
  sal_render_pull (render, out, n);
  g_assert_cmpuint (sal_render_get_n_ready (render), ==, 0);
  return out;
}

static void
test_activity_is_a_map (void)
{
  const gsize n = 16000 * SECONDS;
  g_autofree float *pcm = data_noise (2, n);
  g_autoptr (SalMap) map = make_map (0, 0, 100 * SECONDS);
  g_autoptr (SalRender) a = new_render (NULL, FALSE, 16000, 1);
  g_autoptr (SalRender) b = new_render (NULL, FALSE, 16000, 1);
  g_autofree float *want = render_all (a, map, pcm, n);
  for (guint t = 0; t < map->n_frames; t += 25)
    sal_render_push_activity (b, map->activity + t, 25);
  g_autofree float *got = render_all (b, NULL, pcm, n);
  g_assert_cmpmem (got, n * sizeof (float), want, n * sizeof (float));
  g_assert_cmpfloat (data_difference (want, pcm, n), >, 0.1);
}

static void
test_gain_of_one_changes_nothing (gconstpointer by_frequency)
{
  const gsize n = 16000 * SECONDS;
  SalGateConfig gate;
  gboolean plain;
  sal_gate_config_init (&gate);
  gate.bypass = TRUE;
  g_autofree float *pcm = data_noise (3, n);
  g_autoptr (SalMap) map = make_map (0, 0, 100 * SECONDS);
  g_autoptr (SalRender) render
      = new_render (&gate, by_frequency != NULL, 16000, 1);
  g_autofree float *out = render_all (render, map, pcm, n);
  g_assert_cmpmem (out, n * sizeof (float), pcm, n * sizeof (float));
  sal_render_reset (render);
  sal_render_push (render, pcm, n);
  sal_render_push_maps (render, &map, 1);
  sal_render_finish (render);
  g_assert_cmpuint (sal_render_get_run (render, &plain), ==, n);
  g_assert_true (plain);
}

/* Where it says so, and there only, the output is the input. */
static void
test_runs (void)
{
  const gsize n = 16000 * SECONDS;
  gsize at = 0, sum[2] = { 0, 0 };
  g_autofree float *pcm = data_noise (4, n);
  g_autofree float *out = g_new (float, n);
  g_autoptr (SalMap) map = make_map (0, 0, 100 * SECONDS);
  g_autoptr (SalRender) render = new_render (NULL, FALSE, 16000, 1);
  sal_render_push (render, pcm, n);
  sal_render_push_maps (render, &map, 1);
  sal_render_finish (render);
  while (at < n) {
    gboolean plain;
    gsize run = sal_render_get_run (render, &plain);
    g_assert_cmpuint (run, >, 0);
    if (plain) {
      memcpy (out, pcm + at, run * sizeof (float));
      sal_render_skip (render, run);
    } else {
      sal_render_pull (render, out, run);
      g_assert_cmpfloat (data_difference (out, pcm + at, run), >, 0);
    }
    sum[plain ? 1 : 0] += run;
    at += run;
  }
  g_assert_cmpuint (sum[0] + sum[1], ==, n);
  g_assert_cmpuint (MIN (sum[0], sum[1]), >, n / 5);
}

static void
test_reset_begins_anew (void)
{
  const gsize n = 16000 * SECONDS;
  g_autofree float *pcm = data_noise (5, n);
  g_autoptr (SalMap) map = make_map (1, 0, 100 * SECONDS);
  g_autoptr (SalRender) render = new_render (NULL, TRUE, 16000, 1);
  g_autofree float *want = render_all (render, map, pcm, n);
  sal_render_reset (render);
  g_autofree float *again = render_all (render, map, pcm, n);
  g_assert_true (sal_render_set_format (render, 16000, 1, NULL));
  g_autofree float *other = render_all (render, map, pcm, n);
  g_assert_cmpmem (again, n * sizeof (float), want, n * sizeof (float));
  g_assert_cmpmem (other, n * sizeof (float), want, n * sizeof (float));
}

/* --- settings ------------------------------------------------------------ */

static void
test_without_format (void)
{
  g_autoptr (SalRender) render = sal_render_new (&mel, NULL, TRUE, NULL);
  g_assert_cmpuint (sal_render_get_n_ready (render), ==, 0);
  g_assert_cmpuint (sal_render_get_delay (render), ==, 0);
  sal_render_reset (render);
  sal_render_free (NULL);
}

static void
test_rejects (void)
{
  SalGateConfig gate;
  g_autoptr (GError) error = NULL;
  sal_gate_config_init (&gate);
  gate.floor_db = 1;
  g_assert_null (sal_render_new (&mel, &gate, FALSE, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_CONFIG);
  g_clear_error (&error);
  g_autoptr (SalRender) render = sal_render_new (&mel, NULL, FALSE, NULL);
  g_assert_false (sal_render_set_gate (render, &gate, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_CONFIG);
  g_clear_error (&error);
  g_assert_false (sal_render_set_format (render, 100, 1, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_CONFIG);
  g_assert_cmpuint (sal_render_get_delay (render), ==, 0);
  g_assert_true (sal_render_set_format (render, 16000, 1, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/equals/gate-and-masker",
      test_equals_gate_and_masker);
  g_test_add_func ("/render/equals/the-default-gate",
      test_null_gate_is_the_default);
  g_test_add_func ("/render/activity-is-a-map", test_activity_is_a_map);
  g_test_add_data_func ("/render/gain-of-one-changes-nothing", NULL,
      test_gain_of_one_changes_nothing);
  g_test_add_data_func ("/render/gain-of-one-changes-nothing/by-frequency", "",
      test_gain_of_one_changes_nothing);
  g_test_add_func ("/render/runs", test_runs);
  g_test_add_func ("/render/reset-begins-anew", test_reset_begins_anew);
  g_test_add_func ("/render/without-format", test_without_format);
  g_test_add_func ("/render/rejects", test_rejects);
  return g_test_run ();
}
