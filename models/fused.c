/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fused.c: batch normalisation, squeeze-and-excitation, shortcut and ReLU of a
 * training step, forward and backward, in as few passes over memory as it
 * takes; models/fused.py has the algebra, compiles this file and calls it.
 *
 * Maps are bfloat16 [N, P, C] (channels last), coefficients float32 [N, C].
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CHUNK 256 /* positions summed up before they join a larger sum */
/* function (.., C), C a constant, so that its loops become vectors. */
#define EACH(n_channels, function, ...)                                        \
  switch (n_channels) {                                                        \
  case 16:                                                                     \
    function (__VA_ARGS__, 16);                                                \
    break;                                                                     \
  case 32:                                                                     \
    function (__VA_ARGS__, 32);                                                \
    break;                                                                     \
  case 64:                                                                     \
    function (__VA_ARGS__, 64);                                                \
    break;                                                                     \
  case 128:                                                                    \
    function (__VA_ARGS__, 128);                                               \
    break;                                                                     \
  case 256:                                                                    \
    function (__VA_ARGS__, 256);                                               \
    break;                                                                     \
  }
#define INLINE static inline __attribute__ ((always_inline))

typedef uint16_t bf16;

INLINE float
wide (bf16 x)
{
  uint32_t bits = (uint32_t) x << 16;
  float y;
  memcpy (&y, &bits, 4);
  return y;
}

