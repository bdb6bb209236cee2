/* SPDX-License-Identifier: GPL-2.0-or-later */
/* weight-shuffle.c: permuted weights, for the sanity checks of maps */
#include "eval/weight-shuffle.h"

#include <string.h>

#include "network/model-internal.h"

static guint
part_of (const char *tensor)
{
  static const struct {
    const char *prefix;
    guint part;
  } parts[] = {
    { "conv1.", EVAL_PART_STEM },
    { "bn1.", EVAL_PART_STEM },
    { "layer1.", EVAL_PART_S1 },
    { "layer2.", EVAL_PART_S2 },
    { "layer3.", EVAL_PART_S3 },
    { "layer4.", EVAL_PART_S4 },
    { "attention.", EVAL_PART_TOP },
    { "bn2.", EVAL_PART_TOP },
    { "fc.", EVAL_PART_TOP },
    { "bn3.", EVAL_PART_TOP },
    { "head.", EVAL_PART_TOP },
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (g_str_has_prefix (tensor, parts[i].prefix))
      return parts[i].part;
  return 0;
}

void
eval_weight_shuffle_permute (const EvalWeightShuffle *self, const char *tensor,
    float *values, gsize n)
{
  if (self == NULL || (self->parts & part_of (tensor)) == 0)
    return;
  const char *dot = strrchr (tensor, '.');
  g_autofree char *layer = g_strndup (tensor, (gsize) (dot - tensor));
  const guint32 seeds[] = { self->seed, g_str_hash (layer), (guint32) n };
  g_autoptr (GRand) rand
      = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));

  for (gsize i = n; i > 1; i--) {
    gsize j = (gsize) g_rand_int_range (rand, 0, (gint32) i);
    float value = values[i - 1];
    values[i - 1] = values[j];
    values[j] = value;
  }
}

static void
change (const char *name, float *values, gsize n, gpointer data)
{
  eval_weight_shuffle_permute (data, name, values, n);
}

SalModel *
eval_weight_shuffle_model (const SalModel *model,
    const EvalWeightShuffle *scramble, GError **error)
{
  EvalWeightShuffle copy = *scramble;
  const SalTensorHook hook = { change, &copy };
  g_autoptr (SalModel) self
      = sal_model_read (sal_model_get_path (model), &hook, error);
  if (self == NULL)
    return NULL;
  if (!g_str_equal (sal_model_get_id (self), sal_model_get_id (model))) {
    sal_error_set (error, SAL_ERROR_MISMATCH,
        "%s has changed since it was loaded", sal_model_get_path (model));
    return NULL;
  }
  return g_steal_pointer (&self);
}
