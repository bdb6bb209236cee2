/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compute/conv.h"

#include <math.h>
#include <string.h>

#include "data.h"
#include "compute/aligned.h"

typedef struct {
  SalConv conv;
  guint h, w;
} Case;

/* Awkward sizes, each with both kernels and strides. */
static const struct {
  guint n_in, n_out, h, w;
} sizes[] = {
  { 1, 1, 1, 1 },
  { 1, 32, 1, 1 },
  { 3, 5, 1, 7 },
  { 5, 3, 7, 1 },
  { 2, 2, 2, 2 },
  { 4, 4, 3, 4 },
  { 1, 4, 5, 6 },
  { 7, 13, 7, 7 },
  { 4, 8, 1, 253 },
  { 8, 4, 253, 1 },
  { 3, 2, 5, 253 },
  { 16, 16, 10, 25 },
  { 16, 24, 9, 26 },
  { 32, 32, 8, 8 },
  { 33, 31, 6, 13 },
  { 1, 32, 80, 37 },
  { 64, 48, 4, 9 },
  { 12, 16, 20, 50 },
};

/* Canary values behind everything a routine may write. */
#define GUARD 64
static const float canary = 12345.5f;

static float *
guarded (gsize n, float fill)
{
  float *array = g_new (float, n + GUARD);
  for (gsize i = 0; i < n; i++)
    array[i] = fill;
  for (gsize i = n; i < n + GUARD; i++)
    array[i] = canary;
  return array;
}

static void
check_guard (const char *what, const float *array, gsize n)
{
  for (gsize i = n; i < n + GUARD; i++)
    if (array[i] != canary)
      g_error ("%s: written %" G_GSIZE_FORMAT " beyond its end", what, i - n);
}

typedef struct {
  gsize n_x, n_y, n_weight;
  float *x, *y, *weight, *bias; /* bias in blocks */
} Arrays;

static void
arrays_init (Arrays *a, const Case *c)
{
  const SalConv *v = &c->conv;
  a->n_x = (gsize) v->n_in * c->h * c->w;
  a->n_y = (gsize) v->n_out * sal_conv_out_size (v, c->h)
      * sal_conv_out_size (v, c->w);
  a->n_weight = (gsize) v->n_out * v->n_in * v->kernel * v->kernel;
  a->x = data_noise (1, a->n_x);
  a->y = data_noise (2, a->n_y);
  g_autofree float *bias = data_noise (3, v->n_out);
  a->bias
      = g_aligned_alloc0 (v->n_out + SAL_ACTIVATIONS_BLOCK, sizeof (float), 64);
  memcpy (a->bias, bias, v->n_out * sizeof (float));
  a->weight = data_noise (4, a->n_weight);
  for (gsize i = 0; i < a->n_weight; i++) /* results of order 1 */
    a->weight[i] /= sqrtf ((float) v->n_in) * (float) v->kernel;
}

static void
arrays_clear (Arrays *a)
{
  g_free (a->x);
  g_free (a->y);
  g_free (a->weight);
  g_aligned_free (a->bias);
}

/* Planes with memory of their own, guarded, every pixel NAN. */
typedef struct {
  SalActivations planes;
  gsize size;
  float *memory;
} Held;

static void
held_init (Held *held, guint c, guint h, guint w, gboolean flat)
{
  held->size = sal_activations_size (c, h, w);
  held->memory = g_aligned_alloc (held->size + GUARD, sizeof (float), 64);
  for (gsize i = 0; i < held->size + GUARD; i++)
    held->memory[i] = i < held->size ? NAN : canary;
  if (flat)
    sal_activations_bind_flat (&held->planes, h, w, held->memory);
  else
    sal_activations_bind (&held->planes, c, h, w, held->memory);
}

/* The border must be as it was bound: what is not a pixel is 0. */
static void
held_check (const char *what, Held *held)
{
  SalActivations *p = &held->planes;
  check_guard (what, held->memory, held->size);
  for (guint b = 0; b < p->n_blocks; b++)
    for (guint i = 0; i < p->h; i++)
      memset (sal_activations_at (p, b, i, 0), 0,
          p->w * SAL_ACTIVATIONS_BLOCK * sizeof (float));
  for (gsize i = 0; i < held->size; i++)
    if (held->memory[i] != 0)
      g_error ("%s: the border was written", what);
}

