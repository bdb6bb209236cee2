/* SPDX-License-Identifier: GPL-2.0-or-later */
/* picture.c: picture of an analysis: spectrogram, saliency, turns, probability
 */
#include "picture/picture.h"

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "picture/axes.h"
#include "picture/colours.h"
#include "picture/downsample.h"
#include "picture/png.h"
#include "picture/turns.h"

/* Pixels */
#define WIDTH 1200
#define MIN_WIDTH 480
#define LEFT 74
#define RIGHT 132
#define TOP 46
#define BOTTOM 46
#define GAP 10
#define BANDS_HEIGHT 320
#define LANE_HEIGHT 24
#define ACTIVITY_HEIGHT 130
#define BAR_WIDTH 16

#define MINUS "\342\210\222"

static const SalColour ink = { 0.15, 0.15, 0.15 };
static const SalColour white = { 1, 1, 1 };

typedef struct {
  const SalPicture *picture;
  SalColumns *columns;
  float *bands_hz; /* [F] */
  guint *lanes;    /* of each turn, [n_turns] */
  guint n_lanes;
  double seconds;
  double shift;        /* seconds, start of frame 0 */
  double db_per_level; /* dB per unit of log-Mel */
  gboolean is_signed;
  SalRect bands, strip, activity; /* the panels, from top to bottom */
  guint width, height;
} Drawing;

static void
drawing_clear (Drawing *self)
{
  sal_columns_free (self->columns);
  g_free (self->bands_hz);
  g_free (self->lanes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Drawing, drawing_clear)

static double
time_to_x (const Drawing *self, double seconds)
{
  return self->bands.x + self->bands.w * seconds / self->seconds;
}

static gboolean
is_target (const Drawing *self, const SalTurn *turn)
{
  return g_str_equal (turn->name, self->picture->target);
}

/* Duration and start of frame 0, half a hop before its centre. */
static void
set_times (Drawing *self)
{
  const SalMelConfig *mel = self->picture->mel;
  const SalPicture *picture = self->picture;
  guint64 n_frames = 0;

  for (guint i = 0; i < picture->n_maps; i++)
    n_frames += picture->maps[i]->n_frames;
  self->seconds = (double) n_frames * mel->hop / mel->sample_rate;
  self->shift
      = (sal_mel_config_centre (mel) - mel->hop / 2.0) / mel->sample_rate;
  self->db_per_level = (mel->power ? 10 : 20) / G_LN10;
}

static void
place_panels (Drawing *self)
{
  double w = self->width - LEFT - RIGHT;
  double strip = self->n_lanes * LANE_HEIGHT;
  double y = TOP;

  self->bands = (SalRect){ LEFT, y, w, BANDS_HEIGHT };
  y += BANDS_HEIGHT + GAP;
  self->strip = (SalRect){ LEFT, y, w, strip };
  y += strip > 0 ? strip + GAP : 0;
  self->activity = (SalRect){ LEFT, y, w, ACTIVITY_HEIGHT };
  self->height = (guint) y + ACTIVITY_HEIGHT + BOTTOM;
}

static gboolean
drawing_init (Drawing *self, const SalPicture *picture, GError **error)
{
  *self = (Drawing){ .picture = picture };
  self->width = picture->width > 0 ? picture->width : WIDTH;
  if (self->width < MIN_WIDTH) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "picture is %u pixels wide, below %d", self->width, MIN_WIDTH);
    return FALSE;
  }

  self->columns = sal_columns_new (picture->maps, picture->n_maps,
      self->width - LEFT - RIGHT);
  if (self->columns == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO, "no frame to draw");
    return FALSE;
  }
  const SalColumns *columns = self->columns;
  for (gsize i = 0; i < (gsize) columns->n_columns * columns->n_bands; i++)
    self->is_signed |= columns->saliency[i] < 0;

  self->bands_hz = g_new (float, columns->n_bands);
  sal_mel_config_bands (picture->mel, self->bands_hz);
  if (picture->turns != NULL) {
    self->lanes = g_new (guint, picture->turns->len + 1);
    self->n_lanes = sal_turns_lanes (picture->turns, self->lanes);
  }
  set_times (self);
  place_panels (self);
  return TRUE;
}

