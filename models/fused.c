/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fused.c: what stands between the convolutions of a training step, in as few
 * passes over memory as it takes; models/fused.py has the algebra.
 *
 * Maps are bfloat16 [N, P, C] (channels last), coefficients float32 [N, C].
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CHUNK 256 /* positions summed up before they join a larger sum */
#define EACH(n_channels, call) \
  switch (n_channels) { \
  case 16: { enum { C = 16 }; call; break; } \
  case 32: { enum { C = 32 }; call; break; } \
  case 64: { enum { C = 64 }; call; break; } \
  case 128: { enum { C = 128 }; call; break; } \
  case 256: { enum { C = 256 }; call; break; } \
  default: return -1; \
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

/* 1 above zero, else 0, without a branch: so that loops become vectors. */
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
#define BODY \
  _Pragma ("omp parallel for num_threads(n_threads)") \
  for (ptrdiff_t n = 0; n < N; n++) \
    moments_of (y + n * P * C, s1 + n * C, s2 + n * C, P, C)
  EACH (n_channels, BODY)
#undef BODY
  return 0;
}

/* out = act (a y + b + r); r may be NULL. */
INLINE void
forward_of (const bf16 *y, const bf16 *r, const float *a, const float *b,
    bf16 *out, ptrdiff_t P, int C, int relu)
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
#define BODY \
  _Pragma ("omp parallel for num_threads(n_threads)") \
  for (ptrdiff_t n = 0; n < N; n++) { \
    const bf16 *yn = y + n * P * C; \
    const float *an = a + n * C, *bn = b + n * C; \
    bf16 *on = out + n * P * C; \
    if (r != NULL) \
      forward_of (yn, r + n * P * C, an, bn, on, P, C, 1); \
    else if (relu) \
      forward_of (yn, NULL, an, bn, on, P, C, 1); \
    else \
      forward_of (yn, NULL, an, bn, on, P, C, 0); \
  }
  EACH (n_channels, BODY)
#undef BODY
  return 0;
}

/* Sums of d and d y, d being g where the activation let it through: where
 * a y + b > 0 (relu), or where out > 0 (stored), and then d is written. */
INLINE void
backward_sums_of (const bf16 *restrict g, const bf16 *restrict y,
    const bf16 *restrict out, const float *a, const float *b, bf16 *restrict d,
    float *s1, float *s2, ptrdiff_t P, int C, int relu, int stored)
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
#define BODY \
  _Pragma ("omp parallel for num_threads(n_threads)") \
  for (ptrdiff_t n = 0; n < N; n++) { \
    ptrdiff_t i = n * P * C, j = n * C; \
    if (out != NULL) \
      backward_sums_of (g + i, y + i, out + i, a + j, b + j, d + i, s1 + j, \
          s2 + j, P, C, 0, 1); \
    else if (relu) \
      backward_sums_of (g + i, y + i, NULL, a + j, b + j, NULL, s1 + j, \
          s2 + j, P, C, 1, 0); \
    else \
      backward_sums_of (g + i, y + i, NULL, a + j, b + j, NULL, s1 + j, \
          s2 + j, P, C, 0, 0); \
  }
  EACH (n_channels, BODY)
#undef BODY
  return 0;
}

/* dy = k1 d + k2 y + k3, d being g where relu is off or a y + b > 0. */
INLINE void
backward_apply_of (const bf16 *g, const bf16 *y, const float *a,
    const float *b, const float *k1, const float *k2, const float *k3,
    bf16 *dy, ptrdiff_t P, int C, int relu)
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
#define BODY \
  _Pragma ("omp parallel for num_threads(n_threads)") \
  for (ptrdiff_t n = 0; n < N; n++) { \
    ptrdiff_t i = n * P * C, j = n * C; \
    if (relu) \
      backward_apply_of (g + i, y + i, a + j, b + j, k1 + j, k2 + j, k3 + j, \
          dy + i, P, C, 1); \
    else \
      backward_apply_of (g + i, y + i, a + j, b + j, k1 + j, k2 + j, k3 + j, \
          dy + i, P, C, 0); \
  }
  EACH (n_channels, BODY)
#undef BODY
  return 0;
}