static void
held_clear (Held *held)
{
  g_aligned_free (held->memory);
}

static void
write_input (const SalActivations *planes, const float *x)
{
  if (planes->block > 0) {
    sal_activations_write (planes, x);
    return;
  }
  for (guint i = 0; i < planes->h; i++)
    memcpy (planes->data + i * planes->row, x + i * planes->w,
        planes->w * sizeof (float));
}

/* y [O, H', W'] from x [C, H, W] by the fast way. */
static void
fast_forward (const Case *c, const float *x, const float *weight,
    const float *bias, guint members, float *y)
{
  const SalConv *v = &c->conv;
  Held in, out;
  g_autoptr (SalThreadTeam) team
      = sal_thread_team_new (members, sal_conv_scratch_size (v, c->h, c->w));
  float *packed = sal_conv_pack (v, weight);
  held_init (&in, v->n_in, c->h, c->w, v->flat);
  held_init (&out, v->n_out, sal_conv_out_size (v, c->h),
      sal_conv_out_size (v, c->w), FALSE);
  write_input (&in.planes, x);
  sal_conv_forward (v, packed, &in.planes, &out.planes,
      &(SalEpilogue){ .bias = bias }, team);
  sal_activations_read (&out.planes, y);
  held_check ("forward", &out);
  held_clear (&in);
  held_clear (&out);
  g_aligned_free (packed);
}

/* Adds to dx [C, H, W] by the fast way. */
static void
fast_backward (const Case *c, const float *dy, const float *weight, float *dx)
{
  const SalConv *v = &c->conv;
  Held in, out;
  g_autoptr (SalThreadTeam) team
      = sal_thread_team_new (1, sal_conv_scratch_size (v, c->h, c->w));
  float *packed = sal_conv_pack_backward (v, weight);
  held_init (&in, v->n_in, c->h, c->w, v->flat);
  held_init (&out, v->n_out, sal_conv_out_size (v, c->h),
      sal_conv_out_size (v, c->w), FALSE);
  sal_activations_write (&in.planes, dx);
  sal_activations_write (&out.planes, dy);
  sal_conv_backward (v, packed, &out.planes, &in.planes,
      &(SalEpilogue){ .add = &in.planes }, TRUE, team);
  sal_activations_read (&in.planes, dx);
  held_check ("backward", &in);
  held_clear (&in);
  held_clear (&out);
  g_aligned_free (packed);
}

static char *
name_of (const Case *c, const char *what)
{
  return g_strdup_printf ("%s %ux%u, %u to %u, kernel %u, stride %u", what,
      c->h, c->w, c->conv.n_in, c->conv.n_out, c->conv.kernel, c->conv.stride);
}

/* Float32 sums of up to 2400 products of order 1/25 in another order differ by
 * some 1e-6; a Winograd transform loses one digit more. */
#define TOLERANCE 2e-5

static void
check_forward (const Case *c)
{
  Arrays a;
  arrays_init (&a, c);
  g_autofree char *name = name_of (c, "forward");
  for (guint with_bias = 0; with_bias < 2; with_bias++) {
    const float *bias = with_bias ? a.bias : NULL;
    g_autofree float *want = g_new (float, a.n_y);
    g_autofree float *got = guarded (a.n_y, NAN);
    sal_conv_forward_plain (&c->conv, c->h, c->w, a.x, a.weight, bias, want);
    fast_forward (c, a.x, a.weight, bias, 1, got);
    data_assert_close (name, got, want, a.n_y, TOLERANCE);
    check_guard (name, got, a.n_y);
  }
  arrays_clear (&a);
}

/* Every patch of x a column [C k k, H' W'], then one product of matrices
 * (im2col): plain loops whose rows the compiler can take by vectors. */
