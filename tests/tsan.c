/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tsan.c: GLib's locks as ThreadSanitizer sees them
 *
 * GLib locks with futexes and counts references with atomic operations of its
 * own, unseen by the sanitizer, which would take whatever a GMutex protects for
 * a race.  With b_sanitize=thread the tests link these functions in front of
 * GLib's, which they call.  GRecMutex, GRWLock, GPrivate and GThread are those
 * of the C library, and seen.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

#include <gst/gst.h>
#include <sanitizer/tsan_interface.h>

/* The function that ours stands in front of */
#define REAL(function)                                                         \
  ({                                                                           \
    static gpointer real;                                                      \
    (__typeof__ (&function)) find (&real, #function);                          \
  })

static gpointer
find (gpointer *real, const char *name)
{
  gpointer symbol = g_atomic_pointer_get (real);
  if (symbol == NULL) {
    symbol = dlsym (RTLD_NEXT, name);
    g_atomic_pointer_set (real, symbol);
  }
  return symbol;
}

/* --- locks --------------------------------------------------------------- */

void
g_mutex_lock (GMutex *mutex)
{
  __tsan_mutex_pre_lock (mutex, 0);
  REAL (g_mutex_lock) (mutex);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  __tsan_mutex_pre_lock (mutex, __tsan_mutex_try_lock);
  gboolean locked = REAL (g_mutex_trylock) (mutex);
  __tsan_mutex_post_lock (mutex,
      locked ? __tsan_mutex_try_lock : __tsan_mutex_try_lock_failed, 0);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  REAL (g_mutex_unlock) (mutex);
  __tsan_mutex_post_unlock (mutex, 0);
}

static void
unlock_to_wait (GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  __tsan_mutex_pre_lock (mutex, 0);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  unlock_to_wait (mutex);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  unlock_to_wait (mutex);
  gboolean signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_mutex_post_lock (mutex, 0, 0);
  return signalled;
}

/* --- done once ----------------------------------------------------------- */

gboolean (g_once_init_enter) (volatile void *location)
{
  gboolean enter = REAL (g_once_init_enter) (location);
  __tsan_acquire ((void *) location);
  return enter;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  REAL (g_once_init_leave) (location, result);
}

gpointer
g_once_impl (GOnce *once, GThreadFunc func, gpointer arg)
{
  gpointer result = REAL (g_once_impl) (once, func, arg);
  __tsan_acquire (once);
  __tsan_release (once);
  return result;
}

/* --- references: what was done before one is released is seen by who frees */

static void
order (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
}

void
g_object_unref (gpointer object)
{
  order (object);
  REAL (g_object_unref) (object);
}

void
gst_object_unref (gpointer object)
{
  order (object);
  REAL (gst_object_unref) (object);
}

void
gst_mini_object_unref (GstMiniObject *object)
{
  order (object);
  REAL (gst_mini_object_unref) (object);
}

void
g_bytes_unref (GBytes *bytes)
{
  if (bytes != NULL)
    order (bytes);
  REAL (g_bytes_unref) (bytes);
}

void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  order (box);
  REAL (g_atomic_rc_box_release_full) (box, clear);
}
