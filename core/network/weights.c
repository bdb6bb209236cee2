/* SPDX-License-Identifier: GPL-2.0-or-later */
/* weights.c: network weights, batch norms folded */
#include "network/weights.h"

#include <math.h>
#include <string.h>

#include "network/geometry.h"
#include "compute/aligned.h"

#define BN_EPSILON 1e-5f /* PyTorch's default, which all these networks use */

/* y = scale x + shift */
typedef struct {
  float *scale, *shift;
} Affine;

typedef struct {
  const SalSafetensors *file;
  const SalDescription *record;
  const SalTensorHook *hook; /* (nullable) */
  GError **error;
} Reader;

#define SHAPE(...)                                                             \
  (const gsize[]){ __VA_ARGS__ },                                              \
      (int) (sizeof ((const gsize[]){ __VA_ARGS__ }) / sizeof (gsize))

void
sal_tensor_hook_call (const SalTensorHook *self, const char *name,
    float *values, gsize n)
{
  if (self != NULL)
    self->change (name, values, n, self->data);
}

float *
sal_weights_read (const SalSafetensors *file, const char *name,
    const gsize *shape, int n_dims, GError **error)
{
  gsize have[SAL_SAFETENSORS_MAX_DIMS] = { 0 }, n = 1;
  int have_dims = sal_safetensors_get_shape (file, name, have);
  for (int i = 0; i < MIN (have_dims, SAL_SAFETENSORS_MAX_DIMS); i++)
    n *= have[i];
  /* The size of the file bounds the shape in the file, not the wanted shape. */
  g_autofree float *out = g_try_new (float, n + 1);
  if (out == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%s: tensor %s: not enough memory for %" G_GSIZE_FORMAT " values",
        sal_safetensors_get_path (file), name, n);
    return NULL;
  }
  if (!sal_safetensors_read (file, name, shape, n_dims, out, error))
    return NULL;
  return g_steal_pointer (&out);
}

static float *G_GNUC_PRINTF (4, 5) read_named (Reader *reader,
    const gsize *shape, int n_dims, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *name = g_strdup_vprintf (format, args);
  va_end (args);
  float *out
      = sal_weights_read (reader->file, name, shape, n_dims, reader->error);
  gsize n = 1;
  for (int i = 0; i < n_dims; i++)
    n *= shape[i];
  if (out != NULL)
    sal_tensor_hook_call (reader->hook, name, out, n);
  return out;
}