static void
columns_forward (const Case *c, const float *x, const float *weight, float *y)
{
  const SalConv *v = &c->conv;
  guint k = v->kernel, s = v->stride, taps = k * k;
  guint H = sal_conv_out_size (v, c->h), W = sal_conv_out_size (v, c->w);
  int pad = ((int) k - 1) / 2;
  gsize rows = (gsize) v->n_in * taps, n = (gsize) H * W;
  g_autofree float *column = g_new (float, n);
  memset (y, 0, v->n_out * n * sizeof (float));
  for (gsize row = 0; row < rows; row++) {
    for (guint at = 0; at < n; at++) {
      int i = (int) (at / W * s + row % taps / k) - pad;
      int j = (int) (at % W * s + row % k) - pad;
      gboolean inside = i >= 0 && i < (int) c->h && j >= 0 && j < (int) c->w;
      column[at] = inside
          ? x[((gsize) (row / taps) * c->h + (guint) i) * c->w + (guint) j]
          : 0;
    }
    for (guint o = 0; o < v->n_out; o++)
      for (gsize at = 0; at < n; at++)
        y[o * n + at] += weight[o * rows + row] * column[at];
  }
}

/* One channel of one float a pixel, as the first convolution takes it. */
static void
test_flat_input_matches_plain (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    const Case c
        = { { 1, sizes[i].n_out, 3, 1, TRUE }, sizes[i].h, sizes[i].w };
    check_forward (&c);
  }
}

/* Where outputs are written: y = scale (conv (x) + added) [mask > 0], and the
 * sums over every row of tiles. */
static void
check_epilogue (const Case *c)
{
  const SalConv *v = &c->conv;
  if (v->kernel != 3 || v->stride != 1)
    return; /* the others have none */
  Arrays a;
  arrays_init (&a, c);
  g_autofree char *name = name_of (c, "epilogue");
  g_autofree float *added = data_noise (6, a.n_y);
  g_autofree float *mask = data_noise (7, a.n_y);
  g_autofree float *want = g_new (float, a.n_y);
  g_autofree float *got = g_new (float, a.n_y);
  guint rows = sal_conv_sum_rows (c->h);
  gsize filled = sal_activations_in_blocks (v->n_out), plane = c->h * c->w;
  float *sums = sal_aligned_new (rows * filled);
  Held in, out, masks;
  g_autoptr (SalThreadTeam) team
      = sal_thread_team_new (1, sal_conv_scratch_size (v, c->h, c->w));
  float *packed = sal_conv_pack (v, a.weight);
  held_init (&in, v->n_in, c->h, c->w, FALSE);
  held_init (&out, v->n_out, c->h, c->w, FALSE);
  held_init (&masks, v->n_out, c->h, c->w, FALSE);
  sal_activations_write (&in.planes, a.x);
  sal_activations_write (&out.planes, added);
  sal_activations_write (&masks.planes, mask);
  sal_conv_forward (v, packed, &in.planes, &out.planes,
      &(SalEpilogue){ .add = &out.planes,
          .mask = &masks.planes,
          .mask_scale = a.bias,
          .sums = sums },
      team);
  sal_activations_read (&out.planes, got);
  sal_conv_forward_plain (v, c->h, c->w, a.x, a.weight, NULL, want);
  for (gsize i = 0; i < a.n_y; i++)
    want[i] = mask[i] > 0 ? (want[i] + added[i]) * a.bias[i / plane] : 0;
  data_assert_close (name, got, want, a.n_y, TOLERANCE);
  for (guint o = 0; o < v->n_out; o++) {
    double have = 0, all = 0;
    for (guint r = 0; r < rows; r++)
      have += sums[r * filled + o];
    for (gsize i = 0; i < plane; i++)
      all += want[o * plane + i];
    g_assert_cmpfloat (fabs (have - all), <=, TOLERANCE * sqrt (plane));
  }
  held_check (name, &out);
  held_clear (&in);
  held_clear (&out);
  held_clear (&masks);
  g_aligned_free (sums);
  g_aligned_free (packed);
  arrays_clear (&a);
}

