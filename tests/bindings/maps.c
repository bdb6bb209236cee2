/* SPDX-License-Identifier: GPL-2.0-or-later */
/* maps.c: the arrays that a C program gets of a sound, for a comparison
 *
 *   maps MODEL TARGET < SAMPLES > ARRAYS
 *
 * Of each map saliency, activity, log-odds and log-Mel, float32.
 */
#include <saliency/saliency.h>
#include <stdio.h>

#define PIECE 1000

static void
write_array (const float *array, gsize n)
{
  if (fwrite (array, sizeof (float), n, stdout) != n)
    g_error ("stdout cannot be written");
}

static void
write_settled (SalAnalyser *analyser)
{
  SalMap *map;
  for (; (map = sal_analyser_pop (analyser)) != NULL; sal_map_unref (map)) {
    gsize size = (gsize) map->n_bands * map->n_frames;
    write_array (map->saliency, size);
    write_array (map->activity, map->n_frames);
    write_array (map->log_odds, map->n_frames);
    write_array (map->log_mel, size);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (argc, ==, 3);
  g_autoptr (SalModel) model = sal_model_load (argv[1], &error);
  g_assert_no_error (error);
  g_autoptr (SalTarget) target = sal_target_load (model, argv[2], &error);
  g_assert_no_error (error);
  g_autoptr (SalAnalyser) analyser
      = sal_analyser_new (model, target, NULL, &error);
  g_assert_no_error (error);
  float samples[PIECE];
  gsize n;
  while ((n = fread (samples, sizeof (float), PIECE, stdin)) > 0) {
    sal_analyser_push (analyser, samples, n);
    write_settled (analyser);
  }
  sal_analyser_finish (analyser);
  write_settled (analyser);
  return 0;
}
