/* SPDX-License-Identifier: GPL-2.0-or-later */
/* block.c: residual block with squeeze-and-excitation */
#include "network/block.h"

#include <math.h>

#define B SAL_ACTIVATIONS_BLOCK

/* --- pointwise, rows divided among the threads --------------------------- */

typedef struct {
  const SalKernels *kernels;
  const SalActivations *a, *b, *c, *out;
  const float *scale, *shift;
  float *sums;
  guint n_strips;
} Pixels;

static void
rows_of (const Pixels *work, guint unit, guint *row, guint *end)
{
  *row = unit * work->out->h / work->n_strips;
  *end = (unit + 1) * work->out->h / work->n_strips;
}

static void
residual_unit (gpointer data, guint unit, float *scratch)
{
  const Pixels *work = data;
  guint row, end;
  rows_of (work, unit, &row, &end);
  work->kernels->residual (work->a, work->scale, work->b, work->out, row, end);
}

static void
residual_backward_unit (gpointer data, guint unit, float *scratch)
{
  const Pixels *work = data;
  guint row, end;
  rows_of (work, unit, &row, &end);
  work->kernels->residual_backward (work->a, work->b, work->c, work->out,
      work->sums, row, end);
}

static void
affine_unit (gpointer data, guint unit, float *scratch)
{
  const Pixels *work = data;
  guint row, end;
  rows_of (work, unit, &row, &end);
  work->kernels->affine (work->a, work->scale, work->shift, work->out, row,
      end);
}

static void
run (SalThreadTeam *team, SalThreadTeamFunc func, Pixels work)
{
  work.kernels = sal_kernels_get ();
  work.n_strips = MIN (work.out->h, 2 * sal_thread_team_get_size (team));
  sal_thread_team_run (team, work.n_strips, func, &work);
}

/* --- squeeze and excitation ---------------------------------------------- */

/* Sum of channel c over the rows of sums [n_rows, C in blocks]. */
static double
total (const float *sums, guint n_rows, gsize stride, guint c)
{
  double sum = 0;
  for (guint i = 0; i < n_rows; i++)
    sum += sums[i * stride + c];
  return sum;
}

static void
excitation_forward (const SalBlock *block, SalBlockState *state,
    const SalBlockRoom *room)
{
  const SalActivations *x2 = &state->x2;
  guint C = x2->n_channels, R = block->se_size;
  float *mean = room->vector;
  for (guint c = 0; c < C; c++)
    mean[c] = (float) (total (room->sums, sal_conv_sum_rows (x2->h),
                           (gsize) x2->n_blocks * B, c)
        / ((double) x2->h * x2->w));
  for (guint r = 0; r < R; r++) {
    float sum = block->se_b1[r];
    for (guint c = 0; c < C; c++)
      sum += block->se_w1[r * C + c] * mean[c];
    state->squeeze[r] = MAX (sum, 0);
  }
  for (guint c = 0; c < C; c++) {
    float sum = block->se_b2[c];
    for (guint r = 0; r < R; r++)
      sum += block->se_w2[c * R + r] * state->squeeze[r];
    state->gate[c] = 1 / (1 + expf (-sum));
  }
}

/* With dz the gradient by the input of the last ReLU:
 *   dg = sum dz x2, ds = dg g (1-g), dm = W1^T ((W2^T ds) [squeeze > 0]),
 *   dx2 = dz g + dm / (H W)
 * Returns: dm / (H W), [C in blocks] */
static const float *
excitation_backward (const SalBlock *block, const SalBlockState *state,
    const SalBlockRoom *room)
{
  const SalActivations *x2 = &state->x2;
  guint C = x2->n_channels, R = block->se_size, filled = x2->n_blocks * B;
  float *ds = room->vector, *dm = room->vector + filled;
  for (guint c = 0; c < C; c++)
    ds[c] = (float) total (room->sums, x2->h, filled, c) * state->gate[c]
        * (1 - state->gate[c]);
  for (guint c = 0; c < filled; c++)
    dm[c] = 0;
  for (guint r = 0; r < R; r++) {
    float dh = 0;
    for (guint c = 0; c < C && state->squeeze[r] > 0; c++)
      dh += block->se_w2[c * R + r] * ds[c];
    for (guint c = 0; c < C; c++)
      dm[c] += block->se_w1[r * C + c] * dh;
  }
  for (guint c = 0; c < C; c++)
    dm[c] /= (float) ((double) x2->h * x2->w);
  return dm;
}

/* --- the block ----------------------------------------------------------- */

void
sal_block_forward (const SalBlock *block, const SalActivations *x,
    SalBlockState *state, const SalBlockRoom *room)
{
  const SalUnit *conv1 = &block->conv1, *conv2 = &block->conv2;
  const SalUnit *shortcut = &block->shortcut;
  const SalActivations *hidden = &state->hidden;
  sal_conv_forward (&conv1->conv, conv1->forward, x, hidden,
      &(SalEpilogue){ .bias = conv1->bias, .relu = TRUE }, room->team);
  if (conv1->scale != NULL) {
    run (room->team, affine_unit,
        (Pixels){ .a = hidden,
            .scale = conv1->scale,
            .shift = conv1->shift,
            .out = &room->inner });
    hidden = &room->inner;
  }
  sal_conv_forward (&conv2->conv, conv2->forward, hidden, &state->x2,
      &(SalEpilogue){ .bias = conv2->bias,
          .sums = block->se_size > 0 ? room->sums : NULL },
      room->team);
  if (shortcut->weight != NULL) {
    sal_conv_forward (&shortcut->conv, shortcut->forward, x, &state->out,
        &(SalEpilogue){ .bias = shortcut->bias }, room->team);
    x = &state->out;
  }
  if (block->se_size > 0)
    excitation_forward (block, state, room);
  run (room->team, residual_unit,
      (Pixels){ .a = &state->x2,
          .b = x,
          .out = &state->out,
          .scale = block->se_size > 0 ? state->gate : NULL });
}

/* dz = dy [y > 0], dx = shortcut^T dz + conv1^T ((conv2^T dx2) [hidden > 0]) */
void
sal_block_backward (const SalBlock *block, const SalBlockState *state,
    const SalActivations *dy, const SalActivations *dx,
    const SalBlockRoom *room)
{
  const SalUnit *conv1 = &block->conv1, *conv2 = &block->conv2;
  const SalUnit *shortcut = &block->shortcut;
  const SalActivations *dz = &room->dz, *dx2 = dz;
  run (room->team, residual_backward_unit,
      (Pixels){ .a = dy,
          .b = &state->out,
          .c = &state->x2,
          .out = dz,
          .sums = block->se_size > 0 ? room->sums : NULL });
  if (block->se_size > 0) {
    const float *shift = excitation_backward (block, state, room);
    dx2 = &room->dx2;
    run (room->team, affine_unit,
        (Pixels){ .a = dz, .scale = state->gate, .shift = shift, .out = dx2 });
  }
  sal_conv_backward (&conv2->conv, conv2->backward, dx2, &room->inner,
      &(SalEpilogue){ .mask = &state->hidden, .mask_scale = conv1->scale },
      FALSE, room->team);
  sal_conv_backward (&conv1->conv, conv1->backward, &room->inner, dx,
      &(SalEpilogue){ .add = shortcut->weight == NULL ? dz : NULL }, FALSE,
      room->team);
  if (shortcut->weight != NULL)
    sal_conv_backward (&shortcut->conv, shortcut->backward, dz, dx,
        &(SalEpilogue){ 0 }, TRUE, room->team);
}
