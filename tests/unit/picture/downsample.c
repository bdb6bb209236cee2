/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture/downsample.h"

#include "picture/colours.h"
#include "data.h"

#define F 3

/* Frame t of band f has level 10 t + f, saliency minus that, activity t. */
static SalMap *
map_of (guint first, guint n_frames)
{
  SalMap *map = sal_map_new (F, n_frames);
  map->first_frame = first;
  for (guint t = 0; t < n_frames; t++) {
    for (guint f = 0; f < F; f++) {
      map->log_mel[f * n_frames + t] = (float) (10 * (first + t) + f);
      map->saliency[f * n_frames + t] = -(float) (10 * (first + t) + f);
    }
    map->activity[t] = (float) (first + t);
  }
  return map;
}

/* The columns of consecutive maps with these numbers of frames. */
static SalColumns *
columns_of (const guint *n_frames, guint n_maps, guint max_columns)
{
  SalMap *maps[8] = { NULL };
  guint first = 0;
  for (guint i = 0; i < n_maps; i++) {
    maps[i] = map_of (first, n_frames[i]);
    first += n_frames[i];
  }
  SalColumns *columns = sal_columns_new (maps, n_maps, max_columns);
  for (guint i = 0; i < n_maps; i++)
    sal_map_unref (maps[i]);
  return columns;
}

#define COLUMNS_OF(max, ...)                                                   \
  columns_of ((const guint[]){ __VA_ARGS__ },                                  \
      G_N_ELEMENTS (((const guint[]){ __VA_ARGS__ })), max)

static void
test_few_frames_are_a_column_each (void)
{
  g_autoptr (SalColumns) columns = COLUMNS_OF (100, 2, 3);
  g_assert_cmpuint (columns->n_columns, ==, 5);
  g_assert_cmpuint (columns->n_bands, ==, F);
  for (guint j = 0; j < 5; j++) {
    g_assert_cmpfloat (columns->activity[j], ==, j);
    for (guint f = 0; f < F; f++) {
      g_assert_cmpfloat (columns->level[j * F + f], ==, 10 * j + f);
      g_assert_cmpfloat (columns->saliency[j * F + f], ==,
          -(float) (10 * j + f));
    }
  }
}

static void
test_many_frames_are_means (void)
{
  g_autoptr (SalColumns) columns = COLUMNS_OF (2, 4);
  g_assert_cmpuint (columns->n_columns, ==, 2);
  g_assert_cmpfloat (columns->activity[0], ==, 0.5f); /* of 0, 1 */
  g_assert_cmpfloat (columns->activity[1], ==, 2.5f); /* of 2, 3 */
  g_assert_cmpfloat (columns->level[1 * F + 2], ==, 27);
}

/* 7 frames in 3 columns: 3, 2 and 2 of them. */
static void
test_uneven_columns_are_means_too (void)
{
  g_autoptr (SalColumns) columns = COLUMNS_OF (3, 7);
  const float want[] = { 1, 3.5f, 5.5f };
  g_assert_cmpuint (columns->n_columns, ==, 3);
  data_assert_close ("activity", columns->activity, want, 3, 1e-6);
}

/* A constant level stays constant for any number of columns. */
static void
test_constant_stays_constant (void)
{
  for (guint n = 1; n < 60; n++) {
    SalMap *map = sal_map_new (F, n);
    for (guint t = 0; t < n; t++)
      map->activity[t] = 0.75f;
    for (guint max = 1; max < 60; max += 7) {
      g_autoptr (SalColumns) columns = sal_columns_new (&map, 1, max);
      g_assert_cmpuint (columns->n_columns, ==, MIN (n, max));
      for (guint j = 0; j < columns->n_columns; j++)
        g_assert_cmpfloat_with_epsilon (columns->activity[j], 0.75, 1e-5);
    }
    sal_map_unref (map);
  }
}

static void
test_cutting_into_maps_changes_nothing (void)
{
  g_autoptr (SalColumns) whole = COLUMNS_OF (4, 13);
  g_autoptr (SalColumns) cut = COLUMNS_OF (4, 1, 0, 5, 7);
  g_assert_cmpmem (whole->level, 4 * F * sizeof (float), cut->level,
      4 * F * sizeof (float));
  g_assert_cmpmem (whole->activity, 4 * sizeof (float), cut->activity,
      4 * sizeof (float));
}

static void
test_without_frames_is_null (void)
{
  g_assert_null (sal_columns_new (NULL, 0, 10));
  g_assert_null (COLUMNS_OF (10, 0, 0));
  sal_columns_free (NULL);
}

static void
test_paint_has_the_highest_band_on_top (void)
{
  g_autoptr (SalColumns) columns = COLUMNS_OF (2, 2);
  guint32 pixels[F * 3] = { 0 };
  sal_columns_paint (columns, 12, 12, pixels, 3);
  g_assert_cmphex (pixels[0], ==, sal_colour_pixel (2 / 12.0f, -2));
  g_assert_cmphex (pixels[2 * 3], ==, sal_colour_pixel (0, 0));
  g_assert_cmphex (pixels[1], ==, sal_colour_pixel (1, -1)); /* the loudest */
  for (guint f = 0; f < F; f++) /* pixels beyond the columns are unchanged */
    g_assert_cmphex (pixels[f * 3 + 2], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/downsample/few-frames-are-a-column-each",
      test_few_frames_are_a_column_each);
  g_test_add_func ("/downsample/many-frames-are-means",
      test_many_frames_are_means);
  g_test_add_func ("/downsample/uneven-columns-are-means-too",
      test_uneven_columns_are_means_too);
  g_test_add_func ("/downsample/constant-stays-constant",
      test_constant_stays_constant);
  g_test_add_func ("/downsample/cutting-into-maps-changes-nothing",
      test_cutting_into_maps_changes_nothing);
  g_test_add_func ("/downsample/without-frames-is-null",
      test_without_frames_is_null);
  g_test_add_func ("/downsample/paint-has-the-highest-band-on-top",
      test_paint_has_the_highest_band_on_top);
  return g_test_run ();
}
