/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verification.c: speaker verification of short pieces */
#include "eval/verification.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "eval/jobs.h"
#include <saliency/score.h>
#include "signal/speech-activity.h"

#define D EVAL_VERIFICATION_DURATIONS

const double eval_verification_seconds[D] = { 1, 2, 5 };

/* A piece of an utterance, compared with all targets. */
typedef struct {
  guint utterance, duration;
  guint first, n_frames, n_speech;
} Window;

typedef struct {
  SalModel *model;
  EvalCorpus *corpus;
  const EvalVerificationConfig *config;
  guint n_frames[D]; /* of a window */
  guint n_left_out[D];
  double done,
      share; /* share of the whole work: before this step, and of this step */
  SalTarget **targets;   /* [n_targets] */
  gboolean *is_enrolled; /* by utterance */
  GArray *utterances;    /* of guint: not used for enrolment */
  GArray *windows;       /* of Window, by utterance */
  GArray *firsts;        /* of guint: first window of each utterance */
  GArray *trials;        /* of EvalTrial */
  GAsyncQueue *ears;     /* of Ear, idle */
} Work;

/* Networks and buffers of one thread. */
typedef struct {
  SalMel *mel;
  SalNet *net;
  SalScorer *scorer;
} Ear;

void
eval_verification_config_init (EvalVerificationConfig *config)
{
  *config = (EvalVerificationConfig){ .seed = 2022, .enrol_seconds = 20 };
}

static void
report_progress (double part, gpointer data)
{
  const Work *work = data;

  if (work->config->progress != NULL)
    work->config->progress (work->done + part * work->share,
        work->config->data);
}

static gboolean
run_step (Work *work, const EvalJobs *jobs, guint n, double share,
    GError **error)
{
  work->share = share;
  gboolean ok = eval_jobs_run (jobs, n, work->config->n_threads, work, error);
  work->done += share;
  return ok;
}

/* --- targets ------------------------------------------------------------- */

typedef struct {
  SalTarget *target;
  GArray *used; /* of guint */
} Enrolled;

static void
enrolled_free (gpointer data)
{
  Enrolled *self = data;

  sal_target_unref (self->target);
  g_array_unref (self->used);
  g_free (self);
}

static gpointer
run_target (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  const char *name = eval_corpus_get_voice (work->corpus, index)->name;
  g_autoptr (GRand) rand = g_rand_new_with_seed (work->config->seed + index);
  g_autoptr (GArray) order = eval_corpus_shuffle (work->corpus, index, rand);
  g_autoptr (GArray) used = g_array_new (FALSE, FALSE, sizeof (guint));
  double seconds;
  SalTarget *target = work->config->known
      ? sal_target_new_class (work->model, name, error)
      : eval_corpus_enrol (work->corpus, work->model, index, order, used,
          work->config->enrol_seconds, &seconds, error);

  if (target == NULL)
    return NULL;
  Enrolled *self = g_new (Enrolled, 1);
  *self = (Enrolled){ target, g_steal_pointer (&used) };
  return self;
}

static gboolean
take_target (guint index, gpointer result, gpointer data, GError **error)
{
  Work *work = data;
  Enrolled *enrolled = result;

  for (guint i = 0; i < enrolled->used->len; i++)
    work->is_enrolled[g_array_index (enrolled->used, guint, i)] = TRUE;
  work->targets[index] = g_steal_pointer (&enrolled->target);
  enrolled_free (enrolled);
  return TRUE;
}

/* --- windows ------------------------------------------------------------- */

static gsize
count_frames (const SalModel *model, const EvalSound *sound)
{
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  gsize window = mel->framing == SAL_FRAMING_NONE ? mel->window_length : 0;
  gsize n = sound->n_samples < window
      ? 0
      : (sound->n_samples - window) / mel->hop + 1;

  return MIN (n, sound->n_frames);
}

/* Returns: (transfer full) (element-type Window): windows of an utterance */
static gpointer
run_cut (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  guint utterance = g_array_index (work->utterances, guint, index);
  const EvalSound *sound
      = eval_corpus_get_sound (work->corpus, utterance, error);

  if (sound == NULL)
    return NULL;
  GArray *windows = g_array_new (FALSE, FALSE, sizeof (Window));
  gsize T = count_frames (work->model, sound);
  for (guint d = 0; d < D; d++) {
    guint n = work->n_frames[d];
    for (gsize first = 0; first + n <= T; first += n) {
      Window window = { utterance, d, (guint) first, n,
        (guint) sal_speech_activity_count (sound->speech + first, n) };
      g_array_append_val (windows, window);
    }
  }
  return windows;
}

static gboolean
take_cut (guint index, gpointer result, gpointer data, GError **error)
{
  Work *work = data;
  g_autoptr (GArray) windows = result;

  for (guint i = 0; i < windows->len; i++) {
    Window *window = &g_array_index (windows, Window, i);
    if (window->n_speech >= window->n_frames / 2)
      g_array_append_val (work->windows, *window);
    else
      work->n_left_out[window->duration]++;
  }
  return TRUE;
}

