/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/streaming.h"

#include <math.h>
#include <string.h>

#include "eval/detection.h"
#include <saliency/gate.h>
#include "eval/jobs.h"
#include <saliency/masker.h>
#include "eval/tally.h"

#define C EVAL_STREAMING_CONDITIONS
#define L EVAL_STREAMING_LOOKAHEADS

const char *const eval_streaming_conditions[C] = { "clean", "20 dB", "10 dB" };
static const double ratios_db[C] = { INFINITY, 20, 10 };
const guint eval_streaming_lookaheads_ms[L] = { 250, 500, 1000, 2000 };

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

static void
stream_clear (gpointer data)
{
  EvalStream *self = data;

  for (guint c = 0; c < C; c++)
    eval_traces_free (self->traces[c], 2 * L);
  eval_conversation_free (self->conversation);
  g_free (self->is_target);
  g_free (self->speech);
}

EvalStream *
eval_stream_ref (EvalStream *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
eval_stream_unref (EvalStream *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, stream_clear);
}

/* --- one stream ---------------------------------------------------------- */

/* A class, or the voice enrolled; what it can say then is in @order. */
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
track (const Work *work, EvalStream *self, SalTarget *const targets[2],
    GRand *rand)
{
  const SalMelConfig *mel = sal_model_get_mel_config (work->model);
  const EvalConversation *talk = self->conversation;
  guint centre = sal_mel_config_centre (mel);
  g_autoptr (EvalBatchAnalyser) tracker
      = eval_batch_analyser_new (work->model, work->hop, work->lookaheads, L);
  g_autofree float *noise = g_new (float, talk->n_samples);

  self->n_frames = eval_batch_analyser_n_frames (tracker, talk->n_samples);
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
    eval_batch_analyser_run (tracker, sound, talk->n_samples, targets, 2,
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
  track (work, self, targets, rand);
  return g_steal_pointer (&self);
}

/* --- figures ------------------------------------------------------------- */

/* Target and other values of the frames of speech, [n_target + n_other]. */
static float *
split (const EvalStream *self, const float *values, EvalDetection *detection)
{
  float *sorted = g_new (float, self->n_frames + 1);
  gsize n = 0;

  for (guint want = 2; want-- > 0;) {
    for (gsize t = 0; t < self->n_frames; t++)
      if (self->speech[t] && (self->is_target[t] ? 1u : 0u) == want)
        sorted[n++] = values[t];
    if (want == 1)
      detection->n_target = n;
  }
  detection->target = sorted;
  detection->other = sorted + detection->n_target;
  detection->n_other = n - detection->n_target;
  return sorted;
}

/* Part of the values that are not below the limit. */
static double
part_above (const float *values, gsize n, float limit)
{
  gsize sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += values[i] >= limit;
  return n > 0 ? (double) sum / (double) n : NAN;
}

/* What the default gate and the masker make of the clean stream. */
static float *
mask (const EvalStream *self, const SalMelConfig *mel, const float *activity)
{
  const EvalConversation *talk = self->conversation;
  SalGateConfig config;
  SalMaskerConfig plan = { .rate = mel->sample_rate,
    .n_channels = 1,
    .n_bands = 1,
    .frame_period = self->frame_seconds,
    .frame_centre = self->first_seconds };
  g_autofree float *gains = g_new (float, self->n_frames + 1);
  float *out = g_new (float, talk->n_samples);

  sal_gate_config_init (&config);
  g_autoptr (SalGate) gate
      = sal_gate_new (&config, 1, (float) (1000 * self->frame_seconds), NULL);
  g_autoptr (SalMasker) masker = sal_masker_new (&plan, NULL);
  sal_gate_process (gate, activity, (guint) self->n_frames, gains);
  sal_masker_push_gains (masker, gains, (guint) self->n_frames);
  sal_masker_push (masker, talk->clean, talk->n_samples);
  sal_masker_finish (masker);
  sal_masker_pull (masker, out, talk->n_samples);
  return out;
}

/* Change in dB of the energy of frames of speech: of the target, of others, of
 * all. */
static void
changes_db (const EvalStream *self, const SalMelConfig *mel, const float *after,
    double change[3])
{
  const EvalConversation *talk = self->conversation;
  double sums[2][2] = { { 0, 0 }, { 0, 0 } }; /* [target, before or after] */
  gssize first = (gssize) sal_mel_config_centre (mel) - mel->hop / 2;

  for (gsize t = 0; t < self->n_frames; t++) {
    gssize begin = first + (gssize) (t * mel->hop);
    gssize end = MIN (begin + (gssize) mel->hop, (gssize) talk->n_samples);
    double *sum = sums[self->is_target[t] != 0];
    for (gssize i = MAX (begin, 0); self->speech[t] && i < end; i++) {
      sum[0] += (double) talk->clean[i] * talk->clean[i];
      sum[1] += (double) after[i] * after[i];
    }
  }
  change[0] = 10 * log10 (sums[1][1] / sums[1][0]);
  change[1] = 10 * log10 (sums[0][1] / sums[0][0]);
  change[2]
      = 10 * log10 ((sums[0][1] + sums[1][1]) / (sums[0][0] + sums[1][0]));
}

/* How often a gate with the default thresholds opens or closes. */
static double
switches_per_minute (const EvalStream *self, const float *activity)
{
  SalGateConfig config;
  g_autofree float *gains = g_new (float, self->n_frames + 1);
  gboolean open = FALSE;
  guint n = 0;

  sal_gate_config_init (&config);
  config.attack_ms = config.release_ms = 0;
  g_autoptr (SalGate) gate
      = sal_gate_new (&config, 1, (float) (1000 * self->frame_seconds), NULL);
  sal_gate_process (gate, activity, (guint) self->n_frames, gains);
  for (gsize t = 0; t < self->n_frames; t++) {
    n += (gains[t] >= 1) != open;
    open = gains[t] >= 1;
  }
  return n * 60 / ((double) self->n_frames * self->frame_seconds);
}

static void
measure_mask (const EvalStream *self, const SalMelConfig *mel,
    const EvalTrace *present, const EvalTrace *absent, double *figures)
{
  double change[3];
  g_autofree float *kept = mask (self, mel, present->activity);
  g_autofree float *dark = mask (self, mel, absent->activity);

  changes_db (self, mel, kept, change);
  figures[EVAL_STREAMING_KEPT] = change[0];
  figures[EVAL_STREAMING_REMOVED] = -change[1];
  changes_db (self, mel, dark, change);
  figures[EVAL_STREAMING_ABSENT_REMOVED] = -change[2];
}

static void
measure (const EvalStream *self, const SalMelConfig *mel,
    const EvalTrace *present, const EvalTrace *absent, double *figures)
{
  EvalDetection ours, odds, usual, dark;
  g_autofree float *a = split (self, present->activity, &ours);
  g_autofree float *b = split (self, present->log_odds, &odds);
  g_autofree float *c = split (self, present->baseline, &usual);
  g_autofree float *d = split (self, absent->activity, &dark);
  double minutes
      = (double) self->conversation->n_samples / mel->sample_rate / 60;

  figures[EVAL_STREAMING_AUC] = eval_detection_auc (&ours);
  figures[EVAL_STREAMING_BASELINE_AUC] = eval_detection_auc (&usual);
  figures[EVAL_STREAMING_LOG_ODDS_AUC] = eval_detection_auc (&odds);
  figures[EVAL_STREAMING_EER] = eval_detection_eer (&ours);
  figures[EVAL_STREAMING_BASELINE_EER] = eval_detection_eer (&usual);
  figures[EVAL_STREAMING_MISS]
      = 1 - part_above (ours.target, ours.n_target, 0.5f);
  figures[EVAL_STREAMING_FALSE_ALARM]
      = part_above (ours.other, ours.n_other, 0.5f);
  figures[EVAL_STREAMING_SWITCHES]
      = switches_per_minute (self, present->activity);
  figures[EVAL_STREAMING_TRUE_SWITCHES]
      = eval_conversation_n_switches (self->conversation) / minutes;
  figures[EVAL_STREAMING_ABSENT_ABOVE]
      = part_above (d, dark.n_target + dark.n_other, nextafterf (0.1f, 1));
  measure_mask (self, mel, present, absent, figures);
}

/* --- all streams --------------------------------------------------------- */

static gpointer
run_stream (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  EvalStream *self = make_stream (work, index, error);

  for (guint c = 0; self != NULL && c < C; c++)
    for (guint l = 0; l < L; l++)
      measure (self, sal_model_get_mel_config (work->model),
          &self->traces[c][l], &self->traces[c][L + l], self->figures[c][l]);
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
