/* SPDX-License-Identifier: GPL-2.0-or-later */
/* figure-picture.c: drawing of Figures 1 and 3 of the paper */
#include <cairo-svg.h>

#include "compute/vector.h"
#include "picture/axes.h"
#include "picture/colours.h"
#include "eval/figures.h"
#include "picture/png.h"

#define MINUS "\342\210\222"
#define M EVAL_FIGURE_METHODS
#define R EVAL_FIGURE_ROWS

/* Pixels */
#define LEFT 118
#define RIGHT 118
#define TOP 104
#define BOTTOM 50
#define GAP 10
#define PANEL_HEIGHT 118
#define STRIP_HEIGHT 20
#define BAR_WIDTH 16
#define PANEL_WIDTH                                                            \
  ((EVAL_FIGURE_WIDTH - LEFT - RIGHT - (M - 1) * GAP) / (double) M)
#define HEIGHT (TOP + R * PANEL_HEIGHT + (R - 1) * GAP + BOTTOM)

static const SalColour ink = { 0.15, 0.15, 0.15 };
static const SalColour white = { 1, 1, 1 };
static const char *const headings[M] = { "Grad-CAM", "Grad-CAM++", "Score-CAM",
  "Layer-CAM", "signed Layer-CAM" };

typedef struct {
  const EvalFigure *figure;
  const EvalSpeakerSets *cast;
  const SalMelConfig *mel;
  const char *title;
  float loudest, range; /* log-Mel drawn darkest; difference to white */
  double seconds;       /* of the sound */
} Drawing;

static SalRect
panel_at (guint m, guint r)
{
  return (SalRect){ LEFT + m * (PANEL_WIDTH + GAP),
    TOP + r * (PANEL_HEIGHT + GAP), PANEL_WIDTH, PANEL_HEIGHT };
}

/* The 99.9th percentile of the level. */
static float
find_loudest (const EvalFigure *figure)
{
  gsize n = (gsize) figure->n_bands * figure->n_frames;
  g_autofree float *sorted = g_memdup2 (figure->log_mel, n * sizeof (float));

  sal_vector_sort (sorted, n);
  return sorted[n - 1 - n / 1000];
}

/* --- a map --------------------------------------------------------------- */

/* A pixel for each bin, the highest band on top. */
static cairo_surface_t *
paint_map (const Drawing *self, const float *map)
{
  const EvalFigure *figure = self->figure;
  guint F = figure->n_bands, T = figure->n_frames;
  cairo_surface_t *image
      = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) T, (int) F);
  guint32 *pixels = (guint32 *) cairo_image_surface_get_data (image);
  int stride = cairo_image_surface_get_stride (image) / 4;

  cairo_surface_flush (image);
  for (guint f = 0; f < F; f++)
    for (guint t = 0; t < T; t++) {
      gsize bin = (gsize) (F - 1 - f) * T + t;
      float level = 1 + (figure->log_mel[bin] - self->loudest) / self->range;
      pixels[(gsize) f * stride + t] = sal_colour_pixel (level, map[bin]);
    }
  cairo_surface_mark_dirty (image);
  return image;
}

/* Frame t covers half a hop on both sides of its centre. */
static void
draw_map (cairo_t *cr, const Drawing *self, const SalRect *r, const float *map)
{
  const EvalFigure *figure = self->figure;
  cairo_surface_t *image = paint_map (self, map);
  double hop = (double) self->mel->hop / self->mel->sample_rate;
  double first
      = (double) sal_mel_config_centre (self->mel) / self->mel->sample_rate
      - hop / 2;
  double scale = r->w / self->seconds;

  cairo_save (cr);
  cairo_rectangle (cr, r->x, r->y, r->w, r->h);
  cairo_clip (cr);
  cairo_translate (cr, r->x + first * scale, r->y);
  cairo_scale (cr, hop * scale, r->h / figure->n_bands);
  cairo_set_source_surface (cr, image, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_GOOD);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_surface_destroy (image);
}