/* The 99.9th percentile of the level. */
static float
loudest (const SalColumns *columns)
{
  gsize n = (gsize) columns->n_columns * columns->n_bands;
  g_autofree float *sorted = g_new (float, n);

  memcpy (sorted, columns->level, n * sizeof (float));
  sal_vector_sort (sorted, n);
  return sorted[n - 1 - n / 1000];
}

static void
draw_bands (cairo_t *cr, const Drawing *self)
{
  const SalColumns *columns = self->columns;
  const SalRect *r = &self->bands;
  int w = (int) columns->n_columns, h = (int) columns->n_bands;
  cairo_surface_t *image
      = cairo_image_surface_create (CAIRO_FORMAT_RGB24, w, h);

  cairo_surface_flush (image);
  sal_columns_paint (columns, loudest (columns),
      SAL_COLOUR_RANGE_DB / self->db_per_level,
      (guint32 *) cairo_image_surface_get_data (image),
      cairo_image_surface_get_stride (image) / 4);
  cairo_surface_mark_dirty (image);

  cairo_save (cr);
  cairo_rectangle (cr, r->x, r->y, r->w, r->h);
  cairo_clip (cr);
  cairo_translate (cr, time_to_x (self, self->shift), r->y);
  cairo_scale (cr, r->w / w, r->h / h);
  cairo_set_source_surface (cr, image, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_BILINEAR);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_surface_destroy (image);
  sal_axes_frame (cr, r);
}

/* Number of a speaker other than the target, in the order of appearance. */
static guint
speaker_index (const Drawing *self, const char *name)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->picture->turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (self->picture->turns, i);
    if (g_str_equal (turn->name, name))
      break;
    if (!is_target (self, turn))
      g_hash_table_add (seen, turn->name);
  }
  return g_hash_table_size (seen);
}

static void
draw_turn (cairo_t *cr, const Drawing *self, const SalTurn *turn, guint lane)
{
  double x = time_to_x (self, turn->start);
  double end = MIN (time_to_x (self, turn->end), self->strip.x + self->strip.w);
  SalRect r
      = { x, self->strip.y + lane * LANE_HEIGHT + 1, end - x, LANE_HEIGHT - 2 };
  gboolean target = is_target (self, turn);

  if (r.w <= 0)
    return;
  sal_axes_fill (cr, &r,
      target ? sal_colour_for
             : sal_colour_speaker (speaker_index (self, turn->name)));
  sal_axes_colour (cr, target ? white : ink);
  sal_axes_font (cr, 12, target);
  cairo_save (cr);
  cairo_rectangle (cr, r.x, r.y, r.w, r.h);
  cairo_clip (cr);
  cairo_text_extents_t size;
  cairo_text_extents (cr, turn->name, &size);
  if (size.x_advance + 4 <= r.w)
    sal_axes_text (cr, r.x + r.w / 2, r.y + r.h / 2, 0.5, turn->name);
  cairo_restore (cr);
}

static void
draw_strip (cairo_t *cr, const Drawing *self)
{
  const GPtrArray *turns = self->picture->turns;

  if (self->n_lanes == 0)
    return;
  for (guint i = 0; i < turns->len; i++)
    draw_turn (cr, self, g_ptr_array_index (turns, i), self->lanes[i]);
  sal_axes_colour (cr, ink);
  sal_axes_font (cr, 12, FALSE);
  sal_axes_text (cr, LEFT - 8, self->strip.y + self->strip.h / 2, 1, "truth");
  sal_axes_text (cr, self->strip.x + self->strip.w + 14,
      self->strip.y + self->strip.h / 2, 0, "who speaks");
}

