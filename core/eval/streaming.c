/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/streaming.h"

#include <math.h>
#include <string.h>

#include "eval/jobs.h"

#define C EVAL_STREAMING_CONDITIONS
#define L EVAL_STREAMING_LOOKAHEADS

static const double ratios_db[C] = { INFINITY, 20, 10 };

typedef struct {
  SalModel *model;
  EvalCorpus *corpus;
  const EvalStreamingConfig *config;
  guint hop, lookaheads[L]; /* frames */
  EvalTally *tally;
} Work;

void
eval_streaming_config_init (EvalStreamingConfig *config)
{
  *config = (EvalStreamingConfig){ .n_streams = 60,
    .seed = 2022,
    .enrol_seconds = 20,
    .hop_ms = 250 };
  eval_conversation_config_init (&config->conversation);
}

/* --- one stream ---------------------------------------------------------- */

/* A class, or the voice enrolled; @order has the utterances left to it. */
static SalTarget *
get_target (const Work *work, guint voice, GRand *rand, GArray **order,
    double *seconds, GError **error)
{
  const char *name = eval_corpus_get_voice (work->corpus, voice)->name;
  g_autoptr (GArray) used = g_array_new (FALSE, FALSE, sizeof (guint));

  *order = eval_corpus_shuffle (work->corpus, voice, rand);
  *seconds = 0;
  if (work->config->known)
    return sal_target_new_class (work->model, name, error);
  return eval_corpus_enrol (work->corpus, work->model, voice, *order, used,
      work->config->enrol_seconds, seconds, error);
}

/* The clean stream, or that with noise. */
static float *
make_sound (const EvalStream *stream, const float *noise, double speech_power,
    double ratio_db)
{
  const EvalConversation *talk = stream->conversation;
  float *sound = g_memdup2 (talk->clean, talk->n_samples * sizeof (float));
  float scale = (float) sqrt (speech_power * pow (10, -ratio_db / 10));

  for (gsize i = 0; scale > 0 && i < talk->n_samples; i++)
    sound[i] += scale * noise[i];
  return sound;
}

static void
analyse (const Work *work, EvalStream *self, SalTarget *const targets[2],
    GRand *rand)
{
  const SalMelConfig *mel = sal_model_get_mel_config (work->model);
  const EvalConversation *talk = self->conversation;
  guint centre = sal_mel_config_centre (mel);
  g_autoptr (EvalBatchAnalyser) analyser
      = eval_batch_analyser_new (work->model, work->hop, work->lookaheads, L);
  g_autofree float *noise = g_new (float, talk->n_samples);

  self->n_frames = eval_batch_analyser_n_frames (analyser, talk->n_samples);
  self->hop = mel->hop;
  self->frame_seconds = mel->hop / (double) mel->sample_rate;
  self->first_seconds = centre / (double) mel->sample_rate;
  self->is_target = g_new (gboolean, self->n_frames + 1);
  self->speech = g_new (gboolean, self->n_frames + 1);
  double power = eval_conversation_label (talk, centre, mel->hop,
      self->n_frames, self->is_target, self->speech);
  eval_conversation_noise (rand, mel->sample_rate, noise, talk->n_samples);
  for (guint c = 0; c < C; c++) {
    g_autofree float *sound = make_sound (self, noise, power, ratios_db[c]);
    self->traces[c] = eval_traces_new (2 * L, self->n_frames);
    eval_batch_analyser_run (analyser, sound, talk->n_samples, targets, 2,
        self->traces[c]);
  }
}

static EvalStream *
make_stream (const Work *work, guint index, GError **error)
{
  g_autoptr (EvalStream) self = g_atomic_rc_box_new0 (EvalStream);
  g_autoptr (GRand) rand = g_rand_new_with_seed (work->config->seed + index);
  g_autoptr (GArray) order = NULL;
  g_autoptr (GArray) unheard = NULL;
  guint voice = index % eval_corpus_get_n_targets (work->corpus);
  guint absent = eval_conversation_draw_absent (work->corpus, voice, rand);

  self->index = index;
  g_autoptr (SalTarget) target
      = get_target (work, voice, rand, &order, &self->enrolled[0], error);
  if (target == NULL)
    return NULL;
  g_autoptr (SalTarget) other
      = get_target (work, absent, rand, &unheard, &self->enrolled[1], error);
  if (other == NULL)
    return NULL;
  self->conversation
      = eval_conversation_new (work->corpus, &work->config->conversation,
          sal_model_get_mel_config (work->model)->sample_rate, voice, order,
          absent, rand, error);
  if (self->conversation == NULL)
    return NULL;
  SalTarget *targets[] = { target, other };
  analyse (work, self, targets, rand);
  return g_steal_pointer (&self);
}

/* --- all streams --------------------------------------------------------- */

static gpointer
run_stream (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  EvalStream *self = make_stream (work, index, error);

  if (self != NULL)
    eval_stream_measure (self, sal_model_get_mel_config (work->model));
  return self;
}

static gboolean
take_stream (guint index, gpointer result, gpointer data, GError **error)
{
  const Work *work = data;
  g_autoptr (EvalStream) stream = result;

  eval_tally_add (work->tally, stream);
  return work->config->take == NULL
      || work->config->take (stream, work->config->data, error);
}

static void
report_progress (double part, gpointer data)
{
  const Work *work = data;

  if (work->config->progress != NULL)
    work->config->progress (part, work->config->data);
}

gboolean
eval_streaming_run (SalModel *model, EvalCorpus *corpus,
    const EvalStreamingConfig *config, EvalStreamingRow *rows, GError **error)
{
  static const EvalJobs jobs = { run_stream, take_stream,
    (GDestroyNotify) eval_stream_unref, report_progress };
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  double frames_per_ms = mel->sample_rate / (1000.0 * mel->hop);
  Work work = { model, corpus, config,
    (guint) lrint (config->hop_ms * frames_per_ms), { 0 }, NULL };

  if (eval_corpus_get_n_targets (corpus) < 2)
    return sal_error_set (error, SAL_ERROR_CONFIG,
        "%u speaker is in the split, at least 2 are wanted: one is absent",
        eval_corpus_get_n_targets (corpus));
  for (guint l = 0; l < L; l++)
    work.lookaheads[l]
        = (guint) lrint (eval_streaming_lookaheads_ms[l] * frames_per_ms);
  work.tally = eval_tally_new ();
  gboolean ok = eval_jobs_run (&jobs, config->n_streams, config->n_threads,
      &work, error);
  if (ok)
    eval_tally_finish (work.tally, rows);
  eval_tally_free (work.tally);
  return ok;
}
