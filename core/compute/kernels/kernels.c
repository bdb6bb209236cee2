/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which set of SIMD kernels runs: dispatch by the features of the processor. */
#define G_LOG_DOMAIN "saliency"
#include "compute/kernels/kernels.h"

#include <string.h>

#include "compute/aligned.h"
#include "compute/kernels/openblas.h"

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

/* --- autotuning: two sets timed on one convolution ------------------------ */

/* A part of the third of four stages of a ResNet: products of middling shape.
 */
#define CHANNELS 128
#define HEIGHT 10
#define WIDTH 50

#define TURNS 3

static gint64
time_once (const SalKernels *kernels, const SalWinograd *job, float *scratch)
{
  guint rows = HEIGHT / SAL_WINOGRAD_TILE;
  gsize one = kernels->winograd_scratch (job, 1);
  gsize another = kernels->winograd_scratch (job, 2) - one;
  guint each = one > kernels->strip
      ? 1
      : 1 + (guint) ((kernels->strip - one) / another);
  gint64 begun = g_get_monotonic_time ();
  for (guint row = 0; row < rows; row += each)
    kernels->winograd (job, row, MIN (row + each, rows), 0, job->y->n_blocks,
        scratch);
  return g_get_monotonic_time () - begun;
}

gboolean
sal_kernels_trial (const SalKernels *one, const SalKernels *other)
{
  const SalKernels *sets[] = { one, other };
  gint64 least[] = { G_MAXINT64, G_MAXINT64 };
  SalActivations x, y;
  gsize size = sal_activations_size (CHANNELS, HEIGHT, WIDTH);
  float *memory = sal_aligned_new (2 * size);
  float *filter
      = sal_aligned_new ((gsize) SAL_WINOGRAD_POINTS * CHANNELS * CHANNELS);
  sal_activations_bind (&x, CHANNELS, HEIGHT, WIDTH, memory);
  sal_activations_bind (&y, CHANNELS, HEIGHT, WIDTH, memory + size);
  const SalWinograd job = { .x = &x, .y = &y, .filter = filter };
  guint rows = HEIGHT / SAL_WINOGRAD_TILE;
  float *scratch = sal_aligned_new (MAX (one->winograd_scratch (&job, rows),
      other->winograd_scratch (&job, rows)));
  for (guint turn = 0; turn < TURNS; turn++)
    for (guint i = 0; i < 2; i++)
      least[i] = MIN (least[i], time_once (sets[i], &job, scratch));
  g_aligned_free (scratch);
  g_aligned_free (filter);
  g_aligned_free (memory);
  return 10 * least[0] <= 9 * least[1];
}

/* --- the choice ----------------------------------------------------------- */

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
  g_info ("kernels: %s", kernels->name);
  return (gpointer) kernels;
}

const SalKernels *
sal_kernels_get (void)
{
  static GOnce once = G_ONCE_INIT;
  return g_once (&once, choose, NULL);
}
