/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.c: speaker network (ResNet with squeeze-and-excitation), both passes */
#include <saliency/net.h>

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "network/block.h"
#include "network/geometry.h"
#include "compute/aligned.h"
#include "network/model-internal.h"
#include "network/pooling.h"

#define B SAL_ACTIVATIONS_BLOCK

/* Sizes and arrays of a stage for the current number of frames. */
typedef struct {
  guint c, h, w; /* of the output */
  guint max_w;
  guint n_blocks;
  SalBlockState *blocks;
  SalBlockRoom room;
  SalActivations gradient;     /* by the output */
  float *copy, *gradient_copy; /* [C, H, W], (nullable) */
  gboolean copied, gradient_copied;
} Stage;

struct _SalNet {
  SalModel *model;
  const SalWeights *weights; /* of model */
  guint max_frames, deepest, n_frames;
  guint n_bands;
  SalThreadTeam *team;
  float *arena; /* all of the following arrays, [arena_size] */
  gsize arena_size, arena_used;
  gsize copies_size;    /* floats in copies */
  SalActivations input; /* normalised, flat */
  SalActivations stem;
  Stage stages[SAL_STAGES];
  float *pooled;   /* [W of S4, pooled_stride] */
  float *embedded; /* [W of S4, E in blocks] */
  float *dpooled;  /* [P] */
  /* allocated separately: */
  SalPooler *pooler; /* of S4 */
  float *embedding;  /* [E] */
  SalNetBand *bands; /* [F] */
};

/* --- memory -------------------------------------------------------------- */

/* Takes n floats from the arena; before the arena exists, only counts them. */
static float *
take (SalNet *self, gsize n)
{
  gsize at = self->arena_used;
  self->arena_used += sal_activations_in_blocks (n);
  return self->arena != NULL ? self->arena + at : NULL;
}

static void
take_planes (SalNet *self, SalActivations *planes, guint c, guint h, guint w)
{
  sal_activations_bind (planes, c, h, w,
      take (self, sal_activations_size (c, h, w)));
}

/* One block of padding between rows of pooled statistics keeps the rows off a
 * single cache set. */
static gsize
pooled_stride (const SalNet *self)
{
  return sal_activations_in_blocks (self->weights->pooled_size) + B;
}

/* Blocks with a backward pass keep their results; the others share memory. */
static void
arrange_stage (SalNet *self, guint index)
{
  Stage *stage = &self->stages[index];
  gboolean kept = index > self->deepest;
  guint c = stage->c, h = stage->h, w = stage->w;
  for (guint j = 0; j < stage->n_blocks; j++) {
    SalBlockState *state = &stage->blocks[j];
    guint squeezed = self->weights->blocks[index][j].se_size;
    if (j > 0 && !kept) {
      *state = stage->blocks[0];
      continue;
    }
    take_planes (self, &state->hidden, c, h, w);
    take_planes (self, &state->x2, c, h, w);
    take_planes (self, &state->out, c, h, w);
    state->gate = take (self, c);
    state->squeeze = take (self, squeezed);
  }
  SalBlockRoom *room = &stage->room;
  room->team = self->team;
  room->sums = take (self, h * sal_activations_in_blocks (c));
  room->vector = take (self, 2 * sal_activations_in_blocks (c));
  if (kept) {
    take_planes (self, &room->dz, c, h, w);
    take_planes (self, &room->dx2, c, h, w);
  }
  if (kept || self->weights->blocks[index][0].conv1.scale != NULL)
    take_planes (self, &room->inner, c, h, w);
  if (index >= self->deepest)
    take_planes (self, &stage->gradient, c, h, w);
}

