/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deletion-picture.c: picture of deletion and insertion curves */
#include "eval/deletion-picture.h"

#include <math.h>

#include "picture/plot.h"

#define N EVAL_DELETION_STEPS
#define MOST 16 /* curves */

/* Pixels */
#define WIDTH 1480
#define HEIGHT 1020
#define LEFT 96
#define PANEL_WIDTH 520
#define PANEL_HEIGHT 360
#define ACROSS 610
#define TOP 92
#define DOWN 480

typedef struct {
  double x[N + 1], y[N + 1], low[N + 1], high[N + 1];
  char label[48];
} Trace;

static gboolean
is_shown (const EvalDeletionRow *row)
{
  return row->fill == EVAL_FILL_ZERO
      && (row->kind != EVAL_RANK_MAP || row->setting == EVAL_MAP_ALL);
}

static void
fill_trace (Trace *self, const EvalDeletionMean *mean, gboolean log_odds)
{
  for (guint i = 0; i <= N; i++) {
    const EvalInterval *rate = log_odds ? &mean->log_odds[i] : &mean->hit[i];
    double scale = log_odds ? 1 : 100;
    self->x[i] = 100.0 * i / N;
    self->y[i] = scale * rate->mean;
    self->low[i] = scale * rate->low;
    self->high[i] = scale * rate->high;
  }
}

/* Curves of a panel; the right panel names them.  Returns: their number */
static guint
make_curves (const GArray *results, const GArray *rows,
    EvalConcatenationForm form, EvalDeletionWay way, gboolean log_odds,
    Trace *traces, SalPlotCurve *curves)
{
  guint n = 0, shown = 0;

  for (guint i = 0; i < results->len && n < MOST; i++) {
    const EvalDeletionResult *result
        = &g_array_index (results, EvalDeletionResult, i);
    const EvalDeletionRow *row
        = &g_array_index (rows, EvalDeletionRow, result->row);
    if (result->form != form || !is_shown (row))
      continue;
    gboolean map = row->kind == EVAL_RANK_MAP;
    Trace *trace = &traces[n];
    fill_trace (trace, &result->ways[way], log_odds);
    g_snprintf (trace->label, sizeof trace->label, "%s (%u)",
        eval_deletion_name (row), result->n_trials);
    curves[n++] = (SalPlotCurve){ way == EVAL_DELETION_INSERT ? trace->label
                                                              : NULL,
      sal_plot_colour (map ? row->method : shown++), !map, FALSE, trace->x,
      trace->y, N + 1, map ? trace->low : NULL, map ? trace->high : NULL };
  }
  return n;
}

/* Round numbers from low to high.  Returns: their number */
static guint
make_marks (double low, double high, double step, SalPlotMark *marks,
    char labels[][8])
{
  guint n = 0;

  for (double at = ceil (low / step) * step; at <= high && n < 12; at += step) {
    g_snprintf (labels[n], 8, "%g", at);
    marks[n] = (SalPlotMark){ at, labels[n] };
    n++;
  }
  return n;
}

static void
find_range (const SalPlotCurve *curves, guint n, double *low, double *high)
{
  *low = 0;
  *high = 1;
  for (guint c = 0; c < n; c++)
    for (gsize i = 0; i < curves[c].n; i++) {
      *low = MIN (*low, curves[c].y[i]);
      *high = MAX (*high, curves[c].y[i]);
    }
  *low = floor (*low / 5) * 5;
  *high = ceil (*high / 5) * 5;
}

static void
draw_panel (cairo_t *cr, guint column, guint line, const SalPlotCurve *curves,
    guint n, gboolean log_odds)
{
  SalRect r = { LEFT + column * ACROSS, TOP + line * DOWN, PANEL_WIDTH,
    PANEL_HEIGHT };
  SalPlotMark x[12], y[12];
  char x_labels[12][8], y_labels[12][8];
  double low = 0, high = 100;

  if (log_odds)
    find_range (curves, n, &low, &high);
  g_autofree char *heading = g_strdup_printf ("%s, %s",
      eval_concatenation_names[eval_deletion_forms[line]],
      column == 0 ? "deletion: the lower the better"
                  : "insertion: the higher the better");
  SalPlot plot = { { column == 0 ? "bins deleted, %" : "bins inserted, %", 0,
                       100, x, make_marks (0, 100, 20, x, x_labels) },
    { log_odds ? "mean log-odds of A" : "A is recognised, %", low, high, y,
        make_marks (low, high, log_odds ? 5 : 20, y, y_labels) },
    curves, n, column == 0 ? NULL : "ranked by (trials)", TRUE };
  sal_axes_font (cr, 15, TRUE);
  cairo_set_source_rgb (cr, 0.15, 0.15, 0.15);
  sal_axes_text (cr, r.x, r.y - 16, 0, heading);
  sal_plot_draw (cr, &r, &plot);
}

cairo_surface_t *
eval_deletion_draw (const char *title, const GArray *results,
    const GArray *rows, gboolean log_odds)
{
  cairo_surface_t *surface = sal_plot_paper (WIDTH, HEIGHT, title);
  cairo_t *cr = cairo_create (surface);
  g_autofree Trace *traces = g_new (Trace, MOST);
  SalPlotCurve curves[MOST];

  for (guint f = 0; f < EVAL_DELETION_FORMS; f++)
    for (guint way = 0; way < EVAL_DELETION_WAYS; way++) {
      guint n = make_curves (results, rows, eval_deletion_forms[f], way,
          log_odds, traces, curves);
      draw_panel (cr, way, f, curves, n, log_odds);
    }
  cairo_destroy (cr);
  return surface;
}