/* --- speaker turns ------------------------------------------------------- */

static void
draw_joins (cairo_t *cr, const Drawing *self, const SalRect *r)
{
  static const double dashes[] = { 3, 3 };
  const EvalConcatenation *join = self->figure->join;

  sal_axes_colour (cr, ink);
  cairo_set_line_width (cr, 1);
  cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0);
  for (guint i = 1; i < join->n_pieces; i++) {
    cairo_move_to (cr, r->x + r->w * i / join->n_pieces, r->y);
    cairo_rel_line_to (cr, 0, r->h);
    cairo_stroke (cr);
  }
  cairo_set_dash (cr, NULL, 0, 0);
}

static void
draw_turns (cairo_t *cr, const Drawing *self, guint m)
{
  const EvalConcatenation *join = self->figure->join;
  SalRect panel = panel_at (m, 0);
  double w = panel.w / join->n_pieces;

  for (guint i = 0; i < join->n_pieces; i++) {
    char name[] = { eval_concatenation_names[join->form][2 * i], '\0' };
    gboolean target = name[0] == 'A';
    SalRect r
        = { panel.x + i * w, panel.y - STRIP_HEIGHT - 4, w, STRIP_HEIGHT };
    sal_axes_fill (cr, &r,
        target ? sal_colour_for : sal_colour_speaker ((guint) (name[0] - 'B')));
    sal_axes_colour (cr, target ? white : ink);
    sal_axes_font (cr, 12, target);
    sal_axes_text (cr, r.x + r.w / 2, r.y + r.h / 2, 0.5, name);
  }
}

/* --- around the panels --------------------------------------------------- */

static void
draw_bar (cairo_t *cr, const SalRect *r, float bottom)
{
  for (int i = 0; i < r->h; i++) {
    float saliency = bottom + (1 - bottom) * i / ((float) r->h - 1);
    guint32 p = sal_colour_pixel (0.6f, saliency);
    SalRect line = { r->x, r->y + r->h - 1 - i, r->w, 1 };
    sal_axes_fill (cr, &line,
        (SalColour){ (p >> 16) / 255.0, (p >> 8 & 255) / 255.0,
            (p & 255) / 255.0 });
  }
  sal_axes_frame (cr, r);
}

static void
write_lines (cairo_t *cr, double x, double y, gboolean bold, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  sal_axes_colour (cr, ink);
  sal_axes_font (cr, 12, bold);
  for (guint i = 0; lines[i] != NULL; i++)
    sal_axes_text (cr, x, y + 15 * i, 0, lines[i]);
}

static void
draw_bars (cairo_t *cr)
{
  static const char *const plain[] = { "0", "0.5", "1" };
  static const char *const both[] = { MINUS "1", "0", "1" };
  double x = EVAL_FIGURE_WIDTH - RIGHT + 22;
  SalRect first = { x, TOP + 44, BAR_WIDTH, 160 };
  SalRect second = { x, TOP + 322, BAR_WIDTH, 160 };

  write_lines (cr, x, TOP + 8, TRUE, "saliency");
  sal_axes_draw_levels (cr, &first, plain, G_N_ELEMENTS (plain), TRUE);
  draw_bar (cr, &first, 0);
  write_lines (cr, x, TOP + 224, FALSE, "1: decides\nfor A");
  write_lines (cr, x, TOP + 282, TRUE, "signed\nsaliency");
  sal_axes_draw_levels (cr, &second, both, G_N_ELEMENTS (both), TRUE);
  draw_bar (cr, &second, -1);
  write_lines (cr, x, TOP + 502, FALSE, "1: for A\n" MINUS "1: against A");
  write_lines (cr, x, TOP + 562, TRUE, "log-Mel");
  write_lines (cr, x, TOP + 579, FALSE, "grey: loud\nwhite: 50 dB\nless");
}

