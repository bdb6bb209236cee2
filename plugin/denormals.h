/* SPDX-License-Identifier: GPL-2.0-or-later */
/* denormals.h: subnormal floats as zero, while converters and filters run
 *
 * Sound that fades away or dither at 1e-39 makes each multiplication of a resampler ten times as
 * slow.  The mode belongs to the thread and is set back, so that results of the network, which some
 * threads compute and others do not, stay what they are.
 */
#pragma once

#include <float.h>
#include <math.h>

#include <glib.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#define GSS_FLUSH_TO_ZERO 0x8000u
#define GSS_DENORMALS_ARE_ZERO 0x0040u
#endif

typedef guint64 GssFloatMode;

/* Returns the mode before. */
static inline GssFloatMode
gss_denormals_flush (void)
{
#if defined(__SSE2__)
  guint mode = _mm_getcsr ();
  _mm_setcsr (mode | GSS_FLUSH_TO_ZERO | GSS_DENORMALS_ARE_ZERO);
  return mode;
#elif defined(__aarch64__)
  guint64 mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  __asm__ volatile("msr fpcr, %0" ::"r"(mode | 1u << 24));
  return mode;
#else
  return 0;
#endif
}

static inline void
gss_denormals_restore (GssFloatMode mode)
{
#if defined(__SSE2__)
  _mm_setcsr ((guint) mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" ::"r"(mode));
#endif
}

/* What a converter that only copies leaves. */
static inline void
gss_denormals_clear (float *samples, gsize n)
{
  for (gsize i = 0; i < n; i++)
    samples[i] = fabsf (samples[i]) < FLT_MIN ? 0 : samples[i];
}
