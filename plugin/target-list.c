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

/* The same target as one of @list, if there is one. */
static SalTarget *
find_voice (GPtrArray *list, const SalTarget *target, const SalModel *model)
{
  for (guint i = 0; i < list->len; i++)
    if (is_same_voice (list->pdata[i], target, model))
      return list->pdata[i];
  return NULL;
}

/* Nobody else changes the list meanwhile. */
static gboolean
load_one (GssTargetList *self, SalModel *model, const char *text,
    GPtrArray *out, const char **repeated, GError **error)
{
  g_autoptr (SalTarget) target = sal_target_load (model, text, error);
  if (target == NULL)
    return FALSE;
  if (find_voice (out, target, model) != NULL) {
    *repeated = text;
    return TRUE;
  }
  if (out->len == SAL_ANALYSER_MAX_TARGETS) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "%s is one target too many: there can be %d", text,
        SAL_ANALYSER_MAX_TARGETS);
    return FALSE;
  }
  SalTarget *old = find_voice (self->targets, target, model);
  g_ptr_array_add (out,
      old != NULL ? sal_target_ref (old) : g_steal_pointer (&target));
  return TRUE;
}

static gboolean
load_all (GssTargetList *self, SalModel *model, const char *first,
    char *const *others, GPtrArray *out, const char **failed,
    const char **repeated, GError **error)
{
  *failed = first;
  if (first != NULL && !load_one (self, model, first, out, repeated, error))
    return FALSE;
  for (char *const *text = others; text != NULL && *text != NULL; text++) {
    *failed = *text;
    if (!load_one (self, model, *text, out, repeated, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
gss_target_list_load (GssTargetList *self, SalModel *model, const char *first,
    char *const *others, const char **failed, const char **repeated,
    GError **error)
{
  const char *text, *again = NULL;
  g_autoptr (GPtrArray) targets = new_targets ();
  gboolean loaded
      = load_all (self, model, first, others, targets, &text, &again, error);
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
  if (repeated != NULL)
    *repeated = again;
  return loaded;
}

gboolean
gss_target_list_take (GssTargetList *self, SalTarget **targets,
    guint *n_targets)
{
  g_mutex_lock (&self->lock);
  gboolean changed = self->changed;
  if (changed) {
    *n_targets = self->targets->len;
    for (guint i = 0; i < *n_targets; i++)
      targets[i] = sal_target_ref (g_ptr_array_index (self->targets, i));
  }
  self->changed = FALSE;
  g_mutex_unlock (&self->lock);
  return changed;
}

char *
gss_target_list_new_name (SalTarget *const *targets, guint index)
{
  const char *name = sal_target_get_name (targets[index]);
  guint n_before = 0;
  for (guint i = 0; i < index; i++)
    n_before += g_str_equal (sal_target_get_name (targets[i]), name);
  if (n_before == 0)
    return g_ref_string_new (name);
  g_autofree char *numbered = g_strdup_printf ("%s #%u", name, n_before + 1);
  return g_ref_string_new (numbered);
}
