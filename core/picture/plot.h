/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot.h: curves over two axes */
#pragma once

#include "picture/axes.h"
#include "picture/colours.h"

typedef struct {
  double at;         /* on the axis */
  const char *label; /* NULL: a line only */
} SalPlotMark;

typedef struct {
  const char *label;
  double low, high;         /* what lies at its ends; low < high */
  const SalPlotMark *marks; /* [n_marks], each with a line across */
  guint n_marks;
} SalPlotAxis;

typedef struct {
  const char *label; /* in the legend, beside a sample of the line if the curve meets the axes;
                        NULL: not there */
  SalColour colour;
  gboolean dashed;
  gboolean dots;       /* a dot on every point, too */
  const double *x, *y; /* [n]; beyond the axes they are cut */
  gsize n;
  const double *low, *high; /* (nullable): a band around it, [n] */
} SalPlotCurve;

typedef struct {
  SalPlotAxis x, y;
  const SalPlotCurve *curves; /* [n_curves], the last on top */
  guint n_curves;
  const char *legend;    /* (nullable): its heading */
  gboolean legend_right; /* outside, to the right; else inside, top right */
} SalPlot;

/**
 * sal_plot_draw:
 * @r: the panel; labels lie to its left and below
 */
void sal_plot_draw (cairo_t *cr, const SalRect *r, const SalPlot *plot);

/**
 * sal_plot_paper:
 *
 * Returns: (transfer full): a white image with a title
 */
cairo_surface_t *sal_plot_paper (guint width, guint height, const char *title);

SalColour sal_plot_colour (guint index); /* of a curve; they repeat after nine */
