/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture/picture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "data.h"
#include "picture/turns.h"

static const SalMelConfig mel = {
  .sample_rate = 16000,
  .window_length = 400,
  .hop = 160,
  .fft_size = 512,
  .power = TRUE,
  .f_max = 8000,
  .n_bands = 40,
  .log_floor = 1,
};

/* Half a minute in which the target speaks in the second half. */
static SalMap *
new_map (void)
{
  SalMap *map = sal_map_new (mel.n_bands, 3000);
  g_autofree float *noise = data_noise (1, 3000);
  for (guint i = 0; i < mel.n_bands * 3000; i++)
    map->log_mel[i] = 10 + noise[i % 3000];
  for (guint t = 1500; t < 3000; t++)
    map->activity[t] = 1;
  return map;
}

static SalPicture
picture_of (SalMap *const *map)
{
  return (SalPicture){ .title = "a test",
    .target = "alice",
    .mel = &mel,
    .maps = map,
    .n_maps = 1 };
}

/* The warmest pixel of a region: red minus blue. */
static int
warmth (cairo_surface_t *surface, int x, int y, int w, int h)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface), most = 0;
  for (int i = y; i < y + h; i++)
    for (int j = x; j < x + w; j++) {
      guint32 pixel = ((const guint32 *) (data + i * stride))[j];
      most = MAX (most, (int) (pixel >> 16 & 255) - (int) (pixel & 255));
    }
  return most;
}

static void
test_draw_has_the_width_asked_for (void)
{
  const guint widths[][2] = { { 0, 1200 }, { 480, 480 }, { 901, 901 } };
  g_autoptr (SalMap) map = new_map ();
  for (guint i = 0; i < G_N_ELEMENTS (widths); i++) {
    SalPicture picture = picture_of (&map);
    g_autoptr (GError) error = NULL;
    picture.width = widths[i][0];
    cairo_surface_t *surface = sal_picture_draw (&picture, &error);
    g_assert_no_error (error);
    g_assert_cmpint (cairo_surface_status (surface), ==, CAIRO_STATUS_SUCCESS);
    g_assert_cmpint (cairo_image_surface_get_width (surface), ==, widths[i][1]);
    cairo_surface_destroy (surface);
  }
}

/* The lower panel has the target's colour exactly where the target speaks.  The
 * panel is narrower than the picture. */
static void
test_draw_shows_when_the_target_speaks (void)
{
  g_autoptr (SalMap) map = new_map ();
  SalPicture picture = picture_of (&map);
  cairo_surface_t *surface = sal_picture_draw (&picture, NULL);
  int width = cairo_image_surface_get_width (surface);
  int height = cairo_image_surface_get_height (surface);
  int y = height - 150, middle = width / 2;
  g_assert_cmpint (warmth (surface, middle / 2, y, 40, 40), ==, 0);
  g_assert_cmpint (warmth (surface, middle + middle / 2, y, 40, 40), >, 50);
  cairo_surface_destroy (surface);
}

static void
test_draw_grows_by_lanes_of_turns (void)
{
  g_autoptr (SalMap) map = new_map ();
  SalPicture picture = picture_of (&map);
  SalTurn a = { 0, 10, (char *) "alice" }, b = { 5, 40, (char *) "bob" };
  int heights[3];
  for (guint n = 0; n < 3; n++) {
    g_autoptr (GPtrArray) turns = g_ptr_array_new ();
    if (n > 0)
      g_ptr_array_add (turns, &a);
    if (n > 1) /* beyond the end of the sound, too */
      g_ptr_array_add (turns, &b);
    picture.turns = turns;
    cairo_surface_t *surface = sal_picture_draw (&picture, NULL);
    heights[n] = cairo_image_surface_get_height (surface);
    cairo_surface_destroy (surface);
  }
  g_assert_cmpint (heights[1], >, heights[0]);
  g_assert_cmpint (heights[2], >, heights[1]);
}

static void
test_draw_refuses_too_narrow (void)
{
  g_autoptr (SalMap) map = new_map ();
  SalPicture picture = picture_of (&map);
  g_autoptr (GError) error = NULL;
  picture.width = 479;
  g_assert_null (sal_picture_draw (&picture, &error));
  data_assert_error (error, SAL_ERROR_CONFIG, "479", "480", NULL);
}

static void
test_draw_refuses_no_frame (void)
{
  g_autoptr (SalMap) map = sal_map_new (mel.n_bands, 0);
  SalPicture picture = picture_of (&map);
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_picture_draw (&picture, &error));
  data_assert_error (error, SAL_ERROR_AUDIO, "frame", NULL);
}

static void
test_save_writes_a_png (void)
{
  g_autoptr (SalMap) map = new_map ();
  SalPicture picture = picture_of (&map);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_temp_path ("a.png");
  sal_picture_save (&picture, path, &error);
  g_assert_no_error (error);
  cairo_surface_t *read = cairo_image_surface_create_from_png (path);
  g_assert_cmpint (cairo_surface_status (read), ==, CAIRO_STATUS_SUCCESS);
  g_assert_cmpint (cairo_image_surface_get_width (read), ==, 1200);
  cairo_surface_destroy (read);
}

static guint
n_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* A folder in place of the file: fails for root, too. */
static void
test_save_that_fails_leaves_nothing (void)
{
  g_autoptr (SalMap) map = new_map ();
  SalPicture picture = picture_of (&map);
  g_autofree char *folder = data_temp_path ("save");
  g_autofree char *taken = g_build_filename (folder, "taken.png", NULL);
  g_autofree char *lost = g_build_filename (folder, "no", "where.png", NULL);
  g_assert_cmpint (g_mkdir_with_parents (taken, 0700), ==, 0);
  const char *paths[] = { taken, lost };
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (sal_picture_save (&picture, paths[i], &error));
    data_assert_error (error, SAL_ERROR_FILE, paths[i], NULL);
    g_assert_cmpuint (n_files (folder), ==, 1);
  }
  g_rmdir (taken);
  g_rmdir (folder);
}

static void
test_save_that_cannot_draw_keeps_the_old_file (void)
{
  g_autoptr (SalMap) map = new_map ();
  SalPicture picture = picture_of (&map);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_write_temp ("old.png", "old", 3);
  g_autofree char *text = NULL;
  picture.width = 1;
  g_assert_false (sal_picture_save (&picture, path, &error));
  data_assert_error (error, SAL_ERROR_CONFIG, NULL);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "old");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/picture/draw/has-the-width-asked-for",
      test_draw_has_the_width_asked_for);
  g_test_add_func ("/picture/draw/shows-when-the-target-speaks",
      test_draw_shows_when_the_target_speaks);
  g_test_add_func ("/picture/draw/grows-by-lanes-of-turns",
      test_draw_grows_by_lanes_of_turns);
  g_test_add_func ("/picture/draw/refuses-too-narrow",
      test_draw_refuses_too_narrow);
  g_test_add_func ("/picture/draw/refuses-no-frame",
      test_draw_refuses_no_frame);
  g_test_add_func ("/picture/save/writes-a-png", test_save_writes_a_png);
  g_test_add_func ("/picture/save/that-fails-leaves-nothing",
      test_save_that_fails_leaves_nothing);
  g_test_add_func ("/picture/save/that-cannot-draw-keeps-the-old-file",
      test_save_that_cannot_draw_keeps_the_old_file);
  int result = g_test_run ();
  data_clean ();
  return result;
}
