/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/inference.h"

#include <math.h>

#include <saliency/score.h>
#include "network/geometry.h"
#include "network/model-internal.h"
#include "map/faithfulness.h"
#include "stream/window-internal.h"

struct _SalInference {
  SalModel *model;
  guint max_frames, per_column;
  guint deepest, threads; /* of net */
  SalNet *net;
  SalCam *cam;
  SalScorer *scorer;
  SalFaithfulness *trust; /* NULL until it is asked for */
};

/* A network that goes this far down, with so many threads. */
static void
need_net (SalInference *self, guint deepest, guint threads)
{
  if (self->net != NULL && deepest >= self->deepest && threads == self->threads)
    return;
  self->deepest = self->net != NULL ? MIN (deepest, self->deepest) : deepest;
  self->threads = threads;
  sal_net_free (self->net);
  self->net
      = sal_net_new (self->model, self->max_frames, self->deepest, threads);
}

SalInference *
sal_inference_new (SalModel *model, guint max_frames, const SalCamConfig *cam,
    guint threads)
{
  SalInference *self = g_new0 (SalInference, 1);
  self->model = sal_model_ref (model);
  self->max_frames = max_frames;
  self->per_column = sal_model_get_frames_per_column (model);
  need_net (self, sal_cam_config_deepest (cam), threads);
  self->cam = sal_cam_new (model, max_frames);
  self->scorer = sal_scorer_new (model);
  return self;
}

void
sal_inference_free (SalInference *self)
{
  if (self == NULL)
    return;
  sal_net_free (self->net);
  sal_cam_free (self->cam);
  sal_scorer_free (self->scorer);
  sal_faithfulness_free (self->trust);
  sal_model_unref (self->model);
  g_free (self);
}

static gboolean
all_finite (const float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (x[i]))
      return FALSE;
  return TRUE;
}

/* Of the whole window and of its columns; FALSE if something is not finite:
 * weights far out of range. */
static gboolean
score_target (SalInference *self, const SalWindow *window,
    const SalTarget *target, SalScore *score, float *columns)
{
  sal_scorer_score (self->scorer, target, sal_net_get_embedding (self->net),
      score);
  sal_scorer_compare (self->scorer, target, window->embeddings,
      window->n_columns, columns);
  return isfinite (score->log_odds) && all_finite (columns, window->n_columns);
}

static void
compute_target (SalInference *self, const SalWindow *window, guint i)
{
  const SalTarget *target = window->targets->pdata[i];
  SalWindowResult *result = &window->results[i];
  SalScore score;
  result->counts = score_target (self, window, target, &score, result->columns);
  result->empty = TRUE;
  result->tried = FALSE;
  result->score = result->cosine = result->peak = 0;
  if (!result->counts)
    return;
  result->score = score.log_odds;
  result->cosine = score.cosine;
  result->empty = !sal_cam_compute (self->cam, self->net, target, &window->cam,
      result->map, &result->peak);
}

/* Comes last: the network is overwritten. */
static void
try_maps (SalInference *self, const SalWindow *window)
{
  if (self->trust == NULL)
    self->trust = sal_faithfulness_new (self->model, self->max_frames);
  sal_faithfulness_begin (self->trust, self->net);
  for (guint i = 0; i < window->targets->len; i++) {
    SalWindowResult *result = &window->results[i];
    if (!result->counts || result->empty)
      continue;
    result->tried = TRUE;
    result->trust = sal_faithfulness_measure (self->trust, self->net,
        window->targets->pdata[i], result->map);
  }
}

void
sal_inference_compute (SalInference *self, SalWindow *window)
{
  guint shape[3];
  need_net (self, sal_cam_config_deepest (&window->cam), window->threads);
  sal_net_forward (self->net, window->log_mel, window->n_frames);
  sal_net_get_stage (self->net, SAL_STAGES - 1, shape);
  window->n_columns = shape[2];
  window->per_column = self->per_column;
  sal_net_embed_around (self->net, SAL_DENSE_COLUMNS, window->embeddings);
  window->counts = FALSE;
  for (guint i = 0; i < window->targets->len; i++) {
    compute_target (self, window, i);
    window->counts |= window->results[i].counts;
  }
  if (window->wants_trust)
    try_maps (self, window);
  window->computed = TRUE;
}