/* True turns of the target, pale behind the curve. */
static void
shade_turns (cairo_t *cr, const Drawing *self)
{
  const GPtrArray *turns = self->picture->turns;
  const SalRect *r = &self->activity;

  cairo_save (cr);
  cairo_rectangle (cr, r->x, r->y, r->w, r->h);
  cairo_clip (cr);
  for (guint i = 0; turns != NULL && i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    double x = time_to_x (self, turn->start);
    SalRect shade = { x, r->y, time_to_x (self, turn->end) - x, r->h };
    if (is_target (self, turn))
      sal_axes_fill (cr, &shade, sal_colour_mix (white, sal_colour_for, 0.13));
  }
  cairo_restore (cr);
}

static void
draw_line_at (cairo_t *cr, const SalRect *r, double value, double grey,
    gboolean dashed)
{
  static const double dashes[] = { 6, 4 };
  double y = floor (r->y + r->h * (1 - value)) + 0.5;

  cairo_set_dash (cr, dashes, dashed ? 2 : 0, 0);
  cairo_set_line_width (cr, 1);
  cairo_set_source_rgb (cr, grey, grey, grey);
  cairo_move_to (cr, r->x, y);
  cairo_line_to (cr, r->x + r->w, y);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

/* The curve, constant from the first and last frame to the panel's edges. */
static void
trace_activity (cairo_t *cr, const Drawing *self)
{
  const SalColumns *columns = self->columns;
  const SalRect *r = &self->activity;
  double x0 = time_to_x (self, self->shift);
  double y = 0;

  for (guint j = 0; j < columns->n_columns; j++) {
    double x = x0 + r->w * (j + 0.5) / columns->n_columns;
    y = r->y + r->h * (1 - columns->activity[j]);
    if (j == 0)
      cairo_line_to (cr, r->x, y);
    cairo_line_to (cr, x, y);
  }
  cairo_line_to (cr, r->x + r->w, y);
}

static void
draw_activity (cairo_t *cr, const Drawing *self)
{
  static const char *const labels[] = { "0", "0.5", "1" };
  const SalRect *r = &self->activity;
  SalColour c = sal_colour_for;

  shade_turns (cr, self);
  draw_line_at (cr, r, 0.5, 0.85, FALSE);
  cairo_save (cr);
  cairo_rectangle (cr, r->x, r->y - 1, r->w, r->h + 2);
  cairo_clip (cr);
  cairo_move_to (cr, r->x, r->y + r->h);
  trace_activity (cr, self);
  cairo_line_to (cr, r->x + r->w, r->y + r->h);
  cairo_close_path (cr);
  cairo_set_source_rgba (cr, c.r, c.g, c.b, 0.35);
  cairo_fill (cr);
  trace_activity (cr, self);
  cairo_set_line_width (cr, 1.8);
  cairo_set_source_rgb (cr, 0.70 * c.r, 0.70 * c.g, 0.70 * c.b);
  cairo_stroke (cr);
  cairo_restore (cr);
  if (self->picture->threshold > 0)
    draw_line_at (cr, r, self->picture->threshold, 0.25, TRUE);
  sal_axes_frame (cr, r);
  sal_axes_draw_levels (cr, r, labels, G_N_ELEMENTS (labels), FALSE);
  sal_axes_text_up (cr, LEFT - 52, r->y + r->h / 2, "probability");
}

/* A colour bar of level and saliency, from @bottom to @top. */
static void
draw_bar (cairo_t *cr, const SalRect *r, const float bottom[2],
    const float top[2])
{
  for (int i = 0; i < r->h; i++) {
    float a = (float) (i / (r->h - 1));
    guint32 p = sal_colour_pixel (bottom[0] + a * (top[0] - bottom[0]),
        bottom[1] + a * (top[1] - bottom[1]));
    SalRect line = { r->x, r->y + r->h - 1 - i, r->w, 1 };
    sal_axes_fill (cr, &line,
        (SalColour){ (p >> 16) / 255.0, (p >> 8 & 255) / 255.0,
            (p & 255) / 255.0 });
  }
  sal_axes_frame (cr, r);
}

static void
draw_legend (cairo_t *cr, const Drawing *self)
{
  static const char *const both[] = { MINUS "1 against", "0", "+1 for" };
  static const char *const db[]
      = { MINUS G_STRINGIFY (SAL_COLOUR_RANGE_DB) " dB", "0" };
  double x = self->bands.x + self->bands.w + 14;
  SalRect saliency = { x, self->bands.y + 24, BAR_WIDTH, 118 };
  SalRect level = { x, self->bands.y + 200, BAR_WIDTH, 118 };

  sal_axes_colour (cr, ink);
  sal_axes_font (cr, 12, TRUE);
  sal_axes_text (cr, x, self->bands.y + 7, 0, "evidence");
  sal_axes_text (cr, x, self->bands.y + 183, 0, "sound");
  draw_bar (cr, &saliency, (float[]){ 0.5f, self->is_signed ? -1 : 0 },
      (float[]){ 0.5f, 1 });
  sal_axes_draw_levels (cr, &saliency, both + !self->is_signed,
      self->is_signed ? 3 : 2, TRUE);
  draw_bar (cr, &level, (float[]){ 0, 0 }, (float[]){ 1, 0 });
  sal_axes_draw_levels (cr, &level, db, G_N_ELEMENTS (db), TRUE);
}

static void
draw_activity_legend (cairo_t *cr, const Drawing *self)
{
  const SalRect *r = &self->activity;
  double x = r->x + r->w + 14;
  double y = self->picture->threshold < 0.5f ? r->y + 8 : r->y + r->h - 40;
  g_autofree char *name = g_strdup_printf ("that %s", self->picture->target);
  g_autofree char *threshold
      = g_strdup_printf ("%g threshold", self->picture->threshold);

  sal_axes_colour (cr, ink);
  sal_axes_font (cr, 12, FALSE);
  sal_axes_text (cr, x, y, 0, "probability");
  sal_axes_text (cr, x, y + 16, 0, name);
  sal_axes_text (cr, x, y + 32, 0, "speaks");
  if (self->picture->threshold > 0)
    sal_axes_text (cr, x, r->y + r->h * (1 - self->picture->threshold), 0,
        threshold);
}

static void
draw_title (cairo_t *cr, const Drawing *self)
{
  sal_axes_colour (cr, ink);
  sal_axes_font (cr, 17, TRUE);
  sal_axes_text (cr, LEFT, TOP / 2.0, 0, self->picture->title);
}

cairo_surface_t *
sal_picture_draw (const SalPicture *self, GError **error)
{
  g_return_val_if_fail (self->target != NULL && self->title != NULL, NULL);
  g_auto (Drawing) drawing = { 0 };

  if (!drawing_init (&drawing, self, error))
    return NULL;

  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24,
      (int) drawing.width, (int) drawing.height);
  cairo_t *cr = cairo_create (surface);
  sal_axes_colour (cr, white);
  cairo_paint (cr);
  draw_title (cr, &drawing);
  draw_bands (cr, &drawing);
  sal_axes_draw_bands (cr, &drawing.bands, drawing.bands_hz,
      drawing.columns->n_bands);
  draw_strip (cr, &drawing);
  draw_activity (cr, &drawing);
  sal_axes_draw_time (cr, &drawing.activity, drawing.seconds);
  draw_legend (cr, &drawing);
  draw_activity_legend (cr, &drawing);
  cairo_destroy (cr);
  return surface;
}

gboolean
sal_picture_save (const SalPicture *self, const char *path, GError **error)
{
  cairo_surface_t *surface = sal_picture_draw (self, error);

  return surface != NULL && sal_png_save (surface, path, error);
}
