/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peak.h"

#include <string.h>

/* A multiply-add takes 4 cycles and two begin in each: 8 chains keep today's
 * cores busy.  12 leave 4 of 16 registers for factor and term. */
#define N_CHAINS 12
#define N_STEPS 200000 /* in a turn, of each chain: some 0.4 ms */
#define N_TURNS 100

typedef float (*Turn) (float factor, float term);

/* x = x factor + term, N_STEPS times in each of N_CHAINS chains of n_lanes. */
#define DEFINE_TURN(name, n_lanes)                                            \
  static float name (float factor, float term)                                \
  {                                                                           \
    typedef float Lanes __attribute__ ((vector_size (4 * (n_lanes))));        \
    const Lanes a = (Lanes) { 0 } + factor, b = (Lanes) { 0 } + term;         \
    Lanes x0 = b, x1 = x0 + b, x2 = x1 + b, x3 = x2 + b, x4 = x3 + b,         \
          x5 = x4 + b, x6 = x5 + b, x7 = x6 + b, x8 = x7 + b, x9 = x8 + b,    \
          x10 = x9 + b, x11 = x10 + b;                                        \
    for (guint i = 0; i < N_STEPS; i++) {                                     \
      x0 = x0 * a + b;                                                        \
      x1 = x1 * a + b;                                                        \
      x2 = x2 * a + b;                                                        \
      x3 = x3 * a + b;                                                        \
      x4 = x4 * a + b;                                                        \
      x5 = x5 * a + b;                                                        \
      x6 = x6 * a + b;                                                        \
      x7 = x7 * a + b;                                                        \
      x8 = x8 * a + b;                                                        \
      x9 = x9 * a + b;                                                        \
      x10 = x10 * a + b;                                                      \
      x11 = x11 * a + b;                                                      \
    }                                                                         \
    Lanes sum = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11;  \
    float result = 0;                                                         \
    for (guint i = 0; i < (n_lanes); i++)                                     \
      result += sum[i];                                                       \
    return result;                                                            \
  }

DEFINE_TURN (turn_plain, 4)
#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_X86 1
__attribute__ ((target ("avx2,fma"))) DEFINE_TURN (turn_avx2, 8)
__attribute__ ((target ("avx512f"))) DEFINE_TURN (turn_avx512, 16)
#else
#define HAVE_X86 0
#endif

static Turn
choose (guint *n_lanes)
{
#if HAVE_X86
  if (__builtin_cpu_supports ("avx512f")) {
    *n_lanes = 16;
    return turn_avx512;
  }
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma")) {
    *n_lanes = 8;
    return turn_avx2;
  }
#endif
  *n_lanes = 4;
  return turn_plain;
}

double
cli_peak_gflops (void)
{
  /* Unknown to the compiler; the chains tend to 2, far from denormals. */
  volatile float factor = 0.5f, term = 1, result;
  gint64 least = G_MAXINT64;
  guint n_lanes;
  Turn turn = choose (&n_lanes);

  for (guint i = 0; i < N_TURNS; i++) {
    gint64 begun = g_get_monotonic_time ();
    result = turn (factor, term);
    least = MIN (least, g_get_monotonic_time () - begun);
  }
  (void) result;
  return 2e-3 * N_CHAINS * N_STEPS * n_lanes / (double) MAX (least, 1);
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
