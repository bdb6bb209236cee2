/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results MODEL CLASS INPUT OUTPUT: the library's results for a sound
 *
 * INPUT is a safetensors file with "samples" [N]; OUTPUT gets "log_mel" [F, T],
 * "embedding" [E], "log_odds" [1] of CLASS and "gradient_s1", its gradient by
 * S1 [C, H, W].
 */
#include "data.h"
#include <saliency/score.h>

typedef struct {
  SalModel *model;
  SalTarget *target;
  SalSafetensors *input;
} Job;

static gboolean
run (const Job *job, const char *output, GError **error)
{
  gsize n_samples, E = sal_model_get_embedding_size (job->model);
  gsize F = sal_model_get_mel_config (job->model)->n_bands;
  guint s1[3];
  g_autoptr (SalMel) mel
      = sal_mel_new (sal_model_get_mel_config (job->model), error);
  if (mel == NULL)
    return FALSE;
  g_autofree float *samples = data_read (job->input, "samples", &n_samples);
  gsize T = sal_mel_n_frames (mel, n_samples);
  g_autofree float *log_mel = g_new (float, F *T);
  g_autofree float *dembedding = g_new (float, E);
  sal_mel_process (mel, samples, n_samples, log_mel);
  g_autoptr (SalNet) net = sal_net_new (job->model, (guint) T, 0, 1);
  g_autoptr (SalScorer) scorer = sal_scorer_new (job->model);
  sal_net_forward (net, log_mel, (guint) T);
  float log_odds = sal_scorer_gradient (scorer, job->target, SAL_SCORE_LOG_ODDS,
      sal_net_get_embedding (net), dembedding);
  sal_net_backward (net, dembedding, 0);
  sal_net_get_stage (net, 0, s1);
  const SalTensor tensors[] = {
    { "log_mel", log_mel, 2, { F, T } },
    { "embedding", sal_net_get_embedding (net), 1, { E } },
    { "log_odds", &log_odds, 1, { 1 } },
    { "gradient_s1", sal_net_get_gradient (net, 0), 3,
        { s1[0], s1[1], s1[2] } },
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
  const Job job = { model, target, input };
  if (input != NULL && run (&job, argv[4], &error))
    return 0;
  g_printerr ("%s\n", error->message);
  return 1;
}