/* Lays all arrays out for windows of n frames. */
static void
arrange (SalNet *self, guint n_frames)
{
  const SalTopology *t = &sal_model_get_description (self->model)->topology;
  guint h = self->n_bands, w = n_frames;
  guint width = self->weights->stem.conv.n_out;
  self->n_frames = n_frames;
  self->arena_used = 0;
  sal_activations_bind_flat (&self->input, h, w,
      take (self, sal_activations_size (1, h, w)));
  take_planes (self, &self->stem, width, h, w);
  for (guint i = 0; i < SAL_STAGES; i++) {
    h = sal_geometry_out (h, t->strides[i]);
    w = sal_geometry_out (w, t->strides[i]);
    self->stages[i].c = t->widths[i];
    self->stages[i].h = h;
    self->stages[i].w = w;
    arrange_stage (self, i);
  }
  self->pooled = take (self, w * pooled_stride (self));
  self->embedded = take (self,
      w
          * sal_activations_in_blocks (
              sal_model_get_embedding_size (self->model)));
  self->dpooled = take (self, self->weights->pooled_size);
  if (self->arena != NULL) /* the padding of rows is read */
    memset (self->pooled, 0, w * pooled_stride (self) * sizeof (float));
}

/* Largest scratch of a convolution, for the longest window. */
static gsize
scratch_size (const SalNet *self)
{
  gsize most = 0;
  for (guint i = 0; i < SAL_STAGES; i++) {
    const Stage *stage = &self->stages[i];
    const SalBlock *blocks = self->weights->blocks[i];
    for (guint j = 0; j < stage->n_blocks; j++) {
      gsize size1
          = sal_conv_scratch_size (&blocks[j].conv1.conv, stage->h, stage->w);
      gsize size2
          = sal_conv_scratch_size (&blocks[j].conv2.conv, stage->h, stage->w);
      most = MAX (most, MAX (size1, size2));
    }
  }
  return most;
}

/* Memory for a row-major copy, for the longest window. */
static float *
new_copy (SalNet *self, const Stage *stage)
{
  gsize size = (gsize) stage->c * stage->h * stage->max_w;
  self->copies_size += size;
  return g_new (float, size);
}

SalNet *
sal_net_new (SalModel *model, guint max_frames, guint deepest, guint threads)
{
  g_return_val_if_fail (model != NULL && max_frames >= 8, NULL);
  g_return_val_if_fail (deepest < SAL_STAGES, NULL);
  g_return_val_if_fail (threads >= 1 && threads <= SAL_NET_MAX_THREADS, NULL);
  SalNet *self = g_new0 (SalNet, 1);
  self->model = sal_model_ref (model);
  self->weights = sal_model_get_weights (model);
  self->max_frames = max_frames;
  self->deepest = deepest;
  self->n_bands = sal_model_get_description (model)->mel.n_bands;
  sal_model_need_backward (model, deepest);
  for (guint i = 0; i < SAL_STAGES; i++) {
    self->stages[i].n_blocks = self->weights->n_blocks[i];
    self->stages[i].blocks = g_new0 (SalBlockState, self->stages[i].n_blocks);
  }
  arrange (self, max_frames);
  for (guint i = 0; i < SAL_STAGES; i++)
    self->stages[i].max_w = self->stages[i].w;
  Stage *last = &self->stages[SAL_STAGES - 1];
  self->arena_size = self->arena_used;
  self->arena = sal_aligned_new (self->arena_size);
  self->team = sal_thread_team_new (threads, scratch_size (self));
  self->pooler = sal_pooler_new (model, last->w);
  self->embedding = g_new0 (float, sal_model_get_embedding_size (model));
  self->bands = g_new (SalNetBand, self->n_bands);
  last->copy = new_copy (self, last);
  last->gradient_copy = new_copy (self, last);
  self->n_frames = 0; /* no forward pass yet */
  return self;
}

void
sal_net_free (SalNet *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < SAL_STAGES; i++) {
    g_free (self->stages[i].blocks);
    g_free (self->stages[i].copy);
    g_free (self->stages[i].gradient_copy);
  }
  sal_pooler_free (self->pooler);
  sal_thread_team_free (self->team);
  g_aligned_free (self->arena);
  g_free (self->embedding);
  g_free (self->bands);
  sal_model_unref (self->model);
  g_free (self);
}

/* --- input --------------------------------------------------------------- */

