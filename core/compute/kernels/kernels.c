/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which set of SIMD kernels runs: dispatch by the features of the processor. */
#define G_LOG_DOMAIN "saliency"
#include "compute/kernels/kernels.h"

#include <string.h>

extern const SalKernels sal_kernels_c;
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

static gpointer
choose (gpointer data)
{
  const SalKernels *kernels
      = sal_kernels_choose (sal_cpu_get_features (), g_getenv ("SALIENCY_CPU"));
  g_debug ("kernels: %s", kernels->name);
  return (gpointer) kernels;
}

const SalKernels *
sal_kernels_get (void)
{
  static GOnce once = G_ONCE_INIT;
  return g_once (&once, choose, NULL);
}
