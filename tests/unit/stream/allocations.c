/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an analyser, and a trust meter, allocate once they run.
 *
 * The functions of glibc that allocate are replaced here, for all libraries of
 * the process (GLib's slices and aligned arrays come from them, too), by ones
 * that count and pass on.  Tools that replace them themselves do without this.
 */
#include <saliency/analyser.h>

#include <errno.h>
#include <malloc.h>

#include "data.h"
#include "stream-maps.h"
#include "map/faithfulness.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)                       \
    && !defined(__SANITIZE_THREAD__)
#define COUNTS 1
#else
#define COUNTS 0
#endif

static _Thread_local gint
    n_allocations; /* threads of the pool may be starting */

#if COUNTS
void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *memory, size_t size);
void *__libc_memalign (size_t alignment, size_t size);

static void
count (void)
{
  n_allocations++;
}

void *
malloc (size_t size)
{
  count ();
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  count ();
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  count ();
  return __libc_realloc (memory, size);
}

void *
memalign (size_t alignment, size_t size)
{
  count ();
  return __libc_memalign (alignment, size);
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  count ();
  return __libc_memalign (alignment, size);
}

int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  count ();
  *memory = __libc_memalign (alignment, size);
  return *memory != NULL ? 0 : ENOMEM;
}
#endif

/* The struct and its four arrays. */
#define PER_MAP 5

static SalModel *tiny;

static void
test_counts (void)
{
  if (!COUNTS) {
    g_test_skip ("allocation is somebody else's here");
    return;
  }
  gint before = n_allocations;
  g_free (g_malloc (100));
  g_free (g_new0 (float, 100));
  g_aligned_free (g_aligned_alloc (1, 128, 64));
  g_assert_cmpint (n_allocations - before, ==, 3);
  SalMap *map = sal_map_new (80, 25);
  g_assert_cmpint (n_allocations - before, ==, 3 + PER_MAP);
  sal_map_unref (map);
}

/* Pops what is ready; returns how many maps that were. */
static guint
drain (SalAnalyser *analyser)
{
  guint n = 0;
  SalMap *map;
  while ((map = sal_analyser_pop (analyser)) != NULL) {
    sal_map_unref (map);
    n++;
  }
  return n;
}

/* A stream in small pieces; deferred, one window in five comes back late and
 * one in seven not computed. */
static guint
run_stream (SalAnalyser *analyser, gboolean deferred, const float *sound,
    gsize n)
{
  SalWindow *held = NULL;
  guint n_maps = 0;
  for (gsize at = 0, i = 0; at < n; at += 900, i++) {
    sal_analyser_push (analyser, sound + at, MIN (900, n - at));
    SalWindow *window = deferred ? sal_analyser_take (analyser) : NULL;
    if (window != NULL && i % 7 != 0)
      sal_analyser_compute (analyser, window);
    if (window != NULL && i % 5 == 0 && held == NULL)
      held = window;
    else if (window != NULL)
      sal_analyser_give (analyser, window);
    if (held != NULL && i % 5 == 4)
      sal_analyser_give (analyser, g_steal_pointer (&held));
    sal_analyser_settle (analyser, 40);
    n_maps += drain (analyser);
  }
  sal_analyser_finish (analyser);
  if (held != NULL)
    sal_analyser_give (analyser, held);
  sal_analyser_settle (analyser, 0);
  return n_maps + drain (analyser);
}

