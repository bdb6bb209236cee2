/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/jobs.h"

#include "data.h"

typedef struct {
  GArray *taken; /* of guint */
  int failing;   /* this job and all later ones fail; -1: none */
  int refused;   /* the result of this job is refused; -1: none */
  int n_made, n_dropped;
  double progress;
} Scene;

static Scene *scene; /* for drop(), which gets no data */

/* The first jobs take longest. */
static gpointer
run (guint index, gpointer data, GError **error)
{
  Scene *self = data;
  g_usleep ((10 - index % 10) * 300);
  if (self->failing >= 0 && index >= (guint) self->failing) {
    sal_error_set (error, SAL_ERROR_AUDIO, "job %u", index);
    return NULL;
  }
  g_atomic_int_inc (&self->n_made);
  guint *result = g_new (guint, 1);
  *result = index * index;
  return result;
}

static void
drop (gpointer result)
{
  g_atomic_int_inc (&scene->n_dropped);
  g_free (result);
}

static gboolean
take (guint index, gpointer result, gpointer data, GError **error)
{
  Scene *self = data;
  guint value = *(guint *) result;
  drop (result);
  g_array_append_val (self->taken, value);
  return self->refused != (int) index
      || sal_error_set (error, SAL_ERROR_CONFIG, "result %u", index);
}

static void
progress (double part, gpointer data)
{
  Scene *self = data;
  g_assert_cmpfloat (part, >=, self->progress);
  g_assert_cmpfloat (part, <=, 1);
  self->progress = part;
}

static const EvalJobs jobs = { run, take, drop, progress };

static gboolean
play (Scene *self, guint n, guint n_threads, GError **error)
{
  scene = self;
  self->taken = g_array_new (FALSE, FALSE, sizeof (guint));
  return eval_jobs_run (&jobs, n, n_threads, self, error);
}

static void
check_taken (const Scene *self, guint n)
{
  g_assert_cmpuint (self->taken->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (self->taken, guint, i), ==, i * i);
  g_assert_cmpint (self->n_made, ==, self->n_dropped);
  g_array_unref (self->taken);
}

static void
test_results_come_in_order (void)
{
  const guint threads[] = { 0, 1, 2, 7 };
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    Scene self = { .failing = -1, .refused = -1 };
    g_autoptr (GError) error = NULL;
    g_assert_true (play (&self, 40, threads[i], &error));
    g_assert_no_error (error);
    check_taken (&self, 40);
  }
}

static void
test_nothing_to_do (void)
{
  Scene self = { .failing = -1, .refused = -1 };
  g_autoptr (GError) error = NULL;
  g_assert_true (play (&self, 0, 2, &error));
  g_assert_no_error (error);
  check_taken (&self, 0);
}

static void
test_error_is_that_of_the_first (void)
{
  for (guint n_threads = 1; n_threads < 6; n_threads++) {
    Scene self = { .failing = 11, .refused = -1 };
    g_autoptr (GError) error = NULL;
    g_assert_false (play (&self, 40, n_threads, &error));
    data_assert_error (error, SAL_ERROR_AUDIO, "job 11", NULL);
    check_taken (&self, 11);
  }
}

static void
test_a_result_can_be_refused (void)
{
  Scene self = { .failing = -1, .refused = 5 };
  g_autoptr (GError) error = NULL;
  g_assert_false (play (&self, 40, 3, &error));
  data_assert_error (error, SAL_ERROR_CONFIG, "result 5", NULL);
  check_taken (&self, 6);
}

static void
test_results_that_nobody_takes_are_dropped (void)
{
  static const EvalJobs quiet = { run, NULL, drop, NULL };
  Scene self = { .failing = -1, .refused = -1 };
  g_autoptr (GError) error = NULL;
  scene = &self;
  g_assert_true (eval_jobs_run (&quiet, 20, 2, &self, &error));
  g_assert_cmpint (self.n_made, ==, 20);
  g_assert_cmpint (self.n_dropped, ==, 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/jobs/results-come-in-order", test_results_come_in_order);
  g_test_add_func ("/jobs/nothing-to-do", test_nothing_to_do);
  g_test_add_func ("/jobs/error-is-that-of-the-first",
      test_error_is_that_of_the_first);
  g_test_add_func ("/jobs/a-result-can-be-refused",
      test_a_result_can_be_refused);
  g_test_add_func ("/jobs/results-that-nobody-takes-are-dropped",
      test_results_that_nobody_takes_are_dropped);
  return g_test_run ();
}
