/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "model-private.h"
#include "pooling.h"

/* What one block keeps of the forward pass for the backward pass. */
typedef struct {
  float *hidden; /* relu (conv1), before a batch norm after it, [C, H, W] */
  float *x2;     /* conv2, before the gate, [C, H, W] */
  float *out;    /* [C, H, W] */
  float *gate;   /* g, [C] */
  float *squeeze;/* relu of the first matrix, [R] */
} BlockState;

/* Sizes and arrays of one stage for the current number of frames. */
typedef struct {
  guint c, h, w;       /* of its output */
  guint max_w;
  guint n_blocks;
  BlockState *blocks;
  float *gradient;     /* [C, H, W] of the output */
} Stage;

struct _SalNet {
  SalModel *model;
  const SalWeights *weights; /* of model */
  guint max_frames, n_frames;
  guint n_bands;
  float *input;        /* normalised, [F, T] */
  float *stem;         /* output of the stem, [C, F, T] */
  Stage stages[SAL_NET_STAGES];
  SalPooler *pooler;   /* of S4 */
  float *pooled;       /* [max_w of S4, P] */
  float *embedding;    /* [E] */
  float *gradients[2]; /* inside a stage, as large as the largest stage */
  float *inner;        /* gradient or input inside a block, likewise */
  float *vector;       /* [max (2 C, P)] */
  float *scratch;      /* for convolutions */
};

/* --- memory -------------------------------------------------------------- */

static gsize
stage_size (const Stage *stage)
{
  return (gsize) stage->c * stage->h * stage->w;
}

static void
set_frames (SalNet *self, guint n_frames)
{
  const SalTopology *t = &sal_model_get_record (self->model)->topology;
  guint h = self->n_bands, w = n_frames;
  self->n_frames = n_frames;
  for (guint i = 0; i < SAL_NET_STAGES; i++) {
    h = (h - 1) / t->strides[i] + 1;
    w = (w - 1) / t->strides[i] + 1;
    self->stages[i].c = t->widths[i];
    self->stages[i].h = h;
    self->stages[i].w = w;
  }
}

static void
allocate_stage (Stage *stage, const SalBlock *blocks, guint n_blocks)
{
  gsize size = stage_size (stage);
  stage->n_blocks = n_blocks;
  stage->blocks = g_new0 (BlockState, n_blocks);
  stage->gradient = g_new (float, size);
  for (guint j = 0; j < n_blocks; j++) {
    stage->blocks[j].hidden = g_new (float, size);
    stage->blocks[j].x2 = g_new (float, size);
    stage->blocks[j].out = g_new (float, size);
    stage->blocks[j].gate = g_new (float, stage->c);
    stage->blocks[j].squeeze = g_new (float, blocks[j].se_size + 1);
  }
}

/* The most scratch that a convolution of any length up to the longest needs. */
static gsize
scratch_size (const SalNet *self)
{
  gsize most = sal_conv_scratch_size (&self->weights->stem.conv, self->n_bands,
      self->max_frames);
  guint h = self->n_bands, w = self->max_frames;
  for (guint i = 0; i < SAL_NET_STAGES; i++)
    for (guint j = 0; j < self->weights->n_blocks[i]; j++) {
      const SalBlock *block = &self->weights->blocks[i][j];
      gsize size = sal_conv_scratch_size (&block->conv1.conv, h, w);
      h = sal_conv_out_size (&block->conv1.conv, h);
      w = sal_conv_out_size (&block->conv1.conv, w);
      gsize size2 = sal_conv_scratch_size (&block->conv2.conv, h, w);
      most = MAX (most, MAX (size, size2));
    }
  return most;
}

SalNet *
sal_net_new (SalModel *model, guint max_frames)
{
  g_return_val_if_fail (model != NULL && max_frames >= 8, NULL);
  SalNet *self = g_new0 (SalNet, 1);
  self->model = sal_model_ref (model);
  self->weights = sal_model_get_weights (model);
  self->max_frames = max_frames;
  self->n_bands = sal_model_get_record (model)->mel.n_bands;
  set_frames (self, max_frames);
  gsize stem_size = (gsize) self->weights->stem.conv.n_out * self->n_bands
      * max_frames;
  gsize largest = stem_size;
  guint widest = 0;
  for (guint i = 0; i < SAL_NET_STAGES; i++) {
    allocate_stage (&self->stages[i], self->weights->blocks[i],
        self->weights->n_blocks[i]);
    self->stages[i].max_w = self->stages[i].w;
    largest = MAX (largest, stage_size (&self->stages[i]));
    widest = MAX (widest, self->stages[i].c);
  }
  self->input = g_new (float, (gsize) self->n_bands * max_frames);
  self->stem = g_new (float, stem_size);
  guint max_columns = self->stages[SAL_NET_STAGES - 1].max_w;
  self->pooler = sal_pooler_new (model, max_columns);
  self->pooled
      = g_new (float, (gsize) self->weights->pooled_size * max_columns);
  self->embedding = g_new0 (float, sal_model_get_embedding_size (model));
  self->gradients[0] = g_new (float, largest);
  self->gradients[1] = g_new (float, largest);
  self->inner = g_new (float, largest);
  self->vector = g_new (float, MAX (2 * widest, self->weights->pooled_size));
  self->scratch = g_new (float, scratch_size (self));
  self->n_frames = 0; /* no forward pass yet */
  return self;
}

