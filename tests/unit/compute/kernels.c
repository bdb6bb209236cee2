/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/kernels/kernels.h"

#include "data.h"

#define AVX512                                                                 \
  (SAL_CPU_AVX512F | SAL_CPU_AVX512DQ | SAL_CPU_AVX512VL | SAL_CPU_AVX512BW    \
      | SAL_CPU_FMA)
#define ALL (AVX512 | SAL_CPU_AVX2 | SAL_CPU_AVX)

#ifdef __x86_64__
#define X86_OR_C(name) name
#else
#define X86_OR_C(name) "c"
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

/* The choice for this processor keeps to its features and to SALIENCY_CPU. */
static void
test_choice_here (void)
{
  const SalKernels *kernels = sal_kernels_get ();
  g_assert_true (kernels
      == sal_kernels_choose (sal_cpu_get_features (),
          g_getenv ("SALIENCY_CPU")));
  g_assert_true (kernels == sal_kernels_get ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/choice/best-of-features", test_best_of_features);
  g_test_add_func ("/kernels/choice/avx512-needs-all-five",
      test_avx512_needs_all_five);
  g_test_add_func ("/kernels/choice/held-to-lesser", test_held_to_lesser);
  g_test_add_func ("/kernels/choice/here", test_choice_here);
  return g_test_run ();
}
