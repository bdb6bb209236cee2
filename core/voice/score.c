/* SPDX-License-Identifier: GPL-2.0-or-later */
/* score.c: speaker scoring: cosine, log-odds, AS-norm, LLR and gradient */
#include <saliency/score.h>

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "network/model-internal.h"

struct _SalScorer {
  SalModel *model;
  guint E, N;
  float *direction;  /* e, of unit length for a cosine head, [E] */
  float *logits;     /* z_j, [N] */
  float *scratch;    /* [N] */
  float *embeddings; /* for the dense score, [n_embeddings, E] */
  gsize n_embeddings;
};

SalScorer *
sal_scorer_new (SalModel *model)
{
  SalScorer *self = g_new0 (SalScorer, 1);
  self->model = sal_model_ref (model);
  self->E = sal_model_get_embedding_size (model);
  self->N = sal_model_get_n_classes (model);
  self->direction = g_new (float, self->E);
  self->logits = g_new (float, self->N + 1);
  self->scratch = g_new (float, self->N + 1);
  return self;
}

void
sal_scorer_free (SalScorer *self)
{
  if (self == NULL)
    return;
  sal_model_unref (self->model);
  g_free (self->direction);
  g_free (self->logits);
  g_free (self->scratch);
  g_free (self->embeddings);
  g_free (self);
}

static float
dot (const float *a, const float *b, guint n)
{
  double sum = 0;
  for (guint i = 0; i < n; i++)
    sum += (double) a[i] * b[i];
  return (float) sum;
}

static float
length_of (const float *v, guint n)
{
  return sqrtf (dot (v, v, n));
}

/* Whether the target is compared with class j. */
static gboolean
competes (const SalScorer *self, const SalTarget *target, guint j)
{
  return sal_model_get_description (self->model)->in_cohort[j]
      && (int) j != sal_target_get_class (target);
}

/* Computes z_j of the cohort.  Returns: log sum exp z_j, without overflow */
static float
cohort_log_sum (SalScorer *self, const SalTarget *target)
{
  float s = sal_model_get_description (self->model)->head_scale,
        most = -G_MAXFLOAT;
  double sum = 0;
  memcpy (self->logits, sal_model_get_biases (self->model),
      self->N * sizeof (float));
  sal_matrix_vector (self->N, self->E, s, sal_model_get_rows (self->model),
      self->direction, self->logits);
  for (guint j = 0; j < self->N; j++)
    if (competes (self, target, j))
      most = MAX (most, self->logits[j]);
  for (guint j = 0; j < self->N; j++)
    if (competes (self, target, j))
      sum += exp ((double) self->logits[j] - most);
  return most + (float) log (sum);
}

/* All scores but the normalised one. */
static void
compare (SalScorer *self, const SalTarget *target, const float *embedding,
    SalScore *score)
{
  const SalDescription *record = sal_model_get_description (self->model);
  const float *row = sal_target_get_row (target);
  int class = sal_target_get_class (target);
  memcpy (self->direction, embedding, self->E * sizeof (float));
  if (record->head == SAL_HEAD_COSINE)
    sal_vector_normalise (self->direction, self->E);
  float product = dot (self->direction, row, self->E);
  float lengths
      = length_of (self->direction, self->E) * length_of (row, self->E);
  score->cosine = product / MAX (lengths, G_MINFLOAT);
  score->logit = record->head_scale * product
      + (class >= 0 ? sal_model_get_biases (self->model)[class] : 0);
  score->log_odds = score->logit - cohort_log_sum (self, target);
  score->posterior = 1 / (1 + expf (-score->log_odds));
}