void
sal_net_free (SalNet *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < SAL_NET_STAGES; i++) {
    for (guint j = 0; j < self->stages[i].n_blocks; j++) {
      g_free (self->stages[i].blocks[j].hidden);
      g_free (self->stages[i].blocks[j].x2);
      g_free (self->stages[i].blocks[j].out);
      g_free (self->stages[i].blocks[j].gate);
      g_free (self->stages[i].blocks[j].squeeze);
    }
    g_free (self->stages[i].blocks);
    g_free (self->stages[i].gradient);
  }
  sal_pooler_free (self->pooler);
  g_free (self->input);
  g_free (self->stem);
  g_free (self->pooled);
  g_free (self->embedding);
  g_free (self->gradients[0]);
  g_free (self->gradients[1]);
  g_free (self->inner);
  g_free (self->vector);
  g_free (self->scratch);
  sal_model_unref (self->model);
  g_free (self);
}

/* --- input --------------------------------------------------------------- */

/* Each band over the window: mean, or mean and variance, removed. */
static void
normalise (SalNet *self, const float *log_mel)
{
  const SalRecord *record = sal_model_get_record (self->model);
  guint T = self->n_frames;
  for (guint f = 0; f < self->n_bands; f++) {
    const float *in = log_mel + (gsize) f * T;
    float *out = self->input + (gsize) f * T;
    double mean = 0, square = 0;
    for (guint t = 0; t < T; t++)
      mean += in[t];
    mean = record->normalisation == SAL_NORMALISATION_NONE ? 0 : mean / T;
    for (guint t = 0; t < T; t++)
      square += (in[t] - mean) * (in[t] - mean);
    double scale = record->normalisation == SAL_NORMALISATION_MEAN_VARIANCE
        ? 1 / sqrt (square / T + record->normalisation_epsilon) : 1;
    for (guint t = 0; t < T; t++)
      out[t] = (float) ((in[t] - mean) * scale);
  }
}

/* --- blocks -------------------------------------------------------------- */

static void
relu (float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    x[i] = MAX (x[i], 0);
}

/* The batch norm that stays after a ReLU, from x to y. */
static void
scale_shift (const SalUnit *unit, gsize plane, const float *x, float *y)
{
  for (guint c = 0; c < unit->conv.n_out; c++)
    for (gsize i = 0; i < plane; i++)
      y[c * plane + i] = x[c * plane + i] * unit->scale[c] + unit->shift[c];
}

/* g = sigmoid (w2 relu (w1 m + b1) + b2), m [C] the mean of x2 over a plane */
static void
excitation_forward (const SalBlock *block, BlockState *state, gsize plane,
    float *mean)
{
  guint C = block->conv2.conv.n_out, R = block->se_size;
  for (guint c = 0; c < C; c++) {
    double sum = 0;
    for (gsize i = 0; i < plane; i++)
      sum += state->x2[c * plane + i];
    mean[c] = (float) (sum / plane);
  }
  for (guint r = 0; r < R; r++) {
    float sum = block->se_b1[r];
    for (guint c = 0; c < C; c++)
      sum += block->se_w1[r * C + c] * mean[c];
    state->squeeze[r] = MAX (sum, 0);
  }
  for (guint c = 0; c < C; c++) {
    float sum = block->se_b2[c];
    for (guint r = 0; r < R; r++)
      sum += block->se_w2[c * R + r] * state->squeeze[r];
    state->gate[c] = 1 / (1 + expf (-sum));
  }
}

/* dx2 [C, plane] holds dz and becomes the gradient by x2: with dg = sum dz x2,
 * ds = dg g (1-g), dm = w1^T ((w2^T ds) [squeeze > 0]),
 * dx2 = dz g + dm / plane. */
