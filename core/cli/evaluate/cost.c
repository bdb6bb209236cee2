/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "eval/deletion.h"
#include "cli/evaluate/all.h"
#include "eval/figures.h"
#include "eval/localisation.h"
#include <saliency/net.h>
#include "eval/sanity.h"
#include "eval/streaming.h"

#define T SAL_WINDOW_FRAMES
#define TRIES 5
#define CHANNELS (SAL_STAGES * SAL_CAM_FEW_CHANNELS) /* of Score-CAM */
#define GIVEN 3                                      /* A, B, X */
#define GRADIENTS                                                              \
  2 /* backward passes for each of them, as long as a forward                  \
     */

double
cli_cost_of_frame (SalModel *model)
{
  gsize size = (gsize) sal_model_get_mel_config (model)->n_bands * T;
  g_autoptr (SalNet) net = sal_net_new (model, T, SAL_STAGES - 1, 1);
  g_autofree float *log_mel = g_new (float, size);
  double best = INFINITY;

  for (gsize i = 0; i < size; i++)
    log_mel[i] = (float) (i % 7) - 3;
  for (guint i = 0; i < TRIES; i++) {
    gint64 begun = g_get_monotonic_time ();
    sal_net_forward (net, log_mel, T);
    best = MIN (best, (double) (g_get_monotonic_time () - begun));
  }
  return best / T / G_USEC_PER_SEC;
}

static double
frames_of_form (const CliEvaluation *self, EvalConcatenationForm form,
    double seconds)
{
  return eval_concatenation_max_frames (form,
      sal_model_get_mel_config (self->model), seconds);
}

/* How many of the sets the options ask for. */
static double
count_sets (const CliEvaluation *self)
{
  return strchr (cli_evaluate_list_sets (self), ',') != NULL ? 2 : 1;
}

double
cli_cost_table2 (const CliEvaluation *self)
{
  const CliEvaluate *options = self->options;
  EvalLocalisationConfig config;
  double passes = 0, frames = 0;

  eval_localisation_config_init (&config, (guint) options->n_trials);
  if (options->n_score >= 0)
    config.n_score = (guint) options->n_score;
  g_autoptr (GArray) rows = eval_localisation_rows (&config);
  for (guint i = 0; i < rows->len; i++)
    passes += g_array_index (rows, EvalLocalisationRow, i).n_trials;
  /* in all trials A by both scores, and X by one, for the signed gate */
  passes += (GRADIENTS + 1) * (double) config.n_trials
      + GIVEN * GRADIENTS * (double) config.n_thorough
      + CHANNELS * (config.n_score + (GIVEN - 1) * config.n_score / 4.0);
  for (guint f = 0; f < EVAL_LOCALISATION_FORMS; f++)
    frames += frames_of_form (self, eval_localisation_forms[f],
        options->piece > 0 ? options->piece : config.seconds);
  return count_sets (self) * passes * frames;
}

double
cli_cost_deletion (const CliEvaluation *self)
{
  const CliEvaluate *options = self->options;
  EvalDeletionConfig config;
  double passes = 0, frames = 0;

  eval_deletion_config_init (&config, (guint) options->n_trials);
  if (options->n_score >= 0)
    config.n_score = (guint) options->n_score;
  g_autoptr (GArray) rows = eval_deletion_rows (&config);
  for (guint i = 0; i < rows->len; i++)
    passes += g_array_index (rows, EvalDeletionRow, i).n_trials
        * (double) EVAL_DELETION_WAYS * (EVAL_DELETION_STEPS - 1);
  passes += CHANNELS * (double) config.n_score;
  for (guint f = 0; f < EVAL_DELETION_FORMS; f++)
    frames += frames_of_form (self, eval_deletion_forms[f],
        options->piece > 0 ? options->piece : config.seconds);
  return count_sets (self) * passes * frames;
}

/* Maps of every scrambled model, and for A, B and X; trust beside both whole
 * curves for two maps of A and of B-A-B. */
double
cli_cost_sanity (const CliEvaluation *self)
{
  const CliEvaluate *options = self->options;
  EvalSanityConfig config;
  double maps = EVAL_SANITY_STAGES + GIVEN;
  double curves = 2 * 2 * EVAL_DELETION_WAYS * (EVAL_DELETION_STEPS - 1);

  eval_sanity_config_init (&config, (guint) options->n_trials);
  if (options->n_score >= 0)
    config.n_score = (guint) options->n_score;
  double passes = config.n_trials * (maps * (1 + GRADIENTS) + curves)
      + maps * CHANNELS * config.n_score;
  return count_sets (self) * passes
      * frames_of_form (self, EVAL_CONCATENATION_B_A_B,
          options->piece > 0 ? options->piece : config.seconds);
}

double
cli_cost_figures (const CliEvaluation *self)
{
  const CliEvaluate *options = self->options;
  EvalFiguresConfig config;

  eval_figures_config_init (&config, (guint) options->n_trials);
  return count_sets (self) * 2 * config.n_trials * (CHANNELS + 1 + GRADIENTS)
      * frames_of_form (self, EVAL_CONCATENATION_B_A_B,
          options->piece > 0 ? options->piece : config.seconds);
}

static double
frames_per_second (const CliEvaluation *self)
{
  const SalMelConfig *mel = sal_model_get_mel_config (self->model);

  return mel->sample_rate / (double) mel->hop;
}

/* What is enrolled, then pieces of 1, 2 and 5 s: all recordings once for each
 * length, or as many pieces as are asked for. */
double
cli_cost_verification (const CliEvaluation *self)
{
  double seconds = 3 * self->seconds;

  if (self->options->n_trials > 0)
    seconds = MIN (seconds, (1 + 2 + 5) * self->options->n_trials);
  return (seconds
             + eval_corpus_get_n_targets (self->corpus)
                 * CLI_EVALUATE_ENROL_SECONDS)
      * frames_per_second (self);
}

double
cli_cost_stream (const CliEvaluation *self)
{
  EvalStreamingConfig config;

  eval_streaming_config_init (&config);
  if (self->options->n_trials > 0)
    config.n_streams = (guint) self->options->n_trials;
  double n_windows = config.conversation.seconds * 1000 / config.hop_ms;
  return config.n_streams * EVAL_STREAMING_CONDITIONS * n_windows * T;
}