/* Keeps the wanted number of windows of a duration, at random, in order. */
static void
thin_out (Work *work, guint duration, GRand *rand)
{
  guint left = 0, wanted = work->config->n_windows, n = 0;

  for (guint i = 0; i < work->windows->len; i++)
    left += g_array_index (work->windows, Window, i).duration == duration;
  for (guint i = 0; i < work->windows->len; i++) {
    Window window = g_array_index (work->windows, Window, i);
    if (window.duration == duration) {
      /* Selection sampling: each remaining window is equally likely. */
      gboolean taken
          = (guint) g_rand_int_range (rand, 0, (gint32) left) < wanted;
      left--;
      wanted -= taken;
      if (!taken)
        continue;
    }
    g_array_index (work->windows, Window, n++) = window;
  }
  g_array_set_size (work->windows, n);
}

static void
choose_windows (Work *work)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (work->config->seed);

  for (guint d = 0; work->config->n_windows > 0 && d < D; d++)
    thin_out (work, d, rand);
  for (guint i = 0; i < work->windows->len; i++)
    if (i == 0
        || g_array_index (work->windows, Window, i).utterance
            != g_array_index (work->windows, Window, i - 1).utterance)
      g_array_append_val (work->firsts, i);
}

/* --- trials -------------------------------------------------------------- */

static void
ear_free (gpointer data)
{
  Ear *self = data;

  sal_mel_free (self->mel);
  sal_net_free (self->net);
  sal_scorer_free (self->scorer);
  g_free (self);
}

static Ear *
get_ear (const Work *work)
{
  Ear *self = g_async_queue_try_pop (work->ears);

  if (self != NULL)
    return self;
  self = g_new (Ear, 1);
  /* Loading the model has checked this configuration. */
  *self = (Ear){ sal_mel_new (sal_model_get_mel_config (work->model), NULL),
    sal_net_new (work->model, work->n_frames[D - 1], SAL_STAGES - 1, 1),
    sal_scorer_new (work->model) };
  return self;
}

static void
compare (const Work *work, const Ear *ear, const Window *window, GArray *trials)
{
  const SalMelConfig *mel = sal_model_get_mel_config (work->model);
  double seconds = (double) window->n_speech * mel->hop / mel->sample_rate;
  const float *embedding = sal_net_get_embedding (ear->net);
  guint speaker
      = eval_corpus_get_utterance (work->corpus, window->utterance)->speaker;

  for (guint i = 0; i < eval_corpus_get_n_targets (work->corpus); i++) {
    SalScore score;
    sal_scorer_score (ear->scorer, work->targets[i], embedding, &score);
    EvalTrial trial = { window->duration, i, speaker,
      eval_corpus_get_voice (work->corpus, i)->sex
          == eval_corpus_get_voice (work->corpus, speaker)->sex,
      (float) seconds, score.cosine, score.log_odds, score.normalised,
      sal_scorer_llr (ear->scorer, work->targets[i], &score, seconds) };
    g_array_append_val (trials, trial);
  }
}

/* Returns: (transfer full) (element-type EvalTrial): trials of an utterance */
static gpointer
run_utterance (guint index, gpointer data, GError **error)
{
  const Work *work = data;
  guint first = g_array_index (work->firsts, guint, index);
  guint end = index + 1 < work->firsts->len
      ? g_array_index (work->firsts, guint, index + 1)
      : work->windows->len;
  guint utterance = g_array_index (work->windows, Window, first).utterance;
  const EvalSound *sound
      = eval_corpus_get_sound (work->corpus, utterance, error);
  if (sound == NULL)
    return NULL;

  Ear *ear = get_ear (work);
  gsize F = sal_model_get_mel_config (work->model)->n_bands;
  gsize T = sal_mel_n_frames (ear->mel, sound->n_samples);
  g_autofree float *log_mel = g_new (float, F *T + 1);
  g_autofree float *part = g_new (float, F * work->n_frames[D - 1]);
  GArray *trials = g_array_new (FALSE, FALSE, sizeof (EvalTrial));
  sal_mel_process (ear->mel, sound->samples, sound->n_samples, log_mel);
  for (guint i = first; i < end; i++) {
    const Window *window = &g_array_index (work->windows, Window, i);
    for (gsize f = 0; f < F; f++)
      memcpy (part + f * window->n_frames, log_mel + f * T + window->first,
          window->n_frames * sizeof (float));
    sal_net_forward (ear->net, part, window->n_frames);
    compare (work, ear, window, trials);
  }
  g_async_queue_push (work->ears, ear);
  return trials;
}

static gboolean
take_utterance (guint index, gpointer result, gpointer data, GError **error)
{
  Work *work = data;
  g_autoptr (GArray) trials = result;

  g_array_append_vals (work->trials, trials->data, trials->len);
  return TRUE;
}

/* --- metrics ------------------------------------------------------------- */

