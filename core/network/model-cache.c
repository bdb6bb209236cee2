/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model-cache.c: cache of the models in memory, one of each file
 *
 * A file is known by its real path and its stat(): device, inode, size, and
 * the times of modification and status, to the nanosecond as far as the file
 * system keeps them.  The table holds weak references.  Files are read without
 * a lock; if a thread fails to read a file, each thread that waits for it tries
 * on its own.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "network/model-internal.h"

typedef struct {
  char *path; /* real */
  struct stat stat;
} Identity;

typedef struct {
  Identity identity;
  SalModel *model; /* weak reference; NULL while the file is read */
} Entry;

static struct {
  GMutex lock;
  GCond read; /* signalled when the reading of an entry ends */
  GQueue entries;
} models;

static void
identity_clear (Identity *self)
{
  free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Identity, identity_clear)

/* FALSE if the path is no regular file. */
static gboolean
identify (const char *path, Identity *identity)
{
  identity->path = realpath (path, NULL);
  return identity->path != NULL && stat (identity->path, &identity->stat) == 0
      && S_ISREG (identity->stat.st_mode);
}

static gboolean
same_time (const struct timespec *a, const struct timespec *b)
{
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static gboolean
same_identity (const Identity *a, const Identity *b)
{
  return g_str_equal (a->path, b->path) && a->stat.st_dev == b->stat.st_dev
      && a->stat.st_ino == b->stat.st_ino && a->stat.st_size == b->stat.st_size
      && same_time (&a->stat.st_mtim, &b->stat.st_mtim)
      && same_time (&a->stat.st_ctim, &b->stat.st_ctim);
}

/* --- the table, under the lock ------------------------------------------- */

static Entry *
find (const Identity *identity)
{
  for (GList *link = models.entries.head; link != NULL; link = link->next) {
    Entry *entry = link->data;
    if (same_identity (&entry->identity, identity))
      return entry;
  }
  return NULL;
}

/* Adds an entry with this identity for a model that will be read. */
static Entry *
add (Identity *identity)
{
  Entry *entry = g_new0 (Entry, 1);
  entry->identity = *identity;
  identity->path = NULL;
  g_queue_push_tail (&models.entries, entry);
  return entry;
}

static void
drop (Entry *entry)
{
  g_queue_remove (&models.entries, entry);
  identity_clear (&entry->identity);
  g_free (entry);
}

/* Returns: a model, or NULL and an entry for the caller to fill */
static SalModel *
find_or_claim (Identity *identity, Entry **claimed)
{
  Entry *entry;
  while ((entry = find (identity)) != NULL) {
    if (entry->model == NULL) {
      g_cond_wait (&models.read, &models.lock);
    } else if (sal_model_try_ref (entry->model)) {
      return entry->model;
    } else {
      drop (entry); /* its model is being freed and will call forget() */
    }
  }
  *claimed = add (identity);
  return NULL;
}

/* --- loading ------------------------------------------------------------- */

/* Whether the file did not change while it was read. */
static gboolean
unchanged (const Identity *before, const char *path)
{
  g_auto (Identity) now = { NULL };
  return identify (path, &now) && same_identity (before, &now);
}

static void
forget (const SalModel *model)
{
  g_mutex_lock (&models.lock);
  for (GList *link = models.entries.head; link != NULL; link = link->next) {
    Entry *entry = link->data;
    if (entry->model == model) {
      drop (entry);
      break;
    }
  }
  g_mutex_unlock (&models.lock);
}

SalModel *
sal_model_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_auto (Identity) identity = { NULL };
  Entry *entry = NULL;
  if (!identify (path, &identity))
    return sal_model_read (path, NULL, error);
  g_mutex_lock (&models.lock);
  SalModel *model = find_or_claim (&identity, &entry);
  g_mutex_unlock (&models.lock);
  if (model != NULL)
    return model;

  model = sal_model_read (path, NULL, error);
  if (model != NULL)
    g_log ("saliency", G_LOG_LEVEL_INFO, "model %s read from %s",
        sal_model_get_name (model), path);
  gboolean keep = model != NULL && unchanged (&entry->identity, path);
  g_mutex_lock (&models.lock);
  if (keep) {
    sal_model_set_forget (model, forget);
    entry->model = model;
  } else {
    drop (entry);
  }
  g_cond_broadcast (&models.read);
  g_mutex_unlock (&models.lock);
  return model;
}
