/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/streaming-picture.h"

#include <math.h>

#include <saliency/gate.h>
#include "picture/plot.h"

#define MOST 4 /* conditions with curves: the first ones */
#define L EVAL_STREAMING_LOOKAHEADS

/* Pixels */
#define WIDTH 1200
#define HEIGHT 830
#define LEFT 90
#define RIGHT 190
#define STRIP_HEIGHT 24

#define EXAMPLE_LOOKAHEAD 1 /* 500 ms */

static const SalRect upper = { LEFT, 52, WIDTH - LEFT - RIGHT, 390 };
static const SalRect strip = { LEFT, 540, WIDTH - LEFT - RIGHT, STRIP_HEIGHT };
static const SalRect lower = { LEFT, 572, WIDTH - LEFT - RIGHT, 180 };
static const SalColour ink = { 0.15, 0.15, 0.15 };
static const SalColour white = { 1, 1, 1 };

static void
write_text (cairo_t *cr, double x, double y, double align, gboolean bold,
    SalColour colour, const char *text)
{
  sal_axes_colour (cr, colour);
  sal_axes_font (cr, 13, bold);
  sal_axes_text (cr, x, y, align, text);
}

static double
text_width (cairo_t *cr, gboolean bold, const char *text)
{
  cairo_text_extents_t size;

  sal_axes_font (cr, 13, bold);
  cairo_text_extents (cr, text, &size);
  return size.x_advance;
}

/* --- AUC ----------------------------------------------------------------- */

/* The axis begins at the multiple of 0.05 below the lowest value. */
static double
lowest (const EvalStreamingRow *rows, guint n_conditions)
{
  double low = 0.95;

  for (guint i = 0; i < n_conditions * L; i++) {
    low = fmin (low, rows[i].mean[EVAL_STREAMING_AUC]);
    low = fmin (low, rows[i].mean[EVAL_STREAMING_BASELINE_AUC]);
  }
  return fmax (0, floor (low * 20) / 20);
}

/* The first conditions in which somebody speaks: how many, at most MOST. */
static guint
choose_curves (const EvalStream *stream, guint places[MOST])
{
  guint n = 0;

  for (guint c = 0; c < stream->n_conditions && n < MOST; c++)
    if (stream->conditions[c] != EVAL_CONDITION_MUSIC_ALONE)
      places[n++] = c;
  return n;
}

static void
draw_auc (cairo_t *cr, const EvalStreamingRow *rows, const EvalStream *example)
{
  guint places[MOST], C = choose_curves (example, places);
  static const SalPlotMark times[L] = { { -2, "250" }, { -1, "500" },
    { 0, "1000" }, { 1, "2000" } }; /* log2 of seconds */
  double x[L], y[2 * MOST][L], low = lowest (rows, example->n_conditions);
  char labels[21][8];
  SalPlotMark levels[21];
  SalPlotCurve curves[2 * MOST];
  char *names[2 * MOST];
  guint n = 0;

  for (; low + 0.05 * n < 1.001; n++) {
    g_snprintf (labels[n], sizeof labels[n], "%.2f", low + 0.05 * n);
    levels[n] = (SalPlotMark){ low + 0.05 * n, labels[n] };
  }
  for (guint l = 0; l < L; l++)
    x[l] = log2 (eval_streaming_lookaheads_ms[l] / 1000.0);
  for (guint i = 0; i < 2 * C; i++) {
    guint c = i / 2,
          figure
        = i % 2 == 0 ? EVAL_STREAMING_AUC : EVAL_STREAMING_BASELINE_AUC;
    for (guint l = 0; l < L; l++)
      y[i][l] = rows[places[c] * L + l].mean[figure];
    names[i] = g_strdup_printf ("%s%s",
        eval_condition_names[example->conditions[places[c]]],
        i % 2 == 0 ? "" : ", cosine gate");
    curves[i] = (SalPlotCurve){ names[i], sal_plot_colour (c), i % 2 == 1, TRUE,
      x, y[i], L };
  }
  SalPlot plot = { { "look-ahead, ms", -2.15, 1.15, times, L },
    { "area under the curve (AUC)", low, 1, levels, n }, curves, 2 * C,
    "condition", TRUE };
  sal_plot_draw (cr, &upper, &plot);
  for (guint i = 0; i < 2 * C; i++)
    g_free (names[i]);
}

/* --- one stream ---------------------------------------------------------- */

