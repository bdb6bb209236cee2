/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conv.h"

#include <cblas.h>
#include <string.h>

/* The fast routines turn the input into columns, [C k k, n], for a strip of
 * output rows at a time, small enough to stay in the second-level cache. */
#define STRIP_FLOATS (192 * 1024)

static guint
n_taps (const SalConv *conv)
{
  return conv->n_in * conv->kernel * conv->kernel;
}

static guint
strip_rows (const SalConv *conv, guint out_h, guint out_w)
{
  guint rows = STRIP_FLOATS / (n_taps (conv) * out_w);
  return CLAMP (rows, 1, out_h);
}

gsize
sal_conv_scratch_size (const SalConv *conv, guint h, guint w)
{
  gsize row = (gsize) n_taps (conv) * sal_conv_out_size (conv, w);
  return MAX (row, STRIP_FLOATS);
}

/* Output columns [*begin, *end) for which tap b falls inside a row of w. */
static void
inside (const SalConv *conv, guint w, guint out_w, int b, guint *begin,
    guint *end)
{
  int pad = ((int) conv->kernel - 1) / 2, s = (int) conv->stride;
  int first = b >= pad ? 0 : (pad - b + s - 1) / s;
  int room = (int) w - 1 + pad - b; /* column j is inside while j s <= room */
  int after = room >= 0 ? room / s + 1 : 0;
  *begin = (guint) MIN (first, (int) out_w);
  *end = (guint) CLAMP (after, (int) *begin, (int) out_w);
}

/* One row of columns: tap (a, b) of channel plane x for output rows
 * [row, row + rows); out is [rows, out_w]. */
static void
gather_tap (const SalConv *conv, guint h, guint w, const float *x, guint a,
    guint b, guint row, guint rows, float *out)
{
  guint out_w = sal_conv_out_size (conv, w), s = conv->stride, begin, end;
  int pad = ((int) conv->kernel - 1) / 2;
  inside (conv, w, out_w, (int) b, &begin, &end);
  for (guint i = 0; i < rows; i++, out += out_w) {
    int y = (int) ((row + i) * s + a) - pad;
    if (y < 0 || y >= (int) h) {
      memset (out, 0, out_w * sizeof (float));
      continue;
    }
    const float *in = x + (gsize) y * w + b - pad;
    memset (out, 0, begin * sizeof (float));
    if (s == 1)
      memcpy (out + begin, in + begin, (end - begin) * sizeof (float));
    else
      for (guint j = begin; j < end; j++)
        out[j] = in[j * s];
    memset (out + end, 0, (out_w - end) * sizeof (float));
  }
}

/* The transpose of gather_tap(): adds instead of reading. */
static void
scatter_tap (const SalConv *conv, guint h, guint w, float *dx, guint a,
    guint b, guint row, guint rows, const float *dout)
{
  guint out_w = sal_conv_out_size (conv, w), s = conv->stride, begin, end;
  int pad = ((int) conv->kernel - 1) / 2;
  inside (conv, w, out_w, (int) b, &begin, &end);
  for (guint i = 0; i < rows; i++, dout += out_w) {
    int y = (int) ((row + i) * s + a) - pad;
    if (y < 0 || y >= (int) h)
      continue;
    float *in = dx + (gsize) y * w + b - pad;
    for (guint j = begin; j < end; j++)
      in[j * s] += dout[j];
  }
}

void
sal_conv_forward (const SalConv *conv, guint h, guint w, const float *x,
    const float *weight, const float *bias, float *y, float *scratch)
{
  guint out_h = sal_conv_out_size (conv, h);
  guint out_w = sal_conv_out_size (conv, w);
  guint k = conv->kernel, strip = strip_rows (conv, out_h, out_w);
  gsize plane = (gsize) out_h * out_w;
  for (guint o = 0; bias != NULL && o < conv->n_out; o++)
    for (gsize i = 0; i < plane; i++)
      y[o * plane + i] = bias[o];
  for (guint row = 0; row < out_h; row += strip) {
    guint rows = MIN (strip, out_h - row);
    gsize n = (gsize) rows * out_w;
    float *column = scratch;
    for (guint c = 0; c < conv->n_in; c++)
      for (guint tap = 0; tap < k * k; tap++, column += n)
        gather_tap (conv, h, w, x + (gsize) c * h * w, tap / k, tap % k, row,
            rows, column);
    cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, (int) conv->n_out,
        (int) n, (int) n_taps (conv), 1, weight, (int) n_taps (conv), scratch,
        (int) n, bias != NULL, y + (gsize) row * out_w, (int) plane);
  }
}

