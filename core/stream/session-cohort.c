/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/session-cohort.h"

#include <math.h>
#include <string.h>

#include <saliency/score.h>
#include "compute/vector.h"
#include "network/geometry.h"
#include "network/model-internal.h"
#include "stream/speaker-clusters.h"

#define RIPE_SECONDS 0.6f /* heard for so long a cluster counts */
#define SURE 2.0f         /* beyond this, either way, it is decided who it is */
#define STEEP 2.0f        /* how soon beyond it */
#define MAX_LAG 150       /* frames; a window must still show it then */

/* log sum_j e^z_j of a mean, whoever is enrolled: the model's cohort. */
typedef struct {
  guint64 mean_id; /* 0: of none */
  float log_sum;
} Others;

struct _SalSessionCohort {
  SalModel *model;
  const SalSessionCohortConfig *config; /* of the model */
  SalScorer *scorer;
  guint E;
  float seconds; /* of a column */
  SalSpeakerClusters *clusters;
  Others others[SAL_SPEAKER_CLUSTERS_MAX]; /* by the place of the cluster */
  guint lag;     /* frames from one remembered to the window's end */
  guint64 heard; /* frames before are remembered, or never will be */
  /* the window listened to: */
  guint64 start, end;
  guint n_columns, max_columns, per_column;
  float *directions; /* [n_columns, E] */
};

/* Columns that last for as long as a cluster must be heard to count. */
static guint
count_ripe (float seconds)
{
  guint n = 1;
  while ((float) n * seconds < RIPE_SECONDS)
    n++;
  return n;
}

SalSessionCohort *
sal_session_cohort_new (SalModel *model, guint max_columns, guint lookahead)
{
  const SalDescription *description = sal_model_get_description (model);
  const SalSessionCohortConfig *config = &description->calibration.company;
  if (!config->known || description->head != SAL_HEAD_COSINE)
    return NULL;
  const SalMelConfig *mel = &description->mel;
  SalSessionCohort *self = g_new0 (SalSessionCohort, 1);
  self->model = sal_model_ref (model);
  self->config = config;
  self->scorer = sal_scorer_new (model);
  self->E = sal_model_get_embedding_size (model);
  self->per_column = sal_model_get_frames_per_column (model);
  self->seconds
      = (float) self->per_column * mel->hop / (float) mel->sample_rate;
  self->max_columns = max_columns;
  self->lag = MAX (MIN (lookahead, MAX_LAG),
      SAL_DENSE_COLUMNS / 2 * self->per_column);
  self->directions = g_new (float, (gsize) max_columns * self->E);
  self->clusters = sal_speaker_clusters_new (&(SalSpeakerClustersConfig){
      .size = self->E,
      .same = config->same,
      .merge = config->merge,
      .n_ripe = count_ripe (self->seconds),
  });
  return self;
}

void
sal_session_cohort_free (SalSessionCohort *self)
{
  if (self == NULL)
    return;
  sal_speaker_clusters_free (self->clusters);
  g_free (self->directions);
  sal_scorer_free (self->scorer);
  sal_model_unref (self->model);
  g_free (self);
}

void
sal_session_cohort_reset (SalSessionCohort *self, guint64 from)
{
  if (self == NULL)
    return;
  sal_speaker_clusters_reset (self->clusters);
  self->heard = from;
  self->n_columns = 0;
}

guint
sal_session_cohort_get_n_voices (const SalSessionCohort *self)
{
  guint n = 0;
  for (guint v = 0; v < sal_speaker_clusters_get_n (self->clusters); v++)
    n += sal_speaker_clusters_get (self->clusters, v) != NULL ? 1 : 0;
  return n;
}

void
sal_session_cohort_listen (SalSessionCohort *self, guint64 start,
    guint n_frames, const float *embeddings, guint n_columns)
{
  g_assert (n_columns <= self->max_columns);
  self->start = start;
  self->end = start + n_frames;
  self->n_columns = n_columns;
  memcpy (self->directions, embeddings,
      (gsize) n_columns * self->E * sizeof (float));
  for (guint j = 0; j < n_columns; j++)
    sal_vector_normalise (self->directions + (gsize) j * self->E, self->E);
}

