/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "map/faithfulness.h"

#include <math.h>
#include <stdlib.h>

#include "data.h"

#define MOST_FRAMES 200
#define N_FRAMES 128

typedef struct {
  SalModel *model;
  SalTarget *target;
  SalNet *net;
  SalFaithfulness *trust;
  SalScorer *scorer;
  guint n_bands;
  gsize size;
  float *log_mel, *input, *map;
} Fixture;

static void
fixture_pass (Fixture *f, guint n_frames)
{
  g_free (f->log_mel);
  f->size = (gsize) f->n_bands * n_frames;
  f->log_mel = data_read_log_mel (f->n_bands, n_frames);
  sal_net_forward (f->net, f->log_mel, n_frames);
  sal_net_get_input (f->net, f->input);
  sal_faithfulness_begin (f->trust, f->net);
}

static void
fixture_init (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  *f = (Fixture){ .model = data_load_model ("tiny") };
  f->target = sal_target_new_class (f->model,
      sal_model_get_class_name (f->model, 3), &error);
  g_assert_no_error (error);
  f->n_bands = sal_model_get_mel_config (f->model)->n_bands;
  f->net = sal_net_new (f->model, MOST_FRAMES, 3, 1);
  f->trust = sal_faithfulness_new (f->model, MOST_FRAMES);
  f->scorer = sal_scorer_new (f->model);
  f->input = g_new (float, (gsize) f->n_bands *MOST_FRAMES);
  f->map = data_noise (7, (gsize) f->n_bands * MOST_FRAMES);
  fixture_pass (f, N_FRAMES);
}

static void
fixture_clear (Fixture *f)
{
  g_free (f->log_mel);
  g_free (f->input);
  g_free (f->map);
  sal_net_free (f->net);
  sal_faithfulness_free (f->trust);
  sal_scorer_free (f->scorer);
  sal_target_unref (f->target);
  sal_model_unref (f->model);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

typedef struct {
  float value;
  guint frame, band;
} Bin;

static int
by_value (const void *a, const void *b)
{
  const Bin *x = a, *y = b;
  if (x->value != y->value)
    return x->value > y->value ? -1 : 1;
  return x->frame != y->frame ? (int) x->frame - (int) y->frame
                              : (int) x->band - (int) y->band;
}

/* Log-odds of ranks [from, to) alone. */
static double
kept_score (Fixture *f, const Bin *bins, gsize from, gsize to)
{
  guint T = (guint) (f->size / f->n_bands);
  g_autofree float *masked = g_new0 (float, f->size);
  SalScore score;
  for (gsize i = from; i < to; i++) {
    gsize at = (gsize) bins[i].band * T + bins[i].frame;
    masked[at] = f->input[at];
  }
  sal_net_forward_input (f->net, masked);
  sal_scorer_score (f->scorer, f->target, sal_net_get_embedding (f->net),
      &score);
  return score.log_odds;
}

/* The formula, with a plain sort. */
static double
expected (Fixture *f)
{
  static const double parts[] = { 0.3, 0.7 };
  guint T = (guint) (f->size / f->n_bands);
  g_autofree Bin *bins = g_new (Bin, f->size);
  double sum = 0;
  for (gsize i = 0; i < f->size; i++)
    bins[i] = (Bin){ f->map[i], (guint) (i % T), (guint) (i / T) };
  qsort (bins, f->size, sizeof (Bin), by_value);
  for (guint i = 0; i < 2; i++) {
    gsize n = (gsize) lrint (parts[i] * (double) f->size);
    sum += kept_score (f, bins, 0, n)
        - kept_score (f, bins, f->size - n, f->size);
  }
  return tanh (sum / 2 / 20);
}

static void
test_is_the_formula (void)
{
  g_auto (Fixture) f;
  fixture_init (&f);
  float trust = sal_faithfulness_measure (f.trust, f.net, f.target, f.map);
  g_assert_cmpfloat (fabsf (trust), >, 1e-4);
  g_assert_cmpfloat_with_epsilon (trust, expected (&f), 1e-6);
}

/* Few distinct values: nearly all bins are tied. */
static void
test_ties_go_by_time_then_band (void)
{
  g_auto (Fixture) f;
  fixture_init (&f);
  for (gsize i = 0; i < f.size; i++)
    f.map[i] = roundf (f.map[i]);
  g_assert_cmpfloat_with_epsilon (sal_faithfulness_measure (f.trust, f.net,
                                      f.target, f.map),
      expected (&f), 1e-6);
}

static void
test_turned_map_has_the_opposite (void)
{
  g_auto (Fixture) f;
  fixture_init (&f);
  float trust = sal_faithfulness_measure (f.trust, f.net, f.target, f.map);
  for (gsize i = 0; i < f.size; i++)
    f.map[i] = -f.map[i];
  float turned = sal_faithfulness_measure (f.trust, f.net, f.target, f.map);
  g_assert_cmpfloat_with_epsilon (turned, -trust, 1e-6);
}

/* Earlier measurements, of any length, change nothing. */
static void
test_repeats_to_the_bit (void)
{
  g_auto (Fixture) f;
  fixture_init (&f);
  g_autofree float *other = data_noise (8, f.size);
  float trust = sal_faithfulness_measure (f.trust, f.net, f.target, f.map);
  sal_faithfulness_measure (f.trust, f.net, f.target, other);
  g_assert_cmpfloat (trust, ==,
      sal_faithfulness_measure (f.trust, f.net, f.target, f.map));
  fixture_pass (&f, MOST_FRAMES);
  g_assert_cmpfloat_with_epsilon (sal_faithfulness_measure (f.trust, f.net,
                                      f.target, f.map),
      expected (&f), 1e-6);
  fixture_pass (&f, N_FRAMES);
  g_assert_cmpfloat (trust, ==,
      sal_faithfulness_measure (f.trust, f.net, f.target, f.map));
}

static void
test_random_maps_earn_none_on_average (void)
{
  g_auto (Fixture) f;
  fixture_init (&f);
  double sum = 0, square = 0;
  const guint n = 40;
  for (guint i = 0; i < n; i++) {
    g_autofree float *map = data_noise (100 + i, f.size);
    double trust = sal_faithfulness_measure (f.trust, f.net, f.target, map);
    sum += trust;
    square += trust * trust;
  }
  double mean = sum / n, deviation = sqrt (square / n - mean * mean);
  g_assert_cmpfloat (fabs (mean), <, 3 * deviation / sqrt (n));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faithfulness/is-the-formula", test_is_the_formula);
  g_test_add_func ("/faithfulness/ties-go-by-time-then-band",
      test_ties_go_by_time_then_band);
  g_test_add_func ("/faithfulness/turned-map-has-the-opposite",
      test_turned_map_has_the_opposite);
  g_test_add_func ("/faithfulness/repeats-to-the-bit", test_repeats_to_the_bit);
  g_test_add_func ("/faithfulness/random-maps-earn-none-on-average",
      test_random_maps_earn_none_on_average);
  return g_test_run ();
}