void
sal_net_measure (const SalModel *model, const float *log_mel, guint n_frames,
    SalNetBand *bands)
{
  const SalDescription *record = sal_model_get_description (model);
  guint T = n_frames;
  for (guint f = 0; f < record->mel.n_bands; f++) {
    const float *in = log_mel + (gsize) f * T;
    double mean = 0, square = 0;
    for (guint t = 0; t < T; t++)
      mean += in[t];
    mean = record->normalisation == SAL_NORMALISATION_NONE ? 0 : mean / T;
    for (guint t = 0; t < T; t++)
      square += (in[t] - mean) * (in[t] - mean);
    double scale = record->normalisation == SAL_NORMALISATION_MEAN_VARIANCE
        ? 1 / sqrt (square / T + record->normalisation_epsilon)
        : 1;
    bands[f] = (SalNetBand){ mean, scale };
  }
}

/* Normalises each band over the window: mean, or mean and variance. */
static void
normalise (SalNet *self, const float *log_mel)
{
  guint T = self->n_frames;
  sal_net_measure (self->model, log_mel, T, self->bands);
  for (guint f = 0; f < self->n_bands; f++) {
    const float *in = log_mel + (gsize) f * T;
    float *out = self->input.data + f * self->input.row;
    for (guint t = 0; t < T; t++)
      out[t] = (float) ((in[t] - self->bands[f].mean) * self->bands[f].scale);
  }
}

void
sal_net_get_input (const SalNet *self, float *input)
{
  g_return_if_fail (self->n_frames > 0);
  for (guint f = 0; f < self->n_bands; f++)
    memcpy (input + (gsize) f * self->n_frames,
        self->input.data + f * self->input.row,
        self->n_frames * sizeof (float));
}

/* --- embedding ----------------------------------------------------------- */

/* Embeddings [n, E] of the first n rows of pooled statistics. */
static void
embed (SalNet *self, guint n, float *embeddings)
{
  const SalWeights *weights = self->weights;
  guint E = sal_model_get_embedding_size (self->model);
  gsize filled = sal_activations_in_blocks (E);
  sal_kernels_get ()->dense (self->pooled, n, pooled_stride (self),
      (guint) sal_activations_in_blocks (weights->pooled_size),
      weights->fc_packed, (guint) filled / B, weights->fc_bias, self->embedded,
      filled);
  for (guint i = 0; i < n; i++)
    memcpy (embeddings + i * E, self->embedded + i * filled,
        E * sizeof (float));
}

void
sal_net_embed_columns (SalNet *self, guint first, guint last, float *embedding)
{
  g_return_if_fail (first < last && last <= self->stages[SAL_STAGES - 1].w);
  sal_pooler_forward (self->pooler, first, last, self->pooled);
  embed (self, 1, embedding);
}

void
sal_net_embed_around (SalNet *self, guint columns, float *embeddings)
{
  g_return_if_fail (columns > 0 && self->n_frames > 0);
  guint n = self->stages[SAL_STAGES - 1].w;
  guint before = columns / 2, after = columns - before;
  for (guint j = 0; j < n; j++)
    sal_pooler_forward (self->pooler, j > before ? j - before : 0,
        MIN (j + after, n), self->pooled + j * pooled_stride (self));
  embed (self, n, embeddings);
}

/* --- passes -------------------------------------------------------------- */

/* From the input planes to the embedding. */
static void
pass_forward (SalNet *self)
{
  const SalUnit *stem = &self->weights->stem;
  sal_conv_forward (&stem->conv, stem->forward, &self->input, &self->stem,
      &(SalEpilogue){ .bias = stem->bias, .relu = TRUE }, self->team);
  if (stem->scale != NULL)
    sal_kernels_get ()->affine (&self->stem, stem->scale, stem->shift,
        &self->stem, 0, self->stem.h);
  const SalActivations *x = &self->stem;
  for (guint i = 0; i < SAL_STAGES; i++) {
    Stage *stage = &self->stages[i];
    for (guint j = 0; j < stage->n_blocks; j++) {
      sal_block_forward (&self->weights->blocks[i][j], x, &stage->blocks[j],
          &stage->room);
      x = &stage->blocks[j].out;
    }
    stage->copied = FALSE;
  }
  guint w = self->stages[SAL_STAGES - 1].w;
  sal_pooler_set_columns (self->pooler,
      sal_net_get_stage (self, SAL_STAGES - 1, NULL), w);
  sal_net_embed_columns (self, 0, w, self->embedding);
}

