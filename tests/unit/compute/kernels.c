/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/kernels/kernels.h"

#include <string.h>

#include "compute/aligned.h"
#include "compute/kernels/openblas.h"
#include "compute/kernels/trial.h"
#include "data.h"

#define AVX512                                                                 \
  (SAL_CPU_AVX512F | SAL_CPU_AVX512DQ | SAL_CPU_AVX512VL | SAL_CPU_AVX512BW    \
      | SAL_CPU_FMA)
#define ALL (AVX512 | SAL_CPU_AVX2 | SAL_CPU_AVX)

#ifdef __x86_64__
#define X86_OR_C(name) name
#define X86_OR_BLAS(name) name
#else
#define X86_OR_C(name) "c"
#define X86_OR_BLAS(name) "blas"
#endif

static const char *
chosen (guint features, const char *wanted)
{
  return sal_kernels_choose (features, wanted)->name;
}

static void
test_best_of_features (void)
{
  g_assert_cmpstr (chosen (ALL, NULL), ==, X86_OR_C ("avx512"));
  g_assert_cmpstr (chosen (AVX512, NULL), ==, X86_OR_C ("avx512"));
  g_assert_cmpstr (chosen (SAL_CPU_AVX | SAL_CPU_AVX2 | SAL_CPU_FMA, NULL), ==,
      X86_OR_C ("avx2"));
  g_assert_cmpstr (chosen (SAL_CPU_AVX | SAL_CPU_FMA, NULL), ==,
      X86_OR_C ("avx"));
  g_assert_cmpstr (chosen (SAL_CPU_AVX | SAL_CPU_AVX2, NULL), ==,
      X86_OR_C ("avx"));
  g_assert_cmpstr (chosen (SAL_CPU_FMA, NULL), ==, "c");
  g_assert_cmpstr (chosen (0, NULL), ==, "c");
}

/* Each of the five features that the set is compiled with. */
static void
test_avx512_needs_all_five (void)
{
  const guint five[] = { SAL_CPU_AVX512F, SAL_CPU_AVX512DQ, SAL_CPU_AVX512VL,
    SAL_CPU_AVX512BW, SAL_CPU_FMA };
  for (guint i = 0; i < G_N_ELEMENTS (five); i++) {
    g_assert_cmpuint (AVX512 & five[i], ==, five[i]);
    g_assert_cmpstr (chosen (ALL & ~five[i], NULL), ==,
        X86_OR_C (five[i] == SAL_CPU_FMA ? "avx" : "avx2"));
    g_assert_cmpstr (chosen (AVX512 & ~five[i], NULL), ==, "c");
  }
}

static void
test_held_to_lesser (void)
{
  g_assert_cmpstr (chosen (ALL, "avx512"), ==, X86_OR_C ("avx512"));
  g_assert_cmpstr (chosen (ALL, "avx2"), ==, X86_OR_C ("avx2"));
  g_assert_cmpstr (chosen (ALL, "avx"), ==, X86_OR_C ("avx"));
  g_assert_cmpstr (chosen (ALL, "c"), ==, "c");
  g_assert_cmpstr (chosen (SAL_CPU_AVX, "avx512"), ==, X86_OR_C ("avx"));
  g_assert_cmpstr (chosen (0, "avx2"), ==, "c");
  g_assert_cmpstr (chosen (ALL, "none such"), ==, X86_OR_C ("avx512"));
}

static void
test_blas_before_plain_only (void)
{
  g_assert_cmpstr (chosen (SAL_CPU_BLAS, NULL), ==, "blas");
  g_assert_cmpstr (chosen (SAL_CPU_BLAS, "c"), ==, "c");
  g_assert_cmpstr (chosen (ALL | SAL_CPU_BLAS, NULL), ==,
      X86_OR_BLAS ("avx512"));
  g_assert_cmpstr (chosen (SAL_CPU_AVX | SAL_CPU_BLAS, NULL), ==,
      X86_OR_BLAS ("avx"));
  g_assert_cmpstr (chosen (ALL | SAL_CPU_BLAS, "blas"), ==, "blas");
  g_assert_cmpstr (chosen (ALL, "blas"), ==, "c");
}

/* The choice for this processor keeps to its features and to SALIENCY_CPU, and
 * OpenBLAS is loaded only where it may be chosen. */
static void
test_choice_here (void)
{
  const SalKernels *kernels = sal_kernels_get ();
  guint features = sal_cpu_get_features ();
  if (sal_openblas_sgemm != NULL)
    features |= SAL_CPU_BLAS;
  const SalKernels *best
      = sal_kernels_choose (features, g_getenv ("SALIENCY_CPU"));
  g_test_message ("%s; OpenBLAS: %s", kernels->name,
      sal_openblas_sgemm != NULL ? sal_openblas_get_config () : "not loaded");
  g_assert_true (kernels == sal_kernels_get ());
  if (strcmp (best->name, "blas") != 0)
    g_assert_true (kernels == best);
  else if (g_strcmp0 (g_getenv ("SALIENCY_CPU"), "blas") != 0)
    g_assert_true (kernels == best || strcmp (kernels->name, "c") == 0);
  else
    g_assert_cmpstr (kernels->name, ==, "blas");
}

/* AVX2 is twice as fast as the plain set. */
static void
test_trial_finds_the_faster (void)
{
  const SalKernels *plain = sal_kernels_choose (0, NULL);
  const SalKernels *best = sal_kernels_choose (sal_cpu_get_features (), NULL);
  if ((sal_cpu_get_features () & SAL_CPU_AVX2) == 0) {
    g_test_skip ("no set is faster for sure");
    return;
  }
  g_assert_true (sal_kernels_trial (best, plain));
  g_assert_false (sal_kernels_trial (plain, best));
}

static guint
count_threads (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;
  while (g_dir_read_name (tasks) != NULL)
    n++;
  return n;
}

/* Products of every size, as many threads as before. */
static void
test_blas_starts_no_thread (void)
{
  guint before = count_threads ();
  if (!sal_openblas_load ()) {
    g_test_skip ("no OpenBLAS built for OpenMP");
    return;
  }
  g_assert_cmpuint (count_threads (), ==, before);
  const SalKernels *blas = sal_kernels_choose (SAL_CPU_BLAS, NULL);
  const guint m = 300, k = 300;
  g_autofree float *a = data_noise (1, m * k);
  float *b = sal_aligned_new (k * 256), *y = sal_aligned_new (m * 256);
  for (guint blocks = 1; blocks <= 16; blocks *= 2)
    blas->dense (a, m, k, k, b, blocks, NULL, y, blocks * 16);
  g_assert_cmpuint (count_threads (), ==, before);
  g_aligned_free (b);
  g_aligned_free (y);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/choice/best-of-features", test_best_of_features);
  g_test_add_func ("/kernels/choice/avx512-needs-all-five",
      test_avx512_needs_all_five);
  g_test_add_func ("/kernels/choice/held-to-lesser", test_held_to_lesser);
  g_test_add_func ("/kernels/choice/blas-before-plain-only",
      test_blas_before_plain_only);
  g_test_add_func ("/kernels/choice/here", test_choice_here);
  g_test_add_func ("/kernels/trial/finds-the-faster",
      test_trial_finds_the_faster);
  g_test_add_func ("/kernels/blas/starts-no-thread",
      test_blas_starts_no_thread);
  return g_test_run ();
}
