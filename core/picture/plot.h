/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot.h: line plot with two axes and a legend */
#pragma once

#include "picture/axes.h"
#include "picture/colours.h"

typedef struct {
  double at;         /* on the axis */
  const char *label; /* NULL: only a line */
} SalPlotMark;

typedef struct {
  const char *label;
  double low, high;         /* values at the ends; low < high */
  const SalPlotMark *marks; /* [n_marks], each draws a grid line */
  guint n_marks;
} SalPlotAxis;

typedef struct {
  const char *label; /* in the legend; NULL: none */
  SalColour colour;
  gboolean dashed;
  gboolean dots;       /* a dot on every point */
  const double *x, *y; /* [n]; clipped at the axes */
  gsize n;
  const double *low, *high; /* (nullable): band around the curve, [n] */
} SalPlotCurve;

typedef struct {
  SalPlotAxis x, y;
  const SalPlotCurve *curves; /* [n_curves], the last is on top */
  guint n_curves;
  const char *legend;    /* (nullable): heading of the legend */
  gboolean legend_right; /* right of the panel; else inside, top right */
} SalPlot;

/**
 * sal_plot_draw:
 * @r: the panel; labels are drawn left of it and below
 */
void sal_plot_draw (cairo_t *cr, const SalRect *r, const SalPlot *plot);

/**
 * sal_plot_paper:
 *
 * Returns: (transfer full): a white image with a title
 */
cairo_surface_t *sal_plot_paper (guint width, guint height, const char *title);

SalColour sal_plot_colour (guint index); /* colour of a curve; colours repeat after nine */
