/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Online clustering on directions in a plane and along the axes of a small
 * space; no model. */
#include "stream/speaker-clusters.h"

#include <math.h>

#define E 8
#define RIPE 3

typedef struct {
  SalSpeakerClusters *clusters;
  guint64 now;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  const SalSpeakerClustersConfig config
      = { .size = E, .same = 0.6f, .merge = 0.8f, .n_ripe = RIPE };
  f->clusters = sal_speaker_clusters_new (&config);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sal_speaker_clusters_free (f->clusters);
}

/* n times the direction cos i + sin j. */
static void
add (Fixture *f, guint i, guint j, double angle, guint n)
{
  float direction[E] = { 0 };
  direction[i] += (float) cos (angle);
  direction[j] += (float) sin (angle);
  for (guint k = 0; k < n; k++)
    sal_speaker_clusters_add (f->clusters, direction, f->now++);
}

static guint
count_ripe (Fixture *f)
{
  guint n = 0;
  for (guint i = 0; i < sal_speaker_clusters_get_n (f->clusters); i++)
    n += sal_speaker_clusters_get (f->clusters, i) != NULL;
  return n;
}

/* The ripe cluster whose mean is nearest to an axis, with that cosine. */
static const SalSpeakerCluster *
find (Fixture *f, guint axis, double least)
{
  for (guint i = 0; i < sal_speaker_clusters_get_n (f->clusters); i++) {
    const SalSpeakerCluster *cluster
        = sal_speaker_clusters_get (f->clusters, i);
    if (cluster != NULL && cluster->mean[axis] >= (float) least)
      return cluster;
  }
  return NULL;
}

static void
test_ripens (Fixture *f, gconstpointer data)
{
  add (f, 0, 1, 0, RIPE - 1);
  g_assert_cmpuint (sal_speaker_clusters_get_n (f->clusters), ==, 1);
  g_assert_cmpuint (count_ripe (f), ==, 0);
  add (f, 0, 1, 0, 1);
  g_assert_cmpuint (count_ripe (f), ==, 1);
  g_assert_cmpuint (find (f, 0, 1)->n, ==, RIPE);
  g_assert_cmpuint (find (f, 0, 1)->last, ==, RIPE - 1);
}

/* 0.6 is cos 0.927. */
static void
test_joins_from_the_cosine_on (Fixture *f, gconstpointer data)
{
  add (f, 0, 1, 0, 1);
  add (f, 0, 1, 0.93, 1);
  g_assert_cmpuint (sal_speaker_clusters_get_n (f->clusters), ==, 2);
  add (f, 2, 3, 0, 1);
  add (f, 2, 3, 0.92, 1);
  g_assert_cmpuint (sal_speaker_clusters_get_n (f->clusters), ==, 3);
}

static void
test_joins_the_nearest (Fixture *f, gconstpointer data)
{
  add (f, 0, 1, 0, 3);
  add (f, 0, 1, 1.2, 3);
  add (f, 0, 1, 0.7, 1); /* 0.5 from the second, 0.7 from the first */
  g_assert_cmpuint (sal_speaker_clusters_get_n (f->clusters), ==, 2);
  g_assert_cmpuint (find (f, 0, 0.99)->n, ==, 3);
  g_assert_cmpuint (find (f, 1, 0.8)->n, ==, 4);
}

static void
test_mean_is_of_all_directions (Fixture *f, gconstpointer data)
{
  add (f, 0, 1, 0, 2);
  add (f, 0, 1, 0.6, 1);
  const SalSpeakerCluster *cluster = find (f, 0, 0.9);
  double x = 2 + cos (0.6), y = sin (0.6), length = hypot (x, y);
  g_assert_cmpfloat_with_epsilon (cluster->sum[0], x, 1e-6);
  g_assert_cmpfloat_with_epsilon (cluster->sum[1], y, 1e-6);
  g_assert_cmpfloat_with_epsilon (cluster->mean[0], x / length, 1e-6);
  g_assert_cmpfloat_with_epsilon (cluster->mean[1], y / length, 1e-6);
}

/* Two clusters 1 apart (cosine 0.54); what joins the second draws it to the
 * first until 0.8 is reached. */
static void
test_merges (Fixture *f, gconstpointer data)
{
  add (f, 0, 1, 0, 10);
  add (f, 2, 3, 0, RIPE);
  add (f, 0, 1, 1, RIPE);
  g_assert_cmpuint (count_ripe (f), ==, 3);
  guint n = 10 + RIPE;
  for (; count_ripe (f) == 3; n++) {
    g_assert_cmpuint (n, <, 40);
    add (f, 0, 1, 0.55, 1);
  }
  g_assert_cmpuint (count_ripe (f), ==, 2);
  g_assert_cmpuint (find (f, 0, 0.8)->n, ==, n);
  g_assert_cmpuint (find (f, 0, 0.8)->last, ==, f->now - 1);
  g_assert_cmpuint (find (f, 2, 1)->n, ==, RIPE); /* stands elsewhere now */
}

