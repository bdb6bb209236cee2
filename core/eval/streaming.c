/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/streaming.h"

#include <math.h>
#include <string.h>

#include "eval/jobs.h"
#include "base/error.h"

#define L EVAL_STREAMING_LOOKAHEADS

typedef struct {
  SalModel *model;
  EvalCorpus *corpus;
  const EvalStreamingConfig *config;
  guint hop, lookaheads[L]; /* frames */
  GArray *targets;          /* of guint: voices that may be one */
  EvalTally *tally;
} Work;

void
eval_streaming_config_init (EvalStreamingConfig *config)
{
  *config = (EvalStreamingConfig){ .n_streams = 60,
    .seed = 2022,
    .enrol_seconds = 20,
    .hop_ms = 250,
    .n_conditions = 3,
    .conditions = { EVAL_CONDITION_CLEAN, EVAL_CONDITION_NOISE_20,
        EVAL_CONDITION_NOISE_10 } };
  eval_conversation_config_init (&config->conversation);
}

/* --- one stream ---------------------------------------------------------- */

/* A voice that is enrolled as it is, and as the telephone has it. */
typedef struct {
  SalTarget *plain, *apart; /* apart: NULL if no condition wants it */
  GArray *order;            /* what it can say in the stream */
} Enrolled;

static void
enrolled_clear (Enrolled *self)
{
  sal_target_unref (self->plain);
  sal_target_unref (self->apart);
  g_clear_pointer (&self->order, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Enrolled, enrolled_clear)

static void
change_recording (float *samples, gsize n, guint rate, gpointer data)
{
  eval_condition_enrolment (*(const EvalCondition *) data, samples, n, rate);
}

/* From utterances of @order, which are taken from its beginning. */
static SalTarget *
enrol_from (const Work *work, guint voice, GArray *order,
    const EvalCondition *condition, double *seconds, GError **error)
{
  const EvalChange change = { change_recording, (gpointer) condition };
  g_autoptr (GArray) used = g_array_new (FALSE, FALSE, sizeof (guint));

  return eval_corpus_enrol (work->corpus, work->model, voice, order, used,
      work->config->enrol_seconds, condition != NULL ? &change : NULL, seconds,
      error);
}

/* The condition that wants recordings of its own; NULL: none does. */
static const EvalCondition *
find_apart (const EvalStreamingConfig *config)
{
  for (guint c = 0; c < config->n_conditions; c++)
    if (eval_condition_enrols_apart (config->conditions[c]))
      return &config->conditions[c];
  return NULL;
}

static gboolean
enrol_voice (const Work *work, guint voice, GRand *rand, Enrolled *self,
    double *seconds, GError **error)
{
  const EvalStreamingConfig *config = work->config;
  const EvalCondition *apart = find_apart (config);
  g_autoptr (GArray) session = NULL;
  g_autoptr (GArray) again = NULL;

  self->order = eval_corpus_shuffle (work->corpus, voice, rand);
  *seconds = 0;
  if (config->known) {
    self->plain = sal_target_new_class (work->model,
        eval_corpus_get_voice (work->corpus, voice)->name, error);
    return self->plain != NULL;
  }
  if (config->other_session)
    session = eval_corpus_take_session (work->corpus, self->order);
  GArray *source = session != NULL ? session : self->order;
  again = g_array_copy (source);
  self->plain = enrol_from (work, voice, source, NULL, seconds, error);
  if (self->plain == NULL || apart == NULL)
    return self->plain != NULL;
  self->apart = enrol_from (work, voice, again, apart, seconds, error);
  return self->apart != NULL;
}

static SalTarget *
get_target (const Enrolled *self, EvalCondition condition)
{
  return self->apart != NULL && eval_condition_enrols_apart (condition)
      ? self->apart
      : self->plain;
}

static gboolean
analyse (const Work *work, EvalStream *self, const Enrolled enrolled[2],
    GRand *rand, GError **error)
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
  for (guint c = 0; c < self->n_conditions; c++) {
    EvalCondition condition = self->conditions[c];
    SalTarget *targets[] = { get_target (&enrolled[0], condition),
      get_target (&enrolled[1], condition) };
    g_autofree float *sound
        = eval_condition_apply (condition, talk, mel->sample_rate, noise, power,
            work->config->seed + self->index, error);
    if (sound == NULL)
      return FALSE;
    self->traces[c] = eval_traces_new (2 * L, self->n_frames);
    eval_batch_analyser_run (analyser, sound, talk->n_samples, targets, 2,
        self->traces[c]);
  }
  return TRUE;
}

