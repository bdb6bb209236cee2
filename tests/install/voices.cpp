/* SPDX-License-Identifier: GPL-2.0-or-later */
/* voices.cpp: enrolment and analysis from C++
 *
 *   voices MODEL SPEAKER < SAMPLES    mono float32 at the model's rate
 *
 * Enrols the samples, writes the .speaker file and prints how many stretches of them are the
 * speaker's: "25 of 26".
 */
#include <saliency/saliency.h>

#include <cstdio>
#include <iterator>
#include <memory>
#include <vector>

static_assert (SAL_CHECK_VERSION (0, 2, 0), "the headers are too old");

template <typename T, void (*unref) (T *)> struct Unref {
  void operator() (T *object) const { unref (object); }
};
using Model = std::unique_ptr<SalModel, Unref<SalModel, sal_model_unref>>;
using Enrol = std::unique_ptr<SalEnrol, Unref<SalEnrol, sal_enrol_free>>;
using Speaker = std::unique_ptr<SalSpeaker, Unref<SalSpeaker, sal_speaker_unref>>;
using Target = std::unique_ptr<SalTarget, Unref<SalTarget, sal_target_unref>>;
using Analyser = std::unique_ptr<SalAnalyser, Unref<SalAnalyser, sal_analyser_free>>;
using Map = std::unique_ptr<SalMap, Unref<SalMap, sal_map_unref>>;

static int
fail (const GError *error)
{
  std::fprintf (stderr, "voices: %s\n", error->message);
  return 1;
}

int
main (int argc, char **argv)
{
  GError *error = nullptr;
  if (argc != 3)
    return 2;

  std::vector<float> samples;
  float piece[1600];
  for (std::size_t n; (n = std::fread (piece, sizeof *piece, std::size (piece), stdin)) > 0;)
    samples.insert (samples.end (), piece, piece + n);

  Model model (sal_model_load (argv[1], &error));
  if (!model)
    return fail (error);
  Enrol enrol (sal_enrol_new (model.get ()));
  if (!sal_enrol_add (enrol.get (), samples.data (), samples.size (), &error))
    return fail (error);
  Speaker speaker (sal_enrol_finish (enrol.get (), "a voice", nullptr, &error));
  if (!speaker || !sal_speaker_save (speaker.get (), argv[2], &error))
    return fail (error);
  Target target (sal_target_new_speaker (model.get (), speaker.get (), &error));
  if (!target)
    return fail (error);

  SalAnalyserConfig config;
  sal_analyser_config_init (&config);
  config.cam.method = SAL_CAM_LAYER;
  config.cam.layers = static_cast<SalCamLayers> (SAL_CAM_S3 | SAL_CAM_S4);
  Analyser analyser (sal_analyser_new (model.get (), target.get (), &config, &error));
  if (!analyser)
    return fail (error);
  sal_analyser_push (analyser.get (), samples.data (), samples.size ());
  sal_analyser_finish (analyser.get ());
  int n_maps = 0, n_target = 0;
  while (Map map{ sal_analyser_pop (analyser.get ()) }) {
    n_maps++;
    n_target += map->probability > 0.5f;
  }
  std::printf ("%d of %d\n", n_target, n_maps);
  return 0;
}
