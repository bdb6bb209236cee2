/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/maps.h"

#include <string.h>

#include "data.h"

#define T 137

/* One backward pass gives the same maps as a pass for each. */
static void
test_maps_are_those_of_cam (gconstpointer other_style)
{
  g_autoptr (SalModel) model = data_load_model ("tiny");
  g_autoptr (GError) error = NULL;
  g_autoptr (SalTarget) target = sal_target_new_class (model, "spk3", &error);
  g_autoptr (SalNet) net = sal_net_new (model, T, 0, 1);
  EvalMapStyle style;
  eval_map_style_init (&style);
  style.degrid = GPOINTER_TO_INT (other_style);
  if (style.degrid)
    style = (EvalMapStyle){ 2, 99, TRUE, SAL_CAM_FUSION_MAX };
  g_autoptr (EvalMaps) maps = eval_maps_new (model, T, &style);
  g_autoptr (SalCam) cam = sal_cam_new (model, T);
  guint F = sal_model_get_mel_config (model)->n_bands;
  g_autofree float *log_mel = data_read_log_mel (F, T);
  g_autofree float *got = g_new (float, F *T), *want = g_new (float, F *T);
  const SalCamLayers all = SAL_CAM_S1 | SAL_CAM_S2 | SAL_CAM_S3 | SAL_CAM_S4;
  sal_net_forward (net, log_mel, T);
  eval_maps_begin (maps, net, target);
  for (guint m = 0; m < eval_n_map_methods; m++)
    for (guint s = 0; s < EVAL_MAP_SETTINGS; s++) {
      SalCamConfig config;
      float peak;
      sal_cam_config_init (&config);
      config.method = eval_map_methods[m].method;
      config.score_function = eval_map_methods[m].score;
      config.layers = eval_map_settings[s].layers;
      config.gamma = style.gamma;
      config.percentile = style.percentile;
      config.degrid = style.degrid || eval_map_methods[m].degrid;
      config.fusion = style.fusion;
      config.channels = eval_map_methods[m].channels;
      eval_maps_draw (maps, m, all);
      gboolean any = eval_maps_fuse (maps, config.layers, got);
      g_assert_cmpint (any, ==,
          sal_cam_compute (cam, net, target, &config, want, &peak));
      data_assert_close (eval_map_settings[s].name, got, want, F * T, 1e-6);
      eval_maps_begin (maps, net, target); /* the net went backward */
    }
}

static void
test_signed_is_signed (void)
{
  g_assert_cmpint (eval_map_methods[EVAL_MAP_SIGNED].method, ==,
      SAL_CAM_SIGNED_LAYER);
  g_assert_cmpuint (eval_n_map_methods, >, EVAL_MAP_SIGNED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/maps/are-those-of-cam", GINT_TO_POINTER (FALSE),
      test_maps_are_those_of_cam);
  g_test_add_data_func ("/maps/in-another-style-too", GINT_TO_POINTER (TRUE),
      test_maps_are_those_of_cam);
  g_test_add_func ("/maps/signed-is-signed", test_signed_is_signed);
  return g_test_run ();
}