void
sal_net_forward (SalNet *self, const float *log_mel, guint n_frames)
{
  g_return_if_fail (n_frames >= 8 && n_frames <= self->max_frames);
  if (n_frames != self->n_frames)
    arrange (self, n_frames);
  normalise (self, log_mel);
  pass_forward (self);
}

void
sal_net_forward_input (SalNet *self, const float *input)
{
  g_return_if_fail (self->n_frames > 0);
  for (guint f = 0; f < self->n_bands; f++)
    memcpy (self->input.data + f * self->input.row,
        input + (gsize) f * self->n_frames, self->n_frames * sizeof (float));
  pass_forward (self);
}

/* From the gradient by the output of stage i to the gradient by its input. */
static void
stage_backward (SalNet *self, guint i)
{
  Stage *stage = &self->stages[i], *below = &self->stages[i - 1];
  const SalBlock *blocks = self->weights->blocks[i];
  const SalActivations *dy = &stage->gradient;
  for (guint j = stage->n_blocks - 1; j >= 1; j--) {
    sal_block_backward (&blocks[j], &stage->blocks[j], dy, &stage->room.dz,
        &stage->room);
    dy = &stage->room.dz;
  }
  sal_block_backward (&blocks[0], &stage->blocks[0], dy, &below->gradient,
      &stage->room);
  below->gradient_copied = FALSE;
}

void
sal_net_backward (SalNet *self, const float *dembedding, guint stage)
{
  g_return_if_fail (
      stage >= self->deepest && stage < SAL_STAGES && self->n_frames > 0);
  Stage *last = &self->stages[SAL_STAGES - 1];
  guint P = self->weights->pooled_size;
  guint E = sal_model_get_embedding_size (self->model);
  memset (self->dpooled, 0, P * sizeof (float));
  sal_matrix_transposed_vector (E, P, 1, self->weights->fc_weight, dembedding,
      self->dpooled);
  sal_pooler_backward (self->pooler, self->dpooled, last->gradient_copy);
  last->gradient_copied = TRUE;
  if (stage < SAL_STAGES - 1)
    sal_activations_write (&last->gradient, last->gradient_copy);
  for (guint i = SAL_STAGES - 1; i > stage; i--)
    stage_backward (self, i);
}

/* A row-major copy, made on the first request after a pass. */
static const float *
copy_of (SalNet *self, const Stage *stage, const SalActivations *planes,
    float **copy, gboolean *copied)
{
  if (*copy == NULL)
    *copy = new_copy (self, stage);
  if (!*copied)
    sal_activations_read (planes, *copy);
  *copied = TRUE;
  return *copy;
}

const float *
sal_net_get_stage (SalNet *self, guint stage, guint shape[3])
{
  g_return_val_if_fail (stage < SAL_STAGES && self->n_frames > 0, NULL);
  Stage *s = &self->stages[stage];
  if (shape != NULL) {
    shape[0] = s->c;
    shape[1] = s->h;
    shape[2] = s->w;
  }
  return copy_of (self, s, &s->blocks[s->n_blocks - 1].out, &s->copy,
      &s->copied);
}

const float *
sal_net_get_gradient (SalNet *self, guint stage)
{
  g_return_val_if_fail (stage >= self->deepest && stage < SAL_STAGES, NULL);
  Stage *s = &self->stages[stage];
  return copy_of (self, s, &s->gradient, &s->gradient_copy,
      &s->gradient_copied);
}

const float *
sal_net_get_embedding (const SalNet *self)
{
  return self->embedding;
}

gsize
sal_net_get_size (const SalNet *self)
{
  return (self->arena_size + self->copies_size) * sizeof (float)
      + sal_thread_team_get_bytes (self->team);
}

guint
sal_net_get_n_frames (const SalNet *self)
{
  return self->n_frames;
}

SalModel *
sal_net_get_model (const SalNet *self)
{
  return self->model;
}