static void
check_running (SalModel *model, gboolean deferred, guint n_targets,
    SalCamLayers layers)
{
  SalAnalyserConfig config = maps_config (25, 50);
  SalTarget *targets[3];
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  config.cam.layers = layers;
  for (guint i = 0; i < n_targets; i++)
    targets[i] = maps_target (model, sal_model_get_class_name (model, i));
  g_autoptr (SalAnalyser) analyser
      = sal_analyser_new (model, targets[0], &config, NULL);
  sal_analyser_set_targets (analyser, targets, n_targets);
  sal_analyser_set_deferred (analyser, deferred);
  run_stream (analyser, deferred, sound, n);
  sal_analyser_reset (analyser);
  gint before = n_allocations;
  guint n_maps = run_stream (analyser, deferred, sound, n);
  gint allocated = n_allocations - before;
  g_assert_cmpuint (n_maps, >=, 23 * n_targets);
  if (COUNTS)
    g_assert_cmpint (allocated, ==, (gint) (PER_MAP * n_maps));
  for (guint i = 0; i < n_targets; i++)
    sal_target_unref (targets[i]);
}

static void
test_running (void)
{
  check_running (tiny, FALSE, 1, SAL_CAM_S4);
  check_running (tiny, FALSE, 3, SAL_CAM_S1 | SAL_CAM_S4);
}

/* With as many voices to compare with as in earnest. */
static void
test_shipped (void)
{
  g_autofree char *path = data_shipped_model ();
  if (path == NULL) {
    g_test_skip ("the shipped model is not in the tree");
    return;
  }
  g_autoptr (SalModel) model = data_load_model ("shipped");
  check_running (model, TRUE, 2, SAL_CAM_S4);
}

static void
test_running_deferred (void)
{
  check_running (tiny, TRUE, 1, SAL_CAM_S4);
  check_running (tiny, TRUE, 3, SAL_CAM_S1 | SAL_CAM_S4);
}

/* Neither more threads nor deeper layers cost the thread that pushes anything:
 * whoever computes makes the network anew. */
static void
test_config_is_free (void)
{
  SalAnalyserConfig config = maps_config (25, 50);
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (SalAnalyser) analyser = maps_analyser (tiny, "spk0", &config);
  sal_analyser_set_deferred (analyser, TRUE);
  run_stream (analyser, TRUE, sound, n);
  sal_analyser_reset (analyser);
  gint before = n_allocations;
  config.threads = 2;
  config.cam.layers = SAL_CAM_S1;
  g_assert_true (sal_analyser_set_config (analyser, &config, NULL));
  sal_analyser_push (analyser, sound, 5000);
  SalWindow *window = sal_analyser_take (analyser);
  g_assert_nonnull (window);
  if (COUNTS)
    g_assert_cmpint (n_allocations, ==, before);
  sal_analyser_compute (analyser, window);
  if (COUNTS)
    g_assert_cmpint (n_allocations, >, before);
  sal_analyser_give (analyser, window);
}

static void
test_trust_allocates_at_creation (void)
{
  const guint T = 100;
  guint F = sal_model_get_mel_config (tiny)->n_bands;
  g_autoptr (SalTarget) target = sal_target_new_class (tiny, "spk0", NULL);
  g_autoptr (SalNet) net = sal_net_new (tiny, T, 3, 1);
  g_autoptr (SalFaithfulness) trust = sal_faithfulness_new (tiny, T);
  g_autofree float *log_mel = data_read_log_mel (F, T);
  sal_net_forward (net, log_mel, T);
  sal_net_get_stage (net, 3, NULL); /* the copies that a net keeps */
  gint before = n_allocations;
  for (guint i = 0; i < 3; i++) {
    sal_faithfulness_begin (trust, net);
    sal_faithfulness_measure (trust, net, target, log_mel);
    sal_net_forward (net, log_mel, T);
  }
  if (COUNTS)
    g_assert_cmpint (n_allocations, ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  g_test_add_func ("/allocations/are-counted", test_counts);
  g_test_add_func ("/allocations/only-maps", test_running);
  g_test_add_func ("/allocations/only-maps-deferred", test_running_deferred);
  g_test_add_func ("/allocations/only-maps-shipped", test_shipped);
  g_test_add_func ("/allocations/config-is-free", test_config_is_free);
  g_test_add_func ("/allocations/trust-allocates-at-creation",
      test_trust_allocates_at_creation);
  int result = g_test_run ();
  sal_model_unref (tiny);
  return result;
}