void
sal_scorer_score (SalScorer *self, const SalTarget *target,
    const float *embedding, SalScore *score)
{
  const SalDescription *record = sal_model_get_description (self->model);
  compare (self, target, embedding, score);
  SalCohortStats here = sal_cohort_stats (self->model, self->logits,
      sal_target_get_class (target), self->scratch);
  score->normalised = (score->logit - here.mean) / here.deviation;
  if (record->head != SAL_HEAD_COSINE)
    return;
  SalCohortStats own = sal_target_get_cohort_stats (target);
  score->normalised
      = 0.5f * (score->normalised + (score->cosine - own.mean) / own.deviation);
}

float
sal_scorer_evidence (const SalScorer *self, const SalTarget *target,
    const SalScore *score)
{
  float background
      = sal_model_get_description (self->model)->calibration.background;
  if (sal_target_get_class (target) >= 0)
    return score->log_odds;
  return score->log_odds
      - (float) sal_softplus (background - (score->logit - score->log_odds));
}

float
sal_scorer_llr (const SalScorer *self, const SalTarget *target,
    const SalScore *score, double speech_seconds)
{
  const SalCalibration *c
      = &sal_model_get_description (self->model)->calibration;
  gboolean enrolled = sal_target_get_class (target) < 0;
  SalLine line
      = sal_curve_at (enrolled ? &c->window.enrolled : &c->window.classes,
          speech_seconds);
  return line.scale * sal_scorer_evidence (self, target, score) + line.offset;
}

/* With d the gradient by the direction, e = |e| direction:
 *   d z_c = s w_c,  d u = s w_c - s sum_j softmax_j w_j,  d p = p (1-p) d u
 * and the gradient by e is (d - direction <direction, d>) / |e|.  In a linear
 * head the gradient by e is d. */
float
sal_scorer_gradient (SalScorer *self, const SalTarget *target,
    SalScoreFunction function, const float *embedding, float *dembedding)
{
  SalScore score;
  const SalDescription *record = sal_model_get_description (self->model);
  compare (self, target, embedding, &score);
  float log_sum = score.logit - score.log_odds;
  memcpy (dembedding, sal_target_get_row (target), self->E * sizeof (float));
  if (function != SAL_SCORE_LOGIT) {
    for (guint j = 0; j < self->N; j++)
      self->logits[j]
          = competes (self, target, j) ? expf (self->logits[j] - log_sum) : 0;
    sal_matrix_transposed_vector (self->N, self->E, -1,
        sal_model_get_rows (self->model), self->logits, dembedding);
  }
  float factor = record->head_scale;
  if (function == SAL_SCORE_POSTERIOR)
    factor *= score.posterior * (1 - score.posterior);
  if (record->head == SAL_HEAD_COSINE) {
    float along = dot (self->direction, dembedding, self->E);
    float length = length_of (embedding, self->E);
    sal_vector_add_scaled (dembedding, -along, self->direction, self->E);
    factor = length > 0 ? factor / length : 0;
  }
  for (guint i = 0; i < self->E; i++)
    dembedding[i] *= factor;
  return function == SAL_SCORE_LOGIT    ? score.logit
      : function == SAL_SCORE_POSTERIOR ? score.posterior
                                        : score.log_odds;
}

void
sal_scorer_compare (SalScorer *self, const SalTarget *target,
    const float *embeddings, guint n, float *log_odds)
{
  SalScore score;
  for (guint i = 0; i < n; i++) {
    compare (self, target, embeddings + (gsize) i * self->E, &score);
    log_odds[i] = score.log_odds;
  }
}

void
sal_scorer_dense (SalScorer *self, SalNet *net, const SalTarget *target,
    guint columns, float *log_odds)
{
  guint shape[3];
  sal_net_get_stage (net, SAL_STAGES - 1, shape);
  if (self->n_embeddings < shape[2]) {
    g_free (self->embeddings);
    self->n_embeddings = shape[2];
    self->embeddings = g_new (float, self->n_embeddings * self->E);
  }
  sal_net_embed_around (net, columns, self->embeddings);
  sal_scorer_compare (self, target, self->embeddings, shape[2], log_odds);
}