static void
draw_titles (cairo_t *cr, const Drawing *self)
{
  sal_axes_colour (cr, ink);
  sal_axes_font (cr, 15, TRUE);
  sal_axes_text (cr, 16, 24, 0, self->title);
  sal_axes_font (cr, 13, TRUE);
  for (guint m = 0; m < M; m++) {
    SalRect r = panel_at (m, 0);
    sal_axes_text (cr, r.x + r.w / 2, TOP - STRIP_HEIGHT - 18, 0.5,
        headings[m]);
  }
  for (guint r = 0; r < R; r++) {
    SalRect panel = panel_at (0, r);
    sal_axes_text (cr, 12, panel.y + panel.h / 2, 0, eval_figure_rows[r]);
  }
  sal_axes_font (cr, 12, FALSE);
  sal_axes_text (cr, LEFT - 8, TOP - STRIP_HEIGHT / 2.0 - 4, 1, "who speaks");
}

static void
draw_panel (cairo_t *cr, const Drawing *self, guint m, guint r)
{
  SalRect panel = panel_at (m, r);

  draw_map (cr, self, &panel, self->figure->maps[m][r]);
  draw_joins (cr, self, &panel);
  sal_axes_frame (cr, &panel);
  if (self->figure->empty[m][r]) {
    sal_axes_colour (cr, ink);
    sal_axes_font (cr, 12, FALSE);
    sal_axes_text (cr, panel.x + panel.w - 6, panel.y + 10, 1, "empty");
  }
}

static void
draw_all (cairo_t *cr, const Drawing *self)
{
  g_autofree float *bands_hz = g_new (float, self->figure->n_bands);

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  sal_mel_config_bands (self->mel, bands_hz);
  draw_titles (cr, self);
  for (guint m = 0; m < M; m++) {
    SalRect lowest = panel_at (m, R - 1);
    for (guint r = 0; r < R; r++)
      draw_panel (cr, self, m, r);
    draw_turns (cr, self, m);
    sal_axes_draw_time (cr, &lowest, self->seconds);
  }
  for (guint r = 0; r < R; r++) {
    SalRect first = panel_at (0, r);
    sal_axes_draw_bands (cr, &first, bands_hz, self->figure->n_bands);
  }
  draw_bars (cr);
}

/* --- files --------------------------------------------------------------- */

static cairo_status_t
append (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

static gboolean
save_svg (const Drawing *self, const char *path, GError **error)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  g_autoptr (GError) cause = NULL;
  cairo_surface_t *surface = cairo_svg_surface_create_for_stream (append, text,
      EVAL_FIGURE_WIDTH, HEIGHT);
  cairo_t *cr = cairo_create (surface);

  draw_all (cr, self);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  cairo_status_t status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (status != CAIRO_STATUS_SUCCESS)
    return sal_error_set (error, SAL_ERROR_FILE, "%s: %s", path,
        cairo_status_to_string (status));
  if (!g_file_set_contents (path, (const char *) text->data, text->len, &cause))
    return sal_error_set (error, SAL_ERROR_FILE, "%s: %s", path,
        cause->message);
  return TRUE;
}

static gboolean
save_png (const Drawing *self, const char *path, GError **error)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24,
      EVAL_FIGURE_WIDTH, HEIGHT);
  cairo_t *cr = cairo_create (surface);

  draw_all (cr, self);
  cairo_destroy (cr);
  return sal_png_save (surface, path, error);
}

gboolean
eval_figure_save (const EvalFigure *self, const EvalSpeakerSets *cast,
    const char *title, const char *path, GError **error)
{
  const SalMelConfig *mel
      = sal_model_get_mel_config (eval_speaker_sets_get_model (cast));
  g_autofree char *png = g_strconcat (path, ".png", NULL);
  g_autofree char *svg = g_strconcat (path, ".svg", NULL);
  Drawing drawing = { self, cast, mel, title, find_loudest (self),
    (float) (SAL_COLOUR_RANGE_DB * G_LN10 / (mel->power ? 10 : 20)),
    (double) self->join->n_samples / mel->sample_rate };

  return save_png (&drawing, png, error) && save_svg (&drawing, svg, error);
}
