/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/speaker-clusters.h"

#include <string.h>

#include "compute/vector.h"

struct _SalSpeakerClusters {
  SalSpeakerClustersConfig config;
  guint n;
  guint64 n_means; /* that there ever were */
  SalSpeakerCluster clusters[SAL_SPEAKER_CLUSTERS_MAX];
};

SalSpeakerClusters *
sal_speaker_clusters_new (const SalSpeakerClustersConfig *config)
{
  SalSpeakerClusters *self = g_new0 (SalSpeakerClusters, 1);
  self->config = *config;
  for (guint i = 0; i < SAL_SPEAKER_CLUSTERS_MAX; i++) {
    self->clusters[i].sum = g_new (float, config->size);
    self->clusters[i].mean = g_new (float, config->size);
  }
  return self;
}

void
sal_speaker_clusters_free (SalSpeakerClusters *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < SAL_SPEAKER_CLUSTERS_MAX; i++) {
    g_free (self->clusters[i].sum);
    g_free (self->clusters[i].mean);
  }
  g_free (self);
}

void
sal_speaker_clusters_reset (SalSpeakerClusters *self)
{
  self->n = 0;
}

static gboolean
is_ripe (const SalSpeakerClusters *self, const SalSpeakerCluster *cluster)
{
  return cluster->n >= self->config.n_ripe;
}

guint
sal_speaker_clusters_get_n (const SalSpeakerClusters *self)
{
  return self->n;
}

const SalSpeakerCluster *
sal_speaker_clusters_get (const SalSpeakerClusters *self, guint i)
{
  const SalSpeakerCluster *cluster = &self->clusters[i];
  return is_ripe (self, cluster) ? cluster : NULL;
}

static void
update_mean (SalSpeakerClusters *self, SalSpeakerCluster *cluster)
{
  memcpy (cluster->mean, cluster->sum, self->config.size * sizeof (float));
  sal_vector_normalise (cluster->mean, self->config.size);
  cluster->mean_id = ++self->n_means;
}

/* The cluster nearest to a direction, of all or of the ripe ones, but for
 * `except`; NULL if none reaches the cosine. */
static SalSpeakerCluster *
find_nearest (SalSpeakerClusters *self, const float *direction, float cosine,
    gboolean ripe, const SalSpeakerCluster *except)
{
  SalSpeakerCluster *nearest = NULL;
  for (guint i = 0; i < self->n; i++) {
    SalSpeakerCluster *cluster = &self->clusters[i];
    if (cluster == except || (ripe && !is_ripe (self, cluster)))
      continue;
    float here = sal_vector_dot (direction, cluster->mean, self->config.size);
    if (here >= cosine) {
      cosine = here;
      nearest = cluster;
    }
  }
  return nearest;
}

/* Whether a is evicted before b. */
static gboolean
matters_less (const SalSpeakerClusters *self, const SalSpeakerCluster *a,
    const SalSpeakerCluster *b)
{
  if (is_ripe (self, a) != is_ripe (self, b))
    return is_ripe (self, b);
  return is_ripe (self, a) ? a->n < b->n : a->last < b->last;
}

/* An empty cluster: a new one, or in the place of the one evicted. */
static SalSpeakerCluster *
begin_cluster (SalSpeakerClusters *self)
{
  SalSpeakerCluster *place = &self->clusters[0];
  if (self->n < SAL_SPEAKER_CLUSTERS_MAX) {
    place = &self->clusters[self->n++];
  } else {
    for (guint i = 1; i < self->n; i++)
      if (matters_less (self, &self->clusters[i], place))
        place = &self->clusters[i];
  }
  place->n = 0;
  memset (place->sum, 0, self->config.size * sizeof (float));
  return place;
}

static void
merge (SalSpeakerClusters *self, SalSpeakerCluster *into,
    SalSpeakerCluster *from)
{
  SalSpeakerCluster *last = &self->clusters[--self->n];
  sal_vector_add_scaled (into->sum, 1, from->sum, self->config.size);
  into->n += from->n;
  into->last = MAX (into->last, from->last);
  update_mean (self, into);
  SalSpeakerCluster spare = *from;
  *from = *last;
  *last = spare;
}

void
sal_speaker_clusters_add (SalSpeakerClusters *self, const float *direction,
    guint64 time)
{
  SalSpeakerCluster *cluster
      = find_nearest (self, direction, self->config.same, FALSE, NULL);
  if (cluster == NULL)
    cluster = begin_cluster (self);
  sal_vector_add_scaled (cluster->sum, 1, direction, self->config.size);
  cluster->n++;
  cluster->last = time;
  update_mean (self, cluster);
  if (!is_ripe (self, cluster))
    return;
  SalSpeakerCluster *other
      = find_nearest (self, cluster->mean, self->config.merge, TRUE, cluster);
  if (other != NULL)
    merge (self, other, cluster);
}
