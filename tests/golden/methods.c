/* SPDX-License-Identifier: GPL-2.0-or-later */
/* methods MODEL CLASS INPUT OUTPUT: maps of one window
 *
 * INPUT is a safetensors file with "log_mel" [F, T] and "jobs" [N, 8]: method,
 * layers, fusion, score function, channels, percentile, gamma and degrid of
 * each, as numbers.  OUTPUT gets "maps" [N, F, T] and "peaks" [N].
 */
#include <saliency/cam.h>
#include "data.h"
#include "map/cam-internal.h"

enum {
  METHOD,
  LAYERS,
  FUSION,
  FUNCTION,
  CHANNELS,
  PERCENTILE,
  GAMMA,
  DEGRID,
  N_FIELDS
};

static SalCamConfig
config_of (const float *job)
{
  return (SalCamConfig){
    .method = (SalCamMethod) job[METHOD],
    .layers = (SalCamLayers) job[LAYERS],
    .fusion = (SalCamFusion) job[FUSION],
    .score_function = (SalScoreFunction) job[FUNCTION],
    .channels = (guint) job[CHANNELS],
    .percentile = job[PERCENTILE],
    .gamma = job[GAMMA],
    .degrid = job[DEGRID] != 0,
  };
}

static gboolean
run (SalModel *model, const SalTarget *target, SalSafetensors *input,
    const char *output, GError **error)
{
  gsize shape[2], n[2];
  g_autofree float *log_mel = data_read_matrix (input, "log_mel", shape);
  g_autofree float *jobs = data_read_matrix (input, "jobs", n);
  gsize size = shape[0] * shape[1];
  g_assert_cmpuint (n[1], ==, N_FIELDS);
  g_autofree float *maps = g_new (float, n[0] * size);
  g_autofree float *peaks = g_new (float, n[0]);
  g_autoptr (SalNet) net = sal_net_new (model, (guint) shape[1], 0, 1);
  g_autoptr (SalCam) cam = sal_cam_new (model, (guint) shape[1]);
  sal_net_forward (net, log_mel, (guint) shape[1]);
  for (gsize i = 0; i < n[0]; i++) {
    SalCamConfig config = config_of (jobs + i * N_FIELDS);
    if (!sal_cam_config_check (&config, error))
      return FALSE;
    sal_cam_compute (cam, net, target, &config, maps + i * size, peaks + i);
  }
  const SalTensor tensors[] = {
    { "maps", maps, 3, { n[0], shape[0], shape[1] } },
    { "peaks", peaks, 1, { n[0] } },
  };
  return sal_safetensors_save (output, tensors, G_N_ELEMENTS (tensors), NULL,
      error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  if (argc != 5) {
    g_printerr ("usage: %s MODEL CLASS INPUT OUTPUT\n", argv[0]);
    return 2;
  }
  g_autoptr (SalModel) model = sal_model_load (argv[1], &error);
  g_autoptr (SalTarget) target
      = model != NULL ? sal_target_new_class (model, argv[2], &error) : NULL;
  g_autoptr (SalSafetensors) input
      = target != NULL ? sal_safetensors_load (argv[3], &error) : NULL;
  if (input != NULL && run (model, target, input, argv[4], &error))
    return 0;
  g_printerr ("%s\n", error->message);
  return 1;
}