static EvalStream *
make_stream (const Work *work, guint index, GError **error)
{
  const EvalStreamingConfig *config = work->config;
  g_autoptr (EvalStream) self = g_atomic_rc_box_new0 (EvalStream);
  g_autoptr (GRand) rand = g_rand_new_with_seed (config->seed + index);
  g_auto (Enrolled) present = { NULL };
  g_auto (Enrolled) absent = { NULL };
  guint voice
      = g_array_index (work->targets, guint, index % work->targets->len);
  guint other = eval_conversation_draw_absent (work->corpus, voice,
      config->conversation.same_room, rand);

  self->index = index;
  self->n_conditions = config->n_conditions;
  memcpy (self->conditions, config->conditions, sizeof (self->conditions));
  if (!enrol_voice (work, voice, rand, &present, &self->enrolled[0], error)
      || !enrol_voice (work, other, rand, &absent, &self->enrolled[1], error))
    return NULL;
  self->conversation
      = eval_conversation_new (work->corpus, &config->conversation,
          sal_model_get_mel_config (work->model)->sample_rate, voice,
          present.order, other, rand, error);
  if (self->conversation == NULL)
    return NULL;
  const Enrolled both[] = { present, absent };
  if (!analyse (work, self, both, rand, error))
    return NULL;
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

/* How many other targets share a voice's room. */
static guint
count_room_mates (const EvalCorpus *corpus, guint voice)
{
  const char *room = eval_corpus_get_voice (corpus, voice)->room;
  guint n = 0;

  for (guint v = 0; v < eval_corpus_get_n_targets (corpus); v++)
    n += v != voice
        && g_str_equal (eval_corpus_get_voice (corpus, v)->room, room);
  return n;
}

static guint
count_sessions (const EvalCorpus *corpus, guint voice)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  const GArray *all = eval_corpus_get_voice (corpus, voice)->utterances;

  for (guint i = 0; i < all->len; i++)
    g_hash_table_add (names,
        (gpointer) eval_corpus_get_utterance (corpus,
            g_array_index (all, guint, i))
            ->session);
  return g_hash_table_size (names);
}

/* Voices that can be targets; %FALSE if there are none. */
static gboolean
choose_targets (Work *self, GError **error)
{
  const EvalStreamingConfig *config = self->config;
  guint n = eval_corpus_get_n_targets (self->corpus);

  if (n < 2)
    return sal_error_set (error, SAL_ERROR_CONFIG,
        "%u speaker is in the split, at least 2 are wanted: one is absent", n);
  for (guint v = 0; v < n; v++)
    if ((!config->conversation.same_room
            || count_room_mates (self->corpus, v) >= 2)
        && (!config->other_session || count_sessions (self->corpus, v) >= 2))
      g_array_append_val (self->targets, v);
  return self->targets->len > 0
      || sal_error_set (error, SAL_ERROR_CONFIG,
          "no speaker of the split has %s",
          config->other_session ? "two sessions" : "two others in the room");
}

gboolean
eval_streaming_run (SalModel *model, EvalCorpus *corpus,
    const EvalStreamingConfig *config, EvalStreamingRow *rows, GError **error)
{
  static const EvalJobs jobs = { run_stream, take_stream,
    (GDestroyNotify) eval_stream_unref, report_progress };
  const SalMelConfig *mel = sal_model_get_mel_config (model);
  double frames_per_ms = mel->sample_rate / (1000.0 * mel->hop);
  g_autoptr (GArray) targets = g_array_new (FALSE, FALSE, sizeof (guint));
  Work work = { model, corpus, config,
    (guint) lrint (config->hop_ms * frames_per_ms), { 0 }, targets, NULL };

  if (!choose_targets (&work, error))
    return FALSE;
  for (guint l = 0; l < L; l++)
    work.lookaheads[l]
        = (guint) lrint (eval_streaming_lookaheads_ms[l] * frames_per_ms);
  work.tally = eval_tally_new (config->n_conditions);
  gboolean ok = eval_jobs_run (&jobs, config->n_streams, config->n_threads,
      &work, error);
  if (ok)
    eval_tally_finish (work.tally, rows);
  eval_tally_free (work.tally);
  return ok;
}