/* The sizes of the model that ships, too large for the definition. */
static void
test_shipped_sizes_match_columns (void)
{
  const Case cases[] = {
    { { 32, 32, 3, 1 }, 80, 200 },
    { { 32, 64, 3, 2 }, 80, 200 },
    { { 32, 64, 1, 2 }, 80, 200 },
    { { 64, 64, 3, 1 }, 40, 100 },
    { { 128, 128, 3, 1 }, 20, 50 },
    { { 128, 256, 3, 2 }, 20, 50 },
    { { 256, 256, 3, 1 }, 10, 25 },
    { { 1, 32, 3, 1, TRUE }, 80, 200 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Arrays a;
    arrays_init (&a, &cases[i]);
    g_autofree char *name = name_of (&cases[i], "beside columns");
    g_autofree float *want = g_new (float, a.n_y);
    g_autofree float *got = g_new (float, a.n_y);
    columns_forward (&cases[i], a.x, a.weight, want);
    fast_forward (&cases[i], a.x, a.weight, NULL, 1, got);
    data_assert_close (name, got, want, a.n_y, TOLERANCE);
    arrays_clear (&a);
  }
}

/* Divided among any number of members, the result is the same to the bit. */
static void
check_members (const Case *c)
{
  Arrays a;
  arrays_init (&a, c);
  g_autofree char *name = name_of (c, "members");
  g_autofree float *alone = g_new (float, a.n_y);
  g_autofree float *together = g_new (float, a.n_y);
  fast_forward (c, a.x, a.weight, a.bias, 1, alone);
  for (guint members = 2; members <= 5; members++) {
    fast_forward (c, a.x, a.weight, a.bias, members, together);
    g_test_message ("%s: %u", name, members);
    g_assert_cmpmem (alone, a.n_y * sizeof (float), together,
        a.n_y * sizeof (float));
  }
  arrays_clear (&a);
}

/* The gradient is added to what is there. */
static void
check_backward (const Case *c)
{
  Arrays a;
  arrays_init (&a, c);
  g_autofree char *name = name_of (c, "backward");
  g_autofree float *start = data_noise (5, a.n_x);
  g_autofree float *got = guarded (a.n_x, 0);
  g_autofree float *want = g_memdup2 (start, a.n_x * sizeof *start);
  memcpy (got, start, a.n_x * sizeof *got);
  sal_conv_backward_plain (&c->conv, c->h, c->w, a.y, a.weight, want);
  fast_backward (c, a.y, a.weight, got);
  data_assert_close (name, got, want, a.n_x, TOLERANCE);
  check_guard (name, got, a.n_x);
  arrays_clear (&a);
}

static double
inner (const float *a, const float *b, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += (double) a[i] * b[i];
  return sum;
}

/* <dy, conv x> = <conv^T dy, x>, without bias. */
static void
check_adjoint (const Case *c)
{
  Arrays a;
  arrays_init (&a, c);
  g_autofree char *name = name_of (c, "adjoint");
  g_autofree float *y = g_new (float, a.n_y);
  g_autofree float *dx = g_new0 (float, a.n_x);
  fast_forward (c, a.x, a.weight, NULL, 1, y);
  fast_backward (c, a.y, a.weight, dx);
  double left = inner (a.y, y, a.n_y), right = inner (dx, a.x, a.n_x);
  /* rounding of each product's result, summed like a random walk */
  double limit = 1e-6 * (sqrt (a.n_y) + sqrt (a.n_x)) + 1e-6;
  g_test_message ("%s: %.9g, %.9g", name, left, right);
  if (!(fabs (left - right) <= limit))
    g_test_fail_printf ("%s: %.9g differs from %.9g by more than %.3g", name,
        left, right, limit);
  arrays_clear (&a);
}

/* Convolution is linear in x, so one difference of any size is the gradient. */
static void
check_finite_differences (const Case *c)
{
  Arrays a;
  arrays_init (&a, c);
  g_autofree char *name = name_of (c, "differences");
  g_autofree float *y = g_new (float, a.n_y);
  g_autofree float *dx = g_new0 (float, a.n_x);
  fast_backward (c, a.y, a.weight, dx);
  for (guint k = 0; k < 5; k++) {
    gsize at = k * (a.n_x - 1) / 4;
    float x = a.x[at];
    double value[2];
    for (int side = 0; side < 2; side++) {
      a.x[at] = side ? x + 1 : x - 1;
      sal_conv_forward_plain (&c->conv, c->h, c->w, a.x, a.weight, a.bias, y);
      value[side] = inner (a.y, y, a.n_y);
    }
    a.x[at] = x;
    float want = (float) ((value[1] - value[0]) / 2);
    /* float32 outputs, of which few change */
    data_assert_close (name, &dx[at], &want, 1,
        TOLERANCE + 2e-7 * sqrt (a.n_y));
  }
  arrays_clear (&a);
}

/* The definition itself, in one place that can be counted by hand: ones on
 * 3x4, kernel of ones: the number of neighbours inside. */
static void
test_plain_counts_neighbours (void)
{
  const SalConv conv = { 1, 1, 3, 1 }, strided = { 1, 1, 3, 2 };
  float x[12], weight[9], y[12], z[4];
  const float bias = 10;
  for (guint i = 0; i < 12; i++)
    x[i] = 1;
  for (guint i = 0; i < 9; i++)
    weight[i] = 1;
  const float want[12] = { 14, 16, 16, 14, 16, 19, 19, 16, 14, 16, 16, 14 };
  const float every_other[4] = { 14, 16, 14, 16 };
  sal_conv_forward_plain (&conv, 3, 4, x, weight, &bias, y);
  g_assert_cmpmem (y, sizeof y, want, sizeof want);
  sal_conv_forward_plain (&strided, 3, 4, x, weight, &bias, z);
  g_assert_cmpmem (z, sizeof z, every_other, sizeof every_other);
}

/* Correlation, not convolution: the kernel is not turned over. */
static void
test_plain_does_not_flip (void)
{
  const SalConv conv = { 1, 1, 3, 1 };
  const float x[9] = { 0, 0, 0, 0, 1, 0, 0, 0, 0 };
  const float weight[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
  const float want[9] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };
  float y[9];
  sal_conv_forward_plain (&conv, 3, 3, x, weight, NULL, y);
  g_assert_cmpmem (y, sizeof y, want, sizeof want);
}

/* weight [O, C, k, k]: output 1 takes input 0 only. */
static void
test_plain_reads_channels_in_order (void)
{
  const SalConv conv = { 2, 2, 1, 1 };
  const float x[2] = { 3, 5 }, weight[4] = { 0, 1, 2, 0 };
  const float want[2] = { 5, 6 };
  float y[2];
  sal_conv_forward_plain (&conv, 1, 1, x, weight, NULL, y);
  g_assert_cmpmem (y, sizeof y, want, sizeof want);
}

static void
for_all_cases (gconstpointer check)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint kernel = 1; kernel <= 3; kernel += 2)
      for (guint stride = 1; stride <= 2; stride++) {
        const Case c = { { sizes[i].n_in, sizes[i].n_out, kernel, stride },
          sizes[i].h, sizes[i].w };
        ((void (*) (const Case *)) check) (&c);
      }
}

