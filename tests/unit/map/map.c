/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/map.h>

static void
test_new_is_zeros (void)
{
  SalMap *map = sal_map_new (80, 25);
  g_assert_cmpuint (map->n_bands, ==, 80);
  g_assert_cmpuint (map->n_frames, ==, 25);
  for (guint i = 0; i < 80 * 25; i++)
    g_assert_true (map->saliency[i] == 0 && map->log_mel[i] == 0);
  for (guint t = 0; t < 25; t++)
    g_assert_true (map->activity[t] == 0 && map->log_odds[t] == 0);
  SalMap *again = sal_map_ref (map);
  g_assert_true (again == map);
  sal_map_unref (map);
  g_assert_cmpuint (again->n_bands, ==, 80);
  sal_map_unref (again);
  sal_map_unref (NULL);
}

/* Arrays as bytes: the map's own memory, which they keep. */
static void
test_bytes_keep_the_map (void)
{
  SalMap *map = sal_map_new (3, 4);
  GBytes *(*const get[]) (SalMap *) = { sal_map_get_saliency,
    sal_map_get_log_mel, sal_map_get_activity, sal_map_get_log_odds };
  float *const arrays[]
      = { map->saliency, map->log_mel, map->activity, map->log_odds };
  const gsize sizes[] = { 12, 12, 4, 4 };
  GBytes *bytes[G_N_ELEMENTS (get)];
  for (guint i = 0; i < G_N_ELEMENTS (get); i++) {
    arrays[i][sizes[i] - 1] = (float) i + 1;
    bytes[i] = get[i](map);
  }
  sal_map_unref (map);
  for (guint i = 0; i < G_N_ELEMENTS (get); i++) {
    gsize size;
    const float *values = g_bytes_get_data (bytes[i], &size);
    g_assert_true (values == arrays[i]);
    g_assert_cmpuint (size, ==, sizes[i] * sizeof (float));
    g_assert_cmpfloat (values[sizes[i] - 1], ==, i + 1);
    g_bytes_unref (bytes[i]);
  }
}

static void
test_boxed_is_a_reference (void)
{
  SalMap *map = sal_map_new (1, 1);
  SalMap *copy = g_boxed_copy (SAL_TYPE_MAP, map);
  g_assert_true (copy == map);
  sal_map_unref (map);
  g_assert_cmpuint (copy->n_bands, ==, 1);
  g_boxed_free (SAL_TYPE_MAP, copy);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/map/new-is-zeros", test_new_is_zeros);
  g_test_add_func ("/map/bytes-keep-the-map", test_bytes_keep_the_map);
  g_test_add_func ("/map/boxed-is-a-reference", test_boxed_is_a_reference);
  return g_test_run ();
}
