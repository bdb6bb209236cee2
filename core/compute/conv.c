/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/conv.h"

#include <math.h>

#include "compute/aligned.h"

#define B SAL_ACTIVATIONS_BLOCK
#define TILE SAL_WINOGRAD_TILE
#define POINTS SAL_WINOGRAD_POINTS

static gboolean
is_winograd (const SalConv *conv)
{
  return conv->kernel == 3 && conv->stride == 1 && !conv->flat;
}

/* --- packing ------------------------------------------------------------- */

/* G: the powers of each point, over the product of its distances from the
 * others as the input's transform leaves them. */
static void
transform_matrix (double G[7][3])
{
  const double points[6] = { SAL_WINOGRAD_P, -SAL_WINOGRAD_P, SAL_WINOGRAD_Q,
    -SAL_WINOGRAD_Q, SAL_WINOGRAD_R, -SAL_WINOGRAD_R };
  for (guint i = 0; i < 6; i++) {
    double product = 1;
    for (guint j = 0; j < 6; j++)
      product *= j != i ? points[i] - points[j] : 1;
    for (guint k = 0; k < 3; k++)
      G[i][k] = pow (points[i], k) / product;
  }
  G[6][0] = G[6][1] = 0;
  G[6][2] = 1;
}

/* u = G g G^T, g[a,b] at g[a * 3 + b] */
static void
transform_filter (const double G[7][3], const double g[9], double u[POINTS])
{
  double half[7][3];
  for (guint i = 0; i < 7; i++)
    for (guint b = 0; b < 3; b++)
      half[i][b] = G[i][0] * g[b] + G[i][1] * g[3 + b] + G[i][2] * g[6 + b];
  for (guint i = 0; i < 7; i++)
    for (guint j = 0; j < 7; j++) {
      u[i * 7 + j] = 0;
      for (guint b = 0; b < 3; b++)
        u[i * 7 + j] += half[i][b] * G[j][b];
    }
}

/* Where packed filters of n_points points have the factor of row m, of `rows`
 * in all, for output n of N: in blocks of outputs, [N/B, points, M, B], or,
 * with kernels that take wide filters, [points, M, N], N in blocks. */
static gsize
packed_at (gboolean wide, guint n_points, gsize rows, guint N, guint n, guint p,
    guint m)
{
  return wide ? (p * rows + m) * sal_activations_in_blocks (N) + n
              : ((n / B * n_points + p) * rows + m) * B + n % B;
}

/* The transformed filters of a 3x3 convolution from M to N channels. */
static float *
pack_winograd (const SalConv *conv, const float *weight, gboolean backward)
{
  guint M = backward ? conv->n_out : conv->n_in;
  guint N = backward ? conv->n_in : conv->n_out;
  gsize rows = sal_activations_in_blocks (M);
  gboolean wide = sal_kernels_get ()->wide;
  double G[7][3];
  transform_matrix (G);
  float *packed
      = sal_aligned_new (sal_activations_blocks (N) * POINTS * rows * B);
  for (guint n = 0; n < N; n++)
    for (guint m = 0; m < M; m++) {
      const float *w = weight
          + ((gsize) (backward ? m : n) * conv->n_in + (backward ? n : m)) * 9;
      double g[9], u[POINTS];
      for (guint tap = 0; tap < 9; tap++)
        g[tap] = w[backward ? 8 - tap : tap];
      transform_filter (G, g, u);
      for (guint p = 0; p < POINTS; p++)
        packed[packed_at (wide, POINTS, rows, N, n, p, m)] = (float) u[p];
    }
  return packed;
}

float *
sal_conv_pack (const SalConv *conv, const float *weight)
{
  if (is_winograd (conv))
    return pack_winograd (conv, weight, FALSE);
  guint C = conv->n_in, taps = conv->kernel * conv->kernel;
  gsize rows = conv->flat ? 1 : sal_activations_in_blocks (C);
  gboolean wide = sal_kernels_get ()->wide && !conv->flat;
  float *packed
      = sal_aligned_new (sal_activations_in_blocks (conv->n_out) * taps * rows);
  for (guint o = 0; o < conv->n_out; o++)
    for (guint c = 0; c < C; c++)
      for (guint tap = 0; tap < taps; tap++)
        packed[packed_at (wide, taps, rows, conv->n_out, o, tap, c)]
            = weight[((gsize) o * C + c) * taps + tap];
  return packed;
}

/* Row i = q s + parity of x takes part in row q + shift of y through tap a
 * where i + p - a = (q + shift) s. */
static gboolean
tap_of_parity (const SalConv *conv, guint parity, guint a, int *shift)
{
  int s = (int) conv->stride, pad = ((int) conv->kernel - 1) / 2;
  int over = (int) parity + pad - (int) a;
  *shift = over / s;
  return over % s == 0;
}

/* The taps of the pixels of x of a parity, for a sum over dy; which[] says
 * which of the kernel's they are. */
