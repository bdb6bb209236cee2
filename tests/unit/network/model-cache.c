/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network/model-internal.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data.h"

#define N_THREADS 8
#define N_ROUNDS 50

static SalModel *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  SalModel *model = sal_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (model);
  return model;
}

static char *
copy_of_model (const char *model, const char *name)
{
  g_autofree char *file = g_strconcat (model, ".safetensors", NULL);
  g_autofree char *path = data_path (file);
  g_autoptr (GByteArray) bytes = data_file_bytes (path);
  return data_write_temp (name, bytes->data, bytes->len);
}

static void
assert_other (SalModel *a, SalModel *b)
{
  g_assert_true (a != b);
  sal_model_unref (b);
}

/* --- one thread ---------------------------------------------------------- */

static void
test_same_file_is_the_same_model (void)
{
  g_autofree char *path = copy_of_model ("tiny", "same");
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *twisted = g_build_filename (folder, ".", "same", NULL);
  g_autofree char *link = data_temp_path ("link");
  g_assert_cmpint (symlink (path, link), ==, 0);
  SalModel *first = load (path);
  const char *paths[] = { path, twisted, link };
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autoptr (SalModel) again = load (paths[i]);
    g_assert_true (again == first);
    g_assert_cmpstr (sal_model_get_path (again), ==, path);
  }
  g_autoptr (SalModel) last = load (link);
  sal_model_unref (first);
  g_assert_cmpstr (sal_model_get_name (last), ==, "tiny");
}

static void
test_other_files_are_others (void)
{
  g_autofree char *path = copy_of_model ("tiny", "one");
  g_autofree char *copy = copy_of_model ("tiny", "other");
  g_autoptr (SalModel) model = load (path);
  assert_other (model, load (copy));
}

static void
test_replaced_file_is_another (void)
{
  g_autofree char *path = copy_of_model ("tiny", "replaced");
  g_autoptr (SalModel) before = load (path);
  g_autofree char *next = copy_of_model ("wespeaker", "next");
  g_assert_cmpint (g_rename (next, path), ==, 0);
  g_autoptr (SalModel) after = load (path);
  g_assert_cmpstr (sal_model_get_name (before), ==, "tiny");
  g_assert_cmpstr (sal_model_get_name (after), ==, "wespeaker");
  g_autoptr (SalModel) again = load (path);
  g_assert_true (again == after);
}

/* The change is a nanosecond; size and place stay. */
static void
test_touched_file_is_another (void)
{
  g_autofree char *path = copy_of_model ("tiny", "touched");
  struct stat now;
  g_autoptr (SalModel) model = load (path);
  g_assert_cmpint (stat (path, &now), ==, 0);
  struct timespec times[2] = { now.st_atim, now.st_mtim };
  times[1].tv_nsec = (times[1].tv_nsec + 1) % 1000000000;
  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
  assert_other (model, load (path));
}

/* Another file of the same size, with the old time. */
static void
test_time_set_back_does_not_hide_a_change (void)
{
  g_autofree char *path = copy_of_model ("tiny", "edited-tiny.safetensors");
  struct stat before;
  g_autoptr (SalModel) model = load (path);
  g_assert_cmpint (stat (path, &before), ==, 0);
  g_usleep (20000); /* file times have the resolution of the system's tick */
  g_autofree char *tiny = data_path ("tiny.safetensors");
  g_autofree char *edited
      = data_edit_record (tiny, "\"name\": \"tiny\"", "\"name\": \"tinz\"");
  g_assert_cmpstr (edited, ==, path); /* overwritten */
  const struct timespec times[2] = { before.st_atim, before.st_mtim };
  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
  g_autoptr (SalModel) after = load (path);
  g_assert_cmpstr (sal_model_get_name (after), ==, "tinz");
}

static void
test_file_is_read_again_after_the_last_unref (void)
{
  g_autofree char *path = copy_of_model ("tiny", "again");
  for (guint i = 0; i < 3; i++)
    sal_model_unref (load (path));
  g_remove (path);
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_model_load (path, &error));
  data_assert_error (error, SAL_ERROR_FILE, path, NULL);
}

/* --- several ------------------------------------------------------------- */