void
eval_verification_split (const GArray *trials, guint duration, gsize score,
    gboolean same_sex_only, float **scores, EvalDetection *detection)
{
  float *out = g_new (float, trials->len + 1);
  gsize n = 0, n_target = 0;

  for (guint is_target = 2; is_target-- > 0;) {
    for (guint i = 0; i < trials->len; i++) {
      const EvalTrial *trial = &g_array_index (trials, EvalTrial, i);
      if (trial->duration == duration
          && (trial->target == trial->speaker ? 1u : 0u) == is_target
          && (is_target || trial->same_sex || !same_sex_only))
        out[n++] = *(const float *) ((const char *) trial + score);
    }
    if (is_target)
      n_target = n;
  }
  *scores = out;
  *detection = (EvalDetection){ out, n_target, out + n_target, n - n_target };
}

static double
eer_of (const GArray *trials, guint duration, gsize score,
    gboolean same_sex_only, gsize *n_other)
{
  EvalDetection detection;
  g_autofree float *scores = NULL;

  eval_verification_split (trials, duration, score, same_sex_only, &scores,
      &detection);
  *n_other = detection.n_other;
  return eval_detection_eer (&detection);
}

static void
measure (const Work *work, guint d, EvalVerificationRow *row)
{
  EvalDetection detection;
  g_autofree float *scores = NULL;
  gsize llr = offsetof (EvalTrial, llr), n;

  eval_verification_split (work->trials, d, llr, FALSE, &scores, &detection);
  *row = (EvalVerificationRow){
    .n_left_out = work->n_left_out[d],
    .n_target = detection.n_target,
    .n_other = detection.n_other,
    .eer = eval_detection_eer (&detection),
    .min_dcf = eval_detection_min_dcf (&detection, 0.01),
    .cllr = eval_detection_cllr (&detection),
    .min_cllr = eval_detection_min_cllr (&detection),
  };
  row->same_sex_eer = eer_of (work->trials, d, llr, TRUE, &row->n_same_sex);
  row->cosine_eer
      = eer_of (work->trials, d, offsetof (EvalTrial, cosine), FALSE, &n);
  row->log_odds_eer
      = eer_of (work->trials, d, offsetof (EvalTrial, log_odds), FALSE, &n);
  row->normalised_eer
      = eer_of (work->trials, d, offsetof (EvalTrial, normalised), FALSE, &n);
  for (guint i = 0; i < work->windows->len; i++)
    row->n_windows += g_array_index (work->windows, Window, i).duration == d;
}

/* --- experiment ---------------------------------------------------------- */

static void
work_init (Work *work)
{
  const SalMelConfig *mel = sal_model_get_mel_config (work->model);

  for (guint d = 0; d < D; d++)
    work->n_frames[d] = (guint) lrint (
        eval_verification_seconds[d] * mel->sample_rate / mel->hop);
  work->targets
      = g_new0 (SalTarget *, eval_corpus_get_n_targets (work->corpus));
  work->is_enrolled
      = g_new0 (gboolean, eval_corpus_get_n_utterances (work->corpus));
  work->utterances = g_array_new (FALSE, FALSE, sizeof (guint));
  work->windows = g_array_new (FALSE, FALSE, sizeof (Window));
  work->firsts = g_array_new (FALSE, FALSE, sizeof (guint));
  work->ears = g_async_queue_new_full (ear_free);
}

static void
work_clear (Work *work)
{
  for (guint i = 0; i < eval_corpus_get_n_targets (work->corpus); i++)
    sal_target_unref (work->targets[i]);
  g_free (work->targets);
  g_free (work->is_enrolled);
  g_array_unref (work->utterances);
  g_array_unref (work->windows);
  g_array_unref (work->firsts);
  g_async_queue_unref (work->ears);
}

static void
find_unheard (Work *work)
{
  for (guint v = 0; v < eval_corpus_get_n_voices (work->corpus); v++) {
    const EvalVoice *voice = eval_corpus_get_voice (work->corpus, v);
    for (guint i = 0; i < voice->utterances->len; i++) {
      guint utterance = g_array_index (voice->utterances, guint, i);
      if (!work->is_enrolled[utterance])
        g_array_append_val (work->utterances, utterance);
    }
  }
}

static gboolean
run_all (Work *work, GError **error)
{
  static const EvalJobs enrol
      = { run_target, take_target, enrolled_free, report_progress };
  static const EvalJobs cut
      = { run_cut, take_cut, (GDestroyNotify) g_array_unref, report_progress };
  static const EvalJobs compare_all = { run_utterance, take_utterance,
    (GDestroyNotify) g_array_unref, report_progress };

  if (!run_step (work, &enrol, eval_corpus_get_n_targets (work->corpus), 0.1,
          error))
    return FALSE;
  find_unheard (work);
  if (!run_step (work, &cut, work->utterances->len, 0.1, error))
    return FALSE;
  choose_windows (work);
  return run_step (work, &compare_all, work->firsts->len, 0.8, error);
}

gboolean
eval_verification_run (SalModel *model, EvalCorpus *corpus,
    const EvalVerificationConfig *config, GArray *trials,
    EvalVerificationRow *rows, GError **error)
{
  Work work = { .model = model,
    .corpus = corpus,
    .config = config,
    .trials = trials };

  work_init (&work);
  gboolean ok = run_all (&work, error);
  for (guint d = 0; ok && d < D; d++)
    measure (&work, d, &rows[d]);
  work_clear (&work);
  return ok;
}
