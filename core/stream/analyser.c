/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/analyser.h>

#include "network/model-internal.h"
#include "stream/inference.h"
#include "stream/lanes.h"
#include "stream/window-internal.h"

#define MIN_HOP 5                /* frames */
#define MAX_HOLD 1000            /* frames */
#define MAX_TRUST_INTERVAL 10000 /* windows */

struct _SalAnalyser {
  SalModel *model;
  SalAnalyserConfig config;
  SalLanes *lanes;
  SalInference *inference; /* of the thread that computes */
  gboolean deferred, finished;
};

/* --- settings ------------------------------------------------------------ */

void
sal_analyser_config_init (SalAnalyserConfig *config)
{
  config->hop = 25;
  config->lookahead = 50;
  config->threads = 1;
  sal_cam_config_init (&config->cam);
  config->hold = 100;
  config->late_pass = FALSE;
  config->trust_interval = 0;
}

static gboolean
check_frames (const char *name, guint frames, guint least,
    const SalMelConfig *mel, GError **error)
{
  double ms = 1000.0 * mel->hop / mel->sample_rate;
  if (frames >= least && frames <= SAL_WINDOW_FRAMES)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
      "%s is %g ms (%u frames), outside %g..%g ms", name, frames * ms, frames,
      least * ms, SAL_WINDOW_FRAMES * ms);
  return FALSE;
}

static gboolean
check_config (const SalAnalyserConfig *config, const SalMelConfig *mel,
    GError **error)
{
  if (config->threads < 1 || config->threads > SAL_NET_MAX_THREADS) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "threads is %u, outside 1..%d", config->threads, SAL_NET_MAX_THREADS);
    return FALSE;
  }
  if (config->hold > MAX_HOLD) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "hold is %u frames, outside 0..%d", config->hold, MAX_HOLD);
    return FALSE;
  }
  if (config->trust_interval > MAX_TRUST_INTERVAL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "trust_interval is %u windows, outside 0..%d", config->trust_interval,
        MAX_TRUST_INTERVAL);
    return FALSE;
  }
  return check_frames ("hop", config->hop, MIN_HOP, mel, error)
      && check_frames ("lookahead", config->lookahead, 0, mel, error)
      && sal_cam_config_check (&config->cam, error);
}

static void
apply_config (SalAnalyser *self, const SalAnalyserConfig *config)
{
  self->config = *config;
  sal_lanes_set_hold (self->lanes, config->hold, config->late_pass ? 1 : 0);
}

gboolean
sal_analyser_set_config (SalAnalyser *self, const SalAnalyserConfig *config,
    GError **error)
{
  const SalAnalyserConfig *now = &self->config;
  if (config->hop != now->hop || config->lookahead != now->lookahead) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_CONFIG,
        "hop and lookahead are %u and %u frames, and cannot become %u and %u",
        now->hop, now->lookahead, config->hop, config->lookahead);
    return FALSE;
  }
  if (!check_config (config, sal_model_get_mel_config (self->model), error))
    return FALSE;
  apply_config (self, config);
  return TRUE;
}

/* --- making and resetting ------------------------------------------------ */

static gboolean
check_target (SalTarget *target, SalModel *model, GError **error)
{
  if (sal_target_fits (target, model))
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_MISMATCH,
      "target %s was made for another model than %s",
      sal_target_get_name (target), sal_model_get_name (model));
  return FALSE;
}

static SalLanes *
new_lanes (SalModel *model, SalTarget *target, const SalAnalyserConfig *config,
    GError **error)
{
  const SalLanesConfig lanes = {
    .hop = config->hop,
    .lookaheads = &config->lookahead,
    .n_lookaheads = 1,
    .max_age = SAL_ANALYSER_MAX_AGE,
  };
  return sal_lanes_new (model, &lanes, &target, 1, error);
}

SalAnalyser *
sal_analyser_new (SalModel *model, SalTarget *target,
    const SalAnalyserConfig *config, GError **error)
{
  g_return_val_if_fail (model != NULL && target != NULL, NULL);
  SalAnalyserConfig defaults;
  sal_analyser_config_init (&defaults);
  if (config == NULL)
    config = &defaults;
  if (!check_target (target, model, error)
      || !check_config (config, sal_model_get_mel_config (model), error))
    return NULL;
  SalLanes *lanes = new_lanes (model, target, config, error);
  if (lanes == NULL)
    return NULL;
  SalAnalyser *self = g_new0 (SalAnalyser, 1);
  self->model = sal_model_ref (model);
  self->lanes = lanes;
  self->inference = sal_inference_new (model, SAL_WINDOW_FRAMES, &config->cam,
      config->threads);
  apply_config (self, config);
  return self;
}