static void
excitation_backward (const SalBlock *block, const BlockState *state,
    gsize plane, float *dx2, float *vector)
{
  guint C = block->conv2.conv.n_out, R = block->se_size;
  float *ds = vector, *dm = vector + C;
  for (guint c = 0; c < C; c++) {
    double sum = 0;
    for (gsize i = 0; i < plane; i++)
      sum += dx2[c * plane + i] * state->x2[c * plane + i];
    ds[c] = (float) sum * state->gate[c] * (1 - state->gate[c]);
    dm[c] = 0;
  }
  for (guint r = 0; r < R; r++) {
    float dh = 0;
    for (guint c = 0; c < C && state->squeeze[r] > 0; c++)
      dh += block->se_w2[c * R + r] * ds[c];
    for (guint c = 0; c < C; c++)
      dm[c] += block->se_w1[r * C + c] * dh;
  }
  for (guint c = 0; c < C; c++)
    for (gsize i = 0; i < plane; i++)
      dx2[c * plane + i]
          = dx2[c * plane + i] * state->gate[c] + dm[c] / plane;
}

/* y = relu (x2 g + shortcut (x)), x2 = conv2 (relu (conv1 (x))) */
static void
block_forward (SalNet *self, const SalBlock *block, BlockState *state, guint h,
    guint w, const float *x)
{
  const SalConv *conv1 = &block->conv1.conv;
  guint out_h = sal_conv_out_size (conv1, h);
  guint out_w = sal_conv_out_size (conv1, w);
  gsize plane = (gsize) out_h * out_w, size = conv1->n_out * plane;
  const float *hidden = state->hidden;
  sal_conv_forward (conv1, h, w, x, block->conv1.weight, block->conv1.bias,
      state->hidden, self->scratch);
  relu (state->hidden, size);
  if (block->conv1.scale != NULL) {
    scale_shift (&block->conv1, plane, state->hidden, self->inner);
    hidden = self->inner;
  }
  sal_conv_forward (&block->conv2.conv, out_h, out_w, hidden,
      block->conv2.weight, block->conv2.bias, state->x2, self->scratch);
  if (block->shortcut.weight != NULL)
    sal_conv_forward (&block->shortcut.conv, h, w, x, block->shortcut.weight,
        block->shortcut.bias, state->out, self->scratch);
  else
    memcpy (state->out, x, size * sizeof (float));
  if (block->se_size > 0)
    excitation_forward (block, state, plane, self->vector);
  for (guint c = 0; c < conv1->n_out; c++) {
    float gate = block->se_size > 0 ? state->gate[c] : 1;
    for (gsize i = c * plane; i < (c + 1) * plane; i++)
      state->out[i] = MAX (state->out[i] + gate * state->x2[i], 0);
  }
}

/* dx [C', h, w] from dy [C, H', W'], which becomes dz = dy [y > 0]:
 * dx = shortcut^T dz + conv1^T ((conv2^T dx2) [hidden > 0]) */
static void
block_backward (SalNet *self, const SalBlock *block, const BlockState *state,
    guint h, guint w, float *dy, float *dx)
{
  const SalConv *conv1 = &block->conv1.conv;
  guint out_h = sal_conv_out_size (conv1, h);
  guint out_w = sal_conv_out_size (conv1, w);
  gsize plane = (gsize) out_h * out_w, size = conv1->n_out * plane;
  gsize in_size = (gsize) conv1->n_in * h * w;
  for (gsize i = 0; i < size; i++)
    dy[i] = state->out[i] > 0 ? dy[i] : 0;
  if (block->shortcut.weight != NULL) {
    memset (dx, 0, in_size * sizeof (float));
    sal_conv_backward (&block->shortcut.conv, h, w, dy, block->shortcut.weight,
        dx, self->scratch);
  } else {
    memcpy (dx, dy, in_size * sizeof (float));
  }
  if (block->se_size > 0)
    excitation_backward (block, state, plane, dy, self->vector);
  memset (self->inner, 0, size * sizeof (float));
  sal_conv_backward (&block->conv2.conv, out_h, out_w, dy, block->conv2.weight,
      self->inner, self->scratch);
  for (guint c = 0; c < conv1->n_out; c++) {
    float scale = block->conv1.scale != NULL ? block->conv1.scale[c] : 1;
    for (gsize i = c * plane; i < (c + 1) * plane; i++)
      self->inner[i] = state->hidden[i] > 0 ? self->inner[i] * scale : 0;
  }
  sal_conv_backward (conv1, h, w, self->inner, block->conv1.weight, dx,
      self->scratch);
}

/* --- embedding ----------------------------------------------------------- */