static void
affine_clear (Affine *affine)
{
  g_clear_pointer (&affine->scale, g_free);
  g_clear_pointer (&affine->shift, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Affine, affine_clear)

/* At inference: scale = g / sqrt (var + eps), shift = b - mean scale. */
static gboolean
read_batch_norm (Reader *reader, const char *name, gsize n, Affine *affine)
{
  g_autofree float *var = NULL, *mean = NULL;
  affine->scale = read_named (reader, SHAPE (n), "%s.weight", name);
  if (affine->scale == NULL)
    return FALSE;
  affine->shift = read_named (reader, SHAPE (n), "%s.bias", name);
  if (affine->shift == NULL)
    return FALSE;
  mean = read_named (reader, SHAPE (n), "%s.running_mean", name);
  if (mean == NULL)
    return FALSE;
  var = read_named (reader, SHAPE (n), "%s.running_var", name);
  if (var == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    if (!(var[i] >= 0)) {
      g_set_error (reader->error, SAL_ERROR, SAL_ERROR_FORMAT,
          "%s: tensor %s.running_var: value %" G_GSIZE_FORMAT " is %g, below 0",
          sal_safetensors_get_path (reader->file), name, i, var[i]);
      return FALSE;
    }
    affine->scale[i] /= sqrtf (var[i] + BN_EPSILON);
    affine->shift[i] -= mean[i] * affine->scale[i];
  }
  return TRUE;
}

/* A copy for vector instructions: aligned, zeros up to whole blocks. */
static float *
in_blocks (const float *x, gsize n)
{
  float *copy = sal_aligned_new (sal_activations_in_blocks (n));
  memcpy (copy, x, n * sizeof (float));
  return copy;
}

/* Convolution `conv` and batch norm `bn`; relu_first prevents the folding. */
static gboolean
read_unit (Reader *reader, SalUnit *unit, SalConv conv, const char *conv_name,
    const char *bn_name, gboolean has_bias, gboolean relu_first)
{
  gsize n_out = conv.n_out, n_in = conv.n_in, k = conv.kernel;
  g_auto (Affine) bn = { NULL, NULL };
  g_autofree float *bias = NULL;
  unit->conv = conv;
  unit->weight
      = read_named (reader, SHAPE (n_out, n_in, k, k), "%s.weight", conv_name);
  if (unit->weight == NULL)
    return FALSE;
  bias = has_bias ? read_named (reader, SHAPE (n_out), "%s.bias", conv_name)
                  : g_new0 (float, n_out);
  if (bias == NULL || !read_batch_norm (reader, bn_name, n_out, &bn))
    return FALSE;
  if (relu_first) {
    unit->scale = in_blocks (bn.scale, n_out);
    unit->shift = in_blocks (bn.shift, n_out);
  }
  for (gsize o = 0; o < n_out && !relu_first; o++) {
    float *filter = unit->weight + o * n_in * k * k;
    for (gsize i = 0; i < n_in * k * k; i++)
      filter[i] *= bn.scale[o];
    bias[o] = bias[o] * bn.scale[o] + bn.shift[o];
  }
  unit->bias = in_blocks (bias, n_out);
  unit->forward = sal_conv_pack (&conv, unit->weight);
  return TRUE;
}

static gboolean
read_excitation (Reader *reader, SalBlock *block, const char *name)
{
  gsize C = block->conv2.conv.n_out, R;
  if (reader->record->topology.se_reduction == 0)
    return TRUE;
  R = block->se_size = (guint) C / reader->record->topology.se_reduction;
  block->se_w1 = read_named (reader, SHAPE (R, C), "%s.se.fc.0.weight", name);
  if (block->se_w1 == NULL)
    return FALSE;
  block->se_b1 = read_named (reader, SHAPE (R), "%s.se.fc.0.bias", name);
  if (block->se_b1 == NULL)
    return FALSE;
  block->se_w2 = read_named (reader, SHAPE (C, R), "%s.se.fc.2.weight", name);
  if (block->se_w2 == NULL)
    return FALSE;
  block->se_b2 = read_named (reader, SHAPE (C), "%s.se.fc.2.bias", name);
  return block->se_b2 != NULL;
}

static gboolean
read_block (Reader *reader, SalBlock *block, const char *name, guint n_in,
    guint n_out, guint stride)
{
  g_autofree char *conv1 = g_strconcat (name, ".conv1", NULL);
  g_autofree char *bn1 = g_strconcat (name, ".bn1", NULL);
  g_autofree char *conv2 = g_strconcat (name, ".conv2", NULL);
  g_autofree char *bn2 = g_strconcat (name, ".bn2", NULL);
  g_autofree char *shortcut0 = g_strconcat (name, ".shortcut.0", NULL);
  g_autofree char *shortcut1 = g_strconcat (name, ".shortcut.1", NULL);
  gboolean relu_first = reader->record->topology.block_relu_first;
  if (!read_unit (reader, &block->conv1, (SalConv){ n_in, n_out, 3, stride },
          conv1, bn1, FALSE, relu_first)
      || !read_unit (reader, &block->conv2, (SalConv){ n_out, n_out, 3, 1 },
          conv2, bn2, FALSE, FALSE))
    return FALSE;
  if ((stride != 1 || n_in != n_out)
      && !read_unit (reader, &block->shortcut,
          (SalConv){ n_in, n_out, 1, stride }, shortcut0, shortcut1, FALSE,
          FALSE))
    return FALSE;
  return read_excitation (reader, block, name);
}

static gboolean
read_stages (Reader *reader, SalWeights *self)
{
  const SalTopology *t = &reader->record->topology;
  guint width = t->widths[0], height = reader->record->mel.n_bands;
  for (guint i = 0; i < SAL_STAGES; i++) {
    self->blocks[i] = g_new0 (SalBlock, t->blocks[i]);
    self->n_blocks[i] = t->blocks[i];
    for (guint j = 0; j < t->blocks[i]; j++) {
      g_autofree char *name = g_strdup_printf ("layer%u.%u", i + 1, j);
      if (!read_block (reader, &self->blocks[i][j], name, width, t->widths[i],
              j == 0 ? t->strides[i] : 1))
        return FALSE;
      width = t->widths[i];
    }
    height = sal_geometry_out (height, t->strides[i]);
  }
  self->pooled_height = height;
  self->pooled_size = 2 * width * height;
  return TRUE;
}

/* softmax over time (W2 bn (relu (W1 x + b1)) + b2).  A constant over time does
 * not change the softmax of a row: b2 and the shift of the batch norm drop
 * out. */
static gboolean
read_attention (Reader *reader, SalWeights *self)
{
  gsize A = reader->record->topology.attention_size;
  gsize R = self->pooled_size / 2;
  if (A == 0)
    return TRUE;
  g_auto (Affine) bn = { NULL, NULL };
  self->attention_w1
      = read_named (reader, SHAPE (A, R, 1), "attention.0.weight");
  if (self->attention_w1 == NULL)
    return FALSE;
  self->attention_b1 = read_named (reader, SHAPE (A), "attention.0.bias");
  if (self->attention_b1 == NULL
      || !read_batch_norm (reader, "attention.2", A, &bn))
    return FALSE;
  self->attention_w2
      = read_named (reader, SHAPE (R, A, 1), "attention.3.weight");
  if (self->attention_w2 == NULL)
    return FALSE;
  for (gsize i = 0; i < R * A; i++)
    self->attention_w2[i] *= bn.scale[i % A];
  g_autofree float *b2 = read_named (reader, SHAPE (R), "attention.3.bias");
  return b2 != NULL;
}

/* bn3 (fc (bn2 (x))) = D3 (W (D2 x + d2) + b) + d3 */
static gboolean
read_embedding (Reader *reader, SalWeights *self)
{
  const SalTopology *t = &reader->record->topology;
  gsize P = self->pooled_size, E = t->embedding_size;
  g_auto (Affine) before = { NULL, NULL }, after = { NULL, NULL };
  self->fc_weight = read_named (reader, SHAPE (E, P), "fc.weight");
  if (self->fc_weight == NULL)
    return FALSE;
  g_autofree float *fc_bias = read_named (reader, SHAPE (E), "fc.bias");
  if (fc_bias == NULL)
    return FALSE;
  if (t->embedding_bn_before && !read_batch_norm (reader, "bn2", P, &before))
    return FALSE;
  if (t->embedding_bn_after && !read_batch_norm (reader, "bn3", E, &after))
    return FALSE;
  for (gsize e = 0; e < E; e++) {
    float *row = self->fc_weight + e * P;
    double bias = fc_bias[e];
    float scale = t->embedding_bn_after ? after.scale[e] : 1;
    for (gsize p = 0; p < P; p++) {
      if (t->embedding_bn_before) {
        bias += (double) row[p] * before.shift[p];
        row[p] *= before.scale[p];
      }
      row[p] *= scale;
    }
    fc_bias[e]
        = (float) (bias * scale) + (t->embedding_bn_after ? after.shift[e] : 0);
  }
  self->fc_bias = in_blocks (fc_bias, E);
  self->fc_packed = sal_conv_pack (&(SalConv){ (guint) P, (guint) E, 1, 1 },
      self->fc_weight);
  return TRUE;
}

SalWeights *
sal_weights_new (const SalSafetensors *file, const SalDescription *record,
    const SalTensorHook *hook, GError **error)
{
  const SalTopology *t = &record->topology;
  Reader reader = { file, record, hook, error };
  g_autoptr (SalWeights) self = g_new0 (SalWeights, 1);
  g_mutex_init (&self->lock);
  if (!read_unit (&reader, &self->stem,
          (SalConv){ 1, t->widths[0], 3, 1, TRUE }, "conv1", "bn1",
          t->stem_bias, t->stem_relu_first)
      || !read_stages (&reader, self) || !read_attention (&reader, self)
      || !read_embedding (&reader, self))
    return NULL;
  return g_steal_pointer (&self);
}

static void
unit_need_backward (SalUnit *unit)
{
  if (unit->weight != NULL && unit->backward == NULL)
    unit->backward = sal_conv_pack_backward (&unit->conv, unit->weight);
}

void
sal_weights_need_backward (SalWeights *self, guint stage)
{
  g_mutex_lock (&self->lock);
  for (guint i = stage + 1; i < SAL_STAGES; i++)
    for (guint j = 0; j < self->n_blocks[i]; j++) {
      unit_need_backward (&self->blocks[i][j].conv1);
      unit_need_backward (&self->blocks[i][j].conv2);
      unit_need_backward (&self->blocks[i][j].shortcut);
    }
  g_mutex_unlock (&self->lock);
}

static void
unit_clear (SalUnit *unit)
{
  g_free (unit->weight);
  g_aligned_free (unit->forward);
  g_aligned_free (unit->backward);
  g_aligned_free (unit->bias);
  g_aligned_free (unit->scale);
  g_aligned_free (unit->shift);
}

static void
block_clear (SalBlock *block)
{
  unit_clear (&block->conv1);
  unit_clear (&block->conv2);
  unit_clear (&block->shortcut);
  g_free (block->se_w1);
  g_free (block->se_b1);
  g_free (block->se_w2);
  g_free (block->se_b2);
}

void
sal_weights_free (SalWeights *self)
{
  if (self == NULL)
    return;
  unit_clear (&self->stem);
  for (guint i = 0; i < SAL_STAGES; i++) {
    for (guint j = 0; j < self->n_blocks[i]; j++)
      block_clear (&self->blocks[i][j]);
    g_free (self->blocks[i]);
  }
  g_free (self->attention_w1);
  g_free (self->attention_b1);
  g_free (self->attention_w2);
  g_free (self->fc_weight);
  g_aligned_free (self->fc_packed);
  g_aligned_free (self->fc_bias);
  g_mutex_clear (&self->lock);
  g_free (self);
}