static SalRect
turn_rect (const EvalStream *stream, const EvalSpoken *turn, const SalRect *r)
{
  double scale = r->w / (double) stream->conversation->n_samples;

  return (SalRect){ r->x + (double) turn->start * scale, r->y,
    (double) (turn->end - turn->start) * scale, r->h };
}

static void
draw_turns (cairo_t *cr, const EvalStream *stream, const EvalCorpus *corpus)
{
  const EvalConversation *talk = stream->conversation;

  for (guint i = 0; i < talk->turns->len; i++) {
    const EvalSpoken *turn = &g_array_index (talk->turns, EvalSpoken, i);
    gboolean target = turn->voice == talk->target;
    const char *name = eval_corpus_get_voice (corpus, turn->voice)->name;
    SalRect r = turn_rect (stream, turn, &strip);
    SalRect shade = turn_rect (stream, turn, &lower);
    sal_axes_fill (cr, &r,
        target ? sal_colour_for : sal_colour_speaker (turn->voice));
    if (target)
      sal_axes_fill (cr, &shade, sal_colour_mix (white, sal_colour_for, 0.13));
    if (text_width (cr, target, name) + 4 <= r.w)
      write_text (cr, r.x + r.w / 2, r.y + r.h / 2, 0.5, target,
          target ? white : ink, name);
  }
  sal_axes_frame (cr, &strip);
}

static void
draw_probability (cairo_t *cr, const EvalStream *stream)
{
  const float *activity = stream->traces[0][EXAMPLE_LOOKAHEAD].activity;
  double seconds
      = stream->conversation->n_samples * stream->frame_seconds / stream->hop;

  cairo_new_path (cr);
  for (gsize t = 0; t < stream->n_frames; t++)
    cairo_line_to (cr,
        lower.x
            + lower.w
                * (stream->first_seconds + (double) t * stream->frame_seconds)
                / seconds,
        lower.y + lower.h * (1 - activity[t]));
  cairo_set_line_width (cr, 1.6);
  cairo_set_source_rgb (cr, 0.62, 0.19, 0);
  cairo_stroke (cr);
  sal_axes_frame (cr, &lower);
  sal_axes_draw_time (cr, &lower, seconds);
}

static void
draw_threshold (cairo_t *cr)
{
  static const double dashes[] = { 6, 4 };
  SalGateConfig gate;

  sal_gate_config_init (&gate);
  double y = floor (lower.y + lower.h * (1 - gate.threshold)) + 0.5;
  cairo_set_dash (cr, dashes, 2, 0);
  cairo_set_line_width (cr, 1);
  cairo_set_source_rgb (cr, 0.25, 0.25, 0.25);
  cairo_move_to (cr, lower.x, y);
  cairo_line_to (cr, lower.x + lower.w, y);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
  write_text (cr, lower.x + lower.w + 14, y, 0, FALSE, ink, "the gate opens");
}

static void
draw_example (cairo_t *cr, const EvalStream *stream, const EvalCorpus *corpus)
{
  static const char *const labels[] = { "0", "0.5", "1" };
  const char *name
      = eval_corpus_get_voice (corpus, stream->conversation->target)->name;
  g_autofree char *heading = g_strdup_printf ("Stream %u, %s, look-ahead %u ms:"
                                              " does %s speak?",
      stream->index, eval_condition_names[stream->conditions[0]],
      eval_streaming_lookaheads_ms[EXAMPLE_LOOKAHEAD], name);

  write_text (cr, LEFT, strip.y - 18, 0, TRUE, ink, heading);
  draw_turns (cr, stream, corpus);
  write_text (cr, strip.x + strip.w + 14, strip.y + strip.h / 2, 0, FALSE, ink,
      "who truly speaks");
  draw_threshold (cr);
  draw_probability (cr, stream);
  sal_axes_draw_levels (cr, &lower, labels, G_N_ELEMENTS (labels), FALSE);
  sal_axes_text_up (cr, LEFT - 54, lower.y + lower.h / 2, "probability");
}

cairo_surface_t *
eval_streaming_draw (const char *title, const EvalStreamingRow *rows,
    const EvalStream *example, const EvalCorpus *corpus)
{
  cairo_surface_t *surface = sal_plot_paper (WIDTH, HEIGHT, title);
  cairo_t *cr = cairo_create (surface);

  draw_auc (cr, rows, example);
  draw_example (cr, example, corpus);
  cairo_destroy (cr);
  return surface;
}
