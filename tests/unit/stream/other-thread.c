/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An analyser whose windows another thread computes, meanwhile used in every
 * way: for -Db_sanitize=thread. */
#include <saliency/analyser.h>

#include <pthread.h>

#include "data.h"
#include "stream-maps.h"

/* Locks of pthread: a checker of threads knows them without GLib's help. */
typedef struct {
  SalAnalyser *analyser;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  SalWindow *job, *done;
  gboolean stop;
} Desk;

static gpointer
work (gpointer data)
{
  Desk *desk = data;
  pthread_mutex_lock (&desk->lock);
  while (!desk->stop) {
    SalWindow *window = g_steal_pointer (&desk->job);
    if (window == NULL) {
      pthread_cond_wait (&desk->changed, &desk->lock);
      continue;
    }
    pthread_mutex_unlock (&desk->lock);
    sal_analyser_compute (desk->analyser, window);
    pthread_mutex_lock (&desk->lock);
    desk->done = window;
    pthread_cond_signal (&desk->changed);
  }
  pthread_mutex_unlock (&desk->lock);
  return NULL;
}

/* Takes back what is done, and hands out what is due. */
static gboolean
exchange (Desk *desk, gboolean *busy)
{
  pthread_mutex_lock (&desk->lock);
  SalWindow *done = g_steal_pointer (&desk->done);
  pthread_mutex_unlock (&desk->lock);
  if (done != NULL) {
    sal_analyser_give (desk->analyser, done);
    *busy = FALSE;
  }
  SalWindow *window = *busy ? NULL : sal_analyser_take (desk->analyser);
  if (window != NULL) {
    pthread_mutex_lock (&desk->lock);
    desk->job = window;
    pthread_cond_signal (&desk->changed);
    pthread_mutex_unlock (&desk->lock);
    *busy = TRUE;
  }
  return done != NULL;
}

/* All that may be done while a window is computed. */
static void
meddle (SalAnalyser *analyser, guint i, SalTarget *const *targets,
    SalAnalyserConfig *config)
{
  if (i % 7 == 0)
    sal_analyser_set_targets (analyser, targets + i % 2, 1 + i % 3);
  if (i % 11 == 0) {
    config->cam.layers = i % 2 ? SAL_CAM_S1 : SAL_CAM_S4 | SAL_CAM_S3;
    config->late_pass = i % 3 == 0;
    g_assert_true (sal_analyser_set_config (analyser, config, NULL));
  }
  if (i % 97 == 0)
    sal_analyser_forget (analyser);
  if (i % 131 == 0)
    sal_analyser_reset (analyser);
  sal_analyser_settle (analyser, 60);
}

static void
test_another_thread (void)
{
  SalAnalyserConfig config = maps_config (10, 20);
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (SalModel) model = data_load_model ("tiny");
  g_autoptr (SalAnalyser) analyser = maps_analyser (model, "spk2", &config);
  Desk desk = { .analyser = analyser };
  SalTarget *targets[4];
  gboolean busy = FALSE;
  guint n_done = 0;
  for (guint i = 0; i < 4; i++) {
    g_autofree char *name = g_strdup_printf ("spk%u", i);
    targets[i] = maps_target (model, name);
  }
  sal_analyser_set_deferred (analyser, TRUE);
  pthread_mutex_init (&desk.lock, NULL);
  pthread_cond_init (&desk.changed, NULL);
  GThread *thread = g_thread_new ("worker", work, &desk);
  for (guint i = 1; i < 400 || n_done < 20; i++) {
    g_autoptr (GPtrArray) maps = maps_new ();
    sal_analyser_push (analyser, sound + i % 100 * 800, 800);
    n_done += exchange (&desk, &busy) ? 1 : 0;
    meddle (analyser, i, targets, &config);
    maps_pop (analyser, maps);
    maps_assert_good (maps);
    g_usleep (500);
  }
  pthread_mutex_lock (&desk.lock);
  desk.stop = TRUE;
  pthread_cond_signal (&desk.changed);
  pthread_mutex_unlock (&desk.lock);
  g_thread_join (thread);
  for (guint i = 0; i < 4; i++)
    sal_target_unref (targets[i]);
  pthread_cond_destroy (&desk.changed);
  pthread_mutex_destroy (&desk.lock);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/analyser/another-thread/computes-meanwhile",
      test_another_thread);
  return g_test_run ();
}
