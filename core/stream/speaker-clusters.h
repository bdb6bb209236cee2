/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker-clusters.h: online clustering of the directions heard in a stream, by speaker
 *
 * A cluster is a mean direction.  Each new direction d of unit length joins the cluster with the
 * nearest mean m, if <d, m> reaches the cosine `same`; otherwise it begins a cluster.  A cluster
 * of enough directions is ripe.  Two ripe clusters merge when the cosine of their means reaches
 * `merge`.  There is room for a fixed number of clusters: when it is used up, the cluster that
 * matters least is evicted, an unripe one first, the one heard longest ago; then the smallest ripe
 * one.
 *
 * The clusters know no model and no target.
 */
#pragma once

#include <glib.h>

#define SAL_SPEAKER_CLUSTERS_MAX 40

typedef struct {
  guint size;        /* E, of a direction */
  float same, merge; /* cosines */
  guint n_ripe;      /* directions that make a cluster ripe */
} SalSpeakerClustersConfig;

typedef struct {
  float *sum;      /* of its directions, [E] */
  float *mean;     /* of unit length, [E] */
  guint n;         /* directions */
  guint64 last;    /* time of the newest direction */
  guint64 mean_id; /* no other mean, before or elsewhere, has the same number */
} SalSpeakerCluster;

typedef struct _SalSpeakerClusters SalSpeakerClusters; /* one thread at a time */

/**
 * sal_speaker_clusters_new:
 * @config: copied
 *
 * All memory is allocated here.
 */
SalSpeakerClusters *sal_speaker_clusters_new (const SalSpeakerClustersConfig *config);
void sal_speaker_clusters_free (SalSpeakerClusters *self);  /* NULL is a no-op */
void sal_speaker_clusters_reset (SalSpeakerClusters *self); /* no clusters */

/**
 * sal_speaker_clusters_add:
 * @direction: of unit length, [E]
 * @time: when it was heard, in any unit
 */
void sal_speaker_clusters_add (SalSpeakerClusters *self, const float *direction, guint64 time);
guint sal_speaker_clusters_get_n (const SalSpeakerClusters *self); /* ripe or not */

/**
 * sal_speaker_clusters_get:
 * @i: less than sal_speaker_clusters_get_n()
 *
 * Returns: (transfer none) (nullable): a cluster, %NULL if it is not ripe; valid until the next
 * direction is added
 */
const SalSpeakerCluster *sal_speaker_clusters_get (const SalSpeakerClusters *self, guint i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalSpeakerClusters, sal_speaker_clusters_free)