static void
taps_of_parity (const SalConv *conv, guint py, guint px, SalTaps *job,
    guint which[9])
{
  int i, j;
  job->n_taps = 0;
  for (guint a = 0; a < conv->kernel; a++)
    for (guint b = 0; b < conv->kernel; b++)
      if (tap_of_parity (conv, py, a, &i) && tap_of_parity (conv, px, b, &j)) {
        which[job->n_taps] = a * conv->kernel + b;
        job->taps[job->n_taps].i = i;
        job->taps[job->n_taps++].j = j;
      }
}

/* For every parity one filter, of its taps. */
float *
sal_conv_pack_backward (const SalConv *conv, const float *weight)
{
  if (is_winograd (conv))
    return pack_winograd (conv, weight, TRUE);
  guint C = conv->n_in, O = conv->n_out, taps = conv->kernel * conv->kernel;
  guint s = conv->stride, which[9];
  gsize rows = sal_activations_in_blocks (O);
  gboolean wide = sal_kernels_get ()->wide;
  float *packed
      = sal_aligned_new (sal_activations_blocks (C) * taps * rows * B);
  float *at = packed;
  for (guint parity = 0; parity < s * s; parity++) {
    SalTaps job;
    taps_of_parity (conv, parity / s, parity % s, &job, which);
    for (guint o = 0; o < O; o++)
      for (guint c = 0; c < C; c++)
        for (guint t = 0; t < job.n_taps; t++)
          at[packed_at (wide, job.n_taps, rows, C, c, t, o)]
              = weight[((gsize) o * C + c) * taps + which[t]];
    at += sal_activations_blocks (C) * job.n_taps * rows * B;
  }
  return packed;
}

/* --- division of work ---------------------------------------------------- */

/* Strips of rows, and for each a few parts of the outputs. */
typedef struct {
  const SalKernels *kernels;
  const SalWinograd *winograd; /* or */
  const SalTaps *taps;
  guint n_rows, n_strips;
  guint n_blocks, n_parts;
  SalThreadTeam *team;
} Work;

static void
run_unit (gpointer data, guint unit, float *scratch)
{
  const Work *work = data;
  guint strip = unit / work->n_parts, part = unit % work->n_parts;
  guint row = strip * work->n_rows / work->n_strips;
  guint end = (strip + 1) * work->n_rows / work->n_strips;
  if (work->taps != NULL)
    work->kernels->taps (work->taps, row, end, scratch);
  else
    work->kernels->winograd (work->winograd, row, end,
        part * work->n_blocks / work->n_parts,
        (part + 1) * work->n_blocks / work->n_parts, scratch);
}

/* Strips of as many tile rows as fit, at least one. */
static guint
strip_rows (const SalKernels *kernels, const SalWinograd *job)
{
  gsize one = kernels->winograd_scratch (job, 1);
  gsize another = kernels->winograd_scratch (job, 2) - one;
  guint rows = sal_conv_sum_rows (job->y->h);
  return one > kernels->strip
      ? 1
      : MIN (1 + (guint) ((kernels->strip - one) / another), rows);
}

static void
run_winograd (const SalWinograd *job, SalThreadTeam *team)
{
  const SalKernels *kernels = sal_kernels_get ();
  guint members = sal_thread_team_get_size (team);
  guint rows = sal_conv_sum_rows (job->y->h), each = strip_rows (kernels, job);
  Work work = { .kernels = kernels,
    .winograd = job,
    .n_rows = rows,
    .n_strips = (rows + each - 1) / each,
    .n_blocks = job->y->n_blocks,
    .n_parts = 1 };
  if (!kernels->wide && work.n_strips < 2 * members)
    work.n_parts = MIN (members, (work.n_blocks + 1) / 2);
  sal_thread_team_run (team, work.n_strips * work.n_parts, run_unit, &work);
}

static void
run_taps (const SalTaps *job, SalThreadTeam *team)
{
  Work work = { .kernels = sal_kernels_get (),
    .taps = job,
    .n_rows = job->h,
    .n_parts = 1 };
  work.n_strips = MIN (job->h, 2 * sal_thread_team_get_size (team));
  sal_thread_team_run (team, work.n_strips, run_unit, &work);
}

/* Floats for sums over the taps of a convolution to h by w pixels, and back. */
static gsize
taps_scratch (const SalConv *conv, guint h, guint w)
{
  const SalKernels *kernels = sal_kernels_get ();
  guint taps = conv->kernel * conv->kernel;
  SalActivations in, out;
  if (conv->flat)
    sal_activations_bind_flat (&in, h, w, NULL);
  else
    sal_activations_bind (&in, conv->n_in, h, w, NULL);
  sal_activations_bind (&out, conv->n_out, h, w, NULL);
  SalTaps forward = { .x = &in, .y = &out, .n_taps = taps, .h = h, .w = w };
  SalTaps backward = { .x = &out, .y = &in, .n_taps = taps, .h = h, .w = w };
  return MAX (kernels->taps_scratch (&forward),
      kernels->taps_scratch (&backward));
}