INLINE bf16
narrow (float x)
{
  uint32_t bits;
  memcpy (&bits, &x, 4);
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

/* 1 above zero, else 0; without a branch, so that loops become vectors. */
INLINE float
open (float x)
{
  uint32_t bits;
  memcpy (&bits, &x, 4);
  bits = ~((int32_t) (bits - 1) >> 31) & 0x3f800000;
  float y;
  memcpy (&y, &bits, 4);
  return y;
}

static int
supported (int n_channels)
{
  return n_channels == 16 || n_channels == 32 || n_channels == 64
      || n_channels == 128 || n_channels == 256;
}

/* Sums of y and of its square over the positions of a sample. */
INLINE void
moments_of (const bf16 *y, float *s1, float *s2, ptrdiff_t P, int C)
{
  memset (s1, 0, C * sizeof *s1);
  memset (s2, 0, C * sizeof *s2);
  for (ptrdiff_t begin = 0; begin < P; begin += CHUNK) {
    float t1[256] = { 0 }, t2[256] = { 0 };
    ptrdiff_t end = begin + CHUNK < P ? begin + CHUNK : P;
    for (ptrdiff_t p = begin; p < end; p++)
      for (int c = 0; c < C; c++) {
        float v = wide (y[p * C + c]);
        t1[c] += v;
        t2[c] += v * v;
      }
    for (int c = 0; c < C; c++) {
      s1[c] += t1[c];
      s2[c] += t2[c];
    }
  }
}

int
moments (const bf16 *y, float *s1, float *s2, ptrdiff_t N, ptrdiff_t P,
    int n_channels, int n_threads)
{
  if (!supported (n_channels))
    return -1;
#pragma omp parallel for num_threads(n_threads)
  for (ptrdiff_t n = 0; n < N; n++) {
    ptrdiff_t i = n * P * n_channels, j = n * n_channels;
    EACH (n_channels, moments_of, y + i, s1 + j, s2 + j, P)
  }
  return 0;
}

/* out = act (a y + b + r); r may be NULL. */
INLINE void
forward_of (const bf16 *y, const bf16 *r, const float *a, const float *b,
    bf16 *out, ptrdiff_t P, int relu, int C)
{
  for (ptrdiff_t p = 0; p < P; p++)
    for (int c = 0; c < C; c++) {
      float v = a[c] * wide (y[p * C + c]) + b[c];
      if (r != NULL)
        v += wide (r[p * C + c]);
      if (relu)
        v = v > 0 ? v : 0;
      out[p * C + c] = narrow (v);
    }
}

int
forward (const bf16 *y, const bf16 *r, const float *a, const float *b,
    bf16 *out, ptrdiff_t N, ptrdiff_t P, int n_channels, int relu,
    int n_threads)
{
  if (!supported (n_channels))
    return -1;
#pragma omp parallel for num_threads(n_threads)
  for (ptrdiff_t n = 0; n < N; n++) {
    ptrdiff_t i = n * P * n_channels, j = n * n_channels;
    if (r != NULL)
      EACH (n_channels, forward_of, y + i, r + i, a + j, b + j, out + i, P, 1)
    else if (relu)
      EACH (n_channels, forward_of, y + i, NULL, a + j, b + j, out + i, P, 1)
    else
      EACH (n_channels, forward_of, y + i, NULL, a + j, b + j, out + i, P, 0)
  }
  return 0;
}

/* Sums of d and d y.  d is g where the ReLU passed its input, else 0: where
 * a y + b > 0 (relu), or where out > 0 (stored; then d is written, too). */
INLINE void
backward_sums_of (const bf16 *restrict g, const bf16 *restrict y,
    const bf16 *restrict out, const float *a, const float *b, bf16 *restrict d,
    float *s1, float *s2, ptrdiff_t P, int relu, int stored, int C)
{
  memset (s1, 0, C * sizeof *s1);
  memset (s2, 0, C * sizeof *s2);
  for (ptrdiff_t begin = 0; begin < P; begin += CHUNK) {
    float t1[256] = { 0 }, t2[256] = { 0 };
    ptrdiff_t end = begin + CHUNK < P ? begin + CHUNK : P;
    for (ptrdiff_t p = begin; p < end; p++)
      for (int c = 0; c < C; c++) {
        ptrdiff_t i = p * C + c;
        float v = wide (y[i]), w = wide (g[i]);
        if (relu)
          w *= open (a[c] * v + b[c]);
        if (stored) {
          w *= open (wide (out[i]));
          d[i] = narrow (w);
        }
        t1[c] += w;
        t2[c] += w * v;
      }
    for (int c = 0; c < C; c++) {
      s1[c] += t1[c];
      s2[c] += t2[c];
    }
  }
}

int
backward_sums (const bf16 *g, const bf16 *y, const bf16 *out, const float *a,
    const float *b, bf16 *d, float *s1, float *s2, ptrdiff_t N, ptrdiff_t P,
    int n_channels, int relu, int n_threads)
{
  if (!supported (n_channels))
    return -1;
#pragma omp parallel for num_threads(n_threads)
  for (ptrdiff_t n = 0; n < N; n++) {
    ptrdiff_t i = n * P * n_channels, j = n * n_channels;
    if (out != NULL)
      EACH (n_channels, backward_sums_of, g + i, y + i, out + i, a + j, b + j,
          d + i, s1 + j, s2 + j, P, 0, 1)
    else if (relu)
      EACH (n_channels, backward_sums_of, g + i, y + i, NULL, a + j, b + j,
          NULL, s1 + j, s2 + j, P, 1, 0)
    else
      EACH (n_channels, backward_sums_of, g + i, y + i, NULL, a + j, b + j,
          NULL, s1 + j, s2 + j, P, 0, 0)
  }
  return 0;
}

/* dy = k1 d + k2 y + k3; d is g, with relu only where a y + b > 0, else 0. */
INLINE void
backward_apply_of (const bf16 *g, const bf16 *y, const float *a, const float *b,
    const float *k1, const float *k2, const float *k3, bf16 *dy, ptrdiff_t P,
    int relu, int C)
{
  for (ptrdiff_t p = 0; p < P; p++)
    for (int c = 0; c < C; c++) {
      ptrdiff_t i = p * C + c;
      float v = wide (y[i]), w = wide (g[i]);
      if (relu)
        w *= open (a[c] * v + b[c]);
      dy[i] = narrow (k1[c] * w + k2[c] * v + k3[c]);
    }
}

int
backward_apply (const bf16 *g, const bf16 *y, const float *a, const float *b,
    const float *k1, const float *k2, const float *k3, bf16 *dy, ptrdiff_t N,
    ptrdiff_t P, int n_channels, int relu, int n_threads)
{
  if (!supported (n_channels))
    return -1;
#pragma omp parallel for num_threads(n_threads)
  for (ptrdiff_t n = 0; n < N; n++) {
    ptrdiff_t i = n * P * n_channels, j = n * n_channels;
    if (relu)
      EACH (n_channels, backward_apply_of, g + i, y + i, a + j, b + j, k1 + j,
          k2 + j, k3 + j, dy + i, P, 1)
    else
      EACH (n_channels, backward_apply_of, g + i, y + i, a + j, b + j, k1 + j,
          k2 + j, k3 + j, dy + i, P, 0)
  }
  return 0;
}
