/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/kernels/kernels.h"

#include <string.h>

extern const SalKernels sal_kernels_c;
#ifdef HAVE_X86_SETS
extern const SalKernels sal_kernels_avx2, sal_kernels_avx512;
#endif

/* Best first. */
static const SalKernels *
runs (guint i)
{
#ifdef HAVE_X86_SETS
  __builtin_cpu_init ();
  if (i == 0)
    return __builtin_cpu_supports ("avx512f")
            && __builtin_cpu_supports ("avx512dq")
        ? &sal_kernels_avx512
        : NULL;
  if (i == 1)
    return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma")
        ? &sal_kernels_avx2
        : NULL;
#endif
  return i == 2 ? &sal_kernels_c : NULL;
}

static gpointer
choose (gpointer data)
{
  const char *wanted = g_getenv ("SALIENCY_CPU");
  static const char *const names[] = { "avx512", "avx2", "c" };
  guint first = 0;
  for (guint i = 0; wanted != NULL && i < G_N_ELEMENTS (names); i++)
    if (strcmp (wanted, names[i]) == 0)
      first = i;
  for (guint i = first;; i++)
    if (runs (i) != NULL) {
      g_log ("saliency", G_LOG_LEVEL_INFO, "kernels: %s", names[i]);
      return (gpointer) runs (i);
    }
}

const SalKernels *
sal_kernels_get (void)
{
  static GOnce once = G_ONCE_INIT;
  return g_once (&once, choose, NULL);
}
