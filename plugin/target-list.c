/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target-list.h"

struct _GssTargetList {
  GMutex lock;
  GPtrArray *targets; /* of SalTarget */
  gboolean changed;
};

static GPtrArray *
new_targets (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) sal_target_unref);
}

GssTargetList *
gss_target_list_new (void)
{
  GssTargetList *self = g_new0 (GssTargetList, 1);
  g_mutex_init (&self->lock);
  self->targets = new_targets ();
  return self;
}

void
gss_target_list_free (GssTargetList *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->targets);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
is_same_voice (const SalTarget *a, const SalTarget *b, const SalModel *model)
{
  return sal_target_fits (a, model) && sal_target_equal (a, b);
}

/* Nobody else changes the list meanwhile. */
static gboolean
load_one (GssTargetList *self, SalModel *model, const char *text,
    GPtrArray *out, GError **error)
{
  g_autoptr (SalTarget) target = sal_target_load (model, text, error);
  if (target == NULL)
    return FALSE;
  if (out->len == SAL_ANALYSER_MAX_TARGETS) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "%s is one target too many: there can be %d", text,
        SAL_ANALYSER_MAX_TARGETS);
    return FALSE;
  }
  for (guint i = 0; i < self->targets->len; i++) {
    SalTarget *old = g_ptr_array_index (self->targets, i);
    if (!is_same_voice (old, target, model))
      continue;
    sal_target_unref (target);
    target = sal_target_ref (old);
    break;
  }
  g_ptr_array_add (out, g_steal_pointer (&target));
  return TRUE;
}

static gboolean
load_all (GssTargetList *self, SalModel *model, const char *first,
    char *const *others, GPtrArray *out, const char **failed, GError **error)
{
  *failed = first;
  if (first != NULL && !load_one (self, model, first, out, error))
    return FALSE;
  for (char *const *text = others; text != NULL && *text != NULL; text++) {
    *failed = *text;
    if (!load_one (self, model, *text, out, error))
      return FALSE;
  }
  if (out->len == 0)
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "property target is unset: it is the path of a .speaker file or the "
        "name of a class of the model");
  return out->len > 0;
}

gboolean
gss_target_list_load (GssTargetList *self, SalModel *model, const char *first,
    char *const *others, const char **failed, GError **error)
{
  const char *text;
  g_autoptr (GPtrArray) targets = new_targets ();
  gboolean loaded
      = load_all (self, model, first, others, targets, &text, error);
  if (loaded) {
    g_mutex_lock (&self->lock);
    GPtrArray *old = self->targets;
    self->targets = g_steal_pointer (&targets);
    self->changed = TRUE;
    g_mutex_unlock (&self->lock);
    targets = old;
  }
  if (failed != NULL)
    *failed = text;
  return loaded;
}

guint
gss_target_list_take (GssTargetList *self, SalTarget **targets)
{
  guint n = 0;
  g_mutex_lock (&self->lock);
  if (self->changed)
    for (n = 0; n < self->targets->len; n++)
      targets[n] = sal_target_ref (g_ptr_array_index (self->targets, n));
  self->changed = FALSE;
  g_mutex_unlock (&self->lock);
  return n;
}
