/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/figures.h"

#include <string.h>

#include "data.h"
#include "voices.h"

static SalModel *tiny;
static EvalCorpus *corpus;
static EvalSpeakerSets *cast;

static GPtrArray *
run (guint n_trials, guint n_threads)
{
  EvalFiguresConfig config;
  g_autoptr (GError) error = NULL;
  GPtrArray *figures = g_ptr_array_new_with_free_func (eval_figure_free);
  eval_figures_config_init (&config, n_trials);
  config.seconds = 0.5;
  config.n_threads = n_threads;
  eval_figures_run (cast, &config, figures, &error);
  g_assert_no_error (error);
  return figures;
}

static GPtrArray *two; /* trials of each form */

static const EvalFigure *
figure_at (const GPtrArray *figures, guint i)
{
  return g_ptr_array_index (figures, i);
}

static void
test_all_maps_are_in_range (void)
{
  g_assert_cmpuint (two->len, ==, 4);
  for (guint i = 0; i < two->len; i++) {
    const EvalFigure *figure = figure_at (two, i);
    gsize size = (gsize) figure->n_bands * figure->n_frames;
    g_assert_cmpint (figure->join->form, ==, eval_figure_forms[i % 2]);
    for (guint k = 0; k < EVAL_FIGURE_METHODS * EVAL_FIGURE_ROWS; k++) {
      const float *map
          = figure->maps[k / EVAL_FIGURE_ROWS][k % EVAL_FIGURE_ROWS];
      float least = k / EVAL_FIGURE_ROWS == EVAL_FIGURE_METHODS - 1 ? -1 : 0;
      for (gsize j = 0; j < size; j++)
        g_assert_true (map[j] >= least && map[j] <= 1);
    }
  }
}

static void
test_last_row_is_the_mean_of_the_others (void)
{
  const EvalFigure *figure = figure_at (two, 1);
  gsize size = (gsize) figure->n_bands * figure->n_frames;
  for (guint m = 0; m < EVAL_FIGURE_METHODS; m++) {
    g_autofree float *mean = g_new0 (float, size);
    for (gsize i = 0; i < size; i++)
      for (guint r = 0; r < 4; r++)
        mean[i] += figure->maps[m][r][i] / 4;
    data_assert_close ("fused", figure->maps[m][4], mean, size, 1e-5);
  }
}

static void
test_threads_change_nothing (void)
{
  g_autoptr (GPtrArray) again = run (2, 3);
  for (guint i = 0; i < again->len; i++) {
    const EvalFigure *a = figure_at (two, i), *b = figure_at (again, i);
    gsize bytes = (gsize) a->n_bands * a->n_frames * sizeof (float);
    for (guint m = 0; m < EVAL_FIGURE_METHODS; m++)
      for (guint r = 0; r < EVAL_FIGURE_ROWS; r++)
        g_assert_cmpmem (a->maps[m][r], bytes, b->maps[m][r], bytes);
  }
}

/* --- pictures ------------------------------------------------------------ */

/* Maps of the first method 0, of the last method 1. */
static void
paint (EvalFigure *figure)
{
  gsize size = (gsize) figure->n_bands * figure->n_frames;
  for (gsize i = 0; i < size; i++)
    for (guint r = 0; r < EVAL_FIGURE_ROWS; r++) {
      guint T = figure->n_frames;
      figure->maps[0][r][i] = i % T < T / 2 ? 0 : 1;
      figure->maps[EVAL_FIGURE_METHODS - 1][r][i] = i % T < T / 2 ? -1 : 1;
    }
}

/* Mean of red minus blue in a square. */
static double
warmth (cairo_surface_t *surface, int x, int y)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  double sum = 0;
  for (int i = y; i < y + 20; i++)
    for (int j = x; j < x + 20; j++) {
      guint32 pixel = ((const guint32 *) (data + i * stride))[j];
      sum += (double) (pixel >> 16 & 255) - (pixel & 255);
    }
  return sum / 400;
}

/* The first panel begins at 118, the last ends at 1082. */
static void
test_picture_shows_the_maps (void)
{
  g_autofree char *stem = data_temp_path ("figure");
  g_autofree char *path = g_strconcat (stem, ".png", NULL);
  g_autoptr (GPtrArray) figures = run (1, 1);
  g_autoptr (GError) error = NULL;
  EvalFigure *figure = g_ptr_array_index (figures, 0);
  paint (figure);
  eval_figure_save (figure, cast, "a test", stem, &error);
  g_assert_no_error (error);
  cairo_surface_t *surface = cairo_image_surface_create_from_png (path);
  g_assert_cmpint (cairo_surface_status (surface), ==, CAIRO_STATUS_SUCCESS);
  g_assert_cmpint (cairo_image_surface_get_width (surface), ==, 1200);
  g_assert_cmpfloat (warmth (surface, 140, 140), ==, 0);
  g_assert_cmpfloat (warmth (surface, 270, 140), >, 60);
  g_assert_cmpfloat (warmth (surface, 920, 140), <, -60);
  g_assert_cmpfloat (warmth (surface, 1050, 140), >, 60);
  cairo_surface_destroy (surface);
}

static void
test_svg_has_every_map (void)
{
  g_autofree char *stem = data_temp_path ("drawn");
  g_autofree char *path = g_strconcat (stem, ".svg", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  eval_figure_save (figure_at (two, 1), cast, "a test", stem, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) images = g_strsplit (text, "<image ", -1);
  g_assert_nonnull (strstr (text, "<svg "));
  g_assert_nonnull (strstr (text, "width=\"1200"));
  g_assert_cmpuint (g_strv_length (images), ==,
      1 + EVAL_FIGURE_METHODS * EVAL_FIGURE_ROWS);
}

static void
test_save_names_the_file (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (eval_figure_save (figure_at (two, 0), cast, "a test",
      "/nonexistent/folder/figure", &error));
  data_assert_error (error, SAL_ERROR_FILE, "/nonexistent/folder/figure.png",
      NULL);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  corpus = voices_corpus (tiny, 4, 0, 3, 2.5);
  cast = eval_speaker_sets_new (tiny, corpus, TRUE, 1, 5, &error);
  g_assert_no_error (error);
  two = run (2, 1);
  g_test_add_func ("/figures/all-maps-are-in-range",
      test_all_maps_are_in_range);
  g_test_add_func ("/figures/last-row-is-the-mean-of-the-others",
      test_last_row_is_the_mean_of_the_others);
  g_test_add_func ("/figures/threads-change-nothing",
      test_threads_change_nothing);
  g_test_add_func ("/figures/picture-shows-the-maps",
      test_picture_shows_the_maps);
  g_test_add_func ("/figures/svg-has-every-map", test_svg_has_every_map);
  g_test_add_func ("/figures/save-names-the-file", test_save_names_the_file);
  int result = g_test_run ();
  g_ptr_array_unref (two);
  eval_speaker_sets_free (cast);
  eval_corpus_free (corpus);
  sal_model_unref (tiny);
  data_clean ();
  return result;
}