/* --- judging ------------------------------------------------------------- */

/* Logit and log-odds of the mean of cluster v. */
static SalScore
score_cluster (SalSessionCohort *self, guint v,
    const SalSpeakerCluster *cluster, const SalTarget *target)
{
  SalScore score = { 0 };
  Others *others = &self->others[v];
  if (others->mean_id != cluster->mean_id) {
    sal_scorer_score (self->scorer, target, cluster->mean, &score);
    *others = (Others){ cluster->mean_id, score.logit - score.log_odds };
  }
  score.logit = sal_model_get_description (self->model)->head_scale
      * sal_vector_dot (cluster->mean, sal_target_get_row (target), self->E);
  score.log_odds = score.logit - others->log_sum;
  return score;
}

/* l_v + prior */
static float
cluster_llr (SalSessionCohort *self, guint v, const SalSpeakerCluster *cluster,
    const SalTarget *target, float contrast)
{
  const SalDescription *description = sal_model_get_description (self->model);
  SalScore score = score_cluster (self, v, cluster, target);
  SalLine clean = sal_curve_at (&description->calibration.window.enrolled,
      (double) cluster->n * self->seconds);
  SalLinePair lines
      = sal_description_line_pair (description, self->config->noisy, clean);
  SalLine line = sal_line_pair_at (&lines, contrast);
  return line.scale * sal_scorer_evidence (self->scorer, target, &score)
      + line.offset + self->config->prior;
}

/* log (e^a + e^b) */
static double
log_add (double a, double b)
{
  return MAX (a, b) + sal_softplus (-fabs (a - b));
}

/* A cluster that counts, for one target. */
typedef struct {
  const float *mean;
  double is_target, is_other; /* log P_v, log Q_v */
} Voice;

static guint
judge_clusters (SalSessionCohort *self, const SalTarget *target, float contrast,
    Voice *voices)
{
  guint n = 0;
  for (guint v = 0; v < sal_speaker_clusters_get_n (self->clusters); v++) {
    const SalSpeakerCluster *cluster
        = sal_speaker_clusters_get (self->clusters, v);
    if (cluster == NULL)
      continue;
    double llr = cluster_llr (self, v, cluster, target, contrast);
    voices[n++] = (Voice){ cluster->mean, -sal_softplus (-STEEP * (llr - SURE)),
      -sal_softplus (STEEP * (llr + SURE)) };
  }
  return n;
}

void
sal_session_cohort_judge (SalSessionCohort *self, const SalTarget *target,
    float contrast, float *log_odds)
{
  float s = sal_model_get_description (self->model)->head_scale;
  const float *row = sal_target_get_row (target);
  Voice voices[SAL_SPEAKER_CLUSTERS_MAX];
  if (sal_target_get_class (target) >= 0)
    return;
  guint n_voices = judge_clusters (self, target, contrast, voices);
  for (guint j = 0; j < self->n_columns; j++) {
    const float *e = self->directions + (gsize) j * self->E;
    double ours = s * sal_vector_dot (e, row, self->E),
           theirs = ours - log_odds[j];
    for (guint v = 0; v < n_voices; v++) {
      double logit = s * sal_vector_dot (e, voices[v].mean, self->E)
          - self->config->penalty;
      ours = log_add (ours, logit + voices[v].is_target);
      theirs = log_add (theirs, logit + voices[v].is_other);
    }
    log_odds[j] = (float) (ours - theirs);
  }
}

void
sal_session_cohort_remember (SalSessionCohort *self)
{
  guint64 settled = self->end > self->lag ? self->end - self->lag : 0;
  for (guint j = 0; j < self->n_columns; j++) {
    guint64 frame = self->start + j * self->per_column + self->per_column / 2;
    if (frame >= self->heard && frame < settled)
      sal_speaker_clusters_add (self->clusters,
          self->directions + (gsize) j * self->E, frame);
  }
  self->heard = MAX (self->heard, settled);
}
