/* SPDX-License-Identifier: GPL-2.0-or-later */
/* det.c: detection error trade-off (DET) plot */
#include "eval/det.h"

#include <math.h>
#include <stddef.h>

#include "picture/plot.h"

#define D EVAL_VERIFICATION_DURATIONS

/* Pixels */
#define WIDTH 1100
#define HEIGHT 900
#define LEFT 90
#define TOP 52
#define RIGHT 60
#define BOTTOM 70

#define LOWEST 0.001 /* lowest rate on the axes */
#define HIGHEST 0.6

/* By bisection: speed does not matter here. */
double
eval_probit (double p)
{
  double low = -40, high = 40;

  if (!(p > 0 && p < 1))
    return p > 0 ? INFINITY : -INFINITY;
  for (guint i = 0; i < 80; i++) {
    double middle = (low + high) / 2;
    if (0.5 * erfc (-middle / G_SQRT2) < p)
      low = middle;
    else
      high = middle;
  }
  return (low + high) / 2;
}

typedef struct {
  double *x, *y; /* the curve */
  double eer[2]; /* crossing with the diagonal, x and y */
  char *label;
} Trace;

/* Probit; rates beyond the axes are drawn just outside. */
static double
to_axis (double rate)
{
  return eval_probit (CLAMP (rate, LOWEST / 4, 1 - LOWEST / 4));
}

static gsize
make_trace (Trace *self, const GArray *trials, guint d, double eer)
{
  EvalDetection detection;
  g_autofree float *scores = NULL;
  gsize n = 0;

  eval_verification_split (trials, d, offsetof (EvalTrial, llr), FALSE, &scores,
      &detection);
  gsize room = detection.n_target + detection.n_other + 1;
  self->x = g_new (double, room);
  self->y = g_new (double, room);
  if (detection.n_target > 0 && detection.n_other > 0)
    n = eval_detection_curve (&detection, self->y, self->x);
  for (gsize i = 0; i < n; i++) {
    self->x[i] = to_axis (self->x[i]);
    self->y[i] = to_axis (self->y[i]);
  }
  self->eer[0] = self->eer[1] = to_axis (eer);
  self->label = n > 0
      ? g_strdup_printf ("%g s: equal at %.1f %%", eval_verification_seconds[d],
          100 * eer)
      : g_strdup_printf ("%g s: no trials", eval_verification_seconds[d]);
  return n;
}

cairo_surface_t *
eval_det_draw (const char *title, const GArray *trials,
    const EvalVerificationRow *rows)
{
  static const double rates[]
      = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6 };
  static const char *const labels[]
      = { "0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "40", "60" };
  SalPlotMark marks[G_N_ELEMENTS (rates)];
  double ends[] = { eval_probit (LOWEST), eval_probit (HIGHEST) };
  SalPlotCurve curves[2 * D + 1]
      = { { NULL, { 0.7, 0.7, 0.7 }, TRUE, FALSE, ends, ends, 2 } };
  Trace traces[D];
  SalPlot plot = { { "false alarms, % of the others' trials", ends[0], ends[1],
                       marks, G_N_ELEMENTS (marks) },
    { "misses, % of the targets' trials", ends[0], ends[1], marks,
        G_N_ELEMENTS (marks) },
    curves, G_N_ELEMENTS (curves), "length of the piece", FALSE };
  SalRect r = { LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    marks[i] = (SalPlotMark){ eval_probit (rates[i]), labels[i] };
  for (guint d = 0; d < D; d++) {
    gsize n = make_trace (&traces[d], trials, d, rows[d].eer);
    curves[1 + 2 * d] = (SalPlotCurve){ traces[d].label, sal_plot_colour (d),
      FALSE, FALSE, traces[d].x, traces[d].y, n };
    curves[2 + 2 * d] = (SalPlotCurve){ NULL, sal_plot_colour (d), FALSE, TRUE,
      &traces[d].eer[0], &traces[d].eer[1], n > 0 ? 1 : 0 };
  }
  cairo_surface_t *surface = sal_plot_paper (WIDTH, HEIGHT, title);
  cairo_t *cr = cairo_create (surface);
  sal_plot_draw (cr, &r, &plot);
  cairo_destroy (cr);
  for (guint d = 0; d < D; d++) {
    g_free (traces[d].x);
    g_free (traces[d].y);
    g_free (traces[d].label);
  }
  return surface;
}