/* y = W col (x), so dx = col^T (W^T dy) */
void
sal_conv_backward (const SalConv *conv, guint h, guint w, const float *dy,
    const float *weight, float *dx, float *scratch)
{
  guint out_h = sal_conv_out_size (conv, h);
  guint out_w = sal_conv_out_size (conv, w);
  guint k = conv->kernel, strip = strip_rows (conv, out_h, out_w);
  gsize plane = (gsize) out_h * out_w;
  for (guint row = 0; row < out_h; row += strip) {
    guint rows = MIN (strip, out_h - row);
    gsize n = (gsize) rows * out_w;
    cblas_sgemm (CblasRowMajor, CblasTrans, CblasNoTrans, (int) n_taps (conv),
        (int) n, (int) conv->n_out, 1, weight, (int) n_taps (conv),
        dy + (gsize) row * out_w, (int) plane, 0, scratch, (int) n);
    const float *column = scratch;
    for (guint c = 0; c < conv->n_in; c++)
      for (guint tap = 0; tap < k * k; tap++, column += n)
        scatter_tap (conv, h, w, dx + (gsize) c * h * w, tap / k, tap % k, row,
            rows, column);
  }
}

/* Visits every product y[o,i,j] += weight[..] x[..] of the definition. */
#define FOR_EVERY_PRODUCT(conv, h, w, visit)                                  \
  for (guint o = 0; o < (conv)->n_out; o++)                                   \
    for (guint i = 0; i < out_h; i++)                                         \
      for (guint j = 0; j < out_w; j++)                                       \
        for (guint c = 0; c < (conv)->n_in; c++)                              \
          for (guint a = 0; a < k; a++)                                       \
            for (guint b = 0; b < k; b++) {                                   \
              int yy = (int) (i * s + a) - pad, xx = (int) (j * s + b) - pad; \
              if (yy < 0 || yy >= (int) h || xx < 0 || xx >= (int) w)         \
                continue;                                                     \
              gsize at_y = ((gsize) o * out_h + i) * out_w + j;               \
              gsize at_x = ((gsize) c * h + (guint) yy) * w + (guint) xx;     \
              gsize at_w = (((gsize) o * (conv)->n_in + c) * k + a) * k + b;  \
              visit;                                                          \
            }

void
sal_conv_forward_plain (const SalConv *conv, guint h, guint w, const float *x,
    const float *weight, const float *bias, float *y)
{
  guint out_h = sal_conv_out_size (conv, h);
  guint out_w = sal_conv_out_size (conv, w);
  guint k = conv->kernel, s = conv->stride;
  int pad = ((int) k - 1) / 2;
  gsize plane = (gsize) out_h * out_w;
  for (gsize i = 0; i < conv->n_out * plane; i++)
    y[i] = bias != NULL ? bias[i / plane] : 0;
  FOR_EVERY_PRODUCT (conv, h, w, y[at_y] += weight[at_w] * x[at_x])
}

void
sal_conv_backward_plain (const SalConv *conv, guint h, guint w,
    const float *dy, const float *weight, float *dx)
{
  guint out_h = sal_conv_out_size (conv, h);
  guint out_w = sal_conv_out_size (conv, w);
  guint k = conv->kernel, s = conv->stride;
  int pad = ((int) k - 1) / 2;
  FOR_EVERY_PRODUCT (conv, h, w, dx[at_x] += weight[at_w] * dy[at_y])
}
