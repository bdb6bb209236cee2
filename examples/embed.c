/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest complete program with libsaliency: when does a voice speak?
 *
 *   sox talk.flac -t f32 -r 16000 -c 1 - | embed MODEL alice.speaker
 *
 * Reads mono float samples at the model's rate from stdin and prints one line
 * per settled stretch of 250 ms: its first frame, the probability that the
 * target speaks, and the band with the strongest evidence:
 *
 *   frame    400  probability 0.98  band 17
 *
 *   cc embed.c $(pkg-config --cflags --libs saliency-1.0)
 */
#include <saliency/saliency.h>
#include <stdio.h>

static guint
strongest_band (const SalMap *map)
{
  gsize best = 0;

  for (gsize i = 0; i < (gsize) map->n_bands * map->n_frames; i++) {
    if (map->saliency[i] > map->saliency[best])
      best = i;
  }
  return best / map->n_frames;
}

static void
print_settled (SalAnalyser *analyser)
{
  SalMap *map;

  while ((map = sal_analyser_pop (analyser)) != NULL) {
    printf ("frame %6" G_GUINT64_FORMAT "  probability %.2f  band %u\n",
        map->first_frame, map->probability, strongest_band (map));
    sal_map_unref (map);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = NULL;
  g_autoptr (SalTarget) target = NULL;
  g_autoptr (SalAnalyser) analyser = NULL;
  SalAnalyserConfig config;
  float samples[1600];
  gsize n;

  if (argc != 3) {
    g_printerr ("usage: embed MODEL TARGET < SAMPLES\n");
    return 2;
  }
  sal_analyser_config_init (&config);
  if ((model = sal_model_load (argv[1], &error)) == NULL
      || (target = sal_target_load (model, argv[2], &error)) == NULL
      || (analyser = sal_analyser_new (model, target, &config, &error))
          == NULL) {
    g_printerr ("embed: %s\n", error->message);
    return 1;
  }
  while ((n = fread (samples, sizeof (float), 1600, stdin)) > 0) {
    sal_analyser_push (analyser, samples, n);
    print_settled (analyser);
  }
  sal_analyser_finish (analyser);
  print_settled (analyser);
  return 0;
}