typedef struct {
  char *paths[N_THREADS];
  SalModel *models[N_THREADS];
  GError *errors[N_THREADS];
  gint n_ready; /* atomic */
  gint next;    /* atomic: number of a thread */
} Shared;

/* All begin together. */
static guint
take_place (Shared *shared)
{
  guint me = (guint) g_atomic_int_add (&shared->next, 1);
  g_atomic_int_inc (&shared->n_ready);
  while (g_atomic_int_get (&shared->n_ready) < N_THREADS)
    g_thread_yield ();
  return me;
}

static gpointer
load_once (gpointer data)
{
  Shared *shared = data;
  guint me = take_place (shared);
  shared->models[me] = sal_model_load (shared->paths[me], &shared->errors[me]);
  return NULL;
}

static gpointer
load_and_unref (gpointer data)
{
  Shared *shared = data;
  guint me = take_place (shared);
  for (guint i = 0; i < N_ROUNDS; i++) {
    g_autoptr (SalModel) model = load (shared->paths[me]);
    g_autoptr (SalModel) again = i % 2 ? load (shared->paths[me]) : NULL;
    g_assert_true (again == NULL || again == model);
    g_assert_cmpstr (sal_model_get_name (model), ==, "tiny");
  }
  return NULL;
}

static void
run_threads (Shared *shared, GThreadFunc func)
{
  GThread *threads[N_THREADS];
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("loader", func, shared);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

static void
shared_clear (Shared *shared)
{
  for (guint i = 0; i < N_THREADS; i++) {
    g_free (shared->paths[i]);
    sal_model_unref (shared->models[i]);
    g_clear_error (&shared->errors[i]);
  }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shared, shared_clear)

static void
test_threads_share_one (void)
{
  g_auto (Shared) shared = { .next = 0 };
  for (guint i = 0; i < N_THREADS; i++)
    shared.paths[i] = data_path ("sunine.safetensors");
  run_threads (&shared, load_once);
  for (guint i = 0; i < N_THREADS; i++) {
    g_assert_no_error (shared.errors[i]);
    g_assert_true (shared.models[i] == shared.models[0]);
  }
}

/* The last reference goes in one thread while another loads. */
static void
test_threads_come_and_go (void)
{
  g_auto (Shared) shared = { .next = 0 };
  for (guint i = 0; i < N_THREADS; i++)
    shared.paths[i] = data_path ("tiny.safetensors");
  run_threads (&shared, load_and_unref);
}

/* One damaged file with a name for each thread: errors have the thread's name.
 */
static void
test_threads_fail_on_their_own (void)
{
  g_autofree char *tiny = data_path ("tiny.safetensors");
  g_autofree char *broken = data_fill_tensor (tiny, "fc.weight", 0, 2, 0xff);
  g_auto (Shared) shared = { .next = 0 };
  for (guint i = 0; i < N_THREADS; i++) {
    g_autofree char *name = g_strdup_printf ("broken-%u", i);
    shared.paths[i] = data_temp_path (name);
    g_assert_cmpint (symlink (broken, shared.paths[i]), ==, 0);
  }
  run_threads (&shared, load_once);
  for (guint i = 0; i < N_THREADS; i++) {
    g_assert_null (shared.models[i]);
    data_assert_error (shared.errors[i], SAL_ERROR_FORMAT, shared.paths[i],
        "fc.weight", NULL);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model-cache/same-file-is-the-same-model",
      test_same_file_is_the_same_model);
  g_test_add_func ("/model-cache/other-files-are-others",
      test_other_files_are_others);
  g_test_add_func ("/model-cache/replaced-file-is-another",
      test_replaced_file_is_another);
  g_test_add_func ("/model-cache/touched-file-is-another",
      test_touched_file_is_another);
  g_test_add_func ("/model-cache/time-set-back-does-not-hide-a-change",
      test_time_set_back_does_not_hide_a_change);
  g_test_add_func ("/model-cache/file-is-read-again-after-the-last-unref",
      test_file_is_read_again_after_the_last_unref);
  g_test_add_func ("/model-cache/threads/share-one", test_threads_share_one);
  g_test_add_func ("/model-cache/threads/come-and-go",
      test_threads_come_and_go);
  g_test_add_func ("/model-cache/threads/fail-on-their-own",
      test_threads_fail_on_their_own);
  int result = g_test_run ();
  data_clean ();
  return result;
}
