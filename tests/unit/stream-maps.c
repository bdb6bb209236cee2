/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream-maps.h"

#include <math.h>
#include <string.h>

#include "data.h"

float *
maps_sound (gsize *n)
{
  const gsize a = 40011, pause = 41600, b = 20007;
  *n = a + pause + b;
  float *sound = g_new0 (float, *n);
  g_autofree float *first = data_voice (2, a);
  g_autofree float *second = data_voice (7, b);
  memcpy (sound, first, a * sizeof (float));
  memcpy (sound + a + pause, second, b * sizeof (float));
  return sound;
}

SalAnalyserConfig
maps_config (guint hop, guint lookahead)
{
  SalAnalyserConfig config;
  sal_analyser_config_init (&config);
  config.hop = hop;
  config.lookahead = lookahead;
  return config;
}

SalTarget *
maps_target (SalModel *model, const char *name)
{
  g_autoptr (GError) error = NULL;
  SalTarget *target = sal_target_new_class (model, name, &error);
  g_assert_no_error (error);
  return target;
}

SalAnalyser *
maps_analyser (SalModel *model, const char *name,
    const SalAnalyserConfig *config)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalTarget) target = maps_target (model, name);
  SalAnalyser *analyser = sal_analyser_new (model, target, config, &error);
  g_assert_no_error (error);
  g_assert_nonnull (analyser);
  return analyser;
}

GPtrArray *
maps_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) sal_map_unref);
}

void
maps_pop (SalAnalyser *analyser, GPtrArray *maps)
{
  SalMap *map;
  while ((map = sal_analyser_pop (analyser)) != NULL)
    g_ptr_array_add (maps, map);
}

GPtrArray *
maps_analyse (SalAnalyser *analyser, const float *sound, gsize n, gsize chunk)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  GPtrArray *maps = maps_new ();
  for (gsize at = 0; at < n;) {
    gsize size = chunk > 0 ? chunk : (gsize) g_rand_int_range (rand, 0, 9000);
    size = MIN (size, n - at);
    sal_analyser_push (analyser, sound + at, size);
    at += size;
    maps_pop (analyser, maps);
  }
  sal_analyser_finish (analyser);
  maps_pop (analyser, maps);
  return maps;
}

GPtrArray *
maps_of (const GPtrArray *maps, guint target)
{
  GPtrArray *of = maps_new ();
  for (guint i = 0; i < maps->len; i++)
    if (maps_at (maps, i)->target == target)
      g_ptr_array_add (of, sal_map_ref (maps->pdata[i]));
  return of;
}

const SalMap *
maps_at (const GPtrArray *maps, guint i)
{
  return g_ptr_array_index (maps, i);
}

void
maps_assert_same_map (const SalMap *x, const SalMap *y)
{
  gsize T = x->n_frames, size = T * x->n_bands;
  g_assert_cmpuint (x->first_frame, ==, y->first_frame);
  g_assert_cmpuint (x->n_frames, ==, y->n_frames);
  g_assert_cmpuint (x->seqnum, ==, y->seqnum);
  g_assert_cmpuint (x->window_start, ==, y->window_start);
  g_assert_cmpuint (x->window_frames, ==, y->window_frames);
  g_assert_cmpuint (x->flags, ==, y->flags);
  g_assert_true (x->score == y->score && x->peak == y->peak
      && x->probability == y->probability);
  g_assert_cmpmem (x->saliency, size * 4, y->saliency, size * 4);
  g_assert_cmpmem (x->log_mel, size * 4, y->log_mel, size * 4);
  g_assert_cmpmem (x->activity, T * 4, y->activity, T * 4);
  g_assert_cmpmem (x->log_odds, T * 4, y->log_odds, T * 4);
}

void
maps_assert_same (const GPtrArray *a, const GPtrArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    maps_assert_same_map (maps_at (a, i), maps_at (b, i));
}

void
maps_assert_good (const GPtrArray *maps)
{
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i);
    gsize size = (gsize) map->n_frames * map->n_bands;
    double sum = 0;
    for (guint t = 0; t < map->n_frames; t++) {
      g_assert_true (map->activity[t] >= 0 && map->activity[t] <= 1);
      sum += map->activity[t] / map->n_frames;
    }
    g_assert_cmpfloat_with_epsilon (map->probability, sum, 1e-5);
    for (gsize k = 0; k < size; k++)
      g_assert_true (map->saliency[k] >= -1 && map->saliency[k] <= 1);
    data_assert_finite ("log-odds", map->log_odds, map->n_frames);
    g_assert_true (isfinite (map->score) && isfinite (map->peak));
  }
}

gsize
maps_assert_tiles (const GPtrArray *maps)
{
  guint64 at = 0, seqnum = 0;
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = maps_at (maps, i);
    g_assert_cmpuint (map->first_frame, ==, at);
    g_assert_cmpuint (map->n_frames, >, 0);
    g_assert_cmpuint (map->n_bands, ==, 80);
    if (i > 0)
      g_assert_cmpuint (map->seqnum, >, seqnum);
    seqnum = map->seqnum;
    at += map->n_frames;
  }
  return at;
}

gsize
maps_n_frames (SalModel *model, gsize n_samples)
{
  g_autoptr (SalMel) mel = sal_mel_new (sal_model_get_mel_config (model), NULL);
  return sal_mel_n_frames (mel, n_samples);
}
