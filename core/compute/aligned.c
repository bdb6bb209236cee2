/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/aligned.h"

#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define LARGE_PAGE (2 << 20) /* bytes */
#define ALIGNMENT 64

float *
sal_aligned_new (gsize n)
{
  gsize bytes = MAX (n, 1) * sizeof (float);
  gboolean large = bytes >= LARGE_PAGE / 2;
  float *memory = g_aligned_alloc (MAX (n, 1), sizeof (float),
      large ? LARGE_PAGE : ALIGNMENT);
#ifdef MADV_HUGEPAGE
  if (large)
    madvise (memory, bytes, MADV_HUGEPAGE); /* if not, then not */
#endif
  memset (memory, 0, bytes);
  return memory;
}