/* Clusters too small to be ripe do not merge. */
static void
test_unripe_stay_apart (void)
{
  const SalSpeakerClustersConfig config
      = { .size = E, .same = 0.9f, .merge = 0.5f, .n_ripe = RIPE };
  g_autoptr (SalSpeakerClusters) clusters = sal_speaker_clusters_new (&config);
  Fixture f = { clusters, 0 };
  add (&f, 0, 1, 0, RIPE);
  add (&f, 0, 1, 0.7, RIPE - 1);
  g_assert_cmpuint (sal_speaker_clusters_get_n (clusters), ==, 2);
  add (&f, 0, 1, 0.7, 1);
  g_assert_cmpuint (sal_speaker_clusters_get_n (clusters), ==, 1);
  g_assert_cmpuint (find (&f, 0, 0.9)->n, ==, 2 * RIPE);
}

/* Every number of a mean is its own, whatever place it has. */
static void
test_means_are_numbered (Fixture *f, gconstpointer data)
{
  add (f, 0, 1, 0, RIPE);
  guint64 first = find (f, 0, 1)->mean_id;
  add (f, 2, 3, 0, RIPE);
  g_assert_cmpuint (find (f, 0, 1)->mean_id, ==, first);
  g_assert_cmpuint (find (f, 2, 1)->mean_id, !=, first);
  sal_speaker_clusters_reset (f->clusters);
  g_assert_cmpuint (sal_speaker_clusters_get_n (f->clusters), ==, 0);
  add (f, 0, 1, 0, RIPE);
  g_assert_cmpuint (find (f, 0, 1)->mean_id, !=, first);
}

/* --- eviction ------------------------------------------------------------ */

/* Nothing joins but what is nearly the same. */
static void
set_up_crowd (Fixture *f, gconstpointer data)
{
  const SalSpeakerClustersConfig config
      = { .size = E, .same = 0.9999f, .merge = 2, .n_ripe = RIPE };
  f->clusters = sal_speaker_clusters_new (&config);
}

/* Direction k of a crowd: all differ. */
static void
add_passer (Fixture *f, guint k, guint n)
{
  add (f, k % (E - 1), k % (E - 1) + 1, 0.1 + 0.05 * (k / (E - 1)), n);
}

static void
test_evicts_the_oldest_unripe (Fixture *f, gconstpointer data)
{
  add_passer (f, 0, RIPE);
  for (guint k = 1; k < SAL_SPEAKER_CLUSTERS_MAX; k++)
    add_passer (f, k, 1);
  add_passer (f, 1, 1); /* heard again: 2 is the oldest now */
  g_assert_cmpuint (sal_speaker_clusters_get_n (f->clusters), ==,
      SAL_SPEAKER_CLUSTERS_MAX);
  add_passer (f, SAL_SPEAKER_CLUSTERS_MAX, 1);
  add_passer (f, 1, 1); /* is still there, and ripe with it */
  g_assert_cmpuint (count_ripe (f), ==, 2);
  add_passer (f, 2, RIPE - 1); /* was evicted: not ripe */
  g_assert_cmpuint (count_ripe (f), ==, 2);
}

static void
test_evicts_the_smallest_ripe (Fixture *f, gconstpointer data)
{
  for (guint k = 0; k < SAL_SPEAKER_CLUSTERS_MAX; k++)
    add_passer (f, k, k == 7 ? RIPE : RIPE + 1);
  g_assert_cmpuint (count_ripe (f), ==, SAL_SPEAKER_CLUSTERS_MAX);
  add_passer (f, SAL_SPEAKER_CLUSTERS_MAX, 1);
  g_assert_cmpuint (count_ripe (f), ==, SAL_SPEAKER_CLUSTERS_MAX - 1);
  add_passer (f, 0, 1);
  g_assert_cmpuint (count_ripe (f), ==, SAL_SPEAKER_CLUSTERS_MAX - 1);
  add_passer (f, 7, RIPE); /* evicts the unripe one, and is ripe again */
  g_assert_cmpuint (count_ripe (f), ==, SAL_SPEAKER_CLUSTERS_MAX);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, up, test)                                                    \
  g_test_add ("/speaker-clusters/" path, Fixture, NULL, up, test, tear_down)
  ADD ("ripen", set_up, test_ripens);
  ADD ("join/from-a-cosine-on", set_up, test_joins_from_the_cosine_on);
  ADD ("join/the-nearest", set_up, test_joins_the_nearest);
  ADD ("mean/of-all-directions", set_up, test_mean_is_of_all_directions);
  ADD ("mean/has-its-own-number", set_up, test_means_are_numbered);
  ADD ("merge/ripe-ones", set_up, test_merges);
  g_test_add_func ("/speaker-clusters/merge/not-unripe-ones",
      test_unripe_stay_apart);
  ADD ("evict/the-oldest-unripe", set_up_crowd, test_evicts_the_oldest_unripe);
  ADD ("evict/the-smallest-ripe", set_up_crowd, test_evicts_the_smallest_ripe);
  return g_test_run ();
}
