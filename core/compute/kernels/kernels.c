/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which set of SIMD kernels runs: dispatch by the features of the processor. */
#define G_LOG_DOMAIN "saliency"
#include "compute/kernels/kernels.h"

#include <string.h>

#include "compute/kernels/openblas.h"
#include "compute/kernels/trial.h"

extern const SalKernels sal_kernels_blas, sal_kernels_c;
#ifdef HAVE_X86_SETS
extern const SalKernels sal_kernels_avx, sal_kernels_avx2, sal_kernels_avx512;
#define X86_SET(set) &set
#else
#define X86_SET(set) NULL
#endif

/* Best first; what each needs is what it is compiled with. */
static const struct {
  const char *name;
  const SalKernels *kernels; /* NULL: not for this architecture */
  guint needs;
} sets[] = {
  { "avx512", X86_SET (sal_kernels_avx512),
      SAL_CPU_AVX512F | SAL_CPU_AVX512DQ | SAL_CPU_AVX512VL | SAL_CPU_AVX512BW
          | SAL_CPU_FMA },
  { "avx2", X86_SET (sal_kernels_avx2), SAL_CPU_AVX2 | SAL_CPU_FMA },
  { "avx", X86_SET (sal_kernels_avx), SAL_CPU_AVX },
  { "blas", &sal_kernels_blas, SAL_CPU_BLAS },
  { "c", &sal_kernels_c, 0 },
};

guint
sal_cpu_get_features (void)
{
  guint features = 0;
#ifdef HAVE_X86_SETS
  __builtin_cpu_init ();
#define FEATURE(flag, name) features |= __builtin_cpu_supports (name) ? flag : 0
  FEATURE (SAL_CPU_AVX, "avx");
  FEATURE (SAL_CPU_AVX2, "avx2");
  FEATURE (SAL_CPU_FMA, "fma");
  FEATURE (SAL_CPU_AVX512F, "avx512f");
  FEATURE (SAL_CPU_AVX512DQ, "avx512dq");
  FEATURE (SAL_CPU_AVX512VL, "avx512vl");
  FEATURE (SAL_CPU_AVX512BW, "avx512bw");
#endif
  return features;
}

const SalKernels *
sal_kernels_choose (guint features, const char *wanted)
{
  guint i = 0;
  for (guint k = 0; wanted != NULL && k < G_N_ELEMENTS (sets); k++)
    if (strcmp (wanted, sets[k].name) == 0)
      i = k;
  while (sets[i].kernels == NULL || (sets[i].needs & ~features) != 0)
    i++;
  return sets[i].kernels;
}

/* Whether OpenBLAS is there and, unless it is asked for, better than "c". */
static gboolean
wants_blas (guint features, const char *wanted)
{
  if (g_strcmp0 (wanted, "blas") == 0)
    return sal_openblas_load ();
  return sal_kernels_choose (features, wanted) == &sal_kernels_c
      && g_strcmp0 (wanted, "c") != 0 && sal_openblas_load ()
      && sal_kernels_trial (&sal_kernels_blas, &sal_kernels_c);
}

static gpointer
choose (gpointer data)
{
  const char *wanted = g_getenv ("SALIENCY_CPU");
  guint features = sal_cpu_get_features ();
  if (wants_blas (features, wanted))
    features |= SAL_CPU_BLAS;
  const SalKernels *kernels = sal_kernels_choose (features, wanted);
  g_debug ("kernels: %s", kernels->name);
  return (gpointer) kernels;
}

const SalKernels *
sal_kernels_get (void)
{
  static GOnce once = G_ONCE_INIT;
  return g_once (&once, choose, NULL);
}
