/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "slow.h"

#include <dlfcn.h>

#include <saliency/analyser.h>

static gint cost;        /* us, atomic */
static GPrivate own;     /* gint *, likewise */
static GMutex lock;      /* of the next */
static GPtrArray *apart; /* of SalAnalyser: computed by another thread */

void
slow_set_cost (guint us)
{
  g_atomic_int_set (&cost, (gint) us);
}

void
slow_follow (gint *own_cost)
{
  g_private_set (&own, own_cost);
}

static gpointer
find_real (const char *name)
{
  gpointer function = dlsym (RTLD_NEXT, name);
  if (function == NULL)
    g_error ("no %s in the library", name);
  return function;
}

static void
be_slow (void)
{
  gint *own_cost = g_private_get (&own);
  gint us = g_atomic_int_get (&cost);
  if (own_cost != NULL)
    us += g_atomic_int_get (own_cost);
  if (us > 0)
    g_usleep ((gulong) us);
}

void
sal_analyser_compute (SalAnalyser *self, SalWindow *window)
{
  void (*real) (SalAnalyser *, SalWindow *) = find_real (G_STRFUNC);
  real (self, window);
  be_slow ();
}

void
sal_analyser_set_deferred (SalAnalyser *self, gboolean deferred)
{
  void (*real) (SalAnalyser *, gboolean) = find_real (G_STRFUNC);
  g_mutex_lock (&lock);
  if (apart == NULL)
    apart = g_ptr_array_new ();
  g_ptr_array_remove_fast (apart, self);
  if (deferred)
    g_ptr_array_add (apart, self);
  g_mutex_unlock (&lock);
  real (self, deferred);
}

void
sal_analyser_free (SalAnalyser *self)
{
  void (*real) (SalAnalyser *) = find_real (G_STRFUNC);
  g_mutex_lock (&lock);
  if (apart != NULL)
    g_ptr_array_remove_fast (apart, self);
  g_mutex_unlock (&lock);
  real (self);
}

/* Windows that are computed where the sound comes in are slow as they come
 * out. */
SalMap *
sal_analyser_pop (SalAnalyser *self)
{
  SalMap *(*real) (SalAnalyser *) = find_real (G_STRFUNC);
  SalMap *map = real (self);
  g_mutex_lock (&lock);
  gboolean here = apart == NULL || !g_ptr_array_find (apart, self, NULL);
  g_mutex_unlock (&lock);
  if (here && map != NULL && map->target == 0
      && !(map->flags & SAL_MAP_SILENCE))
    be_slow ();
  return map;
}