/* n rows of pooled statistics [n, P] to embeddings [n, E] */
static void
embed (const SalNet *self, const float *pooled, guint n, float *embeddings)
{
  const SalWeights *weights = self->weights;
  guint E = sal_model_get_embedding_size (self->model);
  for (guint i = 0; i < n; i++)
    memcpy (embeddings + i * E, weights->fc_bias, E * sizeof (float));
  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, (int) n, (int) E,
      (int) weights->pooled_size, 1, pooled, (int) weights->pooled_size,
      weights->fc_weight, (int) weights->pooled_size, 1, embeddings, (int) E);
}

void
sal_net_embed_columns (SalNet *self, guint first, guint last,
    float *embedding)
{
  g_return_if_fail (first < last
      && last <= self->stages[SAL_NET_STAGES - 1].w);
  sal_pooler_forward (self->pooler, first, last, self->pooled);
  embed (self, self->pooled, 1, embedding);
}

void
sal_net_embed_around (SalNet *self, guint columns, float *embeddings)
{
  g_return_if_fail (columns > 0 && self->n_frames > 0);
  guint n = self->stages[SAL_NET_STAGES - 1].w;
  guint before = columns / 2, after = columns - before;
  for (guint j = 0; j < n; j++)
    sal_pooler_forward (self->pooler, j > before ? j - before : 0,
        MIN (j + after, n),
        self->pooled + (gsize) j * self->weights->pooled_size);
  embed (self, self->pooled, n, embeddings);
}

/* --- the whole ----------------------------------------------------------- */

void
sal_net_forward (SalNet *self, const float *log_mel, guint n_frames)
{
  g_return_if_fail (n_frames >= 8 && n_frames <= self->max_frames);
  const SalUnit *stem = &self->weights->stem;
  gsize plane = (gsize) self->n_bands * n_frames;
  set_frames (self, n_frames);
  normalise (self, log_mel);
  sal_conv_forward (&stem->conv, self->n_bands, n_frames, self->input,
      stem->weight, stem->bias, self->stem, self->scratch);
  relu (self->stem, stem->conv.n_out * plane);
  if (stem->scale != NULL)
    scale_shift (stem, plane, self->stem, self->stem);
  const float *x = self->stem;
  guint h = self->n_bands, w = n_frames;
  for (guint i = 0; i < SAL_NET_STAGES; i++) {
    Stage *stage = &self->stages[i];
    for (guint j = 0; j < stage->n_blocks; j++) {
      block_forward (self, &self->weights->blocks[i][j], &stage->blocks[j], h,
          w, x);
      x = stage->blocks[j].out;
      h = stage->h;
      w = stage->w;
    }
  }
  sal_pooler_set_columns (self->pooler, x, w);
  sal_net_embed_columns (self, 0, w, self->embedding);
}

/* The gradient by the input of stage i (S of the stage before) from that by its
 * output. */
static void
stage_backward (SalNet *self, guint i)
{
  Stage *stage = &self->stages[i], *below = &self->stages[i - 1];
  float *dy = self->gradients[0], *dx = self->gradients[1];
  memcpy (dy, stage->gradient, stage_size (stage) * sizeof (float));
  for (guint j = stage->n_blocks - 1; j >= 1; j--) {
    block_backward (self, &self->weights->blocks[i][j], &stage->blocks[j],
        stage->h, stage->w, dy, dx);
    float *swap = dy;
    dy = dx;
    dx = swap;
  }
  block_backward (self, &self->weights->blocks[i][0], &stage->blocks[0],
      below->h, below->w, dy, below->gradient);
}

void
sal_net_backward (SalNet *self, const float *dembedding, guint stage)
{
  g_return_if_fail (stage < SAL_NET_STAGES && self->n_frames > 0);
  guint P = self->weights->pooled_size;
  guint E = sal_model_get_embedding_size (self->model);
  cblas_sgemv (CblasRowMajor, CblasTrans, (int) E, (int) P, 1,
      self->weights->fc_weight, (int) P, dembedding, 1, 0, self->vector, 1);
  sal_pooler_backward (self->pooler, self->vector,
      self->stages[SAL_NET_STAGES - 1].gradient);
  for (guint i = SAL_NET_STAGES - 1; i > stage; i--)
    stage_backward (self, i);
}

const float *
sal_net_get_stage (const SalNet *self, guint stage, guint shape[3])
{
  g_return_val_if_fail (stage < SAL_NET_STAGES, NULL);
  const Stage *s = &self->stages[stage];
  if (shape != NULL) {
    shape[0] = s->c;
    shape[1] = s->h;
    shape[2] = s->w;
  }
  return s->blocks[s->n_blocks - 1].out;
}

const float *
sal_net_get_gradient (const SalNet *self, guint stage)
{
  g_return_val_if_fail (stage < SAL_NET_STAGES, NULL);
  return self->stages[stage].gradient;
}

const float *
sal_net_get_embedding (const SalNet *self)
{
  return self->embedding;
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
