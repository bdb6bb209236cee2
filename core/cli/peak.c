/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/peak.h"

#include <string.h>

#include "compute/kernels/kernels.h"

#define N_STEPS 200000 /* in a turn: some 0.4 ms */
#define N_TURNS 100

double
cli_peak_gflops (void)
{
  const SalKernels *kernels = sal_kernels_get ();
  if (kernels->wide) /* OpenBLAS takes what the processor has */
    kernels = sal_kernels_choose (sal_cpu_get_features (), NULL);
  /* Unknown to the compiler; the chains tend to 2, far from denormals. */
  volatile float factor = 0.5f, term = 1, result;
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < N_TURNS; i++) {
    gint64 begun = g_get_monotonic_time ();
    result = kernels->chains (N_STEPS, factor, term);
    least = MIN (least, g_get_monotonic_time () - begun);
  }
  (void) result;
  return 2e-3 * N_STEPS * kernels->n_chains / (double) MAX (least, 1);
}

char *
cli_cpu_name (void)
{
  g_autofree char *text = NULL;
  const char *key = "model name";

  if (g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL)) {
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
      const char *colon = strchr (lines[i], ':');
      if (g_str_has_prefix (lines[i], key) && colon != NULL)
        return g_strstrip (g_strdup (colon + 1));
    }
  }
  return g_strdup ("unknown");
}