gsize
sal_conv_scratch_size (const SalConv *conv, guint h, guint w)
{
  if (!is_winograd (conv))
    return taps_scratch (conv, h, w);
  const SalKernels *kernels = sal_kernels_get ();
  gsize most = 0;
  for (guint backward = 0; backward < 2; backward++) {
    SalActivations in
        = { .n_blocks = sal_activations_blocks (conv->n_in), .h = h, .w = w };
    SalActivations out
        = { .n_blocks = sal_activations_blocks (conv->n_out), .h = h, .w = w };
    SalWinograd job
        = { .x = backward ? &out : &in, .y = backward ? &in : &out };
    gsize all = kernels->winograd_scratch (&job, sal_conv_sum_rows (h));
    gsize one = kernels->winograd_scratch (&job, 1);
    most = MAX (most, MAX (one, MIN (all, kernels->strip)));
  }
  return most;
}

/* --- the two directions -------------------------------------------------- */

void
sal_conv_forward (const SalConv *conv, const float *packed,
    const SalActivations *x, const SalActivations *y, const SalEpilogue *after,
    SalThreadTeam *team)
{
  if (is_winograd (conv)) {
    const SalWinograd job
        = { .x = x, .y = y, .filter = packed, .after = *after };
    run_winograd (&job, team);
    return;
  }
  int pad = ((int) conv->kernel - 1) / 2;
  SalTaps job = { .x = x,
    .y = y,
    .filter = packed,
    .stride = conv->stride,
    .step = 1,
    .h = y->h,
    .w = y->w,
    .bias = after->bias,
    .relu = after->relu };
  for (guint a = 0; a < conv->kernel; a++)
    for (guint b = 0; b < conv->kernel; b++, job.n_taps++) {
      job.taps[job.n_taps].i = (int) a - pad;
      job.taps[job.n_taps].j = (int) b - pad;
    }
  run_taps (&job, team);
}

void
sal_conv_backward (const SalConv *conv, const float *packed,
    const SalActivations *dy, const SalActivations *dx,
    const SalEpilogue *after, gboolean accumulate, SalThreadTeam *team)
{
  if (is_winograd (conv)) {
    const SalWinograd job
        = { .x = dy, .y = dx, .filter = packed, .after = *after };
    run_winograd (&job, team);
    return;
  }
  guint s = conv->stride, which[9];
  for (guint parity = 0; parity < s * s; parity++) {
    SalTaps job = { .x = dy,
      .y = dx,
      .filter = packed,
      .stride = 1,
      .step = s,
      .y0 = parity / s,
      .x0 = parity % s,
      .accumulate = accumulate };
    taps_of_parity (conv, job.y0, job.x0, &job, which);
    packed += (gsize) dx->n_blocks * B * job.n_taps * dy->n_blocks * B;
    if (job.y0 >= dx->h || job.x0 >= dx->w || (accumulate && job.n_taps == 0))
      continue;
    job.h = (dx->h - job.y0 + s - 1) / s;
    job.w = (dx->w - job.x0 + s - 1) / s;
    run_taps (&job, team);
  }
}

/* --- by the definition --------------------------------------------------- */

/* Visits every product y[o,i,j] += weight[..] x[..] of the definition. */
#define FOR_EVERY_PRODUCT(conv, h, w, visit)                                   \
  for (guint o = 0; o < (conv)->n_out; o++)                                    \
    for (guint i = 0; i < out_h; i++)                                          \
      for (guint j = 0; j < out_w; j++)                                        \
        for (guint c = 0; c < (conv)->n_in; c++)                               \
          for (guint a = 0; a < k; a++)                                        \
            for (guint b = 0; b < k; b++) {                                    \
              int yy = (int) (i * s + a) - pad, xx = (int) (j * s + b) - pad;  \
              if (yy < 0 || yy >= (int) h || xx < 0 || xx >= (int) w)          \
                continue;                                                      \
              gsize at_y = ((gsize) o * out_h + i) * out_w + j;                \
              gsize at_x = ((gsize) c * h + (guint) yy) * w + (guint) xx;      \
              gsize at_w = (((gsize) o * (conv)->n_in + c) * k + a) * k + b;   \
              visit;                                                           \
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
sal_conv_backward_plain (const SalConv *conv, guint h, guint w, const float *dy,
    const float *weight, float *dx)
{
  guint out_h = sal_conv_out_size (conv, h);
  guint out_w = sal_conv_out_size (conv, w);
  guint k = conv->kernel, s = conv->stride;
  int pad = ((int) k - 1) / 2;
  FOR_EVERY_PRODUCT (conv, h, w, dx[at_x] += weight[at_w] * dy[at_y])
}