/* As many as in S4, with blocks that are not full. */
static void
test_many_filters (void)
{
  const Case c = { { 260, 254, 3, 1 }, 6, 7 };
  check_forward (&c);
  check_epilogue (&c);
  check_members (&c);
  check_backward (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/conv/plain/counts-neighbours",
      test_plain_counts_neighbours);
  g_test_add_func ("/conv/plain/does-not-flip-the-kernel",
      test_plain_does_not_flip);
  g_test_add_func ("/conv/plain/reads-channels-in-order",
      test_plain_reads_channels_in_order);
  g_test_add_data_func ("/conv/forward/matches-plain", check_forward,
      for_all_cases);
  g_test_add_func ("/conv/forward/flat-input", test_flat_input_matches_plain);
  g_test_add_data_func ("/conv/forward/epilogue", check_epilogue,
      for_all_cases);
  g_test_add_func ("/conv/forward/shipped-sizes-match-columns",
      test_shipped_sizes_match_columns);
  g_test_add_data_func ("/conv/forward/any-number-of-members", check_members,
      for_all_cases);
  g_test_add_func ("/conv/many-filters", test_many_filters);
  g_test_add_data_func ("/conv/backward/matches-plain", check_backward,
      for_all_cases);
  g_test_add_data_func ("/conv/backward/is-the-adjoint", check_adjoint,
      for_all_cases);
  g_test_add_data_func ("/conv/backward/matches-finite-differences",
      check_finite_differences, for_all_cases);
  return g_test_run ();
}