void
sal_analyser_free (SalAnalyser *self)
{
  if (self == NULL)
    return;
  sal_lanes_free (self->lanes);
  sal_inference_free (self->inference);
  sal_model_unref (self->model);
  g_free (self);
}

void
sal_analyser_reset (SalAnalyser *self)
{
  sal_lanes_reset (self->lanes);
  self->finished = FALSE;
}

void
sal_analyser_forget (SalAnalyser *self)
{
  sal_lanes_forget (self->lanes);
}

void
sal_analyser_set_targets (SalAnalyser *self, SalTarget *const *targets,
    guint n_targets)
{
  g_return_if_fail (n_targets >= 1 && n_targets <= SAL_ANALYSER_MAX_TARGETS);
  for (guint i = 0; i < n_targets; i++)
    g_return_if_fail (
        targets[i] != NULL && sal_target_fits (targets[i], self->model));
  sal_lanes_set_targets (self->lanes, targets, n_targets);
}

/* --- windows ------------------------------------------------------------- */

gboolean
sal_analyser_get_due (const SalAnalyser *self, guint64 *seqnum)
{
  return sal_lanes_get_due (self->lanes, seqnum);
}

SalWindow *
sal_analyser_take (SalAnalyser *self)
{
  guint interval = self->config.trust_interval;
  SalWindow *window = sal_lanes_take (self->lanes);
  if (window == NULL)
    return NULL;
  window->threads = self->config.threads;
  window->cam = self->config.cam;
  window->wants_trust = interval > 0 && window->seqnum % interval == 0;
  return window;
}

void
sal_analyser_compute (SalAnalyser *self, SalWindow *window)
{
  g_return_if_fail (window->out);
  sal_inference_compute (self->inference, window);
}

void
sal_analyser_give (SalAnalyser *self, SalWindow *window)
{
  g_return_if_fail (window->out);
  sal_lanes_give (self->lanes, window);
}

/* Computes the window that is due, unless somebody else does. */
static void
compute_due (SalAnalyser *self)
{
  SalWindow *window = self->deferred ? NULL : sal_analyser_take (self);
  if (window == NULL)
    return;
  sal_inference_compute (self->inference, window);
  sal_lanes_give (self->lanes, window);
}

void
sal_analyser_set_deferred (SalAnalyser *self, gboolean deferred)
{
  g_return_if_fail (deferred || !sal_lanes_is_out (self->lanes));
  if (deferred)
    sal_lanes_need_windows (self->lanes, SAL_ANALYSER_MAX_WINDOWS);
  self->deferred = deferred;
  compute_due (self);
}

/* --- the stream ---------------------------------------------------------- */

void
sal_analyser_push (SalAnalyser *self, const float *samples, gsize n_samples)
{
  g_return_if_fail (!self->finished);
  while (n_samples > 0) {
    gsize n = sal_lanes_listen (self->lanes, samples, n_samples);
    while (sal_lanes_advance (self->lanes))
      compute_due (self);
    samples += n;
    n_samples -= n;
  }
}

void
sal_analyser_finish (SalAnalyser *self)
{
  g_return_if_fail (!self->finished);
  self->finished = TRUE;
  sal_lanes_finish (self->lanes);
  while (sal_lanes_advance (self->lanes))
    compute_due (self);
  if (!self->deferred)
    sal_lanes_settle (self->lanes, 0);
}

void
sal_analyser_settle (SalAnalyser *self, guint age)
{
  sal_lanes_settle (self->lanes, age);
}

SalMap *
sal_analyser_pop (SalAnalyser *self)
{
  return sal_lanes_pop (self->lanes);
}

guint
sal_analyser_get_delay (const SalAnalyser *self)
{
  const SalMelConfig *mel = &sal_model_get_description (self->model)->mel;
  guint last = mel->framing == SAL_FRAMING_REFLECT
      ? mel->fft_size - mel->fft_size / 2
      : mel->window_length;
  return (self->config.lookahead + self->config.hop - 1) * mel->hop + last
      - sal_mel_config_centre (mel);
}
